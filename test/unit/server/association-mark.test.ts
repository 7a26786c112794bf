/** A database from a backup is told from the one that was last used, and its associations do not go on. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { silentLog } from '../../../src/base/log.ts'
import { systemNow } from '../../../src/server/clock.ts'
import { associationMarkFile, keepAssociationMark } from '../../../src/server/association-mark.ts'
import { openSqliteStore } from '../../../src/storage/sqlite/store.ts'

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
function run(during: (isThere: boolean) => void = () => undefined): void {
  const store = openSqliteStore({
    file: file('coapstan.db'),
    now: systemNow,
    log: silentLog,
    eventsKept: 10,
    operationsKept: 10,
  })
  const log = { ...silentLog, warn: (detail: unknown) => void warnings.push(detail) }
  const end = keepAssociationMark({ store, dataDirectory: directory, log })
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
  during(store.associationByCid('00a1') !== undefined)
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

it('goes on where only the file lags behind, as after a loss of power', () => {
  run()
  const before = readFileSync(file(associationMarkFile))
  run()
  writeFileSync(file(associationMarkFile), before)
  expect([isThere(), warnings]).toEqual([true, []])
})
