/**
 * Message ids towards one peer (RFC 7252 §4.4): in order from a random start, and none again before its
 * lifetime is over. Lifetimes are kept for groups of 4096 ids; who needs an id of a group that is still
 * taken gets it with the instant from which it may be used: backpressure, never a wrap.
 */
import type { Instant } from '../base/time.ts'

const groupBits = 12
const groups = 65_536 >> groupBits

export class MessageIds {
  /** When the id last taken may be used; in the past but for a peer that had 61 440 ids in a lifetime. */
  readyAt = 0 as Instant
  /** Until when one of ours may still be remembered by the peer. */
  heldUntil = 0 as Instant
  #next: number
  readonly #heldUntil: Instant[] = new Array<Instant>(groups).fill(0 as Instant)

  constructor(fraction: number) {
    this.#next = Math.floor(fraction * 65_536)
  }

  /** The next id; the peer may remember it for `lifetime` milliseconds after `readyAt`. */
  take(now: Instant, lifetime: number): number {
    const id = this.#next
    const group = id >> groupBits
    // Entering a group anew: every id of it must have been forgotten
    if ((id & ((1 << groupBits) - 1)) === 0) this.readyAt = this.#heldUntil[group]!
    if (this.readyAt < now) this.readyAt = now
    const held = (this.readyAt + lifetime) as Instant
    if (held > this.#heldUntil[group]!) this.#heldUntil[group] = held
    if (held > this.heldUntil) this.heldUntil = held
    this.#next = (id + 1) & 0xffff
    return id
  }
}
