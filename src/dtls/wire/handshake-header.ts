/** The twelve octets before every handshake fragment (RFC 6347 §4.2.2). */
import type { Bytes } from '../../base/bytes.ts'

export const handshakeType = {
  helloRequest: 0,
  clientHello: 1,
  serverHello: 2,
  helloVerifyRequest: 3,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
} as const

export const handshakeHeaderLength = 12

/** One fragment within a record; reused for the next one. */
export interface FragmentHeader {
  type: number
  /** Octets of the whole message's body. */
  length: number
  messageSequence: number
  offset: number
  /** The fragment's own octets. */
  start: number
  end: number
}

export const emptyFragmentHeader = (): FragmentHeader => ({
  type: 0,
  length: 0,
  messageSequence: 0,
  offset: 0,
  start: 0,
  end: 0,
})

/** Reads the fragment at `at` into `header`; false where it is cut off or reaches past its own message. */
export function decodeFragmentHeader(buffer: Bytes, at: number, end: number, header: FragmentHeader): boolean {
  if (end - at < handshakeHeaderLength) return false
  const length = uint24(buffer, at + 1)
  const offset = uint24(buffer, at + 6)
  const fragmentLength = uint24(buffer, at + 9)
  if (offset + fragmentLength > length || fragmentLength > end - at - handshakeHeaderLength) return false
  header.type = buffer[at]!
  header.length = length
  header.messageSequence = buffer[at + 4]! * 0x100 + buffer[at + 5]!
  header.offset = offset
  header.start = at + handshakeHeaderLength
  header.end = header.start + fragmentLength
  return true
}

export function encodeFragmentHeader(
  out: Bytes,
  at: number,
  type: number,
  length: number,
  messageSequence: number,
  offset: number,
  fragmentLength: number,
): void {
  out[at] = type
  writeUint24(out, at + 1, length)
  out[at + 4] = messageSequence >>> 8
  out[at + 5] = messageSequence & 0xff
  writeUint24(out, at + 6, offset)
  writeUint24(out, at + 9, fragmentLength)
}

/** A whole message as it enters the handshake hash: header as if never fragmented (RFC 6347 §4.2.6). */
export function wholeMessage(type: number, messageSequence: number, body: Bytes): Bytes {
  const message = new Uint8Array(handshakeHeaderLength + body.length)
  encodeFragmentHeader(message, 0, type, body.length, messageSequence, 0, body.length)
  message.set(body, handshakeHeaderLength)
  return message
}

function uint24(buffer: Bytes, at: number): number {
  return buffer[at]! * 0x10000 + buffer[at + 1]! * 0x100 + buffer[at + 2]!
}

function writeUint24(out: Bytes, at: number, value: number): void {
  out[at] = value >>> 16
  out[at + 1] = (value >>> 8) & 0xff
  out[at + 2] = value & 0xff
}
