/** The events of `memory-store.ts`: by id, the newest so many of them. */
import { isWanted } from '../fleet/events/rules.ts'
import type { EventFilter } from '../fleet/events/store.ts'
import type { EventId, FleetEvent } from '../fleet/events/types.ts'

export class MemoryEvents {
  readonly #kept: number
  #events: FleetEvent[] = []
  #lastId = 0

  constructor(kept: number) {
    this.#kept = kept
  }

  get lastId(): EventId {
    return this.#lastId
  }

  append(event: FleetEvent): void {
    if (event.id > this.#lastId) {
      this.#lastId = event.id
      this.#events.push(event)
    } else {
      // An alarm is written down late, with the id it was raised under.
      this.#events.splice(this.#placeAfter(event.id), 0, event)
    }
    if (this.#events.length > 2 * this.#kept) this.#events = this.#events.slice(-this.#kept)
  }

  list(filter: EventFilter, after: EventId, limit: number): readonly FleetEvent[] {
    const found: FleetEvent[] = []
    for (let at = this.#placeAfter(after); at < this.#events.length && found.length < limit; at++) {
      if (isWanted(this.#events[at]!, filter)) found.push(this.#events[at]!)
    }
    return found
  }

  latest(filter: EventFilter, limit: number): readonly FleetEvent[] {
    const found: FleetEvent[] = []
    for (let at = this.#events.length - 1; at >= 0 && found.length < limit; at--) {
      if (isWanted(this.#events[at]!, filter)) found.push(this.#events[at]!)
    }
    return found.reverse()
  }

  /** Where the first event above `id` stands. */
  #placeAfter(id: EventId): number {
    let [low, high] = [0, this.#events.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#events[middle]!.id <= id) low = middle + 1
      else high = middle
    }
    return low
  }
}
