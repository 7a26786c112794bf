/**
 * Record headers (RFC 6347 §4.1, RFC 9146 §4). Knows where a record begins and ends; keys, replay and
 * meaning are others' business.
 */
import type { Bytes } from '../../base/bytes.ts'

export const contentType = {
  changeCipherSpec: 20,
  alert: 21,
  handshake: 22,
  applicationData: 23,
  /** tls12_cid: the real type is inside (RFC 9146 §4). */
  connectionId: 25,
  /** return_routability_check (RFC 9853 §4). */
  returnRoutability: 27,
} as const

export const version = { dtls10: 0xfeff, dtls12: 0xfefd } as const

/** Octets of a header without a CID. */
export const recordHeaderLength = 13
/** DTLSPlaintext.length limit (RFC 6347 §4.1). */
export const plaintextLimit = 16_384
/** DTLSCiphertext.length limit: plaintext and 2048 octets of expansion. */
export const ciphertextLimit = plaintextLimit + 2048
/** Sequence numbers are 48 bits wide; the last one is never used (RFC 6347 §4.1). */
export const sequenceLimit = 2 ** 48 - 1

/** One record within a datagram; reused for the next one, so copy what is kept. */
export interface RecordHeader {
  type: number
  version: number
  epoch: number
  sequence: number
  /** Where the record begins. */
  at: number
  cidStart: number
  cidEnd: number
  /** The fragment. */
  start: number
  end: number
}

export const emptyRecordHeader = (): RecordHeader => ({
  type: 0,
  version: 0,
  epoch: 0,
  sequence: 0,
  at: 0,
  cidStart: 0,
  cidEnd: 0,
  start: 0,
  end: 0,
})

/**
 * Reads the header of the record at `at` into `header`. `cidLength` is what our own CIDs have, 0 for
 * none. False where the datagram has no whole record there.
 */
export function decodeRecordHeader(
  buffer: Bytes,
  at: number,
  end: number,
  cidLength: number,
  header: RecordHeader,
): boolean {
  if (end - at < recordHeaderLength) return false
  const type = buffer[at]!
  const cidEnd = at + 11 + (type === contentType.connectionId ? cidLength : 0)
  if (end - cidEnd < 2) return false
  const length = buffer[cidEnd]! * 0x100 + buffer[cidEnd + 1]!
  if (length > ciphertextLimit || length > end - cidEnd - 2) return false
  header.type = type
  header.version = buffer[at + 1]! * 0x100 + buffer[at + 2]!
  header.epoch = buffer[at + 3]! * 0x100 + buffer[at + 4]!
  header.sequence = decodeSequence(buffer, at + 5)
  header.at = at
  header.cidStart = at + 11
  header.cidEnd = cidEnd
  header.start = cidEnd + 2
  header.end = cidEnd + 2 + length
  return true
}

/** Writes a header and returns where the fragment begins. `cid` only with type 25. */
export function encodeRecordHeader(
  out: Bytes,
  at: number,
  type: number,
  epoch: number,
  sequence: number,
  cid: Bytes,
  length: number,
): number {
  out[at] = type
  out[at + 1] = version.dtls12 >>> 8
  out[at + 2] = version.dtls12 & 0xff
  out[at + 3] = epoch >>> 8
  out[at + 4] = epoch & 0xff
  encodeSequence(out, at + 5, sequence)
  out.set(cid, at + 11)
  const afterCid = at + 11 + cid.length
  out[afterCid] = length >>> 8
  out[afterCid + 1] = length & 0xff
  return afterCid + 2
}

/** 48 bits by multiplication: bitwise operators would cut them to 32. */
export function decodeSequence(buffer: Bytes, at: number): number {
  return (
    (buffer[at]! * 0x100 + buffer[at + 1]!) * 0x1_0000_0000 +
    buffer[at + 2]! * 0x100_0000 +
    buffer[at + 3]! * 0x1_0000 +
    buffer[at + 4]! * 0x100 +
    buffer[at + 5]!
  )
}

export function encodeSequence(out: Bytes, at: number, sequence: number): void {
  const high = Math.floor(sequence / 0x1_0000_0000)
  const low = sequence - high * 0x1_0000_0000
  out[at] = high >>> 8
  out[at + 1] = high & 0xff
  out[at + 2] = low >>> 24
  out[at + 3] = (low >>> 16) & 0xff
  out[at + 4] = (low >>> 8) & 0xff
  out[at + 5] = low & 0xff
}
