/** The firmware update of one device (LwM2M object 5; devices.md §4). */
import type { Instant } from '../../base/time.ts'
import type { DeviceId, EndpointName } from '../registry/types.ts'

/** The states of object 5, /5/0/3. */
export const firmwareStates = ['idle', 'downloading', 'downloaded', 'updating'] as const
export type DeviceFirmwareState = (typeof firmwareStates)[number]

/**
 * pending: waits for the device · offered: package URI written · downloading · downloaded ·
 * updating: told to install, silence and a reboot are expected · confirmed: the new version was seen
 * after a fresh registration · failed · cancelled.
 */
export type UpdateState =
  'pending' | 'offered' | 'downloading' | 'downloaded' | 'updating' | 'confirmed' | 'failed' | 'cancelled'

export interface FirmwareUpdate {
  readonly id: number
  readonly deviceId: DeviceId
  readonly endpoint: EndpointName
  readonly sha256: string
  readonly version: string
  readonly size: number
  readonly state: UpdateState
  /** Highest octet the device has fetched from us, as last committed. */
  readonly fetched: number
  /** Times a fetch went on in the middle after a pause or a restart. */
  readonly resumes: number
  /** Block size of the last fetch, octets. */
  readonly blockSize?: number
  /** Version the device ran before. */
  readonly fromVersion?: string
  /** /5/0/5 as last seen (0–13). */
  readonly result?: number
  /** Why it failed, for people. */
  readonly reason?: string
  readonly createdAt: Instant
  readonly changedAt: Instant
  readonly finishedAt?: Instant
  /** When silence counts as failure: after the install command (reboot grace), or in a stalled download. */
  readonly confirmBy?: Instant
  /** The registration that was current when Update was executed: success needs another one. */
  readonly registrationAtUpdate?: string
  /** The registration in which the package URI was last written: an idle device in a later one has lost it. */
  readonly registrationAtOffer?: string
  /** Offers and install commands sent again after a setback; absent is 0. Bounded by the knob firmware.attempts. */
  readonly attempts?: number
  /** The registration `seen` was reported in. */
  readonly registration?: string
  /** What the device reported since that registration began, newest values. */
  readonly seen?: FirmwareReport
}

/** What a device was last known to report of object 5 and /3/0/3. */
export interface FirmwareReport {
  readonly state?: number
  readonly result?: number
  /** /5/0/7 PkgVersion: of the package, which need not run. */
  readonly packageVersion?: string
  /** /3/0/3 Firmware Version: of what runs; empty where the device does not tell. */
  readonly firmwareVersion?: string
  /** /5/0/8 and /5/0/9. */
  readonly protocols?: readonly number[]
  readonly delivery?: number
}
