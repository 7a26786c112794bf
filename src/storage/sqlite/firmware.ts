/** Firmware updates in SQLite. */
import { instantOf } from '../../base/time.ts'
import type { FirmwareOp, FirmwareStore } from '../../fleet/firmware/store.ts'
import type { FirmwareReport, FirmwareUpdate } from '../../fleet/firmware/types.ts'
import { columnOf, jsonOf, type Appliers } from './appliers.ts'
import type { Sqlite } from './database.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface UpdateRow {
  id: number
  device_id: number
  endpoint: string
  sha256: string
  version: string
  size: number
  state: string
  fetched: number
  resumes: number
  block_size: number | null
  from_version: string | null
  result: number | null
  reason: string | null
  created_at: number
  changed_at: number
  finished_at: number | null
  confirm_by: number | null
  registration_at_update: string | null
  registration_at_offer: string | null
  attempts: number
  registration: string | null
  seen: string | null
}

/** Word for word the condition of the partial indexes. */
export const isOpenUpdate = `state NOT IN ('confirmed', 'failed', 'cancelled')`

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
  const lastId = database.prepare<[], number>(`SELECT seq FROM sqlite_sequence WHERE name = 'firmware_update'`).pluck()
  const updateOrNothing = (row: UpdateRow | undefined) => (row === undefined ? undefined : updateOf(row))
  return {
    update: (id) => updateOrNothing(one.get(id)),
    updates: (deviceId, limit) =>
      (deviceId === undefined ? newest.all(limit) : ofDevice.all(deviceId, limit)).map(updateOf),
    openUpdate: (deviceId) => updateOrNothing(open.get(deviceId)),
    openUpdatesTo: (sha256, limit) => openTo.all(sha256, limit).map(updateOf),
    lastUpdateId: () => lastId.get() ?? 0,
  }
}

function firmwareAppliers(database: Sqlite): Appliers<FirmwareOp> {
  const putUpdate = database.prepare(
    `INSERT INTO firmware_update (id, device_id, endpoint, sha256, version, size, state, fetched, resumes, block_size,
       from_version, result, reason, created_at, changed_at, finished_at, confirm_by, registration_at_update, registration_at_offer,
       attempts, registration, seen)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET state = excluded.state, fetched = excluded.fetched, resumes = excluded.resumes,
       block_size = excluded.block_size, from_version = excluded.from_version, result = excluded.result,
       reason = excluded.reason, changed_at = excluded.changed_at, finished_at = excluded.finished_at,
       confirm_by = excluded.confirm_by, registration_at_update = excluded.registration_at_update,
       registration_at_offer = excluded.registration_at_offer,
       attempts = excluded.attempts, registration = excluded.registration, seen = excluded.seen`,
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
        u.state,
        u.fetched,
        u.resumes,
        columnOf(u.blockSize),
        columnOf(u.fromVersion),
        columnOf(u.result),
        columnOf(u.reason),
        u.createdAt,
        u.changedAt,
        columnOf(u.finishedAt),
        columnOf(u.confirmBy),
        columnOf(u.registrationAtUpdate),
        columnOf(u.registrationAtOffer),
        u.attempts ?? 0,
        columnOf(u.registration),
        jsonOf(u.seen),
      )
    },
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
    state: row.state as FirmwareUpdate['state'],
    fetched: row.fetched,
    resumes: row.resumes,
    createdAt: instantOf(row.created_at),
    changedAt: instantOf(row.changed_at),
  }
  if (row.block_size !== null) update.blockSize = row.block_size
  if (row.from_version !== null) update.fromVersion = row.from_version
  if (row.result !== null) update.result = row.result
  if (row.reason !== null) update.reason = row.reason
  if (row.finished_at !== null) update.finishedAt = instantOf(row.finished_at)
  if (row.confirm_by !== null) update.confirmBy = instantOf(row.confirm_by)
  if (row.registration_at_update !== null) update.registrationAtUpdate = row.registration_at_update
  if (row.registration_at_offer !== null) update.registrationAtOffer = row.registration_at_offer
  if (row.attempts !== 0) update.attempts = row.attempts
  if (row.registration !== null) update.registration = row.registration
  if (row.seen !== null) update.seen = JSON.parse(row.seen) as FirmwareReport
  return update
}
