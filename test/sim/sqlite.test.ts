/**
 * The same world on the store that ships: the engine restarts on what SQLite gives back, and the store
 * double of the other simulations answers every question as SQLite does.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { hours, instantOf } from '../../src/base/time.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Store, StoreOp } from '../../src/fleet/store.ts'
import { makeImage } from '../../src/sim/images.ts'
import { chanceOf } from '../../src/sim/chance.ts'
import { MemoryStore } from '../../src/sim/memory-store.ts'
import { openSqliteStore } from '../../src/storage/sqlite/store.ts'
import { worldOf } from './support.ts'

const limits = { eventsKept: 1_000_000, operationsKept: 20 }

/** A store in SQLite, and the same commits in the double. */
function mirrored(): { readonly store: Store; readonly double: MemoryStore } {
  const file = join(mkdtempSync(join(tmpdir(), 'coapstan-sim-')), 'sim.db')
  const sqlite = openSqliteStore({ ...limits, file, now: () => instantOf(0), log: silentLog })
  onTestFinished(() => {
    sqlite.close()
    rmSync(dirname(file), { recursive: true })
  })
  const double = new MemoryStore(limits)
  const commit = (ops: readonly StoreOp[]): void => {
    sqlite.commit(ops)
    double.commit(ops)
  }
  return { store: { ...sqlite, commit }, double }
}

test('crashes over SQLite lose nothing, and the store double says what SQLite says', { timeout: 120_000 }, () => {
  const { store, double } = mirrored()
  const world = worldOf({
    seed: 4,
    devices: 30,
    store,
    settings: { 'operations.kept-per-device': limits.operationsKept },
    operationsPerDay: 30,
    troubles: { serverCrashes: 200, diskTroubles: 10, failedCommits: 100, powerCycles: 1, departures: 1 },
  })
  world.run(hours(1))
  const image = world.addImage('1.1.0', makeImage('1.1.0', true, 5000, chanceOf(4, 'image')))
  for (const device of world.devices) world.operator.update(world.now, device, image)
  world.run(hours(7))
  for (const { endpoint } of world.devices) {
    expect(double.device(endpoint)).toEqual(store.device(endpoint))
    const { device, registration } = store.device(endpoint)!
    const by = [
      { by: 'endpoint', endpoint } as const,
      { by: 'id', deviceId: device.id } as const,
      ...(registration === undefined ? [] : [{ by: 'registration', registrationId: registration.id } as const]),
      ...store.observations(device.id, 100).map(({ token }) => ({ by: 'observation', token }) as const),
    ]
    for (const key of by) expect(double.snapshot(key, 5)).toEqual(store.snapshot(key, 5))
    const ofDevice = { deviceId: device.id }
    expect(double.operations(ofDevice, undefined, 100)).toEqual(store.operations(ofDevice, undefined, 100))
    expect(double.openOperations(device.id, 3)).toEqual(store.openOperations(device.id, 3))
    expect(double.observations(device.id, 100)).toEqual(store.observations(device.id, 100))
    expect(double.updates(device.id, 100)).toEqual(store.updates(device.id, 100))
    expect(double.latestEvents(ofDevice, 50)).toEqual(store.latestEvents(ofDevice, 50))
  }
  const soon = instantOf(world.now + hours(24))
  expect(new Set(double.devicesDue(soon, 1000))).toEqual(new Set(store.devicesDue(soon, 1000)))
  expect(double.devicesToRecover(3, 10)).toEqual(store.devicesToRecover(3, 10))
  expect(double.events({ kinds: ['notification'] }, 100, 20)).toEqual(
    store.events({ kinds: ['notification'] }, 100, 20),
  )
  expect(double.devices({ prefix: 'sim-00001' }, 'sim-000012', 4)).toEqual(
    store.devices({ prefix: 'sim-00001' }, 'sim-000012', 4),
  )
  expect(double.images(undefined)).toEqual(store.images(undefined))
  for (const read of ['lastDeviceId', 'lastOperationId', 'lastEventId', 'lastUpdateId', 'countDevices'] as const) {
    expect(double[read]()).toBe(store[read]())
  }
})
