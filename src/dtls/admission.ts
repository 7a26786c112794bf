/**
 * How many handshakes may begin and be under way, in all and per source prefix. Says only yes or no; who is
 * turned away hears nothing and comes again by its own timer.
 */
import type { Bytes } from '../base/bytes.ts'
import { LruMap } from '../base/lru.ts'
import type { Instant } from '../base/time.ts'
import type { DtlsOptions } from './options.ts'

interface Bucket {
  tokens: number
  at: Instant
}

/** Prefixes whose rate is remembered; a forgotten one starts full. */
const prefixesRemembered = 65_536
/** Seconds' worth of handshakes that may come at once: a cell that comes back brings them all. */
const burst = 2

export class Admission {
  readonly #options: DtlsOptions
  readonly #underWay = new Map<string, number>()
  readonly #rates = new LruMap<string, Bucket>(prefixesRemembered)
  readonly #total: Bucket = { tokens: 0, at: Number.NEGATIVE_INFINITY as Instant }

  constructor(options: DtlsOptions) {
    this.#options = options
  }

  /** Prefixes with handshakes under way, for the gauges. */
  get prefixes(): number {
    return this.#underWay.size
  }

  admit(now: Instant, address: Bytes): boolean {
    const prefix = prefixOf(address)
    if ((this.#underWay.get(prefix) ?? 0) >= this.#options.handshakesPerPrefix) return false
    let rate = this.#rates.use(prefix)
    if (rate === undefined) {
      rate = { tokens: 0, at: Number.NEGATIVE_INFINITY as Instant }
      this.#rates.set(prefix, rate)
    }
    refill(rate, now, this.#options.handshakeRatePerPrefix)
    refill(this.#total, now, this.#options.handshakeRate)
    if (rate.tokens < 1 || this.#total.tokens < 1) return false
    rate.tokens--
    this.#total.tokens--
    return true
  }

  began(address: Bytes): void {
    const prefix = prefixOf(address)
    this.#underWay.set(prefix, (this.#underWay.get(prefix) ?? 0) + 1)
  }

  ended(address: Bytes): void {
    const prefix = prefixOf(address)
    const left = (this.#underWay.get(prefix) ?? 0) - 1
    if (left > 0) this.#underWay.set(prefix, left)
    else this.#underWay.delete(prefix)
  }
}

function refill(bucket: Bucket, now: Instant, perSecond: number): void {
  bucket.tokens = Math.min(perSecond * burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond)
  bucket.at = now
}

/** /24 of IPv4, /56 of IPv6: what one subscriber or one gateway has. */
function prefixOf(address: Bytes): string {
  const octets = address.length === 6 ? 3 : 7
  let prefix = ''
  for (let i = 0; i < octets; i++) prefix += String.fromCharCode(address[i] ?? 0)
  return prefix
}
