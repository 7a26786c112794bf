/** Credentials in SQLite: found by identity, key, endpoint, or what they wait for. Keys are sealed before they come here. */
import { instantOf } from '../../base/time.ts'
import type { CredentialsOp, CredentialsStore } from '../../fleet/credentials/store.ts'
import type { Credential, CredentialFilter } from '../../fleet/credentials/types.ts'
import { columnOf, jsonOf, type Appliers } from './appliers.ts'
import type { Sqlite } from './connection.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface CredentialRow {
  id: number
  endpoint: string
  kind: string
  purpose: string
  identity: Uint8Array
  sealed_key: Uint8Array | null
  key_fingerprint: string | null
  product: string | null
  tags: string
  state: string
  created_at: number
  last_used_at: number | null
  accepted_until: number | null
  revoked_at: number | null
  replaces: number | null
  rule: number | null
}

export function credentialsIn(database: Sqlite): { reads: CredentialsStore; apply: Appliers<CredentialsOp> } {
  return {
    reads: { ...singleReads(database), ...listReads(database), ...factReads(database) },
    apply: appliers(database),
  }
}

type Single = 'credential' | 'credentialByIdentity' | 'credentialByKey'
type Fact = 'lastCredentialId' | 'storeKeyCheck'

function singleReads(database: Sqlite): Pick<CredentialsStore, Single> {
  const one = database.prepare<[number], CredentialRow>('SELECT * FROM credential WHERE id = +?')
  const byIdentity = database.prepare<[Uint8Array, string, string], CredentialRow>(
    `SELECT * FROM credential INDEXED BY credential_by_identity WHERE identity = +? AND kind = +? AND purpose = +?
     ORDER BY id DESC LIMIT 1`,
  )
  const byKey = database.prepare<[string], CredentialRow>(
    'SELECT * FROM credential WHERE key_fingerprint = +? ORDER BY id DESC LIMIT 1',
  )
  return {
    credential: (id) => credentialOrNothing(one.get(id)),
    credentialByIdentity: (kind, identity, purpose = 'management') =>
      credentialOrNothing(byIdentity.get(identity, kind, purpose)),
    credentialByKey: (keyFingerprint) => credentialOrNothing(byKey.get(keyFingerprint)),
  }
}

function listReads(database: Sqlite): Omit<CredentialsStore, Single | Fact> {
  const ofEndpoint = database.prepare<[string, number], CredentialRow>(
    `SELECT * FROM credential WHERE endpoint = +? AND kind <> 'certificate-name' ORDER BY id DESC LIMIT +?`,
  )
  const names = database.prepare<[number], CredentialRow>(
    `SELECT * FROM credential INDEXED BY credential_names WHERE kind = 'certificate-name' AND state <> 'revoked'
     ORDER BY id LIMIT +?`,
  )
  const ofRule = database.prepare<[number, number], CredentialRow>(
    `SELECT * FROM credential INDEXED BY credential_of_rule WHERE rule = +? AND state <> 'revoked' ORDER BY id LIMIT +?`,
  )
  const over = database.prepare<[number, number], CredentialRow>(
    `SELECT * FROM credential INDEXED BY credential_over WHERE accepted_until <= +? AND state = 'retiring'
     ORDER BY accepted_until LIMIT +?`,
  )
  return {
    credentialsOfEndpoint: (endpoint, limit) => ofEndpoint.all(endpoint, limit).map(credentialOf),
    certificateNames: (limit) => names.all(limit).map(credentialOf),
    credentialsOfRule: (rule, limit) => ofRule.all(rule, limit).map(credentialOf),
    credentialsOver: (at, limit) => over.all(at, limit).map(credentialOf),
    credentials: pagesIn(database),
  }
}

/** The filter that leaves the fewest leads; the others only sieve what its index finds. */
const leadingFilters = [
  'endpoint',
  'product',
  'purpose',
  'state',
  'kind',
] as const satisfies readonly (keyof CredentialFilter)[]
const indexes = {
  endpoint: 'credential_by_endpoint',
  product: 'credential_by_product',
  purpose: 'credential_by_purpose',
  state: 'credential_by_state',
  kind: 'credential_by_kind',
} as const

function pagesIn(database: Sqlite): CredentialsStore['credentials'] {
  const everything = database.prepare<[number, number], CredentialRow>(
    'SELECT * FROM credential WHERE id > +? ORDER BY id LIMIT +?',
  )
  // An absent filter compares a column with itself; only a product may be absent too.
  const sieve = leadingFilters.map((name) => `coalesce(${name}, '') = coalesce(+?, ${name}, '')`).join(' AND ')
  type Values = [string, number, ...(string | null)[], number]
  const ledBy = (lead: (typeof leadingFilters)[number]) =>
    database.prepare<Values, CredentialRow>(
      `SELECT * FROM credential INDEXED BY ${indexes[lead]} WHERE ${lead} = +? AND id > +? AND ${sieve}
       ORDER BY id LIMIT +?`,
    )
  const led = {
    endpoint: ledBy('endpoint'),
    product: ledBy('product'),
    purpose: ledBy('purpose'),
    state: ledBy('state'),
    kind: ledBy('kind'),
  }
  return (filter, after, limit) => {
    const lead = leadingFilters.find((name) => filter[name] !== undefined)
    if (lead === undefined) return everything.all(after, limit).map(credentialOf)
    const values = leadingFilters.map((name) => columnOf(filter[name]))
    return led[lead].all(filter[lead]!, after, ...values, limit).map(credentialOf)
  }
}

function factReads(database: Sqlite): Pick<CredentialsStore, Fact> {
  const lastId = database.prepareColumn<[], number>(`SELECT seq FROM sqlite_sequence WHERE name = 'credential'`)
  const check = database.prepareColumn<[], Uint8Array>('SELECT check_value FROM store_key WHERE id = 1')
  return {
    lastCredentialId: () => lastId.get() ?? 0,
    storeKeyCheck: () => check.get(),
  }
}

function appliers(database: Sqlite): Appliers<CredentialsOp> {
  const put = database.prepare(
    `INSERT INTO credential (id, endpoint, kind, purpose, identity, sealed_key, key_fingerprint, product, tags, state, created_at,
       last_used_at, accepted_until, revoked_at, replaces, rule)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET product = excluded.product, tags = excluded.tags, state = excluded.state,
       last_used_at = excluded.last_used_at, accepted_until = excluded.accepted_until, revoked_at = excluded.revoked_at`,
  )
  const used = database.prepare<[number, number]>('UPDATE credential SET last_used_at = ? WHERE id = +?')
  const trim = database.prepare<[string, string, number]>(
    `DELETE FROM credential WHERE endpoint = +? AND state = 'revoked' AND kind <> 'certificate-name' AND id <=
       (SELECT id FROM credential WHERE endpoint = +? AND state = 'revoked' AND kind <> 'certificate-name'
        ORDER BY id DESC LIMIT 1 OFFSET +?)`,
  )
  const putCheck = database.prepare<[Uint8Array]>(
    'INSERT INTO store_key (id, check_value) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET check_value = excluded.check_value',
  )
  return {
    'credential.put': ({ credential: c }) => {
      put.run(
        c.id,
        c.endpoint,
        c.kind,
        c.purpose ?? 'management',
        c.identity,
        columnOf(c.sealedKey),
        columnOf(c.keyFingerprint),
        columnOf(c.product),
        jsonOf(c.tags),
        c.state,
        c.createdAt,
        columnOf(c.lastUsedAt),
        columnOf(c.acceptedUntil),
        columnOf(c.revokedAt),
        columnOf(c.replaces),
        columnOf(c.rule),
      )
    },
    'credential.used': ({ id, at }) => void used.run(at, id),
    'credential.trim': ({ endpoint, keep }) => void trim.run(endpoint, endpoint, keep),
    'store-key.put': ({ check }) => void putCheck.run(check),
  }
}

function credentialOrNothing(row: CredentialRow | undefined): Credential | undefined {
  return row === undefined ? undefined : credentialOf(row)
}

function credentialOf(row: CredentialRow): Credential {
  const credential: Mutable<Credential> = {
    id: row.id,
    endpoint: row.endpoint,
    kind: row.kind as Credential['kind'],
    identity: row.identity,
    tags: JSON.parse(row.tags) as Credential['tags'],
    state: row.state as Credential['state'],
    createdAt: instantOf(row.created_at),
  }
  if (row.purpose === 'bootstrap') credential.purpose = row.purpose
  if (row.sealed_key !== null) credential.sealedKey = row.sealed_key
  if (row.key_fingerprint !== null) credential.keyFingerprint = row.key_fingerprint
  if (row.product !== null) credential.product = row.product
  if (row.last_used_at !== null) credential.lastUsedAt = instantOf(row.last_used_at)
  if (row.accepted_until !== null) credential.acceptedUntil = instantOf(row.accepted_until)
  if (row.revoked_at !== null) credential.revokedAt = instantOf(row.revoked_at)
  if (row.replaces !== null) credential.replaces = row.replaces
  if (row.rule !== null) credential.rule = row.rule
  return credential
}
