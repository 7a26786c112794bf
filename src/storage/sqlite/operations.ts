/** Operations in SQLite: open ones by device in sending order, finished ones kept up to a limit a device. */
import { instantOf } from '../../base/time.ts'
import type { OperationsOp, OperationsStore } from '../../fleet/operations/store.ts'
import type { Operation, OperationFilter } from '../../fleet/operations/types.ts'
import { columnOf, jsonOf, type Appliers } from './appliers.ts'
import type { Sqlite } from './connection.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface OperationRow {
  id: number
  device_id: number
  endpoint: string
  kind: string
  path: string
  value: string | null
  priority: number
  state: string
  attempts: number
  reason: string | null
  detail: string | null
  code: string | null
  result: string | null
  created_at: number
  sent_at: number | null
  finished_at: number | null
  deadline: number
  idempotency_key: string | null
  origin: string
  message_id: number | null
  token: string | null
  retries: number
  not_before: number | null
}

/** Word for word the condition of the partial indexes: SQLite uses them for nothing else. */
export const isOpen = `state IN ('queued', 'sent')`
/** Finished operations forgotten in one go; a lowered limit is reached over several. */
const trimSlice = 32

export function operationsIn(
  database: Sqlite,
  keptPerDevice: number,
): { reads: OperationsStore; apply: Appliers<OperationsOp> } {
  return { reads: operationsReads(database), apply: { 'operation.put': putter(database, keptPerDevice) } }
}

function operationsReads(database: Sqlite): OperationsStore {
  const one = database.prepare<[number], OperationRow>('SELECT * FROM operation WHERE id = +?')
  const open = database.prepare<[number, number], OperationRow>(
    `SELECT * FROM operation INDEXED BY operation_open WHERE device_id = +? AND ${isOpen} ORDER BY priority, id LIMIT +?`,
  )
  const byKey = database.prepare<[number, string], OperationRow>(
    'SELECT * FROM operation WHERE device_id = +? AND idempotency_key = +? ORDER BY id DESC LIMIT 1',
  )
  const lastId = database.prepareColumn<[], number>(`SELECT seq FROM sqlite_sequence WHERE name = 'operation'`)
  return {
    operation: (id) => {
      const row = one.get(id)
      return row === undefined ? undefined : operationOf(row)
    },
    operations: listOf(database),
    openOperations: (deviceId, limit) => open.all(deviceId, limit).map(operationOf),
    byIdempotencyKey: (deviceId, key) => {
      const row = byKey.get(deviceId, key)
      return row === undefined ? undefined : operationOf(row)
    },
    lastOperationId: () => lastId.get() ?? 0,
  }
}

function listOf(database: Sqlite): OperationsStore['operations'] {
  const list = (condition: string) =>
    database.prepare<unknown[], OperationRow>(
      `SELECT * FROM operation WHERE ${condition} id < +? ORDER BY id DESC LIMIT +?`,
    )
  const all = list('')
  const ofDevice = list('device_id = +? AND')
  const inState = list('state = +? AND')
  // The unary plus keeps the planner on the device's own rows, which are few.
  const ofDeviceInState = list('device_id = +? AND +state = +? AND')
  return ({ deviceId, state }: OperationFilter, before, limit) => {
    const below = before ?? Number.MAX_SAFE_INTEGER
    const rows =
      deviceId === undefined
        ? state === undefined
          ? all.all(below, limit)
          : inState.all(state, below, limit)
        : state === undefined
          ? ofDevice.all(deviceId, below, limit)
          : ofDeviceInState.all(deviceId, state, below, limit)
    return rows.map(operationOf)
  }
}

function putter(database: Sqlite, keptPerDevice: number): Appliers<OperationsOp>['operation.put'] {
  const put = database.prepare(
    `INSERT INTO operation (id, device_id, endpoint, kind, path, value, priority, state, attempts, reason, detail, code,
       result, created_at, sent_at, finished_at, deadline, idempotency_key, origin, message_id, token,
       retries, not_before)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET value = excluded.value, priority = excluded.priority, state = excluded.state,
       attempts = excluded.attempts, reason = excluded.reason, detail = excluded.detail, code = excluded.code,
       result = excluded.result, sent_at = excluded.sent_at, finished_at = excluded.finished_at,
       deadline = excluded.deadline, message_id = excluded.message_id, token = excluded.token,
       retries = excluded.retries, not_before = excluded.not_before`,
  )
  const trim = database.prepare<[number, number, number]>(
    `DELETE FROM operation WHERE id IN (
       SELECT id FROM operation WHERE device_id = +? AND NOT ${isOpen} ORDER BY id DESC LIMIT +? OFFSET +?)`,
  )
  return ({ operation: o }) => {
    put.run(
      o.id,
      o.deviceId,
      o.endpoint,
      o.kind,
      o.path,
      jsonOf(o.value),
      o.priority,
      o.state,
      o.attempts,
      columnOf(o.reason),
      columnOf(o.detail),
      columnOf(o.code),
      jsonOf(o.result),
      o.createdAt,
      columnOf(o.sentAt),
      columnOf(o.finishedAt),
      o.deadline,
      columnOf(o.idempotencyKey),
      o.origin,
      columnOf(o.messageId),
      columnOf(o.token),
      o.retries ?? 0,
      columnOf(o.notBefore),
    )
    if (o.state !== 'queued' && o.state !== 'sent') trim.run(o.deviceId, trimSlice, keptPerDevice)
  }
}

function operationOf(row: OperationRow): Operation {
  const operation: Mutable<Operation> = {
    id: row.id,
    deviceId: row.device_id,
    endpoint: row.endpoint,
    kind: row.kind as Operation['kind'],
    path: row.path,
    priority: row.priority,
    state: row.state as Operation['state'],
    attempts: row.attempts,
    createdAt: instantOf(row.created_at),
    deadline: instantOf(row.deadline),
    origin: row.origin as Operation['origin'],
  }
  if (row.value !== null) operation.value = JSON.parse(row.value) as unknown
  if (row.reason !== null) operation.reason = row.reason as NonNullable<Operation['reason']>
  if (row.detail !== null) operation.detail = row.detail
  if (row.code !== null) operation.code = row.code
  if (row.result !== null) operation.result = JSON.parse(row.result) as unknown
  if (row.sent_at !== null) operation.sentAt = instantOf(row.sent_at)
  if (row.finished_at !== null) operation.finishedAt = instantOf(row.finished_at)
  if (row.idempotency_key !== null) operation.idempotencyKey = row.idempotency_key
  if (row.message_id !== null) operation.messageId = row.message_id
  if (row.token !== null) operation.token = row.token
  if (row.retries > 0) operation.retries = row.retries
  if (row.not_before !== null) operation.notBefore = instantOf(row.not_before)
  return operation
}
