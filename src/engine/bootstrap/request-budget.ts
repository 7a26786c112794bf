/** How many requests to be bootstrapped are taken: so many a second, and twice that at once. */
import { instantOf, type Instant } from '../../base/time.ts'

const burstSeconds = 2

export class RequestBudget {
  readonly #perSecond: number
  #tokens: number
  #at: Instant = instantOf(0)

  constructor(perSecond: number) {
    this.#perSecond = perSecond
    this.#tokens = perSecond * burstSeconds
  }

  take(now: Instant): boolean {
    const gained = (Math.max(0, now - this.#at) / 1000) * this.#perSecond
    this.#tokens = Math.min(this.#perSecond * burstSeconds, this.#tokens + gained)
    this.#at = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
