/**
 * The devices of campaigns in SQLite. A row is read, changed by the rule the store's port names, written, and
 * the counts moved with it: all within the transaction of the commit.
 */
import { instantOf } from '../../base/time.ts'
import {
  begun,
  changed,
  followed,
  openDeviceStates,
  wentBack,
  type CampaignsOp,
  type CampaignsStore,
  type ProgressPoint,
} from '../../fleet/campaigns/store.ts'
import type { CampaignDevice, CampaignDeviceState, CampaignId, DeviceWay } from '../../fleet/campaigns/types.ts'
import type { DeviceId } from '../../fleet/registry/types.ts'
import { columnOf, jsonOf, type Appliers } from './appliers.ts'
import type { Sqlite } from './connection.ts'

interface DeviceRow {
  campaign_id: number
  device_id: number
  endpoint: string
  rank: number
  stage: number | null
  state: CampaignDeviceState
  reason: string | null
  detail: string | null
  attempts: number
  touched: number
  update_id: number | null
  from_version: string | null
  to_version: string | null
  result: number | null
  bytes: number
  resumes: number
  cell: number | null
  prefix: string | null
  enrolled_at: number
  started_at: number | null
  finished_at: number | null
  due_at: number | null
  asked_at: number | null
  way: string | null
}

export type DeviceReads = Pick<
  CampaignsStore,
  | 'campaignDevice'
  | 'campaignDevices'
  | 'campaignDevicesWaiting'
  | 'campaignDevicesDue'
  | 'campaignDevicesTouched'
  | 'campaignPlacesBusy'
  | 'campaignOrigins'
  | 'campaignBytes'
  | 'campaignPace'
  | 'campaignProgress'
>

export function campaignDeviceReads(database: Sqlite): DeviceReads {
  const rows = <P extends unknown[]>(rest: string) =>
    database.prepare<P, DeviceRow>(`SELECT * FROM campaign_device ${rest}`)
  const one = rows<[number, number]>('WHERE campaign_id = +? AND device_id = +?')
  const all = rows<[number, number, number]>('WHERE campaign_id = +? AND device_id > +? ORDER BY device_id LIMIT +?')
  const ofState = rows<[number, string, number, number]>(
    'INDEXED BY campaign_device_by_state WHERE campaign_id = +? AND state = +? AND device_id > +? ORDER BY device_id LIMIT +?',
  )
  const waiting = rows<[number, number, number]>(
    `INDEXED BY campaign_device_by_rank WHERE campaign_id = +? AND rank > +? AND state = 'waiting' ORDER BY rank LIMIT +?`,
  )
  const due = rows<[number, number, number]>(
    'INDEXED BY campaign_device_due WHERE campaign_id = +? AND due_at <= +? ORDER BY due_at LIMIT +?',
  )
  const touched = rows<[number, number, number]>(
    'INDEXED BY campaign_device_touched WHERE campaign_id = +? AND touched = 1 AND device_id > +? ORDER BY device_id LIMIT +?',
  )
  const busy = database.prepare<[], { cell: number | null; prefix: string | null; count: number }>(
    `SELECT cell, prefix, count(*) AS count FROM campaign_device INDEXED BY campaign_device_place
     WHERE state = 'updating' GROUP BY cell, prefix`,
  )
  const origins = database.prepare<[number, number], { version: string | null; count: number }>(
    `SELECT from_version AS version, count(*) AS count FROM campaign_device INDEXED BY campaign_device_touched
     WHERE campaign_id = +? AND touched = 1 GROUP BY from_version ORDER BY count DESC LIMIT +?`,
  )
  return {
    ...sumsIn(database),
    campaignDevice: (id, deviceId) => {
      const row = one.get(id, deviceId)
      return row === undefined ? undefined : deviceOf(row)
    },
    campaignDevices: (id, state, after, limit) =>
      (state === undefined ? all.all(id, after, limit) : ofState.all(id, state, after, limit)).map(deviceOf),
    campaignDevicesWaiting: (id, after, limit) => waiting.all(id, after, limit).map(deviceOf),
    campaignDevicesDue: (id, at, limit) => due.all(id, at, limit).map(deviceOf),
    campaignDevicesTouched: (id, after, limit) => touched.all(id, after, limit).map(deviceOf),
    campaignPlacesBusy: () =>
      busy.all().map(({ cell, prefix, count }) => ({
        ...(cell === null ? {} : { cell }),
        ...(prefix === null ? {} : { prefix }),
        count,
      })),
    campaignOrigins: (id, limit) =>
      origins.all(id, limit).map(({ version, count }) => ({ ...(version === null ? {} : { version }), count })),
  }
}

function sumsIn(database: Sqlite): Pick<DeviceReads, 'campaignBytes' | 'campaignPace' | 'campaignProgress'> {
  const ended = database.prepareColumn<[number], number | null>(
    'SELECT sum(bytes) FROM campaign_device INDEXED BY campaign_device_finished WHERE campaign_id = +? AND finished_at IS NOT NULL',
  )
  const underWay = database.prepareColumn<[number], number | null>(
    `SELECT sum(d.bytes + coalesce(u.fetched, 0)) FROM campaign_device d INDEXED BY campaign_device_by_state
       LEFT JOIN firmware_update u ON u.id = d.update_id
       WHERE d.campaign_id = +? AND d.state = 'updating' AND d.finished_at IS NULL`,
  )
  const pace = database.prepare<[number, number], { devices: number; bytes: number | null }>(
    `SELECT count(*) AS devices, sum(bytes) AS bytes FROM campaign_device INDEXED BY campaign_device_finished
     WHERE campaign_id = +? AND finished_at > +? AND finished_at IS NOT NULL AND state <> 'skipped'`,
  )
  const slots = (column: 'started_at' | 'finished_at', states: string) =>
    database.prepare<[number, number, number], { slot: number; count: number }>(
      `SELECT max(0, CAST(ceil((${column} - ?) / ?) AS INTEGER)) AS slot, count(*) AS count
       FROM campaign_device WHERE campaign_id = +? AND ${column} IS NOT NULL ${states} GROUP BY slot`,
    )
  const started = slots('started_at', '')
  const succeeded = slots('finished_at', `AND state = 'succeeded'`)
  const failed = slots('finished_at', `AND state IN ('failed', 'timed-out')`)
  return {
    campaignBytes: (id) => (ended.get(id) ?? 0) + (underWay.get(id) ?? 0),
    campaignPace: (id, since) => {
      const { devices, bytes } = pace.get(id, since) ?? { devices: 0, bytes: 0 }
      return { devices, bytes: bytes ?? 0 }
    },
    campaignProgress: (id, from, to, steps) => {
      const width = Math.max(1, (to - from) / (steps - 1))
      const summed = [started, succeeded, failed].map((each) => {
        const bySlot = Array.from({ length: steps }, () => 0)
        for (const { slot, count } of each.all(from, width, id)) if (slot < steps) bySlot[slot]! += count
        for (let i = 1; i < steps; i++) bySlot[i]! += bySlot[i - 1]!
        return bySlot
      })
      return Array.from({ length: steps }, (_, i): ProgressPoint => {
        const at = instantOf(from + i * width)
        return { at, begun: summed[0]![i]!, succeeded: summed[1]![i]!, failed: summed[2]![i]! }
      })
    },
  }
}

/** Ops that change the row of a device. */
export type DeviceOp =
  'campaign.enrol' | 'campaign.device' | 'campaign.begun' | 'campaign.followed' | 'campaign.reverted'

export function campaignDeviceAppliers(
  rows: CampaignRows,
  isOver: (id: CampaignId) => boolean,
): Pick<Appliers<CampaignsOp>, DeviceOp> {
  return {
    'campaign.enrol': ({ device }) => {
      if (rows.find(device.campaignId, device.deviceId) === undefined) rows.write(undefined, device)
    },
    'campaign.device': ({ campaignId, deviceId, from, change }) => {
      const row = rows.find(campaignId, deviceId)
      if (row !== undefined && from.includes(row.state)) rows.write(row, changed(row, change))
    },
    'campaign.begun': ({ campaignId, update, begin }) => {
      const row = rows.find(campaignId, update.deviceId)
      if (row?.state === 'waiting') rows.write(row, begun(row, update, begin))
    },
    'campaign.followed': ({ campaignId, update }) => {
      const row = rows.find(campaignId, update.deviceId)
      if (row !== undefined) rows.write(row, followed(row, update))
    },
    'campaign.reverted': ({ campaignId, deviceId, updateId }) => {
      const row = rows.find(campaignId, deviceId)
      if (row !== undefined) rows.write(row, wentBack(row, updateId, isOver(campaignId)))
    },
  }
}

/** The rows of campaigns and their counts, written together. */
export class CampaignRows {
  readonly #one
  readonly #openOf
  readonly #put
  readonly #count

  constructor(database: Sqlite) {
    this.#one = database.prepare<[number, number], DeviceRow>(
      'SELECT * FROM campaign_device WHERE campaign_id = +? AND device_id = +?',
    )
    this.#openOf = database.prepare<[number], DeviceRow>(
      `SELECT * FROM campaign_device INDEXED BY campaign_device_open
       WHERE device_id = +? AND state IN (${openDeviceStates.map((state) => `'${state}'`).join(', ')})`,
    )
    this.#put = database.prepare(
      `INSERT OR REPLACE INTO campaign_device (campaign_id, device_id, endpoint, rank, stage, state, reason, detail, attempts,
         touched, update_id, from_version, to_version, result, bytes, resumes, cell, prefix, enrolled_at, started_at,
         finished_at, due_at, asked_at, way)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#count = database.prepare(
      `INSERT INTO campaign_count (campaign_id, stage, state, reason, count) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET count = count + excluded.count`,
    )
  }

  find(campaignId: CampaignId, deviceId: DeviceId): CampaignDevice | undefined {
    const row = this.#one.get(campaignId, deviceId)
    return row === undefined ? undefined : deviceOf(row)
  }

  /** Rows of a device in which a campaign still wants something of it. */
  openOf(deviceId: DeviceId): readonly CampaignDevice[] {
    return this.#openOf.all(deviceId).map(deviceOf)
  }

  write(before: CampaignDevice | undefined, d: CampaignDevice): void {
    if (before === d) return
    this.#put.run(
      d.campaignId,
      d.deviceId,
      d.endpoint,
      d.rank,
      columnOf(d.stage),
      d.state,
      columnOf(d.reason),
      columnOf(d.detail),
      d.attempts,
      d.touched ? 1 : 0,
      columnOf(d.updateId),
      columnOf(d.fromVersion),
      columnOf(d.toVersion),
      columnOf(d.result),
      d.bytes,
      d.resumes,
      columnOf(d.cell),
      columnOf(d.prefix),
      d.enrolledAt,
      columnOf(d.startedAt),
      columnOf(d.finishedAt),
      columnOf(d.dueAt),
      columnOf(d.askedAt),
      jsonOf(d.way),
    )
    if (before?.state === d.state && before.reason === d.reason && before.stage === d.stage) return
    if (before !== undefined) this.#move(before, -1)
    this.#move(d, 1)
  }

  #move({ campaignId, stage, state, reason }: CampaignDevice, by: number): void {
    this.#count.run(campaignId, stage ?? -1, state, reason ?? '', by)
  }
}

function deviceOf(row: DeviceRow): CampaignDevice {
  return {
    campaignId: row.campaign_id,
    deviceId: row.device_id,
    endpoint: row.endpoint,
    rank: row.rank,
    state: row.state,
    attempts: row.attempts,
    touched: row.touched === 1,
    bytes: row.bytes,
    resumes: row.resumes,
    enrolledAt: instantOf(row.enrolled_at),
    ...(row.stage === null ? {} : { stage: row.stage }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.detail === null ? {} : { detail: row.detail }),
    ...(row.update_id === null ? {} : { updateId: row.update_id }),
    ...(row.from_version === null ? {} : { fromVersion: row.from_version }),
    ...(row.to_version === null ? {} : { toVersion: row.to_version }),
    ...(row.result === null ? {} : { result: row.result }),
    ...(row.cell === null ? {} : { cell: row.cell }),
    ...(row.prefix === null ? {} : { prefix: row.prefix }),
    ...(row.started_at === null ? {} : { startedAt: instantOf(row.started_at) }),
    ...(row.finished_at === null ? {} : { finishedAt: instantOf(row.finished_at) }),
    ...(row.due_at === null ? {} : { dueAt: instantOf(row.due_at) }),
    ...(row.asked_at === null ? {} : { askedAt: instantOf(row.asked_at) }),
    ...(row.way === null ? {} : { way: JSON.parse(row.way) as DeviceWay }),
  }
}
