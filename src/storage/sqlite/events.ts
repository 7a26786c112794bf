/** Events in SQLite: appended, listed by id, and forgotten from the old end in small slices. */
import { instantOf } from '../../base/time.ts'
import type { EventFilter, EventsOp, EventsStore } from '../../fleet/events/store.ts'
import type { EventId, FleetEvent } from '../../fleet/events/types.ts'
import type { Appliers } from './appliers.ts'
import type { Sqlite } from './database.ts'
import { Inserts } from './inserts.ts'
import { columns, eventRow } from './rows.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface EventRow {
  id: number
  at: number
  kind: string
  device_id: number | null
  endpoint: string | null
  cause: string
  detail: string
}

/** Events forgotten for each one appended, while there are more than are kept. */
const forgottenPerAppended = 2

export interface EventsIn {
  readonly reads: EventsStore
  readonly apply: Appliers<EventsOp>
  readonly waiting: Inserts
  /** Within the commit, after `appended` events: forgets old ones, no more than twice as many. */
  readonly trim: (appended: number) => void
}

export function eventsIn(database: Sqlite, kept: number): EventsIn {
  const waiting = new Inserts(database, 'event', columns.event)
  const last = database.prepare<[], number | null>('SELECT max(id) FROM event').pluck()
  // Ids rise by at least one an event, so the span of ids bounds the count and nobody has to count.
  const forget = database.prepare<[number, number]>(
    'DELETE FROM event WHERE id <= (SELECT max(id) FROM event) - ? AND id < (SELECT min(id) FROM event) + ?',
  )
  return {
    reads: { ...listsOf(database), lastEventId: () => last.get() ?? 0 },
    apply: {
      'event.append': ({ event }) => waiting.add(eventRow(event)),
    },
    waiting,
    trim: (appended) => void forget.run(kept, appended * forgottenPerAppended),
  }
}

function listsOf(database: Sqlite): Pick<EventsStore, 'events' | 'latestEvents'> {
  const list = (condition: string, order: 'ASC' | 'DESC') =>
    database.prepare<unknown[], EventRow>(
      `SELECT * FROM event WHERE ${condition} id > +? ORDER BY id ${order} LIMIT +?`,
    )
  const statements = {
    ASC: { all: list('', 'ASC'), device: list('device_id = +? AND', 'ASC'), kind: list('kind = +? AND', 'ASC') },
    DESC: { all: list('', 'DESC'), device: list('device_id = +? AND', 'DESC'), kind: list('kind = +? AND', 'DESC') },
  }
  // The unary plus keeps the planner on the device's own rows.
  const deviceAndKind = {
    ASC: list('device_id = +? AND +kind = +? AND', 'ASC'),
    DESC: list('device_id = +? AND +kind = +? AND', 'DESC'),
  }

  /** Several kinds are that many index ranges, merged: never a walk over events of other kinds. */
  function rowsOf(filter: EventFilter, after: EventId, limit: number, order: 'ASC' | 'DESC'): EventRow[] {
    const { deviceId, kinds } = filter
    if (kinds === undefined) {
      return deviceId === undefined
        ? statements[order].all.all(after, limit)
        : statements[order].device.all(deviceId, after, limit)
    }
    const sign = order === 'ASC' ? 1 : -1
    return [...new Set(kinds)]
      .flatMap((kind) =>
        deviceId === undefined
          ? statements[order].kind.all(kind, after, limit)
          : deviceAndKind[order].all(deviceId, kind, after, limit),
      )
      .sort((a, b) => sign * (a.id - b.id))
      .slice(0, limit)
  }

  return {
    events: (filter, after, limit) => rowsOf(filter, after, limit, 'ASC').map(eventOf),
    latestEvents: (filter, limit) => rowsOf(filter, 0, limit, 'DESC').reverse().map(eventOf),
  }
}

function eventOf(row: EventRow): FleetEvent {
  const event: Mutable<FleetEvent> = {
    id: row.id,
    at: instantOf(row.at),
    kind: row.kind as FleetEvent['kind'],
    cause: row.cause,
    detail: JSON.parse(row.detail) as FleetEvent['detail'],
  }
  if (row.device_id !== null) event.deviceId = row.device_id
  if (row.endpoint !== null) event.endpoint = row.endpoint
  return event
}
