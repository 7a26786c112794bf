/** Campaigns in SQLite: their rows, and the reads a step of one takes. Rows of devices: `campaign-devices.ts`. */
import { instantOf } from '../../base/time.ts'
import { gone, type CampaignsOp, type CampaignsStore, type Claim } from '../../fleet/campaigns/store.ts'
import type { Campaign, CampaignEntry, CampaignId, DeviceCount } from '../../fleet/campaigns/types.ts'
import type { DeviceId } from '../../fleet/registry/types.ts'
import { columnOf, jsonOf, type Appliers } from './appliers.ts'
import {
  campaignDeviceAppliers,
  campaignDeviceReads,
  CampaignRows,
  type DeviceOp,
  type DeviceReads,
} from './campaign-devices.ts'
import type { Sqlite } from './database.ts'

interface CountRow {
  stage: number
  state: DeviceCount['state']
  reason: string
  count: number
}

interface EntryRow {
  id: number
  campaign_id: number
  at: number
  what: string
  author: string
  why: string | null
}

export function campaignsIn(database: Sqlite): {
  reads: CampaignsStore
  apply: Appliers<CampaignsOp>
  /** Before the device is deleted: no campaign waits for it any more. */
  deviceGone: (deviceId: DeviceId) => void
} {
  const rows = new CampaignRows(database)
  const active = database
    .prepare<[number], number>(
      `SELECT 1 FROM campaign WHERE id = +? AND state NOT IN ('draft', 'completed', 'aborted')`,
    )
    .pluck()
  return {
    reads: { ...campaignReads(database), ...campaignDeviceReads(database) },
    apply: { ...campaignAppliers(database), ...campaignDeviceAppliers(rows, (id) => active.get(id) === undefined) },
    deviceGone: (deviceId) => {
      for (const row of rows.openOf(deviceId)) rows.write(row, gone(row))
    },
  }
}

function campaignReads(database: Sqlite): Omit<CampaignsStore, keyof DeviceReads> {
  const text = <P extends unknown[]>(sql: string) => database.prepare<P, string>(sql).pluck()
  const one = text<[number]>('SELECT body FROM campaign WHERE id = +?')
  const byName = text<[string]>('SELECT body FROM campaign WHERE name = +?')
  const newest = text<[number, number]>('SELECT body FROM campaign WHERE id < +? ORDER BY id DESC LIMIT +?')
  const active = database
    .prepare<[], number>(
      `SELECT id FROM campaign INDEXED BY campaign_active WHERE state NOT IN ('draft', 'completed', 'aborted') ORDER BY id`,
    )
    .pluck()
  const lastId = database.prepare<[], number>(`SELECT seq FROM sqlite_sequence WHERE name = 'campaign'`).pluck()
  const counts = database.prepare<[number], CountRow>(
    'SELECT stage, state, reason, count FROM campaign_count WHERE campaign_id = +? AND count > 0',
  )
  const entries = database.prepare<[number, number], EntryRow>(
    'SELECT * FROM campaign_entry WHERE campaign_id = +? ORDER BY id LIMIT +?',
  )
  const claims = database.prepare<[number], { body: string; state: Claim['state'] }>(
    `SELECT c.body, d.state FROM campaign_device d INDEXED BY campaign_device_open JOIN campaign c ON c.id = d.campaign_id
     WHERE d.device_id = +? AND d.state IN ('waiting', 'updating', 'ended', 'retrying')
       AND c.state NOT IN ('draft', 'completed', 'aborted')`,
  )
  const orNothing = (body: string | undefined): Campaign | undefined =>
    body === undefined ? undefined : campaignOf(body)
  return {
    campaign: (id) => orNothing(one.get(id)),
    campaignByName: (name) => orNothing(byName.get(name)),
    campaigns: (before, limit) => newest.all(before ?? Number.MAX_SAFE_INTEGER, limit).map(campaignOf),
    activeCampaigns: () => active.all(),
    lastCampaignId: () => lastId.get() ?? 0,
    campaignCounts: (id) => counts.all(id).map(countOf),
    campaignEntries: (id, limit) => entries.all(id, limit).map(entryOf),
    campaignClaims: (deviceId) =>
      claims.all(deviceId).map(({ body, state }) => ({ campaign: campaignOf(body), state })),
  }
}

function campaignAppliers(database: Sqlite): Omit<Appliers<CampaignsOp>, DeviceOp> {
  const put = database.prepare<[CampaignId, string, string, string | null]>(
    `INSERT INTO campaign (id, name, state, body) VALUES (?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, state = excluded.state, body = excluded.body`,
  )
  const append = database.prepare(
    'INSERT INTO campaign_entry (campaign_id, at, what, author, why) VALUES (?, ?, ?, ?, ?)',
  )
  return {
    'campaign.put': ({ campaign }) => void put.run(campaign.id, campaign.name, campaign.state, jsonOf(campaign)),
    'campaign.entry': ({ entry: { campaignId, at, what, by, why } }) =>
      void append.run(campaignId, at, what, by, columnOf(why)),
  }
}

const campaignOf = (body: string): Campaign => JSON.parse(body) as Campaign

function countOf({ stage, state, reason, count }: CountRow): DeviceCount {
  return { ...(stage === -1 ? {} : { stage }), state, ...(reason === '' ? {} : { reason }), count }
}

function entryOf({ id, campaign_id, at, what, author, why }: EntryRow): CampaignEntry {
  return { id, campaignId: campaign_id, at: instantOf(at), what, by: author, ...(why === null ? {} : { why }) }
}
