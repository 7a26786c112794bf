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
import type { Sqlite } from './connection.ts'

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
  const active = database.prepareColumn<[number], number>(
    `SELECT 1 FROM campaign WHERE id = +? AND state NOT IN ('draft', 'completed', 'aborted')`,
  )
  return {
    reads: { ...campaignReads(database), ...campaignDeviceReads(database) },
    apply: { ...campaignAppliers(database), ...campaignDeviceAppliers(rows, (id) => active.get(id) === undefined) },
    deviceGone: (deviceId) => {
      for (const row of rows.openOf(deviceId)) rows.write(row, gone(row))
    },
  }
}

/** Word for word the condition of the partial index. */
const isKeptAndOver = `state IN ('completed', 'aborted') AND discarded = 0`

function campaignReads(database: Sqlite): Omit<CampaignsStore, keyof DeviceReads> {
  const text = <P extends unknown[]>(sql: string) => database.prepareColumn<P, string>(sql)
  const one = text<[number]>('SELECT body FROM campaign WHERE id = +? AND discarded = 0')
  const byName = text<[string]>('SELECT body FROM campaign WHERE name = +?')
  const newest = text<[number, number]>(
    'SELECT body FROM campaign WHERE id < +? AND discarded = 0 ORDER BY id DESC LIMIT +?',
  )
  const active = database.prepareColumn<[], number>(
    `SELECT id FROM campaign INDEXED BY campaign_active WHERE state NOT IN ('draft', 'completed', 'aborted') ORDER BY id`,
  )
  const over = text<[number]>(
    `SELECT body FROM campaign INDEXED BY campaign_over WHERE ${isKeptAndOver} ORDER BY id LIMIT +?`,
  )
  const countOver = database.prepareColumn<[], number>(
    `SELECT count(*) FROM campaign INDEXED BY campaign_over WHERE ${isKeptAndOver}`,
  )
  const discarded = database.prepareColumn<[], number>(
    'SELECT min(id) FROM campaign INDEXED BY campaign_discarded WHERE discarded = 1',
  )
  const withEvidence = database.prepareColumn<[number], number>(
    `SELECT id FROM campaign INDEXED BY campaign_over WHERE ${isKeptAndOver} AND json_extract(body, '$.finishedAt') < ?
       AND EXISTS (SELECT 1 FROM campaign_device WHERE campaign_id = id) ORDER BY id LIMIT 1`,
  )
  const lastId = database.prepareColumn<[], number>(`SELECT seq FROM sqlite_sequence WHERE name = 'campaign'`)
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
    campaignsOver: (limit) => over.all(limit).map(campaignOf),
    countCampaignsOver: () => countOver.get() ?? 0,
    campaignDiscarded: () => discarded.get() ?? undefined,
    campaignWithEvidence: (before) => withEvidence.get(before),
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
  // No campaign can be called by a number behind a blank.
  const discard = database.prepare<[number]>(
    `UPDATE campaign SET discarded = 1, name = ' ' || id WHERE id = ? AND state IN ('draft', 'completed', 'aborted')`,
  )
  const shed = database.prepare<[number, number, number]>(
    `DELETE FROM campaign_device WHERE campaign_id = +? AND device_id IN (
       SELECT device_id FROM campaign_device WHERE campaign_id = +? ORDER BY device_id LIMIT +?)`,
  )
  const remove = database.prepare<[number]>('DELETE FROM campaign WHERE id = ? AND discarded = 1')
  return {
    'campaign.discard': ({ id }) => void discard.run(id),
    'campaign.shed': ({ id, limit }) => void shed.run(id, id, limit),
    'campaign.delete': ({ id }) => void remove.run(id),
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
