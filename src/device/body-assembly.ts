/** Puts the Block1 blocks of one write together (RFC 7959 §2.5), whatever tokens they come with. */
import type { Block } from './coap-options.ts'

export type Body =
  | { readonly kind: 'whole'; readonly octets: Buffer }
  | { readonly kind: 'more'; readonly block: Block }
  | { readonly kind: 'refused'; readonly code: '4.08' | '4.13'; readonly limit: number }

/** Octets of the largest body it takes, images aside. */
const bodyLimit = 4096

/** One body at a time, as a device with one buffer: the first block of another drops what was there. */
export class BodyAssembly {
  #key = ''
  #octets = Buffer.alloc(0)

  add(key: string, block: Block | undefined, payload: Buffer): Body {
    if (block === undefined) return { kind: 'whole', octets: payload }
    if (block.num === 0) {
      this.#key = key
      this.#octets = Buffer.alloc(0)
    }
    // RFC 7959 §2.9.2: a block without its predecessors
    if (key !== this.#key || this.#octets.length !== block.num * block.size) {
      return { kind: 'refused', code: '4.08', limit: bodyLimit }
    }
    if (this.#octets.length + payload.length > bodyLimit) return { kind: 'refused', code: '4.13', limit: bodyLimit }
    this.#octets = Buffer.concat([this.#octets, payload])
    if (block.more) return { kind: 'more', block }
    const octets = this.#octets
    this.#key = ''
    this.#octets = Buffer.alloc(0)
    return { kind: 'whole', octets }
  }
}
