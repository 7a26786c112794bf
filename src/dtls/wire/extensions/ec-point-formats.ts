/** ec_point_formats (RFC 8422 §5.1.2): we speak uncompressed points only, as every peer must. */
import type { Bytes } from '../../../base/bytes.ts'
import { Reader } from '../reader.ts'

export const ecPointFormatsExtension = 11
const uncompressed = 0

/** Whether uncompressed points are among the peer's; undefined where malformed. */
export function decodeEcPointFormats(body: Bytes): boolean | undefined {
  const reader = new Reader(body)
  const formats = reader.vector8()
  return reader.finished && formats.length > 0 ? formats.includes(uncompressed) : undefined
}

export function encodeEcPointFormats(): Bytes {
  return new Uint8Array([1, uncompressed])
}
