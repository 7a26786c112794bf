/** Datagrams as nobody would send them: random octets, or real ones harmed a little. The seed decides all of it. */
import { SeededRandom } from '../../src/base/random.ts'

/** Of sent datagrams, so many are remembered. */
const echoesKept = 64

export class DatagramMutator {
  /** What was made last: as many octets as `random` or `mutated` said. */
  readonly slab = new Uint8Array(2048)
  corpus: readonly Uint8Array[]
  readonly #random: SeededRandom
  /** A few datagrams the other side sent: mutated, they reach what waits for answers. */
  readonly #echoes: Uint8Array[] = []
  #sent = 0

  constructor(seed: number, corpus: readonly Uint8Array[]) {
    this.#random = new SeededRandom(seed)
    this.corpus = corpus
  }

  dice(sides: number): number {
    return this.#random.uint32() % sides
  }

  /** One of sixteen datagrams of the other side is kept, to come back as an answer to it. */
  overhear(buffer: Uint8Array, start: number, end: number): void {
    if (this.#sent++ % 16 === 0) this.#echoes[(this.#sent >> 4) % echoesKept] = buffer.slice(start, end)
  }

  make(kind: 'random' | 'mutated'): number {
    return kind === 'random' ? this.#scatter() : this.#mutate()
  }

  #scatter(): number {
    const length = this.dice(8) === 0 ? this.dice(1200) : this.dice(40)
    for (let i = 0; i < length; i += 4) {
      const word = this.#random.uint32()
      for (let k = 0; k < 4; k++) this.slab[i + k] = word >> (8 * k)
    }
    // Three of four get past the version
    if (this.dice(4) !== 0) this.slab[0] = 0x40 | (this.slab[0]! & 0x38)
    return length
  }

  #mutate(): number {
    const { slab } = this
    const echo = this.dice(3) === 0 ? this.#echoes[this.dice(echoesKept)] : undefined
    const base = echo ?? this.corpus[this.dice(this.corpus.length)]!
    slab.set(base)
    if (echo !== undefined) {
      slab[0] = (slab[0]! & 0xcf) | (this.dice(4) << 4)
      if (this.dice(3) === 0) slab[1] = [0, 69, 68, 95, 141, 129, 132][this.dice(7)]!
    } else if (this.dice(4) !== 0) {
      slab[2] = this.dice(256)
      slab[3] = this.dice(256)
    }
    let { length } = base
    for (let mutations = this.dice(4); mutations > 0 && length > 0; mutations--) length = this.#harm(length)
    return Math.min(length, 1500)
  }

  /** One mutation of what stands in the slab; its new length. */
  #harm(length: number): number {
    const { slab } = this
    const at = this.dice(length)
    switch (this.dice(6)) {
      case 0:
        slab[at]! ^= 1 << this.dice(8)
        return length
      case 1:
        slab[at] = [0, 0x0f, 0xd0, 0xe0, 0xff, 0xdd, 0xee, 0x7f][this.dice(8)]!
        return length
      case 2:
        return at
      case 3:
        slab.copyWithin(at + 1, at, length)
        slab[at] = this.dice(256)
        return length + 1
      case 4: {
        const other = this.corpus[this.dice(this.corpus.length)]!
        const from = this.dice(other.length)
        slab.set(other.subarray(from), at)
        return at + other.length - from
      }
      default:
        slab[at] = this.dice(256)
        return length
    }
  }
}
