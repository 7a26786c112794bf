/**
 * Observe intents: what somebody wants observed on a device, kept for ever and established again after
 * every registration (LwM2M Core 1.2 §6.4.1; devices.md §0.10), each time under a token of its own.
 */
import type { Instant } from '../../base/time.ts'
import type { NotificationAttributes } from '../../lwm2m/attributes.ts'
import type { AttributeDrift } from '../../lwm2m/observation.ts'
import type { DeviceId } from '../registry/types.ts'

export interface Observation {
  readonly deviceId: DeviceId
  readonly path: string
  /** Hex, 8 octets; what the device puts on each notification. */
  readonly token: string
  readonly createdAt: Instant
  /** Who wants it; it lasts until nobody does. */
  readonly origins: readonly ObservationOrigin[]
  /**
   * `wanted`: not (again) asked of the device yet; `established`: the device said yes;
   * `refused`: it said no, see `reason`.
   */
  readonly state: 'wanted' | 'established' | 'refused'
  readonly reason?: string
  readonly lastNotification?: Instant
  /** Observe option of the newest notification and when it came (RFC 7641 §3.4). */
  readonly lastSequence?: number
  /** Its CoAP message id: the same number under another one is another notification. */
  readonly lastMessageId?: number
  /** When the device is to tell; absent where nobody said. */
  readonly attributes?: IntendedAttributes
}

/** `rule`: as long as a rule wants it. */
export type ObservationOrigin = 'operator' | 'firmware' | 'rule'

/** Attributes of an intent and how far the device is from them. */
export interface IntendedAttributes {
  readonly wanted: NotificationAttributes
  /** `due`: not (again) told to the device; `set`: it took them; `refused`: it did not, see `reason`. */
  readonly state: 'due' | 'set' | 'refused'
  readonly reason?: string
  /** It would not take them with the observation (LwM2M 1.2): they are written instead. */
  readonly byWrite?: true
  /** It took them with the observation: what is written to the path is none of it (LwM2M Core 1.2.2 §6.4.1). */
  readonly withObserve?: true
  /** Of a composite whose paths are written one after the other: to how many they were. */
  readonly written?: number
  /** What is otherwise on the device, as a Discover showed at `seenAt`. */
  readonly drift?: readonly AttributeDrift[]
  readonly seenAt?: Instant
}
