/** Events: what happened, append-only, with its time and cause. Never an instruction. */
import type { Instant } from '../../base/time.ts'
import type { DeviceId, EndpointName } from '../registry/types.ts'

/** Rises by at least one an event; the `Last-Event-ID` of the stream. */
export type EventId = number

export const eventKinds = [
  'device.created',
  'device.changed',
  'device.deleted',
  'registration.registered',
  'registration.updated',
  'registration.deregistered',
  'registration.expired',
  'registration.refused',
  'registration.quarantined',
  'operation.queued',
  'operation.sent',
  'operation.finished',
  'observation.established',
  'observation.ended',
  'observation.drift',
  'notification',
  'send',
  'data',
  'firmware.image-added',
  'firmware.image-removed',
  'firmware.key-added',
  'firmware.key-removed',
  'firmware.delta-added',
  'firmware.delta-removed',
  'firmware.state',
  'firmware.progress',
  'firmware.reverted-later',
  'campaign.state',
  'campaign.removed',
  'credential.added',
  'credential.imported',
  'credential.rotated',
  'credential.revoked',
  'bootstrap.started',
  'bootstrap.finished',
  'bootstrap.failed',
  'bootstrap.refused',
  'bootstrap.template-changed',
  'bootstrap.template-removed',
  'quirk',
  'alarm.raised',
  'alarm.cleared',
] as const
export type EventKind = (typeof eventKinds)[number]

/** An event before it has an id and a time. */
export type EventDraft = Pick<FleetEvent, 'kind' | 'cause' | 'detail' | 'endpoint'>

export interface FleetEvent {
  readonly id: EventId
  readonly at: Instant
  readonly kind: EventKind
  readonly deviceId?: DeviceId
  readonly endpoint?: EndpointName
  /** What set it off, in a few words: `register`, `operation 17`, `lifetime over`, `operator`. */
  readonly cause: string
  /** JSON; its members depend on the kind. */
  readonly detail: Readonly<Record<string, unknown>>
}
