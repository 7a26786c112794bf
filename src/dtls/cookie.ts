/**
 * The stateless cookie of HelloVerifyRequest (RFC 6347 §4.2.1): a MAC over the peer's address and what its
 * hello asks for. Keys rotate; a cookie is good for one to two rotations, without exemption for anyone.
 */
import type { Bytes } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'
import type { Duration, Instant } from '../base/time.ts'
import type { DtlsCrypto, HmacKey } from './crypto.ts'
import type { ClientHelloPrefix } from './wire/client-hello.ts'

/** Half an HMAC-SHA256: short, so that the answer stays below the smallest hello. */
export const cookieLength = 16

export class CookieMint {
  readonly #crypto: DtlsCrypto
  readonly #random: Random
  readonly #rotation: Duration
  #period = -1
  #current: HmacKey | undefined
  #previous: HmacKey | undefined

  constructor(crypto: DtlsCrypto, random: Random, rotation: Duration) {
    this.#crypto = crypto
    this.#random = random
    this.#rotation = rotation
  }

  make(now: Instant, address: Bytes, hello: ClientHelloPrefix): Bytes {
    this.#rotate(now)
    return this.#mac(this.#current!, address, hello)
  }

  isValid(now: Instant, address: Bytes, hello: ClientHelloPrefix): boolean {
    if (hello.cookie.length !== cookieLength) return false
    this.#rotate(now)
    if (this.#crypto.equal(this.#mac(this.#current!, address, hello), hello.cookie)) return true
    return this.#previous !== undefined && this.#crypto.equal(this.#mac(this.#previous, address, hello), hello.cookie)
  }

  #mac(key: HmacKey, address: Bytes, hello: ClientHelloPrefix): Bytes {
    const { random, sessionId, suites } = hello
    const input = new Uint8Array(4 + address.length + random.length + sessionId.length + 2 + suites.length)
    let at = 0
    const add = (bytes: Bytes): void => {
      input.set(bytes, at)
      at += bytes.length
    }
    // lengths go in, so that no two hellos share an input
    input[at++] = address.length
    add(address)
    input[at++] = hello.version >>> 8
    input[at++] = hello.version & 0xff
    add(random)
    input[at++] = sessionId.length
    add(sessionId)
    input[at++] = suites.length >>> 8
    input[at++] = suites.length & 0xff
    add(suites)
    return this.#crypto.hmac(key, input).subarray(0, cookieLength)
  }

  #rotate(now: Instant): void {
    const period = Math.floor(now / this.#rotation)
    if (period === this.#period) return
    this.#previous = period === this.#period + 1 ? this.#current : undefined
    this.#current = this.#crypto.hmacKey('sha256', this.#random.bytes(32))
    this.#period = period
  }
}
