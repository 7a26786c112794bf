/**
 * Brings a database to the schema this program knows: numbered SQL files, each in one transaction,
 * each with its checksum kept, so that what ran is what stands in the file. Never goes back.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { EnvironmentError, invariant } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Instant } from '../../base/time.ts'
import type { Sqlite } from './connection.ts'

export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
  /** SHA-256 of the text, hex. */
  readonly checksum: string
}

const directory = new URL('../migrations/', import.meta.url)

/** The migrations that come with the program, in order. */
export function ownMigrations(): readonly Migration[] {
  const files = readdirSync(directory).filter((name) => name.endsWith('.sql'))
  return migrationsOf(files.map((name) => ({ name, sql: readFileSync(new URL(name, directory), 'utf8') })))
}

export function migrationsOf(files: readonly { name: string; sql: string }[]): readonly Migration[] {
  const migrations = files
    .map(({ name, sql }) => {
      const number = Number(/^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1])
      invariant(Number.isInteger(number), `migration '${name}' is not named NNNN-title.sql`)
      // A checkout with other line ends is the same migration.
      const text = sql.replaceAll('\r\n', '\n')
      return { number, name, sql: text, checksum: createHash('sha256').update(text).digest('hex') }
    })
    .sort((a, b) => a.number - b.number)
  migrations.forEach((migration, i) => invariant(migration.number === i + 1, `migration ${i + 1} is missing`))
  return migrations
}

/**
 * Runs what has not run yet, and logs it where there was a database before. Throws EnvironmentError 'store.newer' where the database knows more than
 * this program, 'store.migration-changed' where a migration that ran is no longer the one in the file.
 */
export function migrate(database: Sqlite, migrations: readonly Migration[], now: Instant, log: Log): void {
  database.exec(
    'CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at REAL NOT NULL) STRICT',
  )
  const applied = database.prepare('SELECT number, name, checksum FROM migration ORDER BY number').all() as readonly {
    number: number
    name: string
    checksum: string
  }[]
  const newest = applied.at(-1)?.number ?? 0
  if (newest > migrations.length) {
    throw new EnvironmentError(
      'store.newer',
      `the database has schema version ${newest}, this program knows versions up to ${migrations.length}: run the newer Coapstan, or restore a backup made before the upgrade`,
      { retriable: false },
    )
  }
  for (const { number, name, checksum } of applied) {
    if (migrations[number - 1]?.checksum === checksum) continue
    throw new EnvironmentError(
      'store.migration-changed',
      `the database was built by another text of migration '${name}' than the one that comes with this program`,
      { retriable: false },
    )
  }
  const record = database.prepare('INSERT INTO migration (number, name, checksum, applied_at) VALUES (?, ?, ?, ?)')
  for (const migration of migrations.slice(newest)) {
    database.transaction(() => {
      database.exec(migration.sql)
      record.run(migration.number, migration.name, migration.checksum, now)
    })
    if (newest > 0) log.info({ migration: migration.name }, 'database migrated')
  }
}
