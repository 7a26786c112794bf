/** Rows of images, their deltas and signing keys in memory: a link in the chain of classes the simulated store is. */
import type { DeltasOp, DeltasStore } from '../fleet/deltas/store.ts'
import type { ImagesOp, ImagesStore } from '../fleet/images/store.ts'
import type { Delta, Image } from '../fleet/images/types.ts'
import type { SigningKeysOp, SigningKeysStore } from '../fleet/signing-keys/store.ts'
import type { SigningKey } from '../fleet/signing-keys/types.ts'
import { MemoryCredentials } from './memory-credentials.ts'

export class MemoryImages extends MemoryCredentials implements ImagesStore, DeltasStore, SigningKeysStore {
  readonly #images = new Map<string, Image>()
  readonly #deltas = new Map<string, Delta>()
  readonly #keys = new Map<string, SigningKey>()

  image(sha256: string): Image | undefined {
    return this.#images.get(sha256)
  }

  imageByKey(key: string): Image | undefined {
    return [...this.#images.values()].find((image) => image.key === key)
  }

  imageByVersion(product: string | undefined, version: string): readonly Image[] {
    return this.images(product).filter((image) => image.version === version)
  }

  images(product: string | undefined): readonly Image[] {
    return [...this.#images.values()]
      .filter((image) => product === undefined || image.product === product)
      .sort((a, b) => (a.product === b.product ? b.addedAt - a.addedAt : a.product < b.product ? -1 : 1))
  }

  delta(from: string, to: string): Delta | undefined {
    return this.#deltas.get(`${from}/${to}`)
  }

  deltaByKey(key: string): Delta | undefined {
    return [...this.#deltas.values()].find((delta) => delta.key === key)
  }

  deltas(to: string | undefined): readonly Delta[] {
    return [...this.#deltas.values()].filter((delta) => to === undefined || delta.to === to)
  }

  deltasFrom(from: string): readonly Delta[] {
    return [...this.#deltas.values()].filter((delta) => delta.from === from)
  }

  signingKey(name: string): SigningKey | undefined {
    return this.#keys.get(name)
  }

  signingKeys(): readonly SigningKey[] {
    return [...this.#keys.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  applyToImages(op: ImagesOp | DeltasOp | SigningKeysOp): void {
    switch (op.op) {
      case 'image.put':
        this.#images.set(op.image.sha256, op.image)
        break
      case 'image.delete':
        this.#images.delete(op.sha256)
        for (const [pair, { from, to }] of this.#deltas) if ([from, to].includes(op.sha256)) this.#deltas.delete(pair)
        break
      case 'delta.put':
        this.#deltas.set(`${op.delta.from}/${op.delta.to}`, op.delta)
        break
      case 'delta.delete':
        this.#deltas.delete(`${op.from}/${op.to}`)
        break
      case 'signing-key.put':
        this.#keys.set(op.key.name, op.key)
        break
      case 'signing-key.delete':
        this.#keys.delete(op.name)
        break
    }
  }
}
