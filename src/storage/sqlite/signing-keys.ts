/** Signing keys in SQLite: few rows, read whole. */
import { instantOf } from '../../base/time.ts'
import type { SigningKeysOp, SigningKeysStore } from '../../fleet/signing-keys/store.ts'
import type { SigningKey } from '../../fleet/signing-keys/types.ts'
import { columnOf, type Appliers } from './appliers.ts'
import type { Sqlite } from './connection.ts'

interface KeyRow {
  name: string
  kind: string
  fingerprint: string
  pem: string
  product: string | null
  added_at: number
}

export function signingKeysIn(database: Sqlite): { reads: SigningKeysStore; apply: Appliers<SigningKeysOp> } {
  const one = database.prepare<[string], KeyRow>('SELECT * FROM signing_key WHERE name = ?')
  const list = database.prepare<[], KeyRow>('SELECT * FROM signing_key ORDER BY name')
  const put = database.prepare(
    `INSERT OR REPLACE INTO signing_key (name, kind, fingerprint, pem, product, added_at) VALUES (?, ?, ?, ?, ?, ?)`,
  )
  const remove = database.prepare<[string]>('DELETE FROM signing_key WHERE name = ?')
  return {
    reads: {
      signingKey: (name) => {
        const row = one.get(name)
        return row === undefined ? undefined : keyOf(row)
      },
      signingKeys: () => list.all().map(keyOf),
    },
    apply: {
      'signing-key.put': ({ key }) => {
        put.run(key.name, key.kind, key.fingerprint, key.pem, columnOf(key.product), key.addedAt)
      },
      'signing-key.delete': ({ name }) => void remove.run(name),
    },
  }
}

function keyOf({ name, kind, fingerprint, pem, product, added_at }: KeyRow): SigningKey {
  return {
    name,
    kind: kind as SigningKey['kind'],
    fingerprint,
    pem,
    ...(product !== null && { product }),
    addedAt: instantOf(added_at),
  }
}
