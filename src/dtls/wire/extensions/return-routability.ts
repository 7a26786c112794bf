/** rrc (RFC 9853 §3): the sender answers return routability checks; a flag without a body. */
import { noBytes, type Bytes } from '../../../base/bytes.ts'

export const returnRoutabilityExtension = 61

export function decodeReturnRoutability(body: Bytes): true | undefined {
  return body.length === 0 ? true : undefined
}

export function encodeReturnRoutability(): Bytes {
  return noBytes
}
