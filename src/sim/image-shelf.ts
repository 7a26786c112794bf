/** The images of a simulated server: their rows in its store, their octets in memory. */
import { copyOctets, type Bytes } from '../base/bytes.ts'
import type { Instant } from '../base/time.ts'
import type { BodySource } from '../coap/types.ts'
import { imageKeyOf, type Image } from '../fleet/images/types.ts'
import type { Store } from '../fleet/store.ts'
import { sha256Hex } from './digest.ts'

const etagOctets = 8

export class ImageShelf {
  /** For answers to devices, repetitions included. */
  octetsRead = 0
  readonly #bodies = new Map<string, BodySource>()

  /** What a device fetches under `key`. */
  body(key: string): BodySource | undefined {
    return this.#bodies.get(key)
  }

  add(store: Store, now: Instant, product: string, version: string, bytes: Bytes): Image {
    const sha256 = sha256Hex(bytes)
    const key = imageKeyOf(sha256)
    this.#bodies.set(key, {
      size: bytes.length,
      etag: bytes.slice(-etagOctets),
      copy: (offset, length, into, at) => {
        copyOctets(bytes, offset, offset + length, into, at)
        this.octetsRead += length
        return true
      },
    })
    const image: Image = { sha256, key, size: bytes.length, version, product, addedAt: now, format: 'opaque' }
    store.commit([{ op: 'image.put', image }])
    return image
  }
}
