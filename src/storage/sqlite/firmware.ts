/** Firmware updates in SQLite. */
import { instantOf } from '../../base/time.ts'
import { trimSlice, type FirmwareOp, type FirmwareStore } from '../../fleet/firmware/store.ts'
import type { FirmwareReport, FirmwareUpdate, Journey, UpdateOptions } from '../../fleet/firmware/types.ts'
import { columnOf, jsonOf, type Appliers } from './appliers.ts'
import type { Sqlite } from './connection.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface UpdateRow {
  id: number
  device_id: number
  endpoint: string
  sha256: string
  version: string
  size: number
  target: string
  options: string | null
  journey: string | null
  campaign_id: number | null
  delivery: string | null
  state: string
  fetched: number
  resumes: number
  block_size: number | null
  from_version: string | null
  result: number | null
  failure: string | null
  reason: string | null
  created_at: number
  changed_at: number
  finished_at: number | null
  due_at: number | null
  registration_at_update: string | null
  registration_at_offer: string | null
  attempts: number
  install_command: string | null
  proving_since: number | null
  uplinks: number
  registration: string | null
  seen: string | null
}

/** Word for word the condition of the partial indexes. */
export const isOpenUpdate = `state NOT IN ('confirmed', 'failed', 'cancelled', 'gone')`

export function firmwareIn(database: Sqlite): { reads: FirmwareStore; apply: Appliers<FirmwareOp> } {
  return { reads: updateReads(database), apply: firmwareAppliers(database) }
}

function updateReads(database: Sqlite): FirmwareStore {
  const one = database.prepare<[number], UpdateRow>('SELECT * FROM firmware_update WHERE id = +?')
  const newest = database.prepare<[number], UpdateRow>('SELECT * FROM firmware_update ORDER BY id DESC LIMIT +?')
  const ofDevice = database.prepare<[number, number], UpdateRow>(
    'SELECT * FROM firmware_update WHERE device_id = +? ORDER BY id DESC LIMIT +?',
  )
  const open = database.prepare<[number], UpdateRow>(
    `SELECT * FROM firmware_update INDEXED BY firmware_update_open WHERE device_id = +? AND ${isOpenUpdate}
     ORDER BY id DESC LIMIT 1`,
  )
  const openTo = database.prepare<[string, number], UpdateRow>(
    `SELECT * FROM firmware_update INDEXED BY firmware_update_of_image WHERE sha256 = +? AND ${isOpenUpdate} LIMIT +?`,
  )
  const openOver = database.prepare<[string, string, number], UpdateRow>(
    `SELECT * FROM firmware_update INDEXED BY firmware_update_on_its_way
     WHERE journey IS NOT NULL AND ${isOpenUpdate} AND sha256 <> ? AND instr(journey, ?) > 0 LIMIT +?`,
  )
  const begun = database.prepare<[number, number], Pick<UpdateRow, 'id' | 'created_at'>>(
    'SELECT id, created_at FROM firmware_update WHERE id > +? ORDER BY id LIMIT +?',
  )
  const lastId = database.prepareColumn<[], number>(`SELECT seq FROM sqlite_sequence WHERE name = 'firmware_update'`)
  const updateOrNothing = (row: UpdateRow | undefined) => (row === undefined ? undefined : updateOf(row))
  return {
    update: (id) => updateOrNothing(one.get(id)),
    updates: (deviceId, limit) =>
      (deviceId === undefined ? newest.all(limit) : ofDevice.all(deviceId, limit)).map(updateOf),
    openUpdate: (deviceId) => updateOrNothing(open.get(deviceId)),
    openUpdatesNeeding: (sha256, limit) =>
      [...openTo.all(sha256, limit), ...openOver.all(sha256, sha256, limit)].slice(0, limit).map(updateOf),
    updatesBegunBefore: (before, after, limit) => {
      const rows = begun.all(after, limit)
      const young = rows.findIndex(({ created_at }) => created_at >= before)
      return (young === -1 ? rows : rows.slice(0, young)).at(-1)?.id
    },
    lastUpdateId: () => lastId.get() ?? 0,
  }
}

function firmwareAppliers(database: Sqlite): Appliers<FirmwareOp> {
  const putUpdate = database.prepare(
    `INSERT INTO firmware_update (id, device_id, endpoint, sha256, version, size, target, options, delivery, state, fetched,
       resumes, block_size, from_version, result, failure, reason, created_at, changed_at, finished_at, due_at,
       registration_at_update, registration_at_offer, attempts, install_command, proving_since, uplinks, registration, seen,
       campaign_id, journey)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET delivery = excluded.delivery, state = excluded.state, fetched = excluded.fetched,
       resumes = excluded.resumes, block_size = excluded.block_size, from_version = excluded.from_version,
       result = excluded.result, failure = excluded.failure, reason = excluded.reason, changed_at = excluded.changed_at,
       finished_at = excluded.finished_at, due_at = excluded.due_at,
       registration_at_update = excluded.registration_at_update, registration_at_offer = excluded.registration_at_offer,
       attempts = excluded.attempts, install_command = excluded.install_command, proving_since = excluded.proving_since,
       uplinks = excluded.uplinks, registration = excluded.registration, seen = excluded.seen, journey = excluded.journey`,
  )
  const isNewestConfirmed = `u.state = 'confirmed' AND NOT EXISTS (
      SELECT 1 FROM firmware_update n WHERE n.device_id = u.device_id AND n.id > u.id AND n.state = 'confirmed')`
  const trim = database.prepare<[number, number, number]>(
    `DELETE FROM firmware_update AS u WHERE id IN (
       SELECT id FROM firmware_update WHERE device_id = +? AND NOT (${isOpenUpdate}) ORDER BY id DESC LIMIT +? OFFSET +?)
     AND NOT (${isNewestConfirmed})`,
  )
  const forget = database.prepare<[number, number, number]>(
    `DELETE FROM firmware_update AS u WHERE id > +? AND id <= +? AND finished_at < ?
     AND NOT (${isNewestConfirmed} AND EXISTS (SELECT 1 FROM device WHERE id = u.device_id))`,
  )
  const revert = database.prepare<[string, number, number, number]>(
    `UPDATE firmware_update SET state = 'failed', failure = 'reverted-later', reason = ?, changed_at = ?, finished_at = ?
     WHERE id = ? AND state = 'confirmed'`,
  )
  return {
    'update.put': ({ update: u }) => {
      putUpdate.run(
        u.id,
        u.deviceId,
        u.endpoint,
        u.sha256,
        u.version,
        u.size,
        u.target,
        jsonOf(u.options),
        columnOf(u.delivery),
        u.state,
        u.fetched,
        u.resumes,
        columnOf(u.blockSize),
        columnOf(u.fromVersion),
        columnOf(u.result),
        columnOf(u.failure),
        columnOf(u.reason),
        u.createdAt,
        u.changedAt,
        columnOf(u.finishedAt),
        columnOf(u.dueAt),
        columnOf(u.registrationAtUpdate),
        columnOf(u.registrationAtOffer),
        u.attempts ?? 0,
        columnOf(u.installCommand),
        columnOf(u.provingSince),
        u.uplinks ?? 0,
        columnOf(u.registration),
        jsonOf(u.seen),
        columnOf(u.campaign),
        jsonOf(u.journey),
      )
    },
    'update.reverted': ({ id, at, reason }) => void revert.run(reason, at, at, id),
    'update.trim': ({ deviceId, keep }) => void trim.run(deviceId, trimSlice, keep),
    'update.forget': ({ after, upTo, before }) => void forget.run(after, upTo, before),
  }
}

function updateOf(row: UpdateRow): FirmwareUpdate {
  const update: Mutable<FirmwareUpdate> = {
    id: row.id,
    deviceId: row.device_id,
    endpoint: row.endpoint,
    sha256: row.sha256,
    version: row.version,
    size: row.size,
    target: row.target,
    state: row.state as FirmwareUpdate['state'],
    fetched: row.fetched,
    resumes: row.resumes,
    createdAt: instantOf(row.created_at),
    changedAt: instantOf(row.changed_at),
  }
  if (row.options !== null) update.options = JSON.parse(row.options) as UpdateOptions
  if (row.journey !== null) update.journey = JSON.parse(row.journey) as Journey
  if (row.campaign_id !== null) update.campaign = row.campaign_id
  if (row.delivery !== null) update.delivery = row.delivery as NonNullable<FirmwareUpdate['delivery']>
  if (row.block_size !== null) update.blockSize = row.block_size
  if (row.from_version !== null) update.fromVersion = row.from_version
  if (row.result !== null) update.result = row.result
  if (row.failure !== null) update.failure = row.failure as NonNullable<FirmwareUpdate['failure']>
  if (row.reason !== null) update.reason = row.reason
  if (row.finished_at !== null) update.finishedAt = instantOf(row.finished_at)
  if (row.due_at !== null) update.dueAt = instantOf(row.due_at)
  if (row.registration_at_update !== null) update.registrationAtUpdate = row.registration_at_update
  if (row.registration_at_offer !== null) update.registrationAtOffer = row.registration_at_offer
  if (row.attempts !== 0) update.attempts = row.attempts
  if (row.install_command !== null) {
    update.installCommand = row.install_command as NonNullable<FirmwareUpdate['installCommand']>
  }
  if (row.proving_since !== null) update.provingSince = instantOf(row.proving_since)
  if (row.proving_since !== null) update.uplinks = row.uplinks
  if (row.registration !== null) update.registration = row.registration
  if (row.seen !== null) update.seen = JSON.parse(row.seen) as FirmwareReport
  return update
}
