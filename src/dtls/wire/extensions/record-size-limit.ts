/** record_size_limit (RFC 8449 §4): the largest plaintext its sender is willing to receive in a record. */
import type { Bytes } from '../../../base/bytes.ts'
import { Reader } from '../reader.ts'

export const recordSizeLimitExtension = 28
/** A smaller one is an error (RFC 8449 §4). */
const smallestLimit = 64

export function decodeRecordSizeLimit(body: Bytes): number | undefined {
  const reader = new Reader(body)
  const limit = reader.uint16()
  return reader.finished && limit >= smallestLimit ? limit : undefined
}

export function encodeRecordSizeLimit(limit: number): Bytes {
  return new Uint8Array([limit >>> 8, limit & 0xff])
}
