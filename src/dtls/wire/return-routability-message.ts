/** Return routability messages, content type 27 (RFC 9853 §5). */
import type { Bytes } from '../../base/bytes.ts'

export const returnRoutabilityType = { challenge: 0, response: 1, drop: 2 } as const
export const returnRoutabilityCookieLength = 8
const messageLength = 1 + returnRoutabilityCookieLength

export interface ReturnRoutabilityMessage {
  readonly type: number
  /** A view. */
  readonly cookie: Bytes
}

export function decodeReturnRoutabilityMessage(
  buffer: Bytes,
  start: number,
  end: number,
): ReturnRoutabilityMessage | undefined {
  if (end - start !== messageLength) return undefined
  return { type: buffer[start]!, cookie: buffer.subarray(start + 1, end) }
}

export function encodeReturnRoutabilityMessage(type: number, cookie: Bytes): Bytes {
  const message = new Uint8Array(messageLength)
  message[0] = type
  message.set(cookie, 1)
  return message
}
