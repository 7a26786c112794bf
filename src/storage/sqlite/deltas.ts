/** Deltas between images in SQLite; their octets are in files. */
import { instantOf } from '../../base/time.ts'
import type { DeltasOp, DeltasStore } from '../../fleet/deltas/store.ts'
import type { Delta } from '../../fleet/images/types.ts'
import { columnOf, type Appliers } from './appliers.ts'
import type { Sqlite } from './connection.ts'

interface DeltaRow {
  from_sha256: string
  to_sha256: string
  sha256: string
  key: string
  size: number
  made_by: string
  added_at: number
}

export function deltasIn(database: Sqlite): { reads: DeltasStore; apply: Appliers<DeltasOp> } {
  const one = database.prepare<[string, string], DeltaRow>(
    'SELECT * FROM image_delta WHERE from_sha256 = ? AND to_sha256 = ?',
  )
  const byKey = database.prepare<[string], DeltaRow>('SELECT * FROM image_delta WHERE key = ?')
  const to = database.prepare<[string | null], DeltaRow>(
    'SELECT * FROM image_delta WHERE to_sha256 = coalesce(?, to_sha256) ORDER BY added_at DESC, key',
  )
  const from = database.prepare<[string], DeltaRow>('SELECT * FROM image_delta WHERE from_sha256 = ?')
  const put = database.prepare(
    `INSERT OR REPLACE INTO image_delta (from_sha256, to_sha256, sha256, key, size, made_by, added_at)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  )
  const remove = database.prepare<[string, string]>('DELETE FROM image_delta WHERE from_sha256 = ? AND to_sha256 = ?')
  const deltaOrNothing = (row: DeltaRow | undefined) => (row === undefined ? undefined : deltaOf(row))
  return {
    reads: {
      delta: (source, target) => deltaOrNothing(one.get(source, target)),
      deltaByKey: (key) => deltaOrNothing(byKey.get(key)),
      deltas: (target) => to.all(columnOf(target)).map(deltaOf),
      deltasFrom: (source) => from.all(source).map(deltaOf),
    },
    apply: {
      'delta.put': ({ delta: d }) => {
        put.run(d.from, d.to, d.sha256, d.key, d.size, d.madeBy, d.addedAt)
      },
      'delta.delete': ({ from: source, to: target }) => void remove.run(source, target),
    },
  }
}

function deltaOf(row: DeltaRow): Delta {
  return {
    from: row.from_sha256,
    to: row.to_sha256,
    sha256: row.sha256,
    key: row.key,
    size: row.size,
    madeBy: row.made_by,
    addedAt: instantOf(row.added_at),
  }
}
