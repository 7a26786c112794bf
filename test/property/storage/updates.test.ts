/** Finished updates are forgotten alike in SQLite and in memory, and never the newest confirmed of a known device. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { silentLog } from '../../../src/base/log.ts'
import { instantOf } from '../../../src/base/time.ts'
import type { FirmwareUpdate } from '../../../src/fleet/firmware/types.ts'
import type { Store, StoreOp } from '../../../src/fleet/store.ts'
import { MemoryStore } from '../../../src/sim/memory-store.ts'
import { openSqliteStore } from '../../../src/storage/sqlite/store.ts'
import { device } from '../../unit/storage/fixtures.ts'

const devices = [1, 2]
const deviceId = fc.constantFrom(...devices)
const ended = fc.constantFrom<FirmwareUpdate['state']>('confirmed', 'failed', 'cancelled', 'downloading')

interface Made {
  readonly of: number
  readonly state: FirmwareUpdate['state']
}

/** Ids in the order they were begun, a second apart. */
function updateOf({ of, state }: Made, index: number): FirmwareUpdate {
  const at = instantOf(1e12 + 1000 * index)
  return {
    id: index + 1,
    deviceId: of,
    endpoint: device(of).endpoint,
    sha256: 'ab',
    version: '2.0.0',
    size: 100,
    target: '/5/0',
    state,
    fetched: 40,
    resumes: 0,
    createdAt: at,
    changedAt: at,
    ...(state === 'downloading' ? {} : { finishedAt: instantOf(at + 500) }),
  }
}

const id = fc.nat(14)
const before = fc.integer({ min: -1, max: 14 }).map((index) => instantOf(1e12 + 1000 * index + 600))

const anyForgetting: fc.Arbitrary<StoreOp> = fc.oneof(
  fc.tuple(deviceId, fc.nat(4)).map(([of, keep]): StoreOp => ({ op: 'update.trim', deviceId: of, keep })),
  fc.tuple(id, id, before).map(([after, upTo, at]): StoreOp => ({ op: 'update.forget', after, upTo, before: at })),
  fc.tuple(id, before).map(([of, at]): StoreOp => ({ op: 'update.reverted', id: of, at, reason: 'went back' })),
  deviceId.map((of): StoreOp => ({ op: 'device.delete', deviceId: of })),
)

function answersOf(store: Store, to: ReturnType<typeof instantOf>): unknown {
  return [
    store.updates(undefined, 99),
    devices.map((of) => store.updates(of, 3)),
    [0, 3, 9].map((after) => store.updatesBegunBefore(to, after, 4)),
  ]
}

/** Of each device that is known. */
function newestConfirmed(store: Store): readonly (number | undefined)[] {
  return devices
    .filter((of) => store.deviceById(of) !== undefined)
    .map((of) => store.updates(of, 99).find(({ state }) => state === 'confirmed')?.id)
}

test('whatever is forgotten, in whatever order', () => {
  const directory = mkdtempSync(join(tmpdir(), 'coapstan-'))
  let run = 0
  try {
    fc.assert(
      fc.property(
        fc.array(fc.record({ of: deviceId, state: ended }), { maxLength: 12 }),
        fc.array(anyForgetting, { maxLength: 8 }),
        before,
        (made, forgetting, to) => {
          const sqlite = openSqliteStore({
            file: join(directory, `${run++}.db`),
            now: () => instantOf(0),
            log: silentLog,
            eventsKept: 10,
            operationsKept: 10,
          })
          const memory = new MemoryStore()
          try {
            const stores = [sqlite, memory]
            for (const store of stores) {
              store.commit(devices.map((of) => ({ op: 'device.put', device: device(of) }) as const))
              store.commit(made.map((each, i) => ({ op: 'update.put', update: updateOf(each, i) }) as const))
            }
            for (const op of forgetting) {
              const newest = newestConfirmed(sqlite)
              for (const store of stores) store.commit([op])
              if (op.op === 'update.trim' || op.op === 'update.forget') expect(newestConfirmed(sqlite)).toEqual(newest)
            }
            expect(answersOf(sqlite, to)).toEqual(answersOf(memory, to))
          } finally {
            sqlite.close()
          }
        },
      ),
      { numRuns: 25 },
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
