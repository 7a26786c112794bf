/**
 * When a device hears: always, for a while after it spoke, or (behind a parent that keeps one datagram for
 * it) whenever it polls. Knows no CoAP; what a sleeping radio misses is counted by the world.
 */
import type { Bytes } from '../../base/bytes.ts'
import { after, instantOf, type Duration, type Instant } from '../../base/time.ts'

/**
 * window: off `awake` after the last activity, until the device speaks again · polling: the same, but the
 * parent keeps one datagram, fetched every `interval`
 */
export type RadioKind =
  | { readonly kind: 'always' }
  | { readonly kind: 'window'; readonly awake: Duration }
  | { readonly kind: 'polling'; readonly awake: Duration; readonly interval: Duration }

export class Radio {
  readonly kind: RadioKind
  /** Requests of the device's own that wait for an answer keep it on. */
  waiting = 0
  #awakeUntil: Instant = instantOf(0)
  #heldUntil: Instant = instantOf(0)

  constructor(kind: RadioKind) {
    this.kind = kind
  }

  /** It speaks, or is spoken to: awake for its window from now. */
  active(now: Instant): void {
    if (this.kind.kind === 'always') return
    const until = after(now, this.kind.awake)
    if (until > this.#awakeUntil) this.#awakeUntil = until
  }

  isOn(now: Instant): boolean {
    return this.kind.kind === 'always' || this.waiting > 0 || now < this.#awakeUntil
  }

  off(): void {
    this.waiting = 0
    this.#awakeUntil = instantOf(0)
  }

  /** When the parent hands a datagram over that came while the radio was off; undefined: it is lost. */
  fetchedAt(now: Instant, datagram: Bytes): Instant | undefined {
    if (this.kind.kind !== 'polling' || now < this.#heldUntil || datagram.length > parentBuffer) return undefined
    const { interval } = this.kind
    this.#heldUntil = instantOf(Math.floor(now / interval + 1) * interval)
    return this.#heldUntil
  }
}

/** Octets a Thread parent must hold for a sleepy child (devices.md §2). */
const parentBuffer = 1280
