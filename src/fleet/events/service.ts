/** Events for the API: history from the store, news to subscribers once they are durable. */
import { invariant } from '../../base/errors.ts'
import type { EventFilter, EventsStore } from './store.ts'
import type { EventId, FleetEvent } from './types.ts'

export type EventListener = (event: FleetEvent) => void

/** Parts of this server that listen at a time; each shares its one subscription among its own clients. */
const subscriberLimit = 64

export class EventsService {
  readonly #store: EventsStore
  readonly #listeners = new Set<EventListener>()

  constructor(store: EventsStore) {
    this.#store = store
  }

  /** Oldest first, with ids above `after`. */
  list(filter: EventFilter, after: EventId, limit: number): readonly FleetEvent[] {
    return this.#store.events(filter, after, limit)
  }

  /** The newest `limit`, oldest of them first. */
  latest(filter: EventFilter, limit: number): readonly FleetEvent[] {
    return this.#store.latestEvents(filter, limit)
  }

  /**
   * Calls `listener` for each event once it is committed, in the order of ids; it must not throw. The
   * returned function ends it.
   */
  subscribe(listener: EventListener): () => void {
    invariant(this.#listeners.size < subscriberLimit, `more than ${subscriberLimit} parts listen to events`)
    // A listener that subscribes twice is two subscriptions.
    const own: EventListener = (event) => listener(event)
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  /** The committer's: an event that is durable. */
  publish(event: FleetEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}
