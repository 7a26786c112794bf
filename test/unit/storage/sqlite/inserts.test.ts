/** Rows that wait for each other are there when anybody asks for them. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Sqlite } from '../../../../src/storage/sqlite/connection.ts'
import { openDatabase } from '../../../../src/storage/sqlite/database.ts'
import { Inserts } from '../../../../src/storage/sqlite/inserts.ts'
import { temporaryDirectory } from '../fixtures.ts'

let database: Sqlite
let close: () => void

beforeEach(() => {
  ;({ database, close } = openDatabase(`${temporaryDirectory()}/test.db`))
  database.exec('CREATE TABLE pair (id INTEGER PRIMARY KEY, name TEXT) STRICT')
})

afterEach(() => close())

const orReplace = 'ON CONFLICT (id) DO UPDATE SET name = excluded.name'
const stored = (): unknown[] =>
  database
    .prepare<[], object>('SELECT id, name FROM pair ORDER BY id')
    .all()
    .map((row) => Object.values(row))

test.each([0, 1, 15, 16, 17, 100])('%i rows are inserted as they are, at the latest when flushed', (count) => {
  const inserts = new Inserts(database, 'pair', ['id', 'name'])
  const rows = Array.from({ length: count }, (_, i) => [i, i % 3 === 0 ? null : `name ${i}`] as const)
  for (const row of rows) inserts.add(row)
  inserts.flush()
  inserts.flush()
  expect(stored()).toEqual(rows)
})

test('of two rows with one key the later one stays', () => {
  const inserts = new Inserts(database, 'pair', ['id', 'name'], orReplace)
  for (let i = 0; i < 40; i++) inserts.add([i % 5, `name ${i}`])
  inserts.flush()
  expect(stored()).toEqual([35, 36, 37, 38, 39].map((i) => [i % 5, `name ${i}`]))
})

test('rows that come together are inserted as if one by one', () => {
  const inserts = new Inserts(database, 'pair', ['id', 'name'])
  inserts.add([0, 'name 0'])
  inserts.add(Array.from({ length: 50 }, (_, i) => [i + 1, `name ${i + 1}`]).flat())
  inserts.flush()
  expect(stored()).toEqual(Array.from({ length: 51 }, (_, i) => [i, `name ${i}`]))
})

test('rows are there before those that refer to them, however many of either wait', () => {
  database.exec('CREATE TABLE part (id INTEGER PRIMARY KEY, pair INTEGER NOT NULL REFERENCES pair) STRICT')
  const pairs = new Inserts(database, 'pair', ['id', 'name'])
  const parts = new Inserts(database, 'part', ['id', 'pair'], '', pairs)
  for (let id = 0; id < 100; id++) {
    if (id % 3 === 0) pairs.add([id, null])
    parts.add([id, id - (id % 3)])
  }
  parts.flush()
  expect(stored()).toHaveLength(34)
  expect(database.prepareColumn('SELECT count(*) FROM part').get()).toBe(100)
})

test('what is discarded never gets there', () => {
  const inserts = new Inserts(database, 'pair', ['id', 'name'])
  inserts.add([1, 'one'])
  inserts.discard()
  inserts.add([2, 'two'])
  inserts.flush()
  expect(stored()).toEqual([[2, 'two']])
})
