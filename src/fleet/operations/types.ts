/**
 * Operations: everything that is asked of a device is a durable row first, sent when the device can
 * hear it, and kept with what became of it.
 */
import type { Instant } from '../../base/time.ts'
import type { DeviceId, EndpointName } from '../registry/types.ts'

export type OperationId = number

export type OperationKind =
  | 'read'
  | 'write'
  | 'write-partial'
  | 'execute'
  | 'create'
  | 'delete'
  | 'discover'
  | 'write-attributes'
  | 'observe'
  | 'cancel-observe'
  | 'read-composite'
  | 'write-composite'
  | 'observe-composite'

/**
 * queued → sent → acknowledged | failed; queued → expired | cancelled. `sent` may go back to `queued`
 * where the device was asleep or we restarted and the operation is safe to repeat.
 */
export type OperationState = 'queued' | 'sent' | 'acknowledged' | 'failed' | 'expired' | 'cancelled'

export const openStates: readonly OperationState[] = ['queued', 'sent']

/** Why an operation ended as it did, or why it still waits. Stable words; `detail` is for people. */
export type OperationReason =
  /** Waits: the device is not registered, or its radio is off. */
  | 'device-offline'
  | 'device-asleep'
  /** Waits behind another operation of the same device. */
  | 'behind-another'
  /** Waits: the device could not do it just now, and is asked again at `notBefore`. */
  | 'device-busy'
  /** Ended: the device answered with an error code. */
  | 'rejected'
  /** Ended: no answer after all retransmissions. */
  | 'timed-out'
  /** Ended: the device sent RST. */
  | 'reset'
  /** Ended: the answer could not be decoded; its bytes are in the result. */
  | 'undecodable'
  /** Ended: it had reached the radio when we stopped and too long ago to ask the device again safely. */
  | 'outcome-unknown'
  /** Ended: its deadline passed. */
  | 'deadline'
  | 'cancelled-by-operator'
  /** Ended: the device was deleted, retired, or registered anew without the path. */
  | 'device-gone'
  | 'superseded'

export interface Operation {
  readonly id: OperationId
  readonly deviceId: DeviceId
  readonly endpoint: EndpointName
  readonly kind: OperationKind
  /** `/3/0/14`; for composites the paths, joined by blanks. */
  readonly path: string
  /** JSON of what is written, or the arguments of an execute; absent where there is none. */
  readonly value?: unknown
  /** 0 first … 9 last; 5 unless told. */
  readonly priority: number
  readonly state: OperationState
  /** Transmissions begun, retransmissions not counted. */
  readonly attempts: number
  /** How often an answer or a silence of the device made us try again by ourselves; absent: never. */
  readonly retries?: number
  /** Not tried again before. */
  readonly notBefore?: Instant
  readonly reason?: OperationReason
  readonly detail?: string
  /** CoAP code of the answer, `2.05`. */
  readonly code?: string
  /** What the device answered, decoded (see lwm2m/value.ts for the shape). */
  readonly result?: unknown
  readonly createdAt: Instant
  readonly sentAt?: Instant
  readonly finishedAt?: Instant
  readonly deadline: Instant
  /** The same key for the same device is the same operation: asked twice, done once. */
  readonly idempotencyKey?: string
  /** Who wants it: the operator, or a part of this server. */
  readonly origin: 'operator' | 'firmware' | 'observation' | 'campaign'
  /** Sent with this message id and token; repeated with them after a restart. */
  readonly messageId?: number
  readonly token?: string
}

/** What the API hands in; the engine fills in the rest. */
export interface OperationDraft {
  readonly kind: OperationKind
  readonly path: string
  readonly value?: unknown
  readonly priority?: number
  readonly deadline?: Instant
  readonly idempotencyKey?: string
  readonly origin?: Operation['origin']
  /** Skip the check against the model and the registered objects. */
  readonly force?: boolean
}

/** The value of a write whose octets are an image: they are read from its file as they leave. */
export function valueOfImage(sha256: string): string {
  return `image:${sha256}`
}

/** The hash of the image a value stands for; undefined where it is a value like any other. */
export function imageOfValue(value: unknown): string | undefined {
  return typeof value === 'string' && value.startsWith('image:') ? value.slice('image:'.length) : undefined
}

export interface OperationFilter {
  readonly deviceId?: DeviceId
  readonly state?: OperationState
}
