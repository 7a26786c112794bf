/** No question the store answers walks through a table, and opening a large database is opening a small one. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentLog } from '../../../../src/base/log.ts'
import type { Sqlite } from '../../../../src/storage/sqlite/connection.ts'
import { openDatabase } from '../../../../src/storage/sqlite/database.ts'
import { migrate, ownMigrations } from '../../../../src/storage/sqlite/migrate.ts'
import { storeIn } from '../../../../src/storage/sqlite/store.ts'
import { start, temporaryDirectory } from '../fixtures.ts'

const limits = { eventsKept: 1000, operationsKept: 100 }

/**
 * What may be read from end to end: the tables of images and bootstrap templates, which an operator fills by hand, SQLite's three last
 * ids, a count, the rows of an insert; campaigns that are over or removed, looked through to forget them; the newest updates, which stop at their limit; and by partial indexes what is open of campaigns: those
 * that run, and their devices that update just now; and the updates that lead over several images.
 */
const small =
  /^SCAN (?:campaign USING INDEX campaign_active\b|campaign USING (?:COVERING )?INDEX campaign_(?:over|discarded)\b|campaign_device USING COVERING INDEX campaign_device_place\b|image\b|bootstrap_template\b|bootstrap_run USING INDEX bootstrap_run_open\b|image_delta\b|signing_key\b|sqlite_sequence\b|device USING COVERING INDEX|\(subquery|\d+ CONSTANT ROW|\d+-ROW VALUES CLAUSE|firmware_update USING INDEX firmware_update_on_its_way\b|firmware_update ← .*ORDER BY id DESC LIMIT)/

test('every statement finds its rows by an index', () => {
  const { database, close } = openDatabase(join(temporaryDirectory(), 'coapstan.db'))
  migrate(database, ownMigrations(), start, silentLog)
  const statements = new Set<string>()
  const watched = new Proxy(database, {
    get(target, name) {
      if (name === 'prepare' || name === 'prepareColumn' || name === 'prepareExact') {
        return (sql: string) => {
          statements.add(sql)
          return target[name](sql)
        }
      }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  const store = storeIn(watched, limits, close)
  const filters = [{}, { prefix: 'a' }, { product: 'p' }, { tags: { a: '1', b: '2' } }, { product: 'p', prefix: 'a' }]
  for (const filter of filters) store.devices(filter, 'a', 10)
  const walks = [...statements].flatMap((sql) => plan(database, sql).map((step) => `${step} ← ${sql}`))
  expect(statements.size).toBeGreaterThan(50)
  expect(walks.filter((step) => /^SCAN|TEMP B-TREE/.test(step) && !small.test(step) && !isFew(step))).toEqual([])
  store.close()
})

/** Sorting a handful that an index has found is no walk, nor is counting the devices of one campaign for its report. */
const isFew = (step: string): boolean =>
  step.includes('TEMP B-TREE') && /FROM image|FROM campaign_device[^]*WHERE campaign_id = \+\?/.test(step)

function plan(database: Sqlite, sql: string): string[] {
  if (!/^\s*(?:SELECT|UPDATE|DELETE|INSERT)/.test(sql)) return []
  const nulls = Array<null>((sql.match(/\?/g) ?? []).length).fill(null)
  const steps = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...nulls) as { detail: string }[]
  return steps.map(({ detail }) => detail)
}

test('opens 200 000 devices as fast as none', () => {
  const file = join(temporaryDirectory(), 'coapstan.db')
  const first = openDatabase(file)
  migrate(first.database, ownMigrations(), start, silentLog)
  first.database.exec(`
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
    INSERT INTO device (id, endpoint, tags, created_at) SELECT i, 'urn:dev:' || i, '{}', 0 FROM n;
    INSERT INTO contact (device_id, last_seen, updated_at, expires_at, due_at, address, port)
      SELECT id, 0, 0, id, id, '::1', 1 FROM device;`)
  first.close()
  const began = performance.now()
  const { database, close } = openDatabase(file)
  migrate(database, ownMigrations(), start, silentLog)
  const store = storeIn(database, limits, close)
  expect([store.lastDeviceId(), store.lastEventId(), store.lastOperationId()]).toEqual([200_000, 0, 0])
  expect(store.devicesToRecover(0, 10)).toEqual([])
  expect(performance.now() - began).toBeLessThan(500)
  store.close()
})
