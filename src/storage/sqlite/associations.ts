/** DTLS associations in SQLite: found by connection id, by address or by the endpoint they stand for. */
import { instantOf } from '../../base/time.ts'
import type { AssociationsOp, AssociationsStore } from '../../fleet/associations/store.ts'
import type { StoredAssociation } from '../../fleet/associations/types.ts'
import { columnOf, type Appliers } from './appliers.ts'
import type { Sqlite } from './connection.ts'
import { windowRow, type Row, type RowAppliers } from './rows.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Integers come as bigint: the window's bits fill all 64. */
interface AssociationRow {
  id: bigint
  cid: string
  identity: string
  endpoint: string | null
  address: string
  port: bigint
  sealed: Uint8Array
  reserved_up_to: bigint
  window_edge: bigint
  window_bitmap: bigint
  opened_at: number
  heard_at: number
}

/** Those of the bootstrap listener are in a table of their own. */
type Table = 'association' | 'bootstrap_association'

export function associationsIn(
  database: Sqlite,
  table: Table = 'association',
): { reads: AssociationsStore; apply: Appliers<AssociationsOp>; applyRows: RowAppliers<'window'> } {
  return { reads: associationReads(database, table), ...associationAppliers(database, table) }
}

function associationReads(database: Sqlite, table: Table): AssociationsStore {
  const select = <Key extends unknown[]>(where: string) =>
    database.prepareExact<Key, AssociationRow>(`SELECT * FROM ${table} WHERE ${where}`)
  const byCid = select<[string]>("cid = +? AND cid <> ''")
  const byAddress = select<[string, number]>("address = +? AND port = +? AND cid = '' ORDER BY id DESC LIMIT 1")
  const byEndpoint = select<[string]>('endpoint = +? ORDER BY id DESC LIMIT 1')
  const lastId = database.prepareColumn<[], number>(`SELECT seq FROM sqlite_sequence WHERE name = '${table}'`)
  const mark = database.prepareColumn<[], number>('SELECT mark FROM association_mark WHERE id = 1')
  return {
    associationByCid: (cid) => associationOf(byCid.get(cid)),
    associationByAddress: (address, port) => associationOf(byAddress.get(address, port)),
    associationByEndpoint: (endpoint) => associationOf(byEndpoint.get(endpoint)),
    lastAssociationId: () => lastId.get() ?? 0,
    associationMark: () => mark.get(),
  }
}

function associationAppliers(
  database: Sqlite,
  table: Table,
): { apply: Appliers<AssociationsOp>; applyRows: RowAppliers<'window'> } {
  const put = database.prepare(
    `INSERT INTO ${table} (id, cid, identity, endpoint, address, port, sealed, reserved_up_to, window_edge,
       window_bitmap, opened_at, heard_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET address = excluded.address, port = excluded.port, sealed = excluded.sealed,
       reserved_up_to = max(reserved_up_to, excluded.reserved_up_to), window_edge = excluded.window_edge,
       window_bitmap = excluded.window_bitmap, heard_at = excluded.heard_at`,
  )
  // Chosen at random, it may be that of one that is not in memory: the newer association has it.
  const removeNamesake = database.prepare(`DELETE FROM ${table} WHERE cid = ? AND cid <> '' AND id <> ?`)
  const window = database.prepare(
    `UPDATE ${table} SET window_edge = ?, window_bitmap = ?, address = ?, port = ?, heard_at = ?
     WHERE id = ? AND window_edge <= ?`,
  )
  const reseal = database.prepare(
    `UPDATE ${table} SET address = ?, port = ?, sealed = ?, reserved_up_to = max(reserved_up_to, ?), window_edge = ?,
       window_bitmap = ?, heard_at = ?
     WHERE id = ? AND window_edge <= ?`,
  )
  const reserve = database.prepare(`UPDATE ${table} SET reserved_up_to = max(reserved_up_to, ?) WHERE id = ?`)
  const remove = database.prepare(`DELETE FROM ${table} WHERE id = ?`)
  const prune = database.prepare(
    `DELETE FROM ${table} WHERE identity = ? AND id <=
       (SELECT id FROM ${table} WHERE identity = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
  )
  const revoke = database.prepare(`DELETE FROM ${table} WHERE identity = ?`)
  const clear = database.prepare(`DELETE FROM ${table}`)
  const mark = database.prepare(
    'INSERT INTO association_mark (id, mark) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET mark = excluded.mark',
  )
  // By when they were opened, since an index on when they were heard would be written with every message.
  const expire = database.prepare(`DELETE FROM ${table} WHERE opened_at < ? AND heard_at < ?`)
  const moveWindow = ([id, edge, bitmap, address, port, heardAt]: Row<'window'>): void =>
    void window.run(edge, bitmap, address, port, heardAt, id, edge)
  const apply: Appliers<AssociationsOp> = {
    'association.put': ({ association: a }) => {
      removeNamesake.run(a.cid, a.id)
      put.run(
        a.id,
        a.cid,
        a.identity,
        columnOf(a.endpoint),
        a.address,
        a.port,
        a.sealed,
        a.reservedUpTo,
        a.windowEdge,
        BigInt.asIntN(64, a.windowBitmap),
        a.openedAt,
        a.heardAt,
      )
    },
    'association.reseal': ({ association: a }) => {
      const bits = BigInt.asIntN(64, a.windowBitmap)
      reseal.run(a.address, a.port, a.sealed, a.reservedUpTo, a.windowEdge, bits, a.heardAt, a.id, a.windowEdge)
    },
    'association.window': (op) => moveWindow(windowRow(op)),
    'association.reserve': ({ id, upTo }) => void reserve.run(upTo, id),
    'association.delete': ({ id }) => void remove.run(id),
    'association.prune': ({ identity, keep }) => void prune.run(identity, identity, keep),
    'association.revoke': ({ identity }) => void revoke.run(identity),
    'association.clear': () => void clear.run(),
    'association.mark': (op) => void mark.run(op.mark),
    'association.expire': ({ heardBefore }) => void expire.run(heardBefore, heardBefore),
  }
  return { apply, applyRows: { window: moveWindow } }
}

function associationOf(row: AssociationRow | undefined): StoredAssociation | undefined {
  if (row === undefined) return undefined
  const association: Mutable<StoredAssociation> = {
    id: Number(row.id),
    cid: row.cid,
    identity: row.identity,
    address: row.address,
    port: Number(row.port),
    sealed: row.sealed,
    reservedUpTo: Number(row.reserved_up_to),
    windowEdge: Number(row.window_edge),
    windowBitmap: BigInt.asUintN(64, row.window_bitmap),
    openedAt: instantOf(row.opened_at),
    heardAt: instantOf(row.heard_at),
  }
  if (row.endpoint !== null) association.endpoint = row.endpoint
  return association
}
