/**
 * Tokens (RFC 7252 §5.3.1, RFC 9175 §4): fresh ones, and their form as a key. Eight random octets each,
 * so that none comes twice within an association and nobody off the path guesses one.
 */
import type { Bytes } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'

/** Octets of a token of ours. */
export const tokenLength = 8

/** Tokens drawn from the generator at a time: one call in 64 requests. */
const drawnAtOnce = 64

export class Tokens {
  readonly #random: Random
  #pool: Bytes
  #at: number

  constructor(random: Random) {
    this.#random = random
    this.#pool = random.bytes(tokenLength * drawnAtOnce)
    this.#at = 0
  }

  fresh(): Bytes {
    if (this.#at === this.#pool.length) {
      this.#pool = this.#random.bytes(tokenLength * drawnAtOnce)
      this.#at = 0
    }
    return this.#pool.slice(this.#at, (this.#at += tokenLength))
  }
}

/** The token in octets `start` to `end` as a key: one UTF-16 unit an octet, so no two tokens share one. */
export function tokenKey(buffer: Bytes, start = 0, end = buffer.length): string {
  let key = ''
  for (let at = start; at < end; at++) key += String.fromCharCode(buffer[at]!)
  return key
}
