/** The system's generator behind the `Random` port, drawn from in slabs because a call costs 0.5 µs. */
import { randomFillSync } from 'node:crypto'
import type { Bytes } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'

const slabSize = 4096

export class SystemRandom implements Random {
  readonly #slab = new Uint8Array(slabSize)
  #used = slabSize

  bytes(count: number): Bytes {
    if (count > slabSize) return randomFillSync(new Uint8Array(count))
    const at = this.#take(count)
    const bytes = this.#slab.slice(at, at + count)
    // What was handed out does not stay readable here.
    this.#slab.fill(0, at, at + count)
    return bytes
  }

  fraction(): number {
    const at = this.#take(6)
    let value = 0
    for (let i = at; i < at + 6; i++) value = value * 256 + this.#slab[i]!
    return value / 2 ** 48
  }

  #take(count: number): number {
    if (this.#used + count > slabSize) {
      randomFillSync(this.#slab)
      this.#used = 0
    }
    const at = this.#used
    this.#used += count
    return at
  }
}
