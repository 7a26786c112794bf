/** What events ask of the store. */
import type { DeviceId, EndpointName } from '../registry/types.ts'
import type { EventId, EventKind, FleetEvent } from './types.ts'

export type EventsOp = { readonly op: 'event.append'; readonly event: FleetEvent }

/** With both, the events of the device and those that only carry the name. */
export interface EventFilter {
  readonly deviceId?: DeviceId
  /** Of nobody: events that carry this name and belong to no device, as those of one that was refused. */
  readonly endpoint?: EndpointName
  readonly kinds?: readonly EventKind[]
}

export interface EventsStore {
  /** Oldest first, with ids above `after`. */
  events(filter: EventFilter, after: EventId, limit: number): readonly FleetEvent[]
  /** The newest `limit`, oldest of them first. */
  latestEvents(filter: EventFilter, limit: number): readonly FleetEvent[]
  lastEventId(): EventId
}
