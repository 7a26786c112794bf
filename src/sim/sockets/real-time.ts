/**
 * Lets a timeline follow a clock outside: what is due happens, and the clock is asked to wake us for the
 * next of it. Reads no clock and sets no timer itself.
 */
import { instantOf, type Instant } from '../../base/time.ts'
import type { Timeline } from '../timeline.ts'

export interface Clock {
  /** Milliseconds since 1970, never running backwards. */
  now(): Instant
  /** Calls `action` once after so many milliseconds, or soon after; what was asked for before is forgotten. */
  wake(wait: number, action: () => void): void
  /** What was asked for is forgotten. */
  rest(): void
}

/** Longest sleep, milliseconds: the clock may wake us for nothing. */
const longestSleep = 60_000

export class RealTime {
  readonly timeline: Timeline
  readonly #clock: Clock
  #wakesAt = Number.POSITIVE_INFINITY
  #stopped = false

  constructor(timeline: Timeline, clock: Clock) {
    this.timeline = timeline
    this.#clock = clock
  }

  /** Lets happen all that is due; what comes next is dealt with in time. To be called before and after anything from outside. */
  advance(): Instant {
    if (this.#stopped) return this.timeline.now
    const now = instantOf(Math.max(this.#clock.now(), this.timeline.now))
    while (this.timeline.step(now));
    this.timeline.rest(now)
    this.#arm(now)
    return now
  }

  stop(): void {
    this.#stopped = true
    this.#clock.rest()
  }

  #arm(now: Instant): void {
    const next = this.timeline.nextAt()
    if (next >= this.#wakesAt && this.#wakesAt > now) return
    this.#wakesAt = Math.min(next, now + longestSleep)
    this.#clock.wake(Math.max(this.#wakesAt - now, 0), () => {
      this.#wakesAt = Number.POSITIVE_INFINITY
      this.advance()
    })
  }
}
