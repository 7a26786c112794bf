/** Events for the API: history from the store, news to subscribers once they are durable. */
import { UsageError } from '../../base/errors.ts'
import type { Settings } from '../../config/tunables.ts'
import type { EventFilter, EventsStore } from './store.ts'
import type { EventId, FleetEvent } from './types.ts'

export type EventListener = (event: FleetEvent) => void

export class EventsService {
  readonly #store: EventsStore
  readonly #subscriberLimit: number
  readonly #listeners = new Set<EventListener>()

  constructor(store: EventsStore, settings: Pick<Settings, 'events.subscribers'>) {
    this.#store = store
    this.#subscriberLimit = settings['events.subscribers']
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
   * returned function ends it. Throws UsageError 'events.too-many' (503) at the limit of subscribers.
   */
  subscribe(listener: EventListener): () => void {
    if (this.#listeners.size >= this.#subscriberLimit) {
      throw new UsageError('events.too-many', `${this.#subscriberLimit} event streams are open already`, {
        status: 503,
        hint: 'close one, or raise events.subscribers',
      })
    }
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
