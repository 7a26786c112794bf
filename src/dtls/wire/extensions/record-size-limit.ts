/** record_size_limit (RFC 8449 §4): the largest plaintext its sender is willing to receive in a record. */
import type { Bytes } from '../../../base/bytes.ts'
import { Reader } from '../reader.ts'
import { illegalValue } from './extension.ts'

export const recordSizeLimitExtension = 28
/** A smaller one is an error (RFC 8449 §4). */
const smallestLimit = 64

export function decodeRecordSizeLimit(body: Bytes): number | typeof illegalValue | undefined {
  const reader = new Reader(body)
  const limit = reader.uint16()
  if (!reader.finished) return undefined
  return limit >= smallestLimit ? limit : illegalValue
}

export function encodeRecordSizeLimit(limit: number): Bytes {
  return new Uint8Array([limit >>> 8, limit & 0xff])
}
