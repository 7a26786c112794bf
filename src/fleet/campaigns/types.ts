/**
 * Campaigns: one image to many devices, in stages, behind gates (fleet-ota.md §9). What an operator defines,
 * what is kept of a campaign and of each of its devices. A device's own update is `fleet/firmware`.
 */
import type { Duration, Instant } from '../../base/time.ts'
import type { DeviceId, EndpointName } from '../registry/types.ts'

export type CampaignId = number

/** Which devices; all that is said must hold. */
export interface Selector {
  readonly product?: string
  readonly tags: Readonly<Record<string, string>>
  /** A range of semver, or the very text a device reports: what it runs now. */
  readonly version?: string
  /** Heard of within this time when the campaign starts. */
  readonly seenWithin?: Duration
  /** These and no others. */
  readonly endpoints?: readonly EndpointName[]
  /** Those whom this campaign has made install its image: a rollback touches nobody else. */
  readonly touchedBy?: CampaignId
}

/** So many devices from the first stage on, or so many percent (fractions allowed) of the campaign's devices. */
export type Share = { readonly count: number } | { readonly percent: number }

export interface Stage {
  readonly upTo: Share
  /** How long it is watched after its last device before the next begins. */
  readonly soak: Duration
  /** Percent of the attempted devices that must have succeeded before the next begins. */
  readonly advance: number
  /** It admits no more devices after this time and goes on with those it has. */
  readonly within?: Duration
}

/** Stops the campaign; failed and timed-out devices count, of those attempted to their end. */
export interface FailureGate {
  /** More than this percentage of the attempted, fractions allowed; not before `minimumSample` were attempted. */
  readonly percent?: number
  readonly minimumSample: number
  /** So many failures stop it whatever the sample. */
  readonly count?: number
}

export interface Limits {
  /** Devices being updated at one time; who has downloaded and only waits for its window is none of them. */
  readonly parallel: number
  /** Octets a second: an update is begun when all that its device is handed is covered. */
  readonly bytesPerSecond?: number
  /** Devices at one time in one radio cell (/4/0/8), those that wait and those of other campaigns included. */
  readonly perCell?: number
  /** The same behind one border router: the first `prefixBits` of the device's IPv6 address (24 of IPv4). */
  readonly perPrefix?: number
  readonly prefixBits: number
}

export const windowHolds = ['begin', 'install'] as const

/** Updates are begun, or only installed, within: `cron` says when it opens, `length` for how long. */
export interface Window {
  /** What waits for it; the download too unless told. */
  readonly holds?: (typeof windowHolds)[number]
  /** Five fields: minute, hour, day of month, month, day of week. */
  readonly cron: string
  readonly length: Duration
  /** An IANA time zone, or 'device': what each device says of its own clock (/3/0/15, /3/0/14), else UTC. */
  readonly zone: string
}

/** What a device must have reported last. */
export interface Requirements {
  /** /3/0/9, percent. */
  readonly battery?: number
  /** /4/0/2, dBm. */
  readonly signal?: number
}

/** For failures another try may mend (fleet-ota.md §9.4). */
export interface Retry {
  /** Tries of one device altogether, from 1 up. */
  readonly attempts: number
  /** Wait before the second, multiplied by `factor` for each further one, up to `longest`. */
  readonly backoff: Duration
  readonly factor: number
  readonly longest: Duration
}

export const approvals = ['none', 'campaign', 'stage'] as const
/** Nobody; somebody before it starts; before each stage too. */
export type Approval = (typeof approvals)[number]

export const breachActions = ['pause', 'rollback'] as const
/** What a breach of the failure gate does besides stopping: wait for the operator, or start the way back. */
export type BreachAction = (typeof breachActions)[number]

export interface CampaignDefinition {
  readonly selector: Selector
  /** Shares rise from stage to stage; the last is all. */
  readonly stages: readonly Stage[]
  readonly failure: FailureGate
  readonly limits: Limits
  readonly window?: Window
  readonly require: Requirements
  readonly retry: Retry
  /** The devices take deltas: handed over where there are some from what they run, else whole images. */
  readonly deltas?: boolean
  /** A device whose update is not done by then has timed out; each hop of a way is an update. */
  readonly timeout: Duration
  /** Counted from the start; who was not begun by then is not reached. */
  readonly deadline?: Duration
  readonly approval: Approval
  readonly onBreach: BreachAction
  /** SHA-256 of the image a rollback takes the devices to; else the one they all came from. */
  readonly rollbackTo?: string
  /** Devices that fit later join; it stays open until its deadline. */
  readonly lateJoiners: boolean
  /** The higher goes first where two campaigns want one device; of equals the older. 0–1000. */
  readonly priority: number
}

export const campaignStates = [
  'draft',
  'selecting',
  'running',
  'soaking',
  'awaiting-approval',
  'paused',
  'halted',
  'aborting',
  'completed',
  'aborted',
] as const
/**
 * draft: not started · selecting: its devices are being gathered · running: a stage is being rolled out ·
 * soaking: the stage is done and watched · awaiting-approval: the next stage waits for somebody · paused: by
 * an operator · halted: by a gate · aborting: the waiting ones are being let go · completed · aborted.
 */
export type CampaignState = (typeof campaignStates)[number]

export function isOver(state: CampaignState): boolean {
  return state === 'completed' || state === 'aborted'
}

/** The image as it was when the campaign was made. */
export interface CampaignImage {
  readonly sha256: string
  readonly key: string
  readonly product: string
  readonly version: string
  /** Octets. */
  readonly size: number
  /** As of the image: what it goes over, and the hardware it runs on. */
  readonly fromVersions?: string
  readonly hardware?: readonly string[]
}

/** What befell a stage; the campaign has one for each it has begun. */
export interface StageRecord {
  readonly startedAt: Instant
  /** Its last device is done. */
  readonly completedAt?: Instant
  /** Soaked, and its gates passed. */
  readonly passedAt?: Instant
}

export interface Campaign {
  readonly id: CampaignId
  /** Unique; what people call it. */
  readonly name: string
  readonly image: CampaignImage
  readonly definition: CampaignDefinition
  readonly state: CampaignState
  /** Where `resume` goes on. */
  readonly resumeTo?: Extract<CampaignState, 'selecting' | 'running' | 'soaking' | 'awaiting-approval'>
  /** The stage being rolled out, from 0. */
  readonly stage: number
  readonly stages: readonly StageRecord[]
  /** Where gathering its devices goes on. */
  readonly cursor?: string
  /** What of the budget is left, octets, and as of when; `wants`: what the next device is to be handed, if more. */
  readonly credit?: { readonly bytes: number; readonly at: Instant; readonly wants?: number }
  /** Why it begins nobody just now though devices are ready: octets that cannot be handed over. */
  readonly held?: string
  /**
   * The failure gate counts beyond these, and this stage needs no successes to be passed: what was known when
   * somebody resumed a halted campaign.
   */
  readonly pardoned?: { readonly attempted: number; readonly failed: number; readonly stage: number }
  /** Why it stands where it stands, for people. */
  readonly reason?: string
  /** The campaign whose devices it takes back. */
  readonly rollbackOf?: CampaignId
  /** Of such a one, where they came from several versions: the images, each device goes to its own; `image` is the first. */
  readonly backTo?: readonly CampaignImage[]
  /** The campaign that takes its devices back. */
  readonly rollback?: CampaignId
  readonly approvedAt?: Instant
  readonly createdAt: Instant
  readonly startedAt?: Instant
  readonly finishedAt?: Instant
}

export const campaignDeviceStates = [
  'waiting',
  'updating',
  'ended',
  'retrying',
  'succeeded',
  'failed',
  'timed-out',
  'cancelled',
  'gone',
  'not-reached',
  'skipped',
] as const
/**
 * waiting: not begun · updating · ended: its update has, and is not yet judged · retrying: will be tried again ·
 * succeeded · failed · timed-out · cancelled: let go when the campaign was aborted · gone: deleted ·
 * not-reached: the deadline came first · skipped: not in need of it, or not fit for it.
 */
export type CampaignDeviceState = (typeof campaignDeviceStates)[number]

/** The reason of a device that is being updated and may not install yet (Window.holds). */
export const waitsForWindow = 'has downloaded and waits for its window'

/** The way of a device that is not straight to one whole image. */
export interface DeviceWay {
  /** Gone and to be gone, as it was planned when its newest update was begun. */
  readonly legs: readonly { readonly version: string; readonly kind: 'whole' | 'delta'; readonly size: number }[]
  /** Legs that are confirmed. */
  readonly done: number
  /** It has refused a delta and is sent whole images. */
  readonly isWhole?: true
  /** Its next update belongs to the same try. */
  readonly goesOn?: true
}

/** One device in one campaign: kept as evidence when all is over. */
export interface CampaignDevice {
  readonly campaignId: CampaignId
  readonly deviceId: DeviceId
  readonly endpoint: EndpointName
  /** Scattered over the fleet, the same at every time: devices are begun in this order. */
  readonly rank: number
  /** The stage that began it; absent while none has. */
  readonly stage?: number
  readonly state: CampaignDeviceState
  /** What it waits for, or why it ended so: a few words, the same for all alike. */
  readonly reason?: string
  /** The same in full where there is more to say. */
  readonly detail?: string
  /** Tries begun: a try takes as many updates as its way has hops. */
  readonly attempts: number
  readonly way?: DeviceWay
  /** It was told to install the image at least once. */
  readonly touched: boolean
  /** Its newest update. */
  readonly updateId?: number
  readonly fromVersion?: string
  /** What it ran when its update ended, as far as it said. */
  readonly toVersion?: string
  /** /5/0/5 at the end of its newest update. */
  readonly result?: number
  /** Octets it fetched, over all attempts. */
  readonly bytes: number
  readonly resumes: number
  readonly cell?: number
  readonly prefix?: string
  readonly enrolledAt: Instant
  /** Of the newest attempt. */
  readonly startedAt?: Instant
  readonly finishedAt?: Instant
  /** A next try, or the time-out. */
  readonly dueAt?: Instant
  /** The last time it was asked for what a limit or a requirement depends on. */
  readonly askedAt?: Instant
}

/** How many devices of a campaign are in a state, by stage and reason. */
export interface DeviceCount {
  /** Absent for devices no stage has begun. */
  readonly stage?: number
  readonly state: CampaignDeviceState
  readonly reason?: string
  readonly count: number
}

/** What was done to a campaign, by whom and why; never changed, never removed. */
export interface CampaignEntry {
  readonly id: number
  readonly campaignId: CampaignId
  readonly at: Instant
  /** `created`, `started`, `stage 2 began`, `halted`, … */
  readonly what: string
  /** A person's name as they gave it, `operator`, or `campaign` for what it did by itself. */
  readonly by: string
  readonly why?: string
}

/** Who asks for a change, and why: for the audit. */
export interface Author {
  readonly by: string
  readonly why?: string
}
