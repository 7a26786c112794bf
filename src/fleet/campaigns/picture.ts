/** What one step of a campaign is taken by, as its engine reads it from the store. Decides nothing. */
import type { Instant } from '../../base/time.ts'
import type { Way } from '../images/types.ts'
import type { DeviceId } from '../registry/types.ts'
import type { Candidate, Missing, Starting } from './admission.ts'
import type { DeviceFacts } from './selection.ts'
import type { BusyPlace } from './store.ts'
import type { Campaign, CampaignDevice, DeviceCount } from './types.ts'

/** An update of this campaign that has come to its end. */
export interface EndedUpdate {
  readonly row: CampaignDevice
  readonly end: 'confirmed' | 'failed' | 'cancelled'
  /** What it was to install, and whether that is where the device is taken, or on the way to it. */
  readonly version: string
  readonly isGoal: boolean
  /** Confirmed without having been offered anything: the device ran the version before. */
  readonly ranBefore: boolean
  /** Another try may mend it. */
  readonly transient: boolean
  /** It turned out to be for other hardware than the device's, which was offered nothing. */
  readonly isMisfit: boolean
  /** The device takes no delta; the whole image may do. */
  readonly isDeltaRefused: boolean
  /** Why it failed, in words that are the same for all alike, and in full. */
  readonly reason?: string
  readonly detail?: string
}

/** Everything one step depends on; lists are bounded, and empty where the state does not need them. */
export interface Picture {
  readonly campaign: Campaign
  readonly counts: readonly DeviceCount[]
  /** Of a campaign that gathers its devices: the next of them, and where to go on. */
  readonly page?: { readonly devices: readonly Found[]; readonly cursor?: string }
  /** To join, and in no list of the campaign yet. */
  readonly newcomers: readonly Found[]
  /** Of a campaign that takes devices back: those the other one is still updating, who may have to be taken back too. */
  readonly stillComing: number
  readonly ended: readonly EndedUpdate[]
  /** Time-outs and next tries that have come. */
  readonly due: readonly CampaignDevice[]
  readonly candidates: readonly Candidate[]
  /** Their devices were deleted while they were being enrolled. */
  readonly lost: readonly CampaignDevice[]
  /** Devices being updated, and such as wait: of a campaign that lets go of them. */
  readonly updating: readonly CampaignDevice[]
  readonly letGo: readonly CampaignDevice[]
  readonly places: readonly BusyPlace[]
  readonly missing: Missing
  /** For a rollback: the image, or why there is none. */
  readonly wayBack?: WayBack
}

/** A device that may join, with its path to the campaign's image. */
export interface Found {
  readonly facts: DeviceFacts
  readonly path: Way | undefined
  /** The version it leads to. */
  readonly goal?: string
}

/** Where devices are taken back to. */
export interface Home extends Pick<Campaign, 'image' | 'backTo'> {
  /** Of those that came from other versions: what keeps them where they are. */
  readonly without?: readonly string[]
}

export type WayBack = Home | { readonly obstacle: string }

/** What this life of the server has asked of devices and not heard of yet. */
export interface Asked {
  /** When this life began; what devices did before may have been told to nobody. */
  readonly since: Instant
  readonly starting: ReadonlyMap<DeviceId, Starting>
  readonly cancelled: ReadonlySet<DeviceId>
}
