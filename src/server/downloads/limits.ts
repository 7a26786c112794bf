/** How often somebody may ask in a minute, by whatever tells them apart; of the longest silent nothing is kept. */
import { LruMap } from '../../base/lru.ts'
import { between, minutes, type Instant } from '../../base/time.ts'

/** Counters kept; some hundred octets each. */
const counterLimit = 10_000

interface Minute {
  readonly began: Instant
  count: number
}

export class PerMinute {
  readonly #limit: number
  readonly #counters = new LruMap<string, Minute>(counterLimit)

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Whether one more is too many; it is not counted. */
  isSpent(who: string, now: Instant): boolean {
    const minute = this.#counters.use(who)
    return minute !== undefined && between(minute.began, now) < minutes(1) && minute.count >= this.#limit
  }

  count(who: string, now: Instant): void {
    const minute = this.#counters.use(who)
    if (minute !== undefined && between(minute.began, now) < minutes(1)) minute.count++
    else this.#counters.set(who, { began: now, count: 1 })
  }
}
