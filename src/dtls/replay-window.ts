/**
 * Which of the last 64 record numbers were seen (RFC 6347 §4.1.2.6). Two steps: `isFresh` before the
 * record is authenticated, `mark` after; a forger can move nothing.
 */

/** What is committed with the effect of a message: highest number seen, and a bit for each of the 64 up to it. */
export interface ReceiveWindow {
  /** -1n where nothing was received. */
  readonly edge: bigint
  /** Bit n stands for `edge` - n. */
  readonly bitmap: bigint
}

const width = 64

export class ReplayWindow {
  /** Highest number seen, or -1. */
  edge = -1
  // bit n of `low` stands for edge-n, of `high` for edge-32-n
  #low = 0
  #high = 0

  isFresh(sequence: number): boolean {
    const age = this.edge - sequence
    if (age < 0) return true
    if (age >= width) return false
    return age < 32 ? ((this.#low >>> age) & 1) === 0 : ((this.#high >>> (age - 32)) & 1) === 0
  }

  /** Notes an authenticated number; whether it is newer than all before. */
  mark(sequence: number): boolean {
    const age = this.edge - sequence
    if (age >= 0) {
      if (age < 32) this.#low |= 1 << age
      else if (age < width) this.#high |= 1 << (age - 32)
      return false
    }
    this.#shift(this.edge < 0 ? width : -age)
    this.#low |= 1
    this.edge = sequence
    return true
  }

  value(): ReceiveWindow {
    return { edge: BigInt(this.edge), bitmap: (BigInt(this.#high >>> 0) << 32n) | BigInt(this.#low >>> 0) }
  }

  /** Takes over everything `other` has seen; never forgets what this one has. */
  merge(other: ReceiveWindow): void {
    for (let age = width - 1; age >= 0; age--) {
      const sequence = Number(other.edge) - age
      if (sequence >= 0 && (other.bitmap >> BigInt(age)) & 1n && this.isFresh(sequence)) this.mark(sequence)
    }
  }

  #shift(by: number): void {
    if (by >= width) {
      this.#low = 0
      this.#high = 0
    } else if (by >= 32) {
      this.#high = by === 32 ? this.#low : this.#low << (by - 32)
      this.#low = 0
    } else {
      this.#high = (this.#high << by) | (this.#low >>> (32 - by))
      this.#low <<= by
    }
  }
}
