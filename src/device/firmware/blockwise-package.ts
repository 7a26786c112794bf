/** A package over CoAP, block by block (RFC 7959 §2.4), in blocks no larger than the device can take or the server sends. */
import type { PackageSource, Piece } from './download.ts'
import { results } from './firmware-machine.ts'

export interface BlockReply {
  /** "2.05" */
  readonly code: string
  readonly payload: Uint8Array
  /** Undefined: the answer is the whole of it. */
  readonly block: { readonly num: number; readonly more: boolean; readonly size: number } | undefined
  /** Hex. */
  readonly etag: string | undefined
  /** Size2: octets of the whole. */
  readonly total: number | undefined
}

export interface BlockSource {
  /** The block, or undefined where no answer came. */
  readonly fetch: (num: number, size: number) => Promise<BlockReply | undefined>
}

const smallestBlock = 16
const unanswered: Piece = { kind: 'broken', reason: 'no answer to a block' }

export class BlockwisePackage implements PackageSource {
  readonly #source: BlockSource
  readonly #closed: () => void
  /** Octets; smaller from then on where the server answers with less. */
  #blockSize: number

  constructor(source: BlockSource, blockSize: number, closed: () => void = () => undefined) {
    this.#source = source
    this.#blockSize = blockSize
    this.#closed = closed
  }

  async fetch(at: number): Promise<Piece> {
    while (at % this.#blockSize !== 0 && this.#blockSize > smallestBlock) this.#blockSize /= 2
    const reply = await this.#source.fetch(at / this.#blockSize, this.#blockSize)
    if (reply === undefined || reply.code.startsWith('5')) return unanswered
    if (reply.code !== '2.05') {
      return { kind: 'failed', result: results.invalidUri, reason: `the server answers ${reply.code}` }
    }
    const { block, etag, total, payload: octets } = reply
    if (block?.more === true && octets.length !== block.size) return unanswered
    this.#blockSize = Math.min(this.#blockSize, block?.size ?? this.#blockSize)
    const offset = block === undefined ? 0 : block.num * block.size
    return { kind: 'octets', offset, octets, last: block?.more !== true, etag, total, blockSize: this.#blockSize }
  }

  close(): void {
    this.#closed()
  }
}
