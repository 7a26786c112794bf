/** What events ask of the store. */
import type { DeviceId } from '../registry/types.ts'
import type { EventId, EventKind, FleetEvent } from './types.ts'

export type EventsOp = { readonly op: 'event.append'; readonly event: FleetEvent }

export interface EventFilter {
  readonly deviceId?: DeviceId
  readonly kinds?: readonly EventKind[]
}

export interface EventsStore {
  /** Oldest first, with ids above `after`. */
  events(filter: EventFilter, after: EventId, limit: number): readonly FleetEvent[]
  /** The newest `limit`, oldest of them first. */
  latestEvents(filter: EventFilter, limit: number): readonly FleetEvent[]
  lastEventId(): EventId
}
