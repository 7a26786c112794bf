/**
 * Bodies put together from blocks: memory that grows by doubling, so that n blocks cost O(n), within a
 * limit of its own and a budget shared by all peers. Knows no option and no exchange.
 */
import { noBytes, type Bytes } from '../base/bytes.ts'

/** Octets of memory for bodies of all peers together. */
export class BodyBudget {
  readonly limit: number
  #used = 0

  constructor(limit: number) {
    this.limit = limit
  }

  get used(): number {
    return this.#used
  }

  take(octets: number): boolean {
    if (this.#used + octets > this.limit) return false
    this.#used += octets
    return true
  }

  give(octets: number): void {
    this.#used -= octets
  }
}

/** Smallest memory a body begins with. */
const smallest = 256

export class GrowingBody {
  readonly #budget: BodyBudget
  readonly #limit: number
  #memory: Bytes = noBytes
  #length = 0

  /** `limit`: octets the body may have. */
  constructor(budget: BodyBudget, limit: number) {
    this.#budget = budget
    this.#limit = limit
  }

  get length(): number {
    return this.#length
  }

  /** What there is so far; a view. */
  get bytes(): Bytes {
    return this.#memory.subarray(0, this.#length)
  }

  /** Adds octets `start` to `end`; says which limit would have been passed and then adds nothing. */
  append(from: Bytes, start: number, end: number): 'added' | 'over-limit' | 'over-budget' {
    const length = this.#length + end - start
    if (length > this.#limit) return 'over-limit'
    if (length > this.#memory.length) {
      const size = Math.min(this.#limit, Math.max(smallest, length, 2 * this.#memory.length))
      if (!this.#budget.take(size - this.#memory.length)) return 'over-budget'
      const memory = new Uint8Array(size)
      memory.set(this.bytes)
      this.#memory = memory
    }
    this.#memory.set(from.subarray(start, end), this.#length)
    this.#length = length
    return 'added'
  }

  /** Whether octets `start` to `end` of `other` are what lies at `offset`. */
  holds(offset: number, other: Bytes, start: number, end: number): boolean {
    if (offset + end - start > this.#length) return false
    for (let i = start; i < end; i++) if (this.#memory[offset + i - start] !== other[i]) return false
    return true
  }

  /** Gives the memory back to the budget; views of it stay valid. */
  release(): void {
    this.#budget.give(this.#memory.length)
    this.#memory = noBytes
    this.#length = 0
  }
}
