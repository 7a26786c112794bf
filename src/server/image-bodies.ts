/** Firmware images and deltas as CoAP bodies: found by their short key, served from the shared file cache. */
import { bytesOfHex } from '../base/bytes.ts'
import { LruMap } from '../base/lru.ts'
import type { BodySource } from '../coap/types.ts'
import type { DeltasStore } from '../fleet/deltas/store.ts'
import type { ImageFiles, ImagesStore } from '../fleet/images/store.ts'

/** Images looked up lately; what is kept of each is a few hundred octets. */
const bodyLimit = 256
/** Octets of the hash that are the ETag (RFC 7252 §5.10.6 allows 8). */
const etagOctets = 8

type PackagesByKey = Pick<ImagesStore, 'imageByKey'> & Pick<DeltasStore, 'deltaByKey'>

export class ImageBodies {
  readonly #store: PackagesByKey
  readonly #files: ImageFiles
  readonly #bodies = new LruMap<string, BodySource>(bodyLimit)

  constructor(store: PackagesByKey, files: ImageFiles) {
    this.#store = store
    this.#files = files
  }

  /** Undefined where there is no such image or its file is gone or damaged. */
  of(key: string): BodySource | undefined {
    const known = this.#bodies.use(key)
    if (known !== undefined) return known
    const image = this.#store.imageByKey(key) ?? this.#store.deltaByKey(key)
    if (image === undefined || this.#files.read(image.sha256, 0, 1) === undefined) return undefined
    const body: BodySource = {
      size: image.size,
      etag: bytesOfHex(image.sha256.slice(0, 2 * etagOctets))!,
      copy: (offset, length, into, at) => this.#files.copy(image.sha256, offset, length, into, at),
    }
    this.#bodies.set(key, body)
    return body
  }

  /** The image or delta was removed. */
  forget(key: string): void {
    this.#bodies.delete(key)
  }
}
