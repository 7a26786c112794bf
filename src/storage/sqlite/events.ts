/** Events in SQLite: appended, listed by id, and forgotten from the old end in small slices. */
import { instantOf } from '../../base/time.ts'
import type { EventFilter, EventsOp, EventsStore } from '../../fleet/events/store.ts'
import type { EventId, FleetEvent } from '../../fleet/events/types.ts'
import type { Appliers } from './appliers.ts'
import type { Sqlite } from './connection.ts'
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
  const last = database.prepareColumn<[], number | null>('SELECT max(id) FROM event')
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
  /** Of whom, and of them one kind. The unary plus keeps the planner on the rows of whom it is about. */
  const lists = (whose: string, order: 'ASC' | 'DESC') => ({
    any: list(whose, order),
    ofKind: list(`${whose}${whose === '' ? '' : '+'}kind = +? AND`, order),
  })
  const both = (whose: string) => ({ ASC: lists(whose, 'ASC'), DESC: lists(whose, 'DESC') })
  const all = both('')
  const ofDevice = both('device_id = +? AND ')
  const ofStranger = both('device_id IS NULL AND endpoint = +? AND ')

  /** Several kinds are that many index ranges, merged: never a walk over events of other kinds. */
  function rowsOf(filter: EventFilter, after: EventId, limit: number, order: 'ASC' | 'DESC'): EventRow[] {
    const { deviceId, endpoint, kinds } = filter
    const named = [
      ...(deviceId === undefined ? [] : [{ lists: ofDevice[order], whose: [deviceId] }]),
      ...(endpoint === undefined ? [] : [{ lists: ofStranger[order], whose: [endpoint] }]),
    ]
    const sources = named.length === 0 ? [{ lists: all[order], whose: [] }] : named
    const sign = order === 'ASC' ? 1 : -1
    return sources
      .flatMap(({ lists: { any, ofKind }, whose }) =>
        kinds === undefined
          ? any.all(...whose, after, limit)
          : [...new Set(kinds)].flatMap((kind) => ofKind.all(...whose, kind, after, limit)),
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
