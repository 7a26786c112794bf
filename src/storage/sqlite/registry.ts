/**
 * Devices, their contact rows and registrations in SQLite. Judges nothing: status, grace and names are
 * the registry's rules.
 */
import { instantOf } from '../../base/time.ts'
import type { DeviceRow, RegistryOp, RegistryStore } from '../../fleet/registry/store.ts'
import type { Device, DeviceFilter, EndpointName, Registration } from '../../fleet/registry/types.ts'
import { columnOf, jsonOf, type Appliers } from './appliers.ts'
import type { Sqlite } from './connection.ts'
import { Inserts } from './inserts.ts'
import { columns, contactRow, deviceRow, isFiled, registrationRow, seenRow, touchRow } from './rows.ts'
import type { Row, RowAppliers } from './rows.ts'
import { similarNames } from './similar-names.ts'

type ProfileName = NonNullable<Device['profile']>
type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** A device with its contact and registration, as one row. */
export interface FullRow {
  id: number
  endpoint: string
  product: string | null
  product_from: string | null
  profile: string | null
  tags: string
  created_at: number
  first_seen: number | null
  retired_at: number | null
  quirks: string | null
  learned: string | null
  quarantined_at: number | null
  last_seen: number | null
  updated_at: number | null
  expires_at: number | null
  address: string | null
  port: number | null
  registration_id: string | null
  lwm2m_version: string
  lifetime: number
  binding: string
  queue_mode: number
  sms_number: string | null
  links: string
  registered_at: number
  message_id: number
  token: string
  secured: number
  profile_id: string | null
}

/** What of a device stands in `device_tag` too. */
type Filed = Pick<FullRow, 'product' | 'tags'>

export const fullColumns = `d.id, d.endpoint, d.product, d.product_from, d.profile, d.tags, d.created_at, d.first_seen, d.retired_at, d.quirks,
  d.learned, d.quarantined_at,
  c.last_seen, c.updated_at, c.expires_at, c.address, c.port,
  r.id AS registration_id, r.lwm2m_version, r.lifetime, r.binding, r.queue_mode, r.sms_number, r.links,
  r.registered_at, r.message_id, r.token, r.secured, r.profile_id`
export const fullTables =
  'device d LEFT JOIN contact c ON c.device_id = d.id LEFT JOIN registration r ON r.device_id = d.id'

/** How far holders of a tag are counted to find the rarest of several. */
const rarityLimit = 2_000

export interface RegistryIn {
  readonly reads: RegistryStore
  readonly apply: Appliers<RegistryOp>
  readonly applyRows: RowAppliers<'touch' | 'seen'>
  /** Rows that wait for others, in the order in which they refer to each other. */
  readonly waiting: Readonly<Record<'device' | 'registration' | 'contact', Inserts>>
}

export function registryIn(database: Sqlite): RegistryIn {
  const waiting = registryInserts(database)
  return { reads: registryReads(database), ...registryAppliers(database, waiting), waiting }
}

function registryReads(database: Sqlite): RegistryStore {
  const selectFull = `SELECT ${fullColumns} FROM ${fullTables}`
  const byEndpoint = database.prepare<[string], FullRow>(`${selectFull} WHERE d.endpoint = +?`)
  const byId = database.prepare<[number], FullRow>(`${selectFull} WHERE d.id = +?`)
  const byRegistration = database.prepare<[string], FullRow>(
    `${selectFull} WHERE d.id = (SELECT device_id FROM registration WHERE id = +?)`,
  )
  const count = database.prepareColumn<[], number>('SELECT count(*) FROM device')
  return {
    device: (endpoint) => rowOrNothing(byEndpoint.get(endpoint)),
    deviceById: (id) => rowOrNothing(byId.get(id)),
    deviceByRegistration: (registrationId) => rowOrNothing(byRegistration.get(registrationId)),
    devices: pagesOf(database),
    similarEndpoints: similarNames(database),
    countDevices: () => count.get() ?? 0,
  }
}

function rowOrNothing(row: FullRow | undefined): DeviceRow | undefined {
  return row === undefined ? undefined : deviceRowOf(row)
}

/**
 * The page query of each set of filters is prepared once; there are few such sets. Product and tags are
 * rows of `device_tag` in endpoint order: the rarest of those asked for leads, the others are looked up.
 */
function pagesOf(database: Sqlite): RegistryStore['devices'] {
  const prepared = new Map<string, ReturnType<typeof prepare>>()
  const prepare = (sql: string) => database.prepare<unknown[], FullRow>(sql)
  const holders = database.prepareColumn<[string, string, number], number>(
    'SELECT count(*) FROM (SELECT 1 FROM device_tag WHERE name = ? AND value = ? LIMIT +?)',
  )
  const rarity = ([name, value]: Criterion): number => holders.get(name, value, rarityLimit) ?? 0

  return (filter, cursor, limit) => {
    const criteria = criteriaOf(filter)
    if (criteria.length > 1) criteria.sort((a, b) => rarity(a) - rarity(b))
    const { sql, values } = pageQuery(criteria, filter.prefix ?? '', cursor ?? '')
    let page = prepared.get(sql)
    if (page === undefined) prepared.set(sql, (page = prepare(sql)))
    return page.all(...values, limit).map(deviceRowOf)
  }
}

type Criterion = readonly [name: string, value: string]

/** A product is filed as the tag without a name, which no operator can give. */
const productName = ''

function criteriaOf(filter: Omit<DeviceFilter, 'status'>): Criterion[] {
  const tags = Object.entries(filter.tags ?? {})
  return filter.product === undefined ? tags : [[productName, filter.product], ...tags]
}

function pageQuery(criteria: readonly Criterion[], prefix: string, cursor: EndpointName) {
  const [leading, ...others] = criteria
  const values: unknown[] = []
  const conditions: string[] = []
  const tables = leading === undefined ? fullTables : `device_tag l CROSS JOIN ${fullTables}`
  const endpoint = leading === undefined ? 'd.endpoint' : 'l.endpoint'
  if (leading !== undefined) {
    conditions.push('l.name = +? AND l.value = +? AND d.id = l.device_id')
    values.push(...leading)
  }
  conditions.push(`${endpoint} > +?`)
  values.push(cursor)
  if (prefix !== '') {
    // U+10FFFF sorts behind every character an endpoint name can go on with.
    conditions.push(`${endpoint} >= +? AND ${endpoint} < +?`)
    values.push(prefix, `${prefix}\u{10ffff}`)
  }
  for (const other of others) {
    conditions.push(
      `EXISTS (SELECT 1 FROM device_tag o WHERE o.name = +? AND o.value = +? AND o.endpoint = ${endpoint})`,
    )
    values.push(...other)
  }
  const sql = `SELECT ${fullColumns} FROM ${tables} WHERE ${conditions.join(' AND ')} ORDER BY ${endpoint} LIMIT +?`
  return { sql, values }
}

/** What a Register of a new device puts in: a row of each. */
function registryInserts(database: Sqlite): Readonly<Record<'device' | 'registration' | 'contact', Inserts>> {
  const orReplace = ([key, ...others]: readonly string[]): string =>
    `ON CONFLICT (${key}) DO UPDATE SET ${others.map((column) => `${column} = excluded.${column}`).join(', ')}`
  const { registration, contact } = columns
  const device = new Inserts(database, 'device', columns.device)
  return {
    device,
    registration: new Inserts(database, 'registration', registration, orReplace(registration), device),
    contact: new Inserts(database, 'contact', contact, orReplace(contact), device),
  }
}

function registryAppliers(
  database: Sqlite,
  { device: devices, registration: registrations, contact: contacts }: ReturnType<typeof registryInserts>,
): { apply: Appliers<RegistryOp>; applyRows: RowAppliers<'touch' | 'seen'> } {
  const putDevice = database.prepare(
    `INSERT INTO device (id, endpoint, product, product_from, profile, tags, created_at, first_seen, retired_at, quirks,
       learned, quarantined_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET endpoint = excluded.endpoint, product = excluded.product,
       product_from = excluded.product_from, profile = excluded.profile, tags = excluded.tags, first_seen = excluded.first_seen, retired_at = excluded.retired_at,
       quirks = excluded.quirks, learned = excluded.learned, quarantined_at = excluded.quarantined_at`,
  )
  const putLastSeen = database.prepare(
    `INSERT INTO contact (device_id, last_seen) VALUES (?, ?)
     ON CONFLICT (device_id) DO UPDATE SET last_seen = excluded.last_seen`,
  )
  const putLearned = database.prepare('UPDATE device SET learned = ? WHERE id = ?')
  const deleteDevice = database.prepare<[number]>('DELETE FROM device WHERE id = ?')
  const filed = database.prepare<[number], Filed>('SELECT product, tags FROM device WHERE id = ?')
  const clearTags = database.prepare<[number]>('DELETE FROM device_tag WHERE device_id = ?')
  const putTag = database.prepare('INSERT INTO device_tag (name, value, endpoint, device_id) VALUES (?, ?, ?, ?)')
  // Leaves due_at and the address alone, and so the indexes on them: that halves the pages a keep-alive
  // writes (due-devices.ts).
  const touch = database.prepare(
    `UPDATE contact SET last_seen = ?, updated_at = ?, expires_at = ?
     WHERE device_id = ? AND due_at <= ? AND address = ? AND port = ?`,
  )
  const move = database.prepare(
    `UPDATE contact SET last_seen = ?, updated_at = ?, expires_at = ?, due_at = min(due_at, ?), address = ?, port = ?
     WHERE device_id = ?`,
  )
  const deleteRegistration = database.prepare<[number]>('DELETE FROM registration WHERE device_id = ?')
  const clearContact = database.prepare<[number]>(
    'UPDATE contact SET updated_at = NULL, expires_at = NULL, due_at = NULL, address = NULL, port = NULL, plain = 0 WHERE device_id = ?',
  )

  function putTags(device: Device, before: Filed | undefined): void {
    const product = device.product ?? null
    if (before !== undefined && before.product === product && before.tags === jsonOf(device.tags)) return
    if (before !== undefined) clearTags.run(device.id)
    if (product !== null) putTag.run(productName, product, device.endpoint, device.id)
    for (const [name, value] of Object.entries(device.tags)) putTag.run(name, value, device.endpoint, device.id)
  }

  function keepAlive([id, updatedAt, expiresAt, address, port]: Row<'touch'>): void {
    const { changes } = touch.run(updatedAt, updatedAt, expiresAt, id, expiresAt, address, port)
    // Its address is another, or the end came nearer: then due_at has to follow.
    if (changes === 0) move.run(updatedAt, updatedAt, expiresAt, expiresAt, address, port, id)
  }
  const see = ([id, at]: Row<'seen'>): void => void putLastSeen.run(id, at)

  const apply: Appliers<RegistryOp> = {
    'device.add': ({ device }) => {
      devices.add(deviceRow(device))
      if (!isFiled(device)) return
      devices.flush()
      putTags(device, undefined)
    },
    'device.put': ({ device }) => {
      const before = filed.get(device.id)
      putDevice.run(
        device.id,
        device.endpoint,
        columnOf(device.product),
        columnOf(device.productFrom),
        columnOf(device.profile),
        jsonOf(device.tags),
        device.createdAt,
        columnOf(device.firstSeen),
        columnOf(device.retiredAt),
        jsonOf(device.quirks),
        jsonOf(device.learned),
        columnOf(device.quarantinedAt),
      )
      putLastSeen.run(device.id, columnOf(device.lastSeen))
      putTags(device, before)
    },
    'device.learned': ({ deviceId, learned }) => void putLearned.run(jsonOf(learned), deviceId),
    'device.delete': ({ deviceId }) => void deleteDevice.run(deviceId),
    'registration.put': ({ deviceId, registration: r }) => {
      registrations.add(registrationRow(deviceId, r))
      contacts.add(contactRow(deviceId, r))
    },
    'registration.touch': (op) => keepAlive(touchRow(op)),
    'registration.delete': ({ deviceId }) => {
      deleteRegistration.run(deviceId)
      clearContact.run(deviceId)
    },
    'device.seen': (op) => see(seenRow(op)),
  }
  return { apply, applyRows: { touch: keepAlive, seen: see } }
}

export function deviceRowOf(row: FullRow): DeviceRow {
  const device = deviceOf(row)
  return row.registration_id === null || row.expires_at === null
    ? { device }
    : { device, registration: registrationOf(row, row.registration_id, row.expires_at) }
}

function deviceOf(row: FullRow): Device {
  const device: Mutable<Device> = {
    id: row.id,
    endpoint: row.endpoint,
    tags: row.tags === '{}' ? {} : (JSON.parse(row.tags) as Record<string, string>),
    createdAt: instantOf(row.created_at),
  }
  if (row.product !== null) device.product = row.product
  if (row.product_from !== null) device.productFrom = row.product_from as NonNullable<Device['productFrom']>
  if (row.profile !== null) device.profile = row.profile as ProfileName
  if (row.first_seen !== null) device.firstSeen = instantOf(row.first_seen)
  if (row.last_seen !== null) device.lastSeen = instantOf(row.last_seen)
  if (row.retired_at !== null) device.retiredAt = instantOf(row.retired_at)
  if (row.quirks !== null) device.quirks = quirksOf(row.quirks)
  if (row.quarantined_at !== null) device.quarantinedAt = instantOf(row.quarantined_at)
  if (row.learned !== null) device.learned = JSON.parse(row.learned) as NonNullable<Device['learned']>
  return device
}

/** Names alone are what an older server wrote. */
function quirksOf(text: string): NonNullable<Device['quirks']> {
  const kept = JSON.parse(text) as (string | NonNullable<Device['quirks']>[number])[]
  return kept.map((quirk) => (typeof quirk === 'string' ? { name: quirk } : quirk))
}

function registrationOf(row: FullRow, id: string, expiresAt: number): Registration {
  const registration: Mutable<Registration> = {
    id,
    lwm2mVersion: row.lwm2m_version,
    lifetime: row.lifetime,
    binding: row.binding,
    queueMode: row.queue_mode !== 0,
    links: row.links,
    registeredAt: instantOf(row.registered_at),
    updatedAt: instantOf(row.updated_at ?? row.registered_at),
    expiresAt: instantOf(expiresAt),
    address: row.address ?? '',
    port: row.port ?? 0,
    messageId: row.message_id,
    token: row.token,
    secured: row.secured !== 0,
  }
  if (row.sms_number !== null) registration.smsNumber = row.sms_number
  if (row.profile_id !== null) registration.profileId = row.profile_id
  return registration
}
