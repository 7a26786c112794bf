/** Rows of images, their deltas and signing keys in memory, part of the simulated store. */
import type { DeltasOp, DeltasStore } from '../fleet/deltas/store.ts'
import type { ImagesOp, ImagesStore } from '../fleet/images/store.ts'
import type { Delta, Image } from '../fleet/images/types.ts'
import type { SigningKeysOp, SigningKeysStore } from '../fleet/signing-keys/store.ts'
import type { SigningKey } from '../fleet/signing-keys/types.ts'

export class MemoryImages {
  readonly #images = new Map<string, Image>()
  readonly #deltas = new Map<string, Delta>()
  readonly #keys = new Map<string, SigningKey>()

  readonly reads: ImagesStore & DeltasStore & SigningKeysStore = {
    image: (sha256) => this.#images.get(sha256),
    imageByKey: (key) => [...this.#images.values()].find((image) => image.key === key),
    imageByVersion: (product, version) => this.#ofProduct(product).filter((image) => image.version === version),
    images: (product) => this.#ofProduct(product),
    delta: (from, to) => this.#deltas.get(`${from}/${to}`),
    deltaByKey: (key) => [...this.#deltas.values()].find((delta) => delta.key === key),
    deltas: (to) => [...this.#deltas.values()].filter((delta) => to === undefined || delta.to === to),
    deltasFrom: (from) => [...this.#deltas.values()].filter((delta) => delta.from === from),
    signingKey: (name) => this.#keys.get(name),
    signingKeys: () => [...this.#keys.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
  }

  apply(op: ImagesOp | DeltasOp | SigningKeysOp): void {
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

  #ofProduct(product: string | undefined): readonly Image[] {
    return [...this.#images.values()]
      .filter((image) => product === undefined || image.product === product)
      .sort((a, b) => (a.product === b.product ? b.addedAt - a.addedAt : a.product < b.product ? -1 : 1))
  }
}
