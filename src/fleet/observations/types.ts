/**
 * Observe intents: what somebody wants observed on a device, kept for ever and established again after
 * every registration (LwM2M Core 1.2 §6.4.1; devices.md §0.10), each time under a token of its own.
 */
import type { Instant } from '../../base/time.ts'
import type { DeviceId } from '../registry/types.ts'

export interface Observation {
  readonly deviceId: DeviceId
  readonly path: string
  /** Hex, 8 octets; what the device puts on each notification. */
  readonly token: string
  readonly createdAt: Instant
  /** `rule`: as long as a rule wants it. */
  readonly origin: 'operator' | 'firmware' | 'rule'
  /**
   * `wanted`: not (again) asked of the device yet; `established`: the device said yes;
   * `refused`: it said no, see `reason`.
   */
  readonly state: 'wanted' | 'established' | 'refused'
  readonly reason?: string
  readonly lastNotification?: Instant
  /** Observe option of the newest notification and when it came (RFC 7641 §3.4). */
  readonly lastSequence?: number
}
