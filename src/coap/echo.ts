/**
 * Echo values (RFC 9175 §2): prove that a request is fresh and that its source address hears us, without
 * a table: the time, and a keyed hash over time and peer. Nobody else can make one, and a restart of
 * ours makes all old ones void.
 */
import { equalBytes, type Bytes } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'
import { instantOf, type Duration, type Instant } from '../base/time.ts'
import { sipHash } from '../base/sip-hash.ts'
import type { Peer } from './types.ts'

const timeOctets = 4
const noInstant = instantOf(0)
/** Octets of a value of ours; RFC 9175 §2.2.1 allows 1 to 40. */
export const echoLength = timeOctets + 8

export class Echo {
  readonly #key: Bytes
  readonly #lifetime: Duration

  constructor(random: Random, lifetime: Duration) {
    this.#key = random.bytes(16)
    this.#lifetime = lifetime
  }

  /** A value for `peer`, good for the lifetime from `now` on. */
  valueFor(now: Instant, peer: Peer): Bytes {
    return this.#value(Math.floor(now / 1000) >>> 0, peer)
  }

  /** Whether `value` is one we gave this peer within the lifetime, and not before `since`, to the second. */
  isFresh(now: Instant, peer: Peer, value: Bytes, since: Instant = noInstant): boolean {
    if (value.length !== echoLength) return false
    const given = ((value[0]! << 24) | (value[1]! << 16) | (value[2]! << 8) | value[3]!) >>> 0
    if (given < Math.floor(since / 1000) >>> 0) return false
    const age = (Math.floor(now / 1000) - given) * 1000
    return age >= 0 && age <= this.#lifetime && equalBytes(value, this.#value(given, peer))
  }

  #value(second: number, peer: Peer): Bytes {
    const input = new Uint8Array(timeOctets + 8)
    const fields = new DataView(input.buffer)
    fields.setUint32(0, second)
    fields.setFloat64(timeOctets, peer)
    const value = new Uint8Array(echoLength)
    value.set(input.subarray(0, timeOctets))
    value.set(sipHash(this.#key, input), timeOctets)
    return value
  }
}
