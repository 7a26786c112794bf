/**
 * The picture one step of a campaign is taken by, read from the store: only what its state needs, each list
 * bounded. Decides nothing.
 */
import type { Instant } from '../../base/time.ts'
import { totalsOf } from '../../fleet/campaigns/counts.ts'
import type { Candidate, Missing } from '../../fleet/campaigns/admission.ts'
import type { Asked, EndedUpdate, Found, Picture } from '../../fleet/campaigns/picture.ts'
import { beginningRoom } from '../../fleet/campaigns/rules.ts'
import { factsOf, type DeviceFacts } from '../../fleet/campaigns/selection.ts'
import type { Campaign, CampaignDevice, CampaignImage } from '../../fleet/campaigns/types.ts'
import { goalOf } from '../../fleet/campaigns/way.ts'
import { closesAt } from '../../fleet/campaigns/windows.ts'
import { isDeltaRefused, retryOf, wordsOf } from '../../fleet/firmware/results.ts'
import type { FirmwareUpdate } from '../../fleet/firmware/types.ts'
import { packageOf } from '../../fleet/images/types.ts'
import { describedDevice, type StatusRules } from '../../fleet/registry/rules.ts'
import type { DeviceRow } from '../../fleet/registry/store.ts'
import type { DeviceId } from '../../fleet/registry/types.ts'
import { Paths, type CampaignReads } from './paths.ts'
import { wayBackOf } from './way-back.ts'

/** Rows looked at in one step. */
const rowsAStep = 256
/** Updates taken back in one step. */
const cancelsAStep = 1024
/** Devices gathered in one step. */
const pageSize = 500

/** Who was heard of lately, and from which rank on the waiting ones are looked through; undefined: not now. */
export interface Attention {
  readonly heard: readonly DeviceId[]
  readonly scanFrom: number | undefined
}

/**
 * Whether the octets can be handed to devices now; asked again they may have come. `obstacle`: why not, for people;
 * absent while they are being looked for.
 */
export type OctetsAt = (sha256: string) => { readonly atHand: boolean; readonly obstacle?: string }

export interface Look extends Picture {
  readonly room: { readonly parallel: number; readonly share: number }
  /** Where the next look goes on; undefined where all waiting ones were seen. */
  readonly scannedTo?: number
}

export function pictureOf(
  store: CampaignReads,
  campaign: Campaign,
  asked: Asked,
  { heard, scanFrom }: Attention,
  now: Instant,
  rules: StatusRules,
  octetsAt: OctetsAt,
): Look {
  const { id, state, definition } = campaign
  const counts = store.campaignCounts(id)
  const totals = totalsOf(counts)
  const facts = ({ device, registration }: DeviceRow) => factsOf(describedDevice(device, registration, now, rules))
  const isLettingGo = state === 'aborting' || (state !== 'halted' && closesAt(campaign) <= now)
  const room = beginningRoom(campaign, totals, asked.starting, now)
  const heardRows = heard.map((deviceId) => ({ deviceId, row: store.campaignDevice(id, deviceId) }))
  const scanned =
    room.parallel === 0 || scanFrom === undefined ? [] : store.campaignDevicesWaiting(id, scanFrom, rowsAStep)
  const last = scanned.length === rowsAStep ? scanned.at(-1) : undefined
  const paths = new Paths(store, campaign)
  const found = (row: DeviceRow): Found => {
    const known = facts(row)
    const { path, goal } = paths.of(known, paths.originOf(known.deviceId)) ?? {}
    return { facts: known, path, ...(goal !== undefined && { goal }) }
  }
  const candidates =
    room.parallel === 0
      ? []
      : [
          ...candidatesOf(
            store,
            campaign,
            heardRows.flatMap(({ row }) => (row === undefined ? [] : [row])),
            { heard: true, facts, paths },
          ),
          ...candidatesOf(store, campaign, scanned, { heard: false, facts, paths }),
        ]
  const coming = comingOf(store, campaign)
  const isCrowdLimited = definition.limits.perCell !== undefined || definition.limits.perPrefix !== undefined
  return {
    campaign,
    counts,
    room,
    ...(state === 'selecting' ? { page: pageFor(store, campaign, found) } : {}),
    newcomers: definition.lateJoiners
      ? heardRows
          .filter(({ row }) => row === undefined)
          .flatMap(({ deviceId }) => newcomer(store, campaign, deviceId, found))
      : coming
          .filter(({ deviceId }) => store.campaignDevice(id, deviceId) === undefined)
          .flatMap(({ deviceId }) => store.deviceById(deviceId) ?? [])
          .map(found),
    stillComing: coming.length,
    ended:
      totals.states.ended === 0
        ? []
        : store
            .campaignDevices(id, 'ended', 0, rowsAStep)
            .map((row) => endedOf(store, row, goalOf(campaign, paths.originOf(row.deviceId)))),
    due: store.campaignDevicesDue(id, now, rowsAStep),
    lost: scanned.filter(({ deviceId }) => store.deviceById(deviceId) === undefined),
    candidates,
    missing: missingOf(candidates, octetsAt),
    ...(last === undefined ? {} : { scannedTo: last.rank }),
    updating: state === 'halted' || state === 'aborting' ? toTakeBack(store, id, asked) : [],
    letGo: isLettingGo
      ? (['waiting', 'retrying'] as const).flatMap((each) => store.campaignDevices(id, each, 0, rowsAStep))
      : [],
    places: isCrowdLimited && room.parallel > 0 ? store.campaignPlacesBusy() : [],
    ...(state === 'halted' && definition.onBreach === 'rollback' && campaign.rollback === undefined
      ? { wayBack: wayBackOf(store, campaign) }
      : {}),
  }
}

/** What candidates would be handed and cannot be. */
function missingOf(candidates: readonly Candidate[], octetsAt: OctetsAt): Missing {
  const wanted = new Set(candidates.flatMap(({ path }) => ('legs' in path ? [packageOf(path.legs[0]).sha256] : [])))
  return new Map(
    [...wanted].flatMap((sha256) => {
      const { atHand, obstacle } = octetsAt(sha256)
      return atHand ? [] : [[sha256, obstacle] as const]
    }),
  )
}

/** Of a campaign that takes devices back: those that the other one still updates. */
function comingOf(store: CampaignReads, { state, definition: { selector } }: Campaign): readonly CampaignDevice[] {
  const origin = selector.touchedBy
  if (origin === undefined || state === 'aborting') return []
  const { updating, ended } = totalsOf(store.campaignCounts(origin)).states
  if (updating + ended === 0) return []
  return [...allUpdating(store, origin), ...store.campaignDevices(origin, 'ended', 0, rowsAStep)]
}

/** Those that nobody has asked yet to give up their update, so many in one step. */
function toTakeBack(store: CampaignReads, id: number, { cancelled }: Asked): readonly CampaignDevice[] {
  const rows: CampaignDevice[] = []
  for (let from = 0; rows.length < cancelsAStep;) {
    const page = store.campaignDevices(id, 'updating', from, rowsAStep)
    rows.push(...page.filter(({ deviceId }) => !cancelled.has(deviceId)))
    if (page.length < rowsAStep) break
    from = page.at(-1)!.deviceId
  }
  return rows
}

/** All that were begun and are not done, those that wait for their window too. */
function allUpdating(store: CampaignReads, id: number): readonly CampaignDevice[] {
  const rows: CampaignDevice[] = []
  for (let from = 0; ;) {
    const page = store.campaignDevices(id, 'updating', from, rowsAStep)
    rows.push(...page)
    if (page.length < rowsAStep) return rows
    from = page.at(-1)!.deviceId
  }
}

function pageFor(
  store: CampaignReads,
  { definition: { selector }, cursor }: Campaign,
  found: (row: DeviceRow) => Found,
): NonNullable<Picture['page']> {
  if (selector.touchedBy !== undefined) {
    const rows = store.campaignDevicesTouched(selector.touchedBy, Number(cursor ?? 0), pageSize)
    const devices = rows.map(({ deviceId }) => store.deviceById(deviceId)).filter((row) => row !== undefined)
    return page(devices.map(found), rows.length, rows.at(-1)?.deviceId)
  }
  if (selector.endpoints !== undefined) {
    const from = Number(cursor ?? 0)
    const names = selector.endpoints.slice(from, from + pageSize)
    const devices = names.map((name) => store.device(name)).filter((row) => row !== undefined)
    return page(devices.map(found), names.length, from + names.length)
  }
  const { product, tags } = selector
  const rows = store.devices({ tags, ...(product === undefined ? {} : { product }) }, cursor, pageSize)
  return page(rows.map(found), rows.length, rows.at(-1)?.device.endpoint)
}

function page(
  devices: readonly Found[],
  looked: number,
  next: string | number | undefined,
): NonNullable<Picture['page']> {
  return looked < pageSize || next === undefined ? { devices } : { devices, cursor: String(next) }
}

function newcomer(
  store: CampaignReads,
  { definition: { selector } }: Campaign,
  deviceId: DeviceId,
  found: (row: DeviceRow) => Found,
): readonly Found[] {
  const row = store.deviceById(deviceId)
  if (row === undefined) return []
  const { product, tags } = row.device
  const isMeant =
    (selector.product === undefined || selector.product === product) &&
    Object.entries(selector.tags).every(([name, value]) => tags[name] === value)
  return isMeant ? [found(row)] : []
}

function candidatesOf(
  store: CampaignReads,
  { id }: Campaign,
  rows: readonly CampaignDevice[],
  { heard, facts, paths }: { heard: boolean; facts: (row: DeviceRow) => DeviceFacts; paths: Paths },
): readonly Candidate[] {
  return rows.flatMap((row) => {
    if (row.state !== 'waiting') return []
    const device = store.deviceById(row.deviceId)
    if (device === undefined) return []
    const claims = store.campaignClaims(row.deviceId).filter(({ campaign }) => campaign.id !== id)
    const known = facts(device)
    const origin = paths.originOf(row.deviceId)
    const way = paths.of(known, origin, row.way?.isWhole !== true)
    if (way === undefined) return []
    return [{ row, facts: known, heard, claims, ...way, ...(origin === undefined ? {} : { origin }) }]
  })
}

function endedOf(store: CampaignReads, row: CampaignDevice, goal: CampaignImage | undefined): EndedUpdate {
  const update = row.updateId === undefined ? undefined : store.update(row.updateId)
  const end = update?.state
  return {
    row,
    end: end === 'confirmed' || end === 'failed' ? end : 'cancelled',
    version: update?.version ?? '',
    isGoal: update !== undefined && update.sha256 === goal?.sha256,
    isMisfit: update?.failure === 'other-hardware',
    isDeltaRefused: update !== undefined && isDeltaRefused(update),
    ranBefore: end === 'confirmed' && update?.registrationAtOffer === undefined,
    transient: update?.failure !== undefined && retryOf(update.failure) === 'transient',
    ...whyOf(update),
  }
}

function whyOf(update: FirmwareUpdate | undefined): Pick<EndedUpdate, 'reason' | 'detail'> {
  const { failure, reason } = update ?? {}
  const words = failure === undefined ? reason : wordsOf(failure)
  return {
    ...(words === undefined ? {} : { reason: words }),
    ...(reason === undefined || reason === words ? {} : { detail: reason }),
  }
}
