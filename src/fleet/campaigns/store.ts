/**
 * What campaigns ask of the store. A row of a device changes only from the states named with the change, and
 * every change moves the counts in the same transaction: two writers (the campaign, and the actor of the
 * device) cannot undo each other, and nobody ever counts a fleet.
 */
import { after, between, type Instant } from '../../base/time.ts'
import { waitsForOpening, type FirmwareUpdate } from '../firmware/types.ts'
import type { DeviceId } from '../registry/types.ts'
import {
  waitsForWindow,
  type Campaign,
  type CampaignDevice,
  type CampaignDeviceState,
  type CampaignEntry,
  type CampaignId,
  type DeviceCount,
  type DeviceWay,
} from './types.ts'
import { hopText } from './way.ts'

export type CampaignsOp =
  /** Inserts, or replaces the row of the same id. */
  | { readonly op: 'campaign.put'; readonly campaign: Campaign }
  | { readonly op: 'campaign.entry'; readonly entry: Omit<CampaignEntry, 'id'> }
  /** Nothing where the device is in the campaign already. */
  | { readonly op: 'campaign.enrol'; readonly device: CampaignDevice }
  /** Nothing unless the row is in one of the states `from`. */
  | {
      readonly op: 'campaign.device'
      readonly campaignId: CampaignId
      readonly deviceId: DeviceId
      readonly from: readonly CampaignDeviceState[]
      readonly change: DeviceChange
    }
  /** The device's update for the campaign exists from this transaction on. */
  | {
      readonly op: 'campaign.begun'
      readonly campaignId: CampaignId
      readonly update: FirmwareUpdate
      readonly begin: Begin
    }
  /** That update was told to install, or has ended. */
  | { readonly op: 'campaign.followed'; readonly campaignId: CampaignId; readonly update: FirmwareUpdate }
  /** That update has failed after it was confirmed. */
  | {
      readonly op: 'campaign.reverted'
      readonly campaignId: CampaignId
      readonly deviceId: DeviceId
      readonly updateId: number
    }
  /** Hides a draft, or a campaign that is over, and frees its name; what hangs on it is forgotten afterwards. */
  | { readonly op: 'campaign.discard'; readonly id: CampaignId }
  /** Forgets at most `limit` of its devices; the counts stay. */
  | { readonly op: 'campaign.shed'; readonly id: CampaignId; readonly limit: number }
  /** A discarded one whose devices are forgotten. */
  | { readonly op: 'campaign.delete'; readonly id: CampaignId }

/** `null` takes a value away. */
export type DeviceChange = {
  readonly [K in 'state' | 'attempts' | 'touched' | 'bytes' | 'resumes' | 'fromVersion']?: CampaignDevice[K]
} & {
  readonly [K in 'stage' | 'reason' | 'detail' | 'finishedAt' | 'dueAt' | 'askedAt' | 'way']?: CampaignDevice[K] | null
}

/** What an update is begun with. */
export interface Begin {
  readonly stage: number
  /** When it has timed out. */
  readonly dueAt: Instant
  readonly cell?: number
  readonly prefix?: string
  /** Absent where it goes straight to one whole image. */
  readonly way?: DeviceWay
}

/** States in which a campaign still wants something of a device. */
export const openDeviceStates: readonly CampaignDeviceState[] = ['waiting', 'updating', 'ended', 'retrying']

/** The row of a device whose update has been begun. */
export function begun(
  row: CampaignDevice,
  update: FirmwareUpdate,
  { stage, dueAt, cell, prefix, way }: Begin,
): CampaignDevice {
  const { reason: _, detail: __, finishedAt: ___, result: ____, way: before, ...rest } = row
  const hop = way === undefined ? undefined : hopText(way)
  return {
    ...rest,
    stage: row.stage ?? stage,
    state: 'updating',
    attempts: row.attempts + (before?.goesOn === true ? 0 : 1),
    ...(way === undefined ? {} : { way }),
    ...(hop === undefined ? {} : { reason: hop }),
    updateId: update.id,
    ...(update.fromVersion === undefined ? {} : { fromVersion: update.fromVersion }),
    ...(cell === undefined ? {} : { cell }),
    ...(prefix === undefined ? {} : { prefix }),
    startedAt: update.createdAt,
    dueAt,
  }
}

/** The row after a change of its update; the same where it says nothing new. */
export function followed(row: CampaignDevice, update: FirmwareUpdate): CampaignDevice {
  if (row.updateId !== update.id) return row
  const isTouched = row.touched || mayHaveInstalled(update)
  const from = row.fromVersion ?? update.fromVersion
  const seen = changed(row, {
    touched: isTouched,
    ...(from === undefined ? {} : { fromVersion: from }),
    ...reasonUnderWay(row, update),
    ...dueUnderWay(row, update),
  })
  if (update.finishedAt === undefined) return seen
  // It may come to its end after it was given up; then the end it came to is what counts. A hop is no end.
  const { journey } = update
  const isLastHop = journey === undefined || journey.hop === journey.hops
  const mayEnd = row.state === 'updating' || (row.state === 'timed-out' && update.state === 'confirmed' && isLastHop)
  if (!mayEnd) return seen
  const running = update.seen?.firmwareVersion
  const { dueAt: _, ...rest } = seen
  return {
    ...rest,
    state: 'ended',
    bytes: row.bytes + update.fetched,
    resumes: row.resumes + update.resumes,
    finishedAt: update.finishedAt,
    ...(running === undefined || running === '' ? {} : { toVersion: running }),
    ...(update.result === undefined ? {} : { result: update.result }),
  }
}

/** Why a device that succeeded is told apart in a campaign that is over. */
export const revertedSince = 'reverted since'

/** The row of a device that has gone back: judged once more while the campaign lasts, else its success is told as it is. */
export function wentBack(row: CampaignDevice, updateId: number, isOfEnded: boolean): CampaignDevice {
  if (row.updateId !== updateId || row.state !== 'succeeded') return row
  const { fromVersion, way } = row
  // Over several hops it is on one of those between.
  const back = fromVersion === undefined || way !== undefined ? row : { ...row, toVersion: fromVersion }
  return isOfEnded ? changed(back, { reason: revertedSince }) : changed(back, { state: 'ended' })
}

/** It was told to install, or its answer to that may have been lost: a way back has to look after it. */
function mayHaveInstalled(update: FirmwareUpdate): boolean {
  const { registrationAtUpdate, state } = update
  if (state === 'downloaded') return !waitsForOpening(update)
  return registrationAtUpdate !== undefined || state === 'proving' || state === 'confirmed'
}

/** What a device that is being updated waits for; the hop it is on is said again when it goes on. */
function reasonUnderWay({ reason, way }: CampaignDevice, update: FirmwareUpdate): DeviceChange {
  if (waitsForOpening(update)) return { reason: waitsForWindow }
  if (reason !== waitsForWindow) return {}
  return { reason: (way === undefined ? undefined : hopText(way)) ?? null }
}

/** Its time-out stands still while it only waits for its window, and goes on with what was left of it. */
function dueUnderWay({ state, dueAt, reason }: CampaignDevice, update: FirmwareUpdate): DeviceChange {
  const last = update.options?.installWithin?.at(-1)
  const [waits, waited] = [waitsForOpening(update), reason === waitsForWindow]
  if (state !== 'updating' || dueAt === undefined || last === undefined || waits === waited) return {}
  // While it waits, what is left counts from its last opening: later than that it is given up in any case.
  const [from, to] = waits ? [update.changedAt, last.until] : [last.until, update.changedAt]
  return { dueAt: after(to, between(from, dueAt)) }
}

/** The row of a device that was deleted. */
export function gone(row: CampaignDevice): CampaignDevice {
  return changed(row, { state: 'gone', reason: 'deleted', detail: null, dueAt: null })
}

/** The row with `change` taken over. */
export function changed(row: CampaignDevice, change: DeviceChange): CampaignDevice {
  const merged = Object.entries({ ...row, ...change }).filter(([, value]) => value !== null && value !== undefined)
  return Object.fromEntries(merged) as unknown as CampaignDevice
}

/** Sums up to an instant. */
export interface ProgressPoint {
  readonly at: Instant
  readonly begun: number
  readonly succeeded: number
  readonly failed: number
}

/** Devices being updated now, of all campaigns, where they share a radio. */
export interface BusyPlace {
  readonly cell?: number
  readonly prefix?: string
  readonly count: number
}

/** Versions the devices of one campaign may come from and still be taken back each to its own. */
export const mostOrigins = 64

export interface Origin {
  /** Absent where the devices never said. */
  readonly version?: string
  readonly count: number
}

/** Another campaign that has this device, and is not over. */
export interface Claim {
  readonly campaign: Campaign
  readonly state: CampaignDeviceState
}

export interface CampaignsStore {
  campaign(id: CampaignId): Campaign | undefined
  campaignByName(name: string): Campaign | undefined
  /** Newest first, with ids below `before`. */
  campaigns(before: CampaignId | undefined, limit: number): readonly Campaign[]
  /** Those that are neither drafts nor over. */
  activeCampaigns(): readonly CampaignId[]
  lastCampaignId(): CampaignId
  /** Completed and aborted ones, the oldest first; and how many there are. */
  campaignsOver(limit: number): readonly Campaign[]
  countCampaignsOver(): number
  /** The oldest that was discarded and is not yet deleted. */
  campaignDiscarded(): CampaignId | undefined
  /** The oldest that is over since before `before` and has devices still. */
  campaignWithEvidence(before: Instant): CampaignId | undefined
  campaignCounts(id: CampaignId): readonly DeviceCount[]
  campaignDevice(id: CampaignId, deviceId: DeviceId): CampaignDevice | undefined
  /** In device order above `after`; of one state, or of all. */
  campaignDevices(
    id: CampaignId,
    state: CampaignDeviceState | undefined,
    after: DeviceId,
    limit: number,
  ): readonly CampaignDevice[]
  /** Waiting ones in the order of their rank, above `after`. */
  campaignDevicesWaiting(id: CampaignId, after: number, limit: number): readonly CampaignDevice[]
  /** Those whose `dueAt` has come: earliest first. */
  campaignDevicesDue(id: CampaignId, at: Instant, limit: number): readonly CampaignDevice[]
  /** Those that were told to install, in device order above `after`. */
  campaignDevicesTouched(id: CampaignId, after: DeviceId, limit: number): readonly CampaignDevice[]
  campaignPlacesBusy(): readonly BusyPlace[]
  /** What the devices that were told to install ran before, the most frequent first, at most `limit`. */
  campaignOrigins(id: CampaignId, limit: number): readonly Origin[]
  campaignClaims(deviceId: DeviceId): readonly Claim[]
  /** Octets fetched so far, those under way included. */
  campaignBytes(id: CampaignId): number
  /** Devices that ended since `since`, and what they fetched. */
  campaignPace(id: CampaignId, since: Instant): { readonly devices: number; readonly bytes: number }
  /** The sums at `steps` instants from `from` to `to`, both included. */
  campaignProgress(id: CampaignId, from: Instant, to: Instant, steps: number): readonly ProgressPoint[]
  /** Oldest first. */
  campaignEntries(id: CampaignId, limit: number): readonly CampaignEntry[]
}
