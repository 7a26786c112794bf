/** What holds when things go wrong: killed, out of space, locked, opened twice, from another time. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, lstatSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { EnvironmentError, InvariantError } from '../../../../src/base/errors.ts'
import { silentLog } from '../../../../src/base/log.ts'
import type { StoreOp } from '../../../../src/fleet/store.ts'
import { Sqlite } from '../../../../src/storage/sqlite/connection.ts'
import { openDatabase } from '../../../../src/storage/sqlite/database.ts'
import { migrate, migrationsOf, ownMigrations } from '../../../../src/storage/sqlite/migrate.ts'
import { openSqliteStore, storeIn } from '../../../../src/storage/sqlite/store.ts'
import { device, event, openStore, operation, put, registration, start, temporaryDirectory } from '../fixtures.ts'

const open = (file: string) =>
  openSqliteStore({ file, now: () => start, log: silentLog, eventsKept: 1e6, operationsKept: 1e6 })

/** A store whose database the test can reach into. */
function openWithDatabase(file = join(temporaryDirectory(), 'coapstan.db')) {
  const { database, close } = openDatabase(file)
  onTestFinished(close)
  migrate(database, ownMigrations(), start, silentLog)
  return { database, store: storeIn(database, { eventsKept: 1000, operationsKept: 100 }, close) }
}

/** Of this process, as far as the system tells; SQLite deletes its temporary files as soon as they are open. */
function openFiles(): readonly string[] {
  const directory = '/proc/self/fd'
  if (!existsSync(directory)) return []
  return readdirSync(directory).flatMap((descriptor) => {
    const file = join(directory, descriptor)
    return lstatSync(file, { throwIfNoEntry: false }) === undefined ? [] : [readlinkSync(file)]
  })
}

describe('a process that is killed', () => {
  /** Starts the writer, waits for `commits` of its reports, kills it; the last id it reported. */
  async function killAfter(file: string, commits: number, meanwhile: () => void = () => undefined): Promise<number> {
    const writer = spawn(process.execPath, [fileURLToPath(new URL('commit-for-ever.ts', import.meta.url)), file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let reported = ''
    for await (const chunk of writer.stdout) {
      reported += String(chunk)
      if (reported.split('\n').length > commits && !writer.killed) {
        meanwhile()
        writer.kill('SIGKILL')
      }
    }
    if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit')
    return Number(reported.split('\n').at(-2))
  }

  test('has kept what it acknowledged, nothing by half, and leaves no lock behind', async () => {
    const file = join(temporaryDirectory(), 'coapstan.db')
    for (const commits of [3, 50, 171]) {
      const acknowledged = await killAfter(file, commits, () => {
        expect(() => open(file)).toThrow(expect.objectContaining({ code: 'store.in-use', retriable: false }))
      })
      const store = open(file)
      const last = store.lastEventId()
      expect(last).toBeGreaterThanOrEqual(acknowledged)
      expect(store.lastOperationId()).toBe(last)
      expect(store.events({}, 0, 1e6).map(({ id }) => id)).toEqual(Array.from({ length: last }, (_, i) => i + 1))
      store.close()
    }
  })
})

describe('a full disk', () => {
  test('fails the commit as a whole, answers reads, and is over when there is space again', () => {
    const { database, store } = openWithDatabase()
    store.commit([put.device(device(1))])
    const full = Number(database.pragma('page_count')) + 1
    database.pragma(`max_page_count = ${full}`)
    const ops: StoreOp[] = [
      put.device(device(2)),
      ...Array.from({ length: 400 }, (_, i) => put.event(event(i + 1, { detail: { filler: 'x'.repeat(400) } }))),
    ]
    for (const _ of [1, 2]) {
      expect(() => store.commit(ops)).toThrow(expect.objectContaining({ code: 'store.full', retriable: true }))
      expect(store.deviceById(2)).toBeUndefined()
      expect(store.lastEventId()).toBe(0)
    }
    expect(store.device('urn:dev:test-1')).toBeDefined()
    database.pragma('max_page_count = 1000000')
    store.commit(ops)
    expect(store.lastEventId()).toBe(400)
    expect(store.deviceById(2)).toBeDefined()
  })
})

describe('a commit', () => {
  test('of hundreds of registrations writes no file but the database’s own', () => {
    const { database } = openWithDatabase()
    database.exec('BEGIN IMMEDIATE')
    database.exec(`WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
      INSERT INTO device (id, endpoint, tags, created_at) SELECT i, 'd' || i, '{}', 0.0 FROM n`)
    database.exec(`INSERT INTO registration (device_id, id, lwm2m_version, lifetime, binding, queue_mode, links,
        registered_at, message_id, token, secured)
      SELECT id, hex(randomblob(6)), '1.1', 60.0, 'U', 0, hex(randomblob(300)), 0.0, 1, '', 0 FROM device`)
    // Many rows in a statement, of which each must be one of a kind: it may fail halfway.
    database.exec('UPDATE registration SET id = hex(randomblob(6))')
    expect(openFiles().filter((file) => file.includes('etilqs'))).toEqual([])
    database.exec('COMMIT')
  })

  test('waits no longer than it may for another program that writes, and works once that is done', () => {
    const file = join(temporaryDirectory(), 'coapstan.db')
    const { database, store } = openWithDatabase(file)
    database.pragma('busy_timeout = 1')
    const shell = new Sqlite(file)
    shell.exec('BEGIN IMMEDIATE')
    expect(() => store.commit([put.device(device(1))])).toThrow(
      expect.objectContaining({ code: 'store.unavailable', retriable: true }),
    )
    shell.close()
    store.commit([put.device(device(1))])
    expect(store.countDevices()).toBe(1)
  })

  test('of what cannot be is our own bug, and leaves nothing behind', () => {
    const store = openStore()
    const bad = [put.device(device(1)), put.registration(99, registration('r'))]
    expect(() => store.commit(bad)).toThrow(InvariantError)
    expect(() => store.commit([put.device(device(1)), put.operation(operation(1, 99))])).toThrow(InvariantError)
    expect(store.countDevices()).toBe(0)
    store.commit([put.device(device(1))])
    expect(store.countDevices()).toBe(1)
  })

  test('of nothing is nothing', () => {
    const store = openStore()
    store.commit([])
    expect([store.lastDeviceId(), store.lastOperationId(), store.lastUpdateId(), store.lastEventId()]).toEqual([
      0, 0, 0, 0,
    ])
  })
})

describe('opening', () => {
  test('makes the directory, and again finds what was there', () => {
    const file = join(temporaryDirectory(), 'a', 'b', 'coapstan.db')
    const first = open(file)
    first.commit([put.device(device(7))])
    first.close()
    const second = open(file)
    expect(second.deviceById(7)).toEqual({ device: device(7) })
    expect(second.lastDeviceId()).toBe(7)
    second.close()
  })

  test('twice at a time is refused, also within one process', () => {
    const file = join(temporaryDirectory(), 'coapstan.db')
    const first = open(file)
    expect(() => open(file)).toThrow(expect.objectContaining({ code: 'store.in-use' }))
    first.close()
    open(file).close()
  })

  test('a database of another program is refused and left as it was', () => {
    const file = join(temporaryDirectory(), 'coapstan.db')
    const other = new Sqlite(file)
    other.exec('CREATE TABLE theirs (a)')
    other.close()
    expect(() => open(file)).toThrow(expect.objectContaining({ code: 'store.foreign' }))
    const again = new Sqlite(file)
    expect(again.prepareColumn('SELECT name FROM sqlite_schema').all()).toEqual(['theirs'])
    again.close()
  })

  test('what is no database, or no place for one, says so', () => {
    const directory = temporaryDirectory()
    const file = join(directory, 'coapstan.db')
    writeFileSync(file, 'x'.repeat(5000))
    expect(() => open(file)).toThrow(expect.objectContaining({ code: 'store.unavailable', retriable: false }))
    expect(() => open(join(file, 'below', 'coapstan.db'))).toThrow(EnvironmentError)
    expect(existsSync(join(directory, 'coapstan.db-wal'))).toBe(false)
  })
})

describe('migrations', () => {
  const one = { name: '0001-one.sql', sql: 'CREATE TABLE one (a);' }
  const two = { name: '0002-two.sql', sql: 'CREATE TABLE two (a);\nINSERT INTO two VALUES (1);' }

  function migrated(...steps: readonly (readonly { name: string; sql: string }[])[]): Sqlite {
    const database = new Sqlite(':memory:')
    onTestFinished(() => database.close())
    for (const files of steps) migrate(database, migrationsOf(files), start, silentLog)
    return database
  }

  test('run once each, in order', () => {
    const database = migrated([one], [two, one], [one, two])
    expect(database.prepareColumn('SELECT count(*) FROM two').get()).toBe(1)
    expect(database.prepare('SELECT number, name, applied_at FROM migration').all()).toEqual([
      { number: 1, name: one.name, applied_at: start },
      { number: 2, name: two.name, applied_at: start },
    ])
  })

  test('of a newer program are refused, with both versions', () => {
    expect(() => migrated([one, two], [one])).toThrow(
      expect.objectContaining({ code: 'store.newer', message: expect.stringMatching(/version 2.*up to 1/) as string }),
    )
  })

  test('that are not what they were are refused', () => {
    expect(() => migrated([one], [{ ...one, sql: 'CREATE TABLE one (b);' }])).toThrow(
      expect.objectContaining({ code: 'store.migration-changed' }),
    )
    expect(() => migrated([one], [{ ...one, sql: `${one.sql}\r\n` }])).toThrow(EnvironmentError)
    expect(() => migrated([two, one], [one, { ...two, sql: two.sql.replace('\n', '\r\n') }])).not.toThrow()
  })

  test('that fail leave nothing of themselves', () => {
    const database = migrated([one])
    const broken = { name: '0002-broken.sql', sql: 'CREATE TABLE half (a); INSERT INTO nowhere VALUES (1);' }
    expect(() => migrate(database, migrationsOf([one, broken]), start, silentLog)).toThrow('nowhere')
    expect(database.prepare(`SELECT name FROM sqlite_schema WHERE name = 'half'`).get()).toBeUndefined()
    migrate(database, migrationsOf([one, two]), start, silentLog)
  })

  test.each([
    ['a gap', [one, { ...two, name: '0003-two.sql' }]],
    ['a number twice', [one, { ...two, name: '0001-two.sql' }]],
    ['another name', [{ ...one, name: '1_One.sql' }]],
  ])('with %s are our own bug', (_, files) => {
    expect(() => migrationsOf(files)).toThrow(InvariantError)
  })

  test('of a newer program keep a server from starting', () => {
    const file = join(temporaryDirectory(), 'coapstan.db')
    open(file).close()
    const newer = new Sqlite(file)
    newer.exec(`INSERT INTO migration VALUES (999, '0999-x.sql', 'x', 0)`)
    newer.close()
    expect(() => open(file)).toThrow(expect.objectContaining({ code: 'store.newer' }))
    expect(() => open(file)).toThrow(/version 999/)
  })
})
