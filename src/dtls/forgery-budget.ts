/** How many records with a wrong MAC may still be tried: a bucket that fills with time. */
import type { Instant } from '../base/time.ts'

export class ForgeryBudget {
  #tokens: number
  #filledAt: Instant

  constructor(now: Instant, rate: number) {
    this.#tokens = rate
    this.#filledAt = now
  }

  /** Whether one more may be tried; `rate` of them a second, and as many at once. */
  allows(now: Instant, rate: number): boolean {
    if (this.#tokens >= 1) return true
    this.#tokens = Math.min(rate, this.#tokens + ((now - this.#filledAt) / 1000) * rate)
    this.#filledAt = now
    return this.#tokens >= 1
  }

  spend(): void {
    this.#tokens--
  }
}
