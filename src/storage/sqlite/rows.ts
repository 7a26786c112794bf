/**
 * What devices change again and again, as the values its statements bind. Made without a database, so that another
 * thread than the store's can make them: lists of values are sent in half the time the ops would take. Knows columns
 * and no statement.
 */
import { instantOf } from '../../base/time.ts'
import type { FleetEvent } from '../../fleet/events/types.ts'
import type { Device, DeviceId, Registration } from '../../fleet/registry/types.ts'
import type { StoreOp } from '../../fleet/store.ts'
import { columnOf, jsonOf } from './appliers.ts'

export type Value = string | number | bigint | null

/** The order of the values of one row: columns of the tables that rows are put into, parameters of the other statements. */
export const columns = {
  device: [
    'id',
    'endpoint',
    'product',
    'product_from',
    'profile',
    'tags',
    'created_at',
    'first_seen',
    'quarantined_at',
  ],
  registration: [
    'device_id',
    'id',
    'lwm2m_version',
    'lifetime',
    'binding',
    'queue_mode',
    'sms_number',
    'links',
    'registered_at',
    'message_id',
    'token',
    'secured',
    'profile_id',
  ],
  contact: ['device_id', 'last_seen', 'updated_at', 'expires_at', 'due_at', 'address', 'port', 'plain'],
  touch: ['device_id', 'updated_at', 'expires_at', 'address', 'port'],
  seen: ['device_id', 'at'],
  heard: ['device_id', 'path', 'at', 'sequence', 'message_id'],
  window: ['id', 'edge', 'bitmap', 'address', 'port', 'heard_at'],
  event: ['id', 'at', 'kind', 'device_id', 'endpoint', 'cause', 'detail'],
} as const

export type RowKind = keyof typeof columns

/** Values of any number of rows of each kind, row after row. */
export type Rows = { readonly [Kind in RowKind]?: Value[] }

/** How rows of a kind reach the database, one by one, within the commit's transaction. */
export type RowAppliers<Kind extends RowKind> = {
  readonly [Name in Kind]: (row: Row<Name>) => void
}

type Values<Names extends readonly string[]> = { readonly [Index in keyof Names]: Value }
export type Row<Kind extends RowKind> = Values<(typeof columns)[Kind]>

/** Ops that were made rows: of devices none of which has other ops beside them. */
export interface RowsOp {
  readonly op: 'rows'
  readonly rows: Rows
}

export const deviceRow = (d: Device): Row<'device'> => [
  d.id,
  d.endpoint,
  columnOf(d.product),
  columnOf(d.productFrom),
  columnOf(d.profile),
  jsonOf(d.tags),
  d.createdAt,
  columnOf(d.firstSeen),
  columnOf(d.quarantinedAt),
]

export const registrationRow = (deviceId: DeviceId, r: Registration): Row<'registration'> => [
  deviceId,
  r.id,
  r.lwm2mVersion,
  r.lifetime,
  r.binding,
  r.queueMode ? 1 : 0,
  columnOf(r.smsNumber),
  r.links,
  r.registeredAt,
  r.messageId,
  r.token,
  r.secured ? 1 : 0,
  columnOf(r.profileId),
]

export const contactRow = (deviceId: DeviceId, r: Registration): Row<'contact'> => [
  deviceId,
  r.updatedAt,
  r.updatedAt,
  r.expiresAt,
  r.expiresAt,
  r.address,
  r.port,
  r.secured ? 0 : 1,
]

export const eventRow = (e: FleetEvent): Row<'event'> => [
  e.id,
  e.at,
  e.kind,
  columnOf(e.deviceId),
  columnOf(e.endpoint),
  e.cause,
  jsonOf(e.detail),
]

type Of<Name extends StoreOp['op']> = Extract<StoreOp, { readonly op: Name }>

export const touchRow = (op: Of<'registration.touch'>): Row<'touch'> => [
  op.deviceId,
  op.updatedAt,
  op.expiresAt,
  op.address,
  op.port,
]

export const seenRow = (op: Of<'device.seen'>): Row<'seen'> => [op.deviceId, op.at]

export const heardRow = (op: Of<'observation.heard'>): Row<'heard'> => [
  op.deviceId,
  op.path,
  op.at,
  columnOf(op.sequence),
  columnOf(op.messageId),
]

/** SQLite's integers have a sign. */
export const windowRow = (op: Of<'association.window'>): Row<'window'> => [
  op.id,
  op.windowEdge,
  BigInt.asIntN(64, op.windowBitmap),
  op.address,
  op.port,
  op.heardAt,
]

/** Undefined where the effect of one of them depends on what is stored, or is seldom enough. */
export function rowsOf(ops: readonly StoreOp[]): Rows | undefined {
  const rows: Partial<Record<RowKind, Value[]>> = {}
  const add = (kind: RowKind, values: readonly Value[]): void => void (rows[kind] ??= []).push(...values)
  for (const op of ops) {
    switch (op.op) {
      case 'device.add':
        if (isFiled(op.device)) return undefined
        add('device', deviceRow(op.device))
        break
      case 'registration.put':
        add('registration', registrationRow(op.deviceId, op.registration))
        add('contact', contactRow(op.deviceId, op.registration))
        break
      case 'registration.touch':
        add('touch', touchRow(op))
        break
      case 'device.seen':
        add('seen', seenRow(op))
        break
      case 'observation.heard':
        add('heard', heardRow(op))
        break
      case 'association.window':
        add('window', windowRow(op))
        break
      case 'event.append':
        add('event', eventRow(op.event))
        break
      default:
        return undefined
    }
  }
  return rows
}

/** It has rows of `device_tag` too. */
export function isFiled({ product, tags }: Device): boolean {
  if (product !== undefined) return true
  for (const _ in tags) return true
  return false
}

const kinds = Object.keys(columns) as RowKind[]

/** Rows on their way to another thread. One list of values is read there in half the time that lists by name take. */
export interface SentRows {
  /** A digit for each row: the place of its kind among `columns`. */
  readonly kinds: string
  readonly values: readonly Value[]
}

export function sentRows(rows: Rows): SentRows {
  let places = ''
  const all: Value[] = []
  for (let place = 0; place < kinds.length; place++) {
    const kind = kinds[place]!
    const values = rows[kind]
    if (values === undefined) continue
    places += String(place).repeat(values.length / columns[kind].length)
    all.push(...values)
  }
  return { kinds: places, values: all }
}

export function receivedRows({ kinds: places, values }: SentRows): Rows {
  const rows: { -readonly [Kind in RowKind]?: Value[] } = {}
  let at = 0
  for (const place of places) {
    const kind = kinds[Number(place)]!
    const row = values.slice(at, (at += columns[kind].length))
    const before = rows[kind]
    if (before === undefined) rows[kind] = row
    else before.push(...row)
  }
  return rows
}

/** Calls `apply` with the values of each row. */
export function eachRow<Kind extends RowKind>(
  kind: Kind,
  values: readonly Value[],
  apply: (row: Row<Kind>) => void,
): void {
  const width = columns[kind].length
  // Whoever made the values wrote them in the order of the columns.
  for (let at = 0; at < values.length; at += width) apply(values.slice(at, at + width) as unknown as Row<Kind>)
}

/** The same ops as far as they say that a device was heard. */
export function heardIn({ contact = [], touch = [], seen = [] }: Rows): readonly StoreOp[] {
  const ops: StoreOp[] = []
  const hear = (deviceId: Value, at: Value): void =>
    void ops.push({ op: 'device.seen', deviceId: deviceId as DeviceId, at: instantOf(at as number) })
  eachRow('contact', contact, ([deviceId, at]) => hear(deviceId, at))
  eachRow('touch', touch, ([deviceId, at]) => hear(deviceId, at))
  eachRow('seen', seen, ([deviceId, at]) => hear(deviceId, at))
  return ops
}

/** Gives the events ids from `first` on; returns how many there are. */
export function numberEvents({ event = [] }: Rows, first: number): number {
  const width = columns.event.length
  for (let i = 0; i * width < event.length; i++) event[i * width] = first + i
  return event.length / width
}

export function eventsIn({ event = [] }: Rows): readonly FleetEvent[] {
  const events: FleetEvent[] = []
  eachRow('event', event, (row) => events.push(new RowEvent(row)))
  return events
}

/** Whose detail is read only where somebody asks for it. */
class RowEvent implements FleetEvent {
  readonly id: number
  readonly at: FleetEvent['at']
  readonly kind: FleetEvent['kind']
  readonly deviceId?: DeviceId
  readonly endpoint?: string
  readonly cause: string
  readonly #detail: string

  constructor([id, at, kind, deviceId, endpoint, cause, detail]: Row<'event'>) {
    this.id = id as number
    this.at = instantOf(at as number)
    this.kind = kind as FleetEvent['kind']
    if (deviceId !== null) this.deviceId = deviceId as DeviceId
    if (endpoint !== null) this.endpoint = endpoint as string
    this.cause = cause as string
    this.#detail = detail as string
  }

  get detail(): FleetEvent['detail'] {
    return JSON.parse(this.#detail) as FleetEvent['detail']
  }
}
