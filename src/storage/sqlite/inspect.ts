/** A look at a database file from outside, for `coapstan doctor`: reads, never writes, never waits for its owner. */
import { existsSync, statSync } from 'node:fs'
import { failureOf, Sqlite } from './connection.ts'
import { ownMigrations } from './migrate.ts'

export interface DatabaseReport {
  readonly sqlite: string
  readonly octets: number
  /** The schema it has, and the newest this program knows. */
  readonly migration: number
  readonly newestMigration: number
  readonly devices: number
  /** Milliseconds since 1970; undefined where nothing has happened yet. */
  readonly newestEvent: number | undefined
  readonly isInUse: boolean
}

export function inspectDatabase(file: string): DatabaseReport | { readonly problem: string } {
  try {
    const database = new Sqlite(file, { readOnly: true })
    try {
      const number = (sql: string): number | undefined =>
        database.prepareColumn<[], number | null>(sql).get() ?? undefined
      const damage = database.pragma('quick_check(1)')
      if (damage !== 'ok') return { problem: `damaged: ${String(damage)}` }
      return {
        sqlite: database.prepareColumn<[], string>('SELECT sqlite_version()').get()!,
        octets: statSync(file).size,
        migration: number('SELECT max(number) FROM migration') ?? 0,
        newestMigration: ownMigrations().length,
        devices: number('SELECT count(*) FROM device') ?? 0,
        newestEvent: number('SELECT at FROM event ORDER BY id DESC LIMIT 1'),
        isInUse: isLocked(`${file}.lock`),
      }
    } finally {
      database.close()
    }
  } catch (cause) {
    return { problem: (cause as Error).message }
  }
}

/** A running server holds SQLite's lock on the file beside its database. */
function isLocked(file: string): boolean {
  if (!existsSync(file)) return false
  const lock = new Sqlite(file)
  try {
    lock.exec('BEGIN EXCLUSIVE; ROLLBACK')
    return false
  } catch (cause) {
    return failureOf(cause) === 'busy'
  } finally {
    lock.close()
  }
}
