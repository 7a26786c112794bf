/** A database from a backup is told from the one that was last used, and its associations do not go on. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { silentLog } from '../../../src/base/log.ts'
import { systemNow } from '../../../src/server/clock.ts'
import { associationMarkFile, keepAssociationMark } from '../../../src/server/association-mark.ts'
import type { AssociationsOp } from '../../../src/fleet/associations/store.ts'
import type { Device } from '../../../src/fleet/registry/types.ts'
import type { StoreOp } from '../../../src/fleet/store.ts'
import { openSqliteStore, type SqliteStore } from '../../../src/storage/sqlite/store.ts'

let directory: string
let warnings: unknown[]
const file = (name: string): string => join(directory, name)

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-mark-'))
  warnings = []
})
afterEach(() => {
  vi.useRealTimers()
  rmSync(directory, { recursive: true })
})

/** Runs the store as a server does; `during` is told whether the association of the first run is still there. */
function run(during: (isThere: boolean, store: SqliteStore) => void = () => undefined): void {
  const opened = openSqliteStore({
    file: file('coapstan.db'),
    now: systemNow,
    log: silentLog,
    eventsKept: 10,
    operationsKept: 10,
  })
  const log = { ...silentLog, warn: (detail: unknown) => void warnings.push(detail) }
  const { store, end } = keepAssociationMark({ store: opened, dataDirectory: directory, log })
  if (store.lastAssociationId() === 0) {
    const association = {
      id: 1,
      cid: '00a1',
      identity: 'meter',
      address: '192.0.2.1',
      port: 5684,
      sealed: new Uint8Array(1),
      reservedUpTo: 64,
      windowEdge: 0,
      windowBitmap: 1n,
      openedAt: systemNow(),
      heardAt: systemNow(),
    }
    store.commit([{ op: 'association.put', association }])
  }
  during(store.associationByCid('00a1') !== undefined, store)
  end()
  store.close()
}

const isThere = (): boolean => {
  let found = false
  run((there) => (found = there))
  return found
}

it('lets associations go on from start to start', () => {
  run()
  expect([isThere(), isThere(), warnings]).toEqual([true, true, []])
})

it.each<[string, () => void]>([
  ['restored', () => copyFileSync(file('backup'), file('coapstan.db'))],
  ['restored into another directory', () => rmSync(file(associationMarkFile))],
  ['restored with a mark nobody can read', () => writeFileSync(file(associationMarkFile), 'x')],
])('drops them where the database was %s', (_what, restore) => {
  run()
  copyFileSync(file('coapstan.db'), file('backup'))
  run()
  restore()
  expect([isThere(), warnings.length]).toEqual([false, 1])
  expect([isThere(), warnings.length]).toEqual([false, 1])
})

it('tells a copy made while the server ran', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  run()
  run(() => {
    const before = Number(readFileSync(file(associationMarkFile), 'utf8'))
    vi.advanceTimersByTime(90_000)
    expect(Number(readFileSync(file(associationMarkFile), 'utf8'))).toBe(before + 3)
  })
})

const reserve = (upTo: number): StoreOp => ({ op: 'association.reserve', id: 1, upTo })

it.each<[string, (upTo: number) => StoreOp]>([
  ['of devices', reserve],
  ['of the bootstrap listener', (upTo) => ({ op: 'bootstrap.association', change: reserve(upTo) as AssociationsOp })],
])('tells a copy of a moment ago once numbers were reserved after it, %s', (_, reserved) => {
  run()
  run((_there, store) => {
    store.commit([reserved(128)])
    // As a snapshot would have it: the write-ahead log is in it.
    copyFileSync(file('coapstan.db'), file('backup'))
    copyFileSync(file('coapstan.db-wal'), file('backup-wal'))
    copyFileSync(file(associationMarkFile), file('mark-then'))
    store.commit([reserved(192)])
    copyFileSync(file(associationMarkFile), file('mark-killed'))
  })
  restore('mark-then')
  expect([isThere(), warnings.length]).toEqual([true, 0])
  restore('mark-killed')
  expect([isThere(), warnings.length]).toEqual([false, 1])
})

/** What a kill -9 leaves, the database of the copy in place of what was last used. */
function restore(mark: string): void {
  rmSync(file('coapstan.db-shm'), { force: true })
  copyFileSync(file('backup'), file('coapstan.db'))
  copyFileSync(file('backup-wal'), file('coapstan.db-wal'))
  copyFileSync(file(mark), file(associationMarkFile))
}

it('leaves the mark where it is for what reserves nothing, and where the store takes no writes', () => {
  run((_there, store) => {
    const before = readFileSync(file(associationMarkFile), 'utf8')
    store.commit([{ op: 'association.prune', identity: 'meter', keep: 4 }])
    expect(() => store.commit([reserve(64), { op: 'device.put', device: { id: 1 } as Device }])).toThrow()
    expect(readFileSync(file(associationMarkFile), 'utf8')).toBe(before)
    store.commit([reserve(64)])
    expect(Number(readFileSync(file(associationMarkFile), 'utf8'))).toBe(Number(before) + 1)
  })
  expect([isThere(), warnings]).toEqual([true, []])
})

it('goes on where only the file lags behind, as after a loss of power', () => {
  run()
  const before = readFileSync(file(associationMarkFile))
  run()
  writeFileSync(file(associationMarkFile), before)
  expect([isThere(), warnings]).toEqual([true, []])
})
