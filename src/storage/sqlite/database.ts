/**
 * Opening the SQLite file: one owner, the pragmas everything else relies on, and SQLite's errors told
 * in the house's words. Knows no table.
 */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { EnvironmentError, InvariantError } from '../../base/errors.ts'
import { failureOf, Sqlite } from './connection.ts'

/** 'CoSt': tells our files from any other program's (SQLite file format §1.3.14). */
const applicationId = 0x436f5374

/** Page cache in KiB, for what is not yet in the file: a checkpoint's worth. The rest is read where it is mapped. */
const cacheKiB = 32_768
/** How much of the file is read without copying, octets. */
const mappedOctets = 268_435_456
/** Checkpoint once the WAL holds this many pages (32 MiB): each page changed often is written back once. */
const checkpointPages = 8_000
/** How long a statement waits for somebody's `sqlite3` shell to let go, milliseconds. */
const busyTimeout = 2_000

/**
 * Opens or creates `file` and its directory. Throws EnvironmentError 'store.in-use' (another process
 * owns it), 'store.foreign' (not ours), 'store.unavailable' (cannot be opened or written).
 */
export function openDatabase(file: string): { database: Sqlite; close: () => void } {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw unavailable(`the directory of the database '${file}' cannot be made`, cause)
  }
  const release = takeOwnership(file)
  try {
    const database = new Sqlite(file, { timeout: busyTimeout })
    try {
      prepareDatabase(database, file)
    } catch (cause) {
      database.close()
      throw cause
    }
    return {
      database,
      close: () => {
        database.close()
        release()
      },
    }
  } catch (cause) {
    release()
    if (cause instanceof EnvironmentError) throw cause
    throw unavailable(`the database '${file}' cannot be opened`, cause)
  }
}

/** A second connection to a database that is open in this process, for reading. Throws EnvironmentError 'store.unavailable'. */
export function openReadOnly(file: string): Sqlite {
  try {
    const database = new Sqlite(file, { readOnly: true, timeout: busyTimeout })
    database.pragma(`mmap_size = ${mappedOctets}`)
    return database
  } catch (cause) {
    throw unavailable(`the database '${file}' cannot be read`, cause)
  }
}

/**
 * Holds SQLite's own lock on a second, empty file for as long as the store is open. The system drops it
 * when the process dies, however it dies, so nothing stale is left behind; the database itself stays
 * readable for backups and shells.
 */
function takeOwnership(file: string): () => void {
  const lockFile = `${file}.lock`
  let lock: Sqlite | undefined
  try {
    lock = new Sqlite(lockFile, { timeout: 0 })
    lock.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    lock?.close()
    if (failureOf(cause) === 'busy') {
      throw new EnvironmentError(
        'store.in-use',
        `another server is running on '${dirname(file)}': stop it, or name another directory with --data-directory`,
        {
          retriable: false,
          cause,
        },
      )
    }
    throw unavailable(`the lock file '${lockFile}' cannot be opened`, cause)
  }
  const held = lock
  return () => held.close()
}

function prepareDatabase(database: Sqlite, file: string): void {
  const found = database.pragma('application_id')
  const isEmpty = database.prepareColumn('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
  if (found !== applicationId && !isEmpty) {
    throw new EnvironmentError('store.foreign', `'${file}' is a database of another program`, { retriable: false })
  }
  database.pragma('journal_mode = WAL')
  // An acknowledgement must outlive a power cut, not only a crash (ARCHITECTURE §1.2).
  database.pragma('synchronous = FULL')
  database.pragma('foreign_keys = ON')
  // A statement that may fail halfway keeps copies of the pages it changes. In files they would need a directory for
  // temporary ones, which a hardened container does not have, and cost a Register half a microsecond.
  database.pragma('temp_store = MEMORY')
  database.pragma(`cache_size = -${cacheKiB}`)
  database.pragma(`mmap_size = ${mappedOctets}`)
  database.pragma(`wal_autocheckpoint = ${checkpointPages}`)
  database.pragma(`journal_size_limit = ${checkpointPages * 4096 * 2}`)
  if (isEmpty) database.pragma(`application_id = ${applicationId}`)
}

/** What a failed statement means to the house; errors that are not SQLite's come back as they are. */
export function houseError(cause: unknown, doing: string): unknown {
  const failure = failureOf(cause)
  if (failure === undefined) return cause
  if (failure === 'full') {
    return new EnvironmentError('store.full', `the disk is full: ${doing}`, {
      retriable: true,
      hint: 'make room for the data directory; the server goes on by itself then',
      cause,
    })
  }
  if (failure === 'refused') return new InvariantError(`${doing}: ${(cause as Error).message}`, { cause })
  return unavailable(doing, cause)
}

function unavailable(doing: string, cause: unknown): EnvironmentError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new EnvironmentError('store.unavailable', `${doing}: ${reason}`, {
    retriable: failureOf(cause) !== 'damaged',
    cause,
  })
}
