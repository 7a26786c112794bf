/** Observe intents in SQLite: one row a device and path. */
import { instantOf } from '../../base/time.ts'
import type { ObservationsOp, ObservationsStore } from '../../fleet/observations/store.ts'
import type { Observation } from '../../fleet/observations/types.ts'
import { columnOf, jsonOf, type Appliers } from './appliers.ts'
import type { Sqlite } from './connection.ts'
import { heardRow, type Row, type RowAppliers } from './rows.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface ObservationRow {
  device_id: number
  path: string
  token: string
  created_at: number
  origin: string
  state: string
  reason: string | null
  last_notification: number | null
  last_sequence: number | null
  last_message_id: number | null
  attributes: string | null
}

export function observationsIn(database: Sqlite): {
  reads: ObservationsStore
  apply: Appliers<ObservationsOp>
  applyRows: RowAppliers<'heard'>
} {
  const list = database.prepare<[number, number], ObservationRow>(
    'SELECT * FROM observation WHERE device_id = +? ORDER BY path LIMIT +?',
  )
  const put = database.prepare(
    `INSERT INTO observation (device_id, path, token, created_at, origin, state, reason, last_notification, last_sequence,
       last_message_id, attributes)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (device_id, path) DO UPDATE SET token = excluded.token, created_at = excluded.created_at,
       origin = excluded.origin, state = excluded.state, reason = excluded.reason,
       last_notification = excluded.last_notification, last_sequence = excluded.last_sequence,
       last_message_id = excluded.last_message_id, attributes = excluded.attributes`,
  )
  // The token stays, and with it its index.
  const heard = database.prepare(
    'UPDATE observation SET last_notification = ?, last_sequence = ?, last_message_id = ? WHERE device_id = ? AND path = ?',
  )
  const hear = ([deviceId, path, at, sequence, messageId]: Row<'heard'>): void =>
    void heard.run(at, sequence, messageId, deviceId, path)
  const remove = database.prepare<[number, string]>('DELETE FROM observation WHERE device_id = +? AND path = +?')
  return {
    reads: { observations: (deviceId, limit) => list.all(deviceId, limit).map(observationOf) },
    apply: {
      'observation.put': ({ observation: o }) => {
        put.run(
          o.deviceId,
          o.path,
          o.token,
          o.createdAt,
          o.origins.join(' '),
          o.state,
          columnOf(o.reason),
          columnOf(o.lastNotification),
          columnOf(o.lastSequence),
          columnOf(o.lastMessageId),
          jsonOf(o.attributes),
        )
      },
      'observation.heard': (op) => hear(heardRow(op)),
      'observation.delete': ({ deviceId, path }) => void remove.run(deviceId, path),
    },
    applyRows: { heard: hear },
  }
}

function observationOf(row: ObservationRow): Observation {
  const observation: Mutable<Observation> = {
    deviceId: row.device_id,
    path: row.path,
    token: row.token,
    createdAt: instantOf(row.created_at),
    origins: row.origin.split(' ') as Observation['origins'][number][],
    state: row.state as Observation['state'],
  }
  if (row.reason !== null) observation.reason = row.reason
  if (row.last_notification !== null) observation.lastNotification = instantOf(row.last_notification)
  if (row.last_sequence !== null) observation.lastSequence = row.last_sequence
  if (row.last_message_id !== null) observation.lastMessageId = row.last_message_id
  if (row.attributes !== null) {
    observation.attributes = JSON.parse(row.attributes) as NonNullable<Observation['attributes']>
  }
  return observation
}
