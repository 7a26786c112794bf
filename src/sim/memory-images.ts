/** Rows of images in memory, part of the simulated store. */
import type { ImagesStore } from '../fleet/images/store.ts'
import type { Image } from '../fleet/images/types.ts'

export class MemoryImages implements ImagesStore {
  readonly #rows = new Map<string, Image>()

  image(sha256: string): Image | undefined {
    return this.#rows.get(sha256)
  }

  imageByKey(key: string): Image | undefined {
    return [...this.#rows.values()].find((image) => image.key === key)
  }

  imageByVersion(product: string | undefined, version: string): readonly Image[] {
    return this.images(product).filter((image) => image.version === version)
  }

  images(product: string | undefined): readonly Image[] {
    return [...this.#rows.values()]
      .filter((image) => product === undefined || image.product === product)
      .sort((a, b) => (a.product === b.product ? b.addedAt - a.addedAt : a.product < b.product ? -1 : 1))
  }

  put(image: Image): void {
    this.#rows.set(image.sha256, image)
  }

  delete(sha256: string): void {
    this.#rows.delete(sha256)
  }
}
