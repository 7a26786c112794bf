/**
 * Randomness is handed to the cores through this port: the server gives the system's generator, a
 * simulation gives a seeded one so that every run can be repeated.
 */
import type { Bytes } from './bytes.ts'

export interface Random {
  /** `count` unpredictable octets, fresh memory. */
  bytes(count: number): Bytes
  /** Uniform in [0, 1). */
  fraction(): number
}

/** A repeatable generator (xoshiro128**): for simulation and tests, never for secrets. */
export class SeededRandom implements Random {
  readonly #state = new Uint32Array(4)

  constructor(seed: number) {
    let s = seed >>> 0
    for (let i = 0; i < 4; i++) {
      // splitmix32, as the authors of xoshiro advise for seeding
      s = (s + 0x9e3779b9) >>> 0
      let z = s
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
      this.#state[i] = (z ^ (z >>> 16)) >>> 0
    }
  }

  /** Uniform in [0, 2^32). */
  uint32(): number {
    const s = this.#state
    const [a, b, c, d] = [s[0]!, s[1]!, s[2]!, s[3]!]
    const scrambled = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0
    const shifted = b << 9
    const c1 = c ^ a
    const d1 = d ^ b
    s[1] = b ^ c1
    s[0] = a ^ d1
    s[2] = c1 ^ shifted
    s[3] = rotateLeft(d1, 11)
    return scrambled
  }

  bytes(count: number): Bytes {
    const bytes = new Uint8Array(count)
    for (let i = 0; i < count; i++) bytes[i] = this.uint32() & 0xff
    return bytes
  }

  fraction(): number {
    return this.uint32() / 2 ** 32
  }
}

function rotateLeft(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}
