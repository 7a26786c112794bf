/**
 * Retransmission timeout learned from round trips (CoCoA, draft-ietf-core-cocoa §4): strong samples from
 * exchanges answered at once, weak ones from those repeated once or twice. Off unless configured; then
 * one estimator a peer. Knows no exchange.
 */
import { milliseconds, type Duration, type Instant } from '../base/time.ts'

/** Milliseconds; an estimate outside is of no use. */
const least = 500
const greatest = 60_000

interface Estimator {
  smoothed: number
  variation: number
}

export class RtoEstimator {
  #overall: number
  #strong: Estimator | undefined
  #weak: Estimator | undefined
  #updatedAt: Instant

  /** Begins with `initial`, the profile's ACK_TIMEOUT. */
  constructor(now: Instant, initial: Duration) {
    this.#overall = initial
    this.#updatedAt = now
  }

  /** The timeout of a first transmission, before its random factor; ages towards `initial` (§4.3). */
  timeout(now: Instant, initial: Duration): Duration {
    const age = now - this.#updatedAt
    if (this.#overall < 1000 && age > 16 * this.#overall) {
      this.#overall *= 2
      this.#updatedAt = now
    } else if (this.#overall > 3000 && age > 4 * this.#overall) {
      this.#overall = (this.#overall + initial) / 2
      this.#updatedAt = now
    }
    return milliseconds(this.#overall)
  }

  /** A round trip, counted from the first transmission; from the third repetition on it says nothing (§4.2). */
  measured(now: Instant, roundTrip: Duration, repetitions: number): void {
    if (repetitions > 2) return
    const strong = repetitions === 0
    const previous = strong ? this.#strong : this.#weak
    const next = sampled(previous, roundTrip)
    if (strong) this.#strong = next
    else this.#weak = next
    const estimate = next.smoothed + (strong ? 4 : 1) * next.variation
    const weight = strong ? 0.5 : 0.25
    this.#overall = Math.min(greatest, Math.max(least, weight * estimate + (1 - weight) * this.#overall))
    this.#updatedAt = now
  }
}

/** How much longer the next wait is (§4.2.1): short timeouts back off faster, long ones slower. */
export function backoffFactor(firstTimeout: number): number {
  return firstTimeout < 1000 ? 3 : firstTimeout > 3000 ? 1.5 : 2
}

/** RFC 6298 §2 with its gains of 1/8 and 1/4. */
function sampled(previous: Estimator | undefined, sample: number): Estimator {
  if (previous === undefined) return { smoothed: sample, variation: sample / 2 }
  return {
    smoothed: previous.smoothed + (sample - previous.smoothed) / 8,
    variation: previous.variation + (Math.abs(previous.smoothed - sample) - previous.variation) / 4,
  }
}
