/** A body that lies in memory. */
import { copyOctets, type Bytes } from '../../src/base/bytes.ts'
import type { BodySource } from '../../src/coap/types.ts'

export function bodySource(octets: Bytes, etag: Bytes = Uint8Array.of(1, 2, 3)): BodySource {
  return {
    size: octets.length,
    etag,
    copy: (offset, length, into, at) => {
      copyOctets(octets, offset, offset + length, into, at)
      return true
    },
  }
}
