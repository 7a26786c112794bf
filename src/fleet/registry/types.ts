/**
 * Devices and their registrations. A device is what the operator owns; a registration is what the
 * device last told us of itself and for how long. The device stays when its registration ends.
 */
import type { Duration, Instant } from '../../base/time.ts'
import type { ProfileName } from '../../config/profiles.ts'
import type { Learned } from './learned.ts'
import type { SeenQuirk } from './quirks.ts'

/** Ours, stable, never reused; the endpoint name can be given to another device one day. */
export type DeviceId = number

/** LwM2M Endpoint Client Name (LwM2M Core 1.2 §7.4): 1–255 octets of UTF-8 without control characters. */
export type EndpointName = string

/** Characters of a product. */
export const longestProduct = 128

export interface Device {
  readonly id: DeviceId
  readonly endpoint: EndpointName
  readonly product?: string
  /** Who said so; absent where an older server did not keep it. */
  readonly productFrom?: ProductSource
  /** At most 32, names up to 64, values up to 256 characters. */
  readonly tags: Readonly<Record<string, string>>
  /** The operator's choice; else `profile-choice.ts` chooses. */
  readonly profile?: ProfileName
  readonly createdAt: Instant
  readonly firstSeen?: Instant
  /** Last authenticated uplink of any kind, as last committed. */
  readonly lastSeen?: Instant
  readonly retiredAt?: Instant
  /** It registered unasked and waits to be accepted: until then nothing is asked of it. */
  readonly quarantinedAt?: Instant
  /** The deviations seen of it, each once. */
  readonly quirks?: readonly SeenQuirk[]
  readonly learned?: Learned
}

/** Who says what a device is: an operator, its credential when it was first seen, or it itself by /3/0/1. */
export type ProductSource = 'operator' | 'credential' | 'model'

/** What a device reported last of what others decide by. */
export type Vitals = NonNullable<Learned['vitals']>

/** The last confirmed update of it: until `until`, the old version seen again is a late revert. */
export type VersionWatch = NonNullable<Learned['watch']>

export interface Registration {
  /** The last segment of Location-Path: `rd`/`id`; 1–12 characters of base64url (devices.md §0.6). */
  readonly id: string
  readonly lwm2mVersion: string
  /** Seconds, as the device asked for. */
  readonly lifetime: number
  readonly binding: string
  /** The device may sleep between uplinks (LwM2M Core 1.2 §6.5, Queue Mode). */
  readonly queueMode: boolean
  readonly smsNumber?: string
  /** LwM2M 1.2. */
  readonly profileId?: string
  /** The object list as sent (RFC 6690); parsed when it is needed. */
  readonly links: string
  readonly registeredAt: Instant
  readonly updatedAt: Instant
  readonly expiresAt: Instant
  /** Where the device was last heard from. */
  readonly address: string
  readonly port: number
  /** Message id and token of the Register: a repetition of it after our restart gets the same answer. */
  readonly messageId: number
  readonly token: string
  /** It came over DTLS: nothing is ever sent to this device in the clear. */
  readonly secured: boolean
}

/** What chose a network profile (`profile-choice.ts`). */
export type ProfileSource = 'operator' | 'product' | 'prefix' | 'network' | 'listener'

export interface ChosenProfile {
  readonly profile: ProfileName
  readonly from: ProfileSource
}

/** What a credential says of the device it stands for, for when that is seen first. */
export type VouchedFor = Pick<Device, 'product' | 'tags'>

/** From the clock, the registration and the operator; never stored. */
export type DeviceStatus = 'never-seen' | 'awake' | 'asleep' | 'overdue' | 'offline' | 'quarantined' | 'retired'

export interface DeviceWithStatus extends Device {
  readonly status: DeviceStatus
  /** When a device that sleeps is expected to wake, or an overdue one was to be heard of. */
  readonly nextExpectedAt?: Instant
  /** The profile in force, and what chose it. */
  readonly network: ChosenProfile
  /** How long it listens after an uplink in queue mode, as learned or usual; absent: always. */
  readonly awakeWindow?: Duration
  /** Its usual time between wakes, once learned. */
  readonly wakeInterval?: Duration
  readonly registration?: Registration
}

export interface DeviceFilter {
  readonly product?: string
  /** All must hold. */
  readonly tags?: Readonly<Record<string, string>>
  readonly status?: DeviceStatus
  /** Endpoint names that begin with this. */
  readonly prefix?: string
}

/** Whether it may be a `product`: what somebody said of it decides that, a Model Number it merely tells does not. */
export function mayBe(device: Pick<Device, 'product' | 'productFrom'>, product: string): boolean {
  return device.product === undefined || device.product === product || device.productFrom === 'model'
}
