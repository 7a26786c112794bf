/** The firmware update of one device (LwM2M objects 5, 9 and 33629; devices.md §4). */
import type { Duration, Instant } from '../../base/time.ts'
import type { Delta, Leg, PullWay } from '../images/types.ts'
import type { DeviceId, EndpointName } from '../registry/types.ts'

/**
 * pending: waits for the device, or for `dueAt` before it is offered again · offered: package URI written, or
 * the push is asked for · downloading · downloaded · updating: told to install, silence and a reboot are
 * expected · proving: the new version runs, its health window is open · cancelling: the device is to drop
 * what it holds · confirmed · failed · cancelled · gone: the device was deleted meanwhile. The last four are final.
 */
export type UpdateState =
  | 'pending'
  | 'offered'
  | 'downloading'
  | 'downloaded'
  | 'updating'
  | 'proving'
  | 'cancelling'
  | 'confirmed'
  | 'failed'
  | 'cancelled'
  | 'gone'

/** How the package reaches the device: it fetches, or we write it block by block (/5/0/0). */
export type Delivery = 'pull' | 'push'

/** When the new version counts as sound: both have to be met, and the device still be registered. */
export interface HealthGate {
  /** How long it has to run, from when it was first seen. */
  readonly window: Duration
  /** Messages of the device to be heard meanwhile, or later. */
  readonly uplinks: number
}

/** What was asked for besides the image; absent members are the knobs' business. */
export interface UpdateOptions {
  /** Pushed even where the device could fetch. */
  readonly push?: boolean
  /** Fetched this way and no other. */
  readonly via?: PullWay
  /** What is handed over instead of the whole image: a delta from what the device runs. */
  readonly delta?: Pick<Delta, 'sha256' | 'size'>
  /** Hardware versions (/3/0/18) it is for; a device that tells another is not offered it. */
  readonly hardware?: readonly string[]
  readonly health?: Partial<HealthGate>
  /** Another attempt that could not begin before is not waited for: whoever wants the update gives it up then. */
  readonly givenUpAt?: Instant
  /** The install command is given within these only, earliest first; what is downloaded before waits. Absent: at once. */
  readonly installWithin?: readonly Opening[]
}

/** A time in which something may be done. */
export interface Opening {
  readonly from: Instant
  readonly until: Instant
}

/** Of an update that is one of several installations, or that hands over a delta. */
export interface Journey {
  /** The version in the end. */
  readonly goal: string
  /** Of `hops` installations this is number `hop`, from 1. */
  readonly hop: number
  readonly hops: number
  /** What the device ran as far as was known when the way was chosen; over anything else it does not lead. */
  readonly from?: string
  /** What is installed here. */
  readonly leg: Leg
  /** What the device's actor begins by itself once this is confirmed; a campaign begins each hop anew. */
  readonly onward: readonly Leg[]
  /** The update before this one on the same way. */
  readonly follows?: number
  /** Somebody wants nothing more to be begun. */
  readonly isStopped?: true
}

/** Why an update failed, as a stable word; `reason` says it to people (results.ts has words and retry class). */
export type UpdateFailure =
  // What the device says (/5/0/5).
  | 'no-flash'
  | 'no-ram'
  | 'connection-lost'
  | 'integrity'
  | 'package-type'
  | 'uri'
  | 'install-failed'
  | 'protocol'
  | 'cancelled-on-device'
  | 'conflict'
  | 'dependency'
  | 'unknown-result'
  // What it answers or lacks.
  | 'no-object'
  | 'other-version'
  | 'other-hardware'
  | 'delivery-method'
  | 'offer-refused'
  | 'install-refused'
  | 'unreachable'
  // What we see.
  | 'download-stopped'
  | 'stalled'
  | 'silent'
  | 'not-registered-again'
  | 'not-installed'
  | 'version-untold'
  | 'reverted'
  | 'reverted-later'
  | 'unhealthy'

export interface FirmwareUpdate {
  readonly id: number
  readonly deviceId: DeviceId
  readonly endpoint: EndpointName
  readonly sha256: string
  readonly version: string
  readonly size: number
  /** The object instance that takes the package: `/5/0`, `/9/1`, `/33629/0`. */
  readonly target: string
  readonly state: UpdateState
  readonly options?: UpdateOptions
  readonly journey?: Journey
  /** The campaign that wants it; absent where an operator does. */
  readonly campaign?: number
  /** Known once it is offered. */
  readonly delivery?: Delivery
  /** Octets the device has fetched from us or taken from us, without a gap, as last committed. */
  readonly fetched: number
  /** Times a transfer went on in the middle after a pause or a restart. */
  readonly resumes: number
  /** Block size of the last fetch, octets. */
  readonly blockSize?: number
  /** Version the device ran before. */
  readonly fromVersion?: string
  /** /5/0/5 as last seen (0–13); of object 9 what comes nearest. */
  readonly result?: number
  readonly failure?: UpdateFailure
  /** Why it failed or waits, for people. */
  readonly reason?: string
  readonly createdAt: Instant
  readonly changedAt: Instant
  readonly finishedAt?: Instant
  /**
   * When something is due: pending, the next offer · proving, the end of the health window · else the end of
   * our patience (reboot grace after the install command, `firmware.stall` before it).
   */
  readonly dueAt?: Instant
  /** The registration that was current when Update was executed: success needs another one. */
  readonly registrationAtUpdate?: string
  /** The registration in which the package was last offered or moved: an idle device in a later one has lost it. */
  readonly registrationAtOffer?: string
  /** Offers and install commands sent again after a setback; absent is 0. Bounded by the knob firmware.attempts. */
  readonly attempts?: number
  /**
   * asked: its end is not known yet, so no other is asked for · unsure: it went unanswered, and only State and
   * Result read together justify another.
   */
  readonly installCommand?: 'asked' | 'unsure'
  /** When the new version was first seen, and what was heard since; absent is 0. */
  readonly provingSince?: Instant
  readonly uplinks?: number
  /** The registration `seen` was reported in. */
  readonly registration?: string
  /** What the device reported since that registration began, newest values. */
  readonly seen?: FirmwareReport
}

/** SHA-256 of what the device is handed: of the image, or of a delta that makes it. */
export function packageHashOf({ sha256, options }: FirmwareUpdate): string {
  return options?.delta?.sha256 ?? sha256
}

/** The images for some hardware only that it installs, or something after it on the same way. */
export function limitsOf({
  version,
  options,
  journey,
}: FirmwareUpdate): readonly { readonly version: string; readonly hardware: readonly string[] }[] {
  const all = [{ version, hardware: options?.hardware }, ...(journey?.onward ?? [])]
  return all.flatMap(({ version: of, hardware }) => (hardware === undefined ? [] : [{ version: of, hardware }]))
}

/** Whether it has downloaded, and waits for an opening of the window it is to be installed in. */
export function waitsForOpening({ state, options, installCommand, dueAt }: FirmwareUpdate): boolean {
  if (state !== 'downloaded' || installCommand === 'asked') return false
  return options?.installWithin?.some(({ from }) => from === dueAt) === true
}

/** A piece of a package that a device has fetched. */
export interface FirmwareFetch {
  readonly update: number
  readonly offset: number
  readonly length: number
  /** Of the whole package. */
  readonly size: number
  /** Octets it asks for at a time; absent where it takes all at once. */
  readonly blockSize?: number
  /** The first piece of a range it asked for. */
  readonly isBeginning?: boolean
}

/** What a device was last known to report of the object that takes the package, and of what it runs. */
export interface FirmwareReport {
  /** As /5/0/3. */
  readonly state?: number
  /** As /5/0/5. */
  readonly result?: number
  /** /5/0/1: what it was told to fetch; many devices do not tell, or not any more. */
  readonly packageUri?: string
  /** /5/0/7 PkgVersion: of the package, which need not run. */
  readonly packageVersion?: string
  /** /3/0/3 Firmware Version or its like: of what runs; empty where the device does not tell. */
  readonly firmwareVersion?: string
  /** /5/0/8 and /5/0/9. */
  readonly protocols?: readonly number[]
  readonly delivery?: number
  /** Software (object 9): whether the package is installed (State 4), and whether it is active (/9/x/12). */
  readonly isInstalled?: boolean
  readonly active?: boolean
}
