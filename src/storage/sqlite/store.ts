/**
 * The store of a server on one machine: SQLite, one writer, every list an index. Composes the folders'
 * statements and owns the transaction; knows neither rules nor the engine.
 *
 * Queries write parameters as `+?`. Over a partial index, and built with STAT4 over a join or a LIMIT too, SQLite
 * plans a statement again whenever a bare `?` is bound anew, and that costs ten times the read.
 */
import type { Log } from '../../base/log.ts'
import type { Instant } from '../../base/time.ts'
import type { DeltasStore } from '../../fleet/deltas/store.ts'
import type { ImagesStore } from '../../fleet/images/store.ts'
import type { Store, StoreOp } from '../../fleet/store.ts'
import type { Appliers } from './appliers.ts'
import { associationsIn } from './associations.ts'
import { campaignsIn } from './campaigns.ts'
import { bootstrapIn } from './bootstrap.ts'
import { credentialsIn } from './credentials.ts'
import { configurationIn } from './configuration.ts'
import type { Sqlite } from './connection.ts'
import { houseError, openDatabase, openReadOnly } from './database.ts'
import { devicesToRecoverIn, dueDevicesIn } from './due-devices.ts'
import { eventsIn, type EventsIn } from './events.ts'
import { firmwareIn } from './firmware.ts'
import { imagesIn } from './images.ts'
import type { Inserts } from './inserts.ts'
import { deltasIn } from './deltas.ts'
import { signingKeysIn } from './signing-keys.ts'
import { migrate, ownMigrations } from './migrate.ts'
import { observationRulesIn } from './observation-rules.ts'
import { observationsIn } from './observations.ts'
import { operationsIn } from './operations.ts'
import { registryIn } from './registry.ts'
import { columns, eachRow, type RowAppliers, type Rows, type RowsOp } from './rows.ts'
import { snapshotsIn } from './snapshot.ts'

export interface StoreLimits {
  /** Knob `events.kept`. */
  readonly eventsKept: number
  /** Knob `operations.kept-per-device`. */
  readonly operationsKept: number
}

export interface SqliteStoreOptions extends StoreLimits {
  readonly file: string
  readonly now: () => Instant
  readonly log: Log
}

/**
 * Opens or creates the database and brings it to this program's schema. Throws EnvironmentError:
 * 'store.in-use', 'store.newer', 'store.migration-changed', 'store.foreign', 'store.full',
 * 'store.unavailable'.
 */
export function openSqliteStore({ file, now, log, ...limits }: SqliteStoreOptions): SqliteStore {
  const { database, close } = openDatabase(file)
  try {
    migrate(database, ownMigrations(), now(), log)
    return storeIn(database, limits, close)
  } catch (cause) {
    close()
    throw houseError(cause, `opening the database '${file}'`)
  }
}

/** What other threads than the writer's read for themselves: what is committed when they ask. */
export type StoreReader = Pick<Store, 'snapshot' | 'together' | 'credentialsOfEndpoint' | 'close'> &
  ImagesStore &
  DeltasStore

/** A second connection to a database that this process has open. Throws EnvironmentError 'store.unavailable'. */
export function openStoreReader(file: string): StoreReader {
  const database = openReadOnly(file)
  // Its statements that write are never run.
  return storeIn(database, { eventsKept: 0, operationsKept: 0 }, () => database.close())
}

/** The store, which takes rows beside ops: both of all devices in one transaction. */
export interface SqliteStore extends Store {
  commit(ops: readonly (StoreOp | RowsOp)[]): void
}

/** A store over an open, migrated database. */
export function storeIn(database: Sqlite, limits: StoreLimits, close: () => void): SqliteStore {
  const registry = registryIn(database)
  const configuration = configurationIn(database)
  const associations = associationsIn(database)
  const credentials = credentialsIn(database)
  const bootstrapAssociations = associationsIn(database, 'bootstrap_association')
  const bootstrap = bootstrapIn(database, bootstrapAssociations.apply)
  const operations = operationsIn(database, limits.operationsKept)
  const observations = observationsIn(database)
  const observationRules = observationRulesIn(database)
  const firmware = firmwareIn(database)
  const images = imagesIn(database)
  const deltas = deltasIn(database)
  const signingKeys = signingKeysIn(database)
  const campaigns = campaignsIn(database)
  const events = eventsIn(database, limits.eventsKept)
  const lastDeviceId = database.prepareColumn<[], number>(`SELECT seq FROM sqlite_sequence WHERE name = 'device'`)
  const reads = {
    ...registry.reads,
    ...configuration.reads,
    ...associations.reads,
    ...credentials.reads,
    ...bootstrap.reads,
    ...operations.reads,
    ...observations.reads,
    ...observationRules.reads,
    ...firmware.reads,
    ...campaigns.reads,
    ...images.reads,
    ...deltas.reads,
    ...signingKeys.reads,
    ...events.reads,
  }
  const apply: Appliers<StoreOp> = {
    ...registry.apply,
    ...configuration.apply,
    ...associations.apply,
    ...credentials.apply,
    ...bootstrap.apply,
    'association.clear': (op) => {
      associations.apply['association.clear'](op)
      bootstrapAssociations.apply['association.clear'](op)
    },
    ...operations.apply,
    ...observations.apply,
    ...observationRules.apply,
    ...firmware.apply,
    ...campaigns.apply,
    'device.delete': (op) => {
      campaigns.deviceGone(op.deviceId)
      registry.apply['device.delete'](op)
    },
    ...images.apply,
    ...deltas.apply,
    ...signingKeys.apply,
    ...events.apply,
  }
  return {
    ...inHouseWords({
      ...reads,
      snapshot: snapshotsIn(database, reads),
      devicesDue: dueDevicesIn(database),
      devicesToRecover: devicesToRecoverIn(database),
      lastDeviceId: () => lastDeviceId.get() ?? 0,
    }),
    bootstrapAssociations: inHouseWords(bootstrapAssociations.reads),
    commit: committer(database, {
      apply: (op) =>
        // TypeScript cannot pair a union's member with its own function; the table's type did.
        (apply[op.op] as (op: StoreOp) => void)(op),
      applyRows: { ...registry.applyRows, ...observations.applyRows, ...associations.applyRows },
      waiting: { ...registry.waiting, event: events.waiting },
      trim: events.trim,
    }),
    together: reader(database),
    close,
  }
}

/** Their rows may wait for each other; every other op finds them in their tables. */
const waitingOps: ReadonlySet<string> = new Set(['device.add', 'registration.put', 'event.append'])
/** In the order in which they refer to each other; events refer to nobody. */
const waitingKinds = ['device', 'registration', 'contact'] as const

interface Writing {
  readonly apply: (op: StoreOp) => void
  readonly applyRows: RowAppliers<'touch' | 'seen' | 'heard' | 'window'>
  readonly waiting: Readonly<Record<(typeof waitingKinds)[number] | 'event', Inserts>>
  readonly trim: EventsIn['trim']
}

function committer(database: Sqlite, { apply, applyRows, waiting, trim }: Writing): SqliteStore['commit'] {
  const begin = database.prepare('BEGIN IMMEDIATE')
  const commit = database.prepare('COMMIT')
  const rollback = database.prepare('ROLLBACK')
  const settleRows = (): void => {
    for (const kind of waitingKinds) waiting[kind].flush()
  }

  /** Returns how many events are among them. */
  function write(rows: Rows): number {
    for (const kind of waitingKinds) if (rows[kind] !== undefined) waiting[kind].add(rows[kind])
    const { touch, seen, heard, window, event = [] } = rows
    waiting.event.add(event)
    if (seen !== undefined) settleRows()
    if (touch !== undefined) eachRow('touch', touch, applyRows.touch)
    if (seen !== undefined) eachRow('seen', seen, applyRows.seen)
    if (heard !== undefined) eachRow('heard', heard, applyRows.heard)
    if (window !== undefined) eachRow('window', window, applyRows.window)
    return event.length / columns.event.length
  }

  return (ops) => {
    let appended = 0
    try {
      begin.run()
      for (const op of ops) {
        if (op.op === 'rows') {
          appended += write(op.rows)
          continue
        }
        if (!waitingOps.has(op.op)) settleRows()
        apply(op)
        if (op.op === 'event.append') appended++
      }
      settleRows()
      waiting.event.flush()
      if (appended > 0) trim(appended)
      commit.run()
    } catch (cause) {
      for (const rows of Object.values(waiting)) rows.discard()
      // SQLite itself rolls back on some errors (a full disk among them) and not on others.
      if (database.inTransaction) rollback.run()
      throw houseError(cause, `committing ${ops.length} changes`)
    }
  }
}

/** A read outside a transaction takes and drops the lock of one by itself. */
function reader(database: Sqlite): Store['together'] {
  const begin = database.prepare('BEGIN')
  const end = database.prepare('COMMIT')
  return (reads) => {
    begin.run()
    try {
      reads()
    } finally {
      end.run()
    }
  }
}

/** The same functions, whose SQLite errors come out as EnvironmentError or InvariantError. */
function inHouseWords<Reads extends object>(reads: Reads): Reads {
  const named = Object.entries(reads).map(([name, read]: [string, (...args: unknown[]) => unknown]) => [
    name,
    (...args: unknown[]) => {
      try {
        return read(...args)
      } catch (cause) {
        throw houseError(cause, `reading ${name}`)
      }
    },
  ])
  return Object.fromEntries(named) as Reads
}
