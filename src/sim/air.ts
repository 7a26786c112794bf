/**
 * Datagrams on their way: what a link does to each, and when it arrives. A datagram under way outlives both
 * its sender and its receiver. Knows neither addresses nor where anything arrives.
 */
import type { Bytes } from '../base/bytes.ts'
import type { Instant } from '../base/time.ts'
import type { Link } from './link.ts'
import { Timer, type Timeline } from './timeline.ts'

export interface AirCounts {
  sent: number
  delivered: number
  lost: number
  duplicated: number
}

export class Air {
  readonly #timeline: Timeline
  readonly #counts: AirCounts
  #underWay = 0

  constructor(timeline: Timeline, counts: AirCounts) {
    this.#timeline = timeline
    this.#counts = counts
  }

  /** Datagrams that have left and not arrived. */
  get underWay(): number {
    return this.#underWay
  }

  /** `arrive` is called once, twice or never, each time with the same copy. */
  carry(link: Link, direction: 'up' | 'down', datagram: Bytes, arrive: (at: Instant, copy: Bytes) => void): void {
    this.#counts.sent++
    if (link.loses(this.#timeline.now, direction, datagram.length)) {
      this.#counts.lost++
      return
    }
    const copy = datagram.slice()
    const arrivals = link.arrivals(this.#timeline.now)
    this.#counts.duplicated += arrivals.length - 1
    for (const at of arrivals) {
      this.#underWay++
      this.#timeline.set(
        new Timer((now) => {
          this.#underWay--
          this.#counts.delivered++
          arrive(now, copy)
        }),
        at,
      )
    }
  }
}
