/** A look at a database file from outside, for `coapstan doctor`: reads, never writes, never waits for its owner. */
import { statSync } from 'node:fs'
import Database from 'better-sqlite3'
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
    const database = new Database(file, { readonly: true, timeout: 0 })
    try {
      const number = (sql: string): number | undefined =>
        (database.prepare<[], number | null>(sql).pluck().get() as number | null) ?? undefined
      const [damage] = database.pragma('quick_check(1)') as { quick_check: string }[]
      if (damage?.quick_check !== 'ok') return { problem: `damaged: ${damage?.quick_check}` }
      return {
        sqlite: String(database.prepare('SELECT sqlite_version()').pluck().get()),
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
  let lock: Database.Database | undefined
  try {
    lock = new Database(file, { timeout: 0, fileMustExist: true })
    lock.exec('BEGIN EXCLUSIVE; ROLLBACK')
    return false
  } catch (cause) {
    return cause instanceof Database.SqliteError && cause.code.startsWith('SQLITE_BUSY')
  } finally {
    lock?.close()
  }
}
