/**
 * The server killed at any moment, its disk full or away, devices and networks failing: nothing that was
 * acknowledged is missing, nothing runs twice, and everything ends once the trouble is over.
 */
import { describe, expect, test } from 'vitest'
import { days, hours, minutes, seconds } from '../../src/base/time.ts'
import { crashPoints } from '../../src/sim/server-process.ts'
import { seeds, sized, worldOf } from './support.ts'

const devices = sized('SIM_DEVICES', 40)
const length = days(sized('SIM_DAYS', 1))
const everything = {
  serverCrashes: 100,
  diskTroubles: 20,
  failedCommits: 200,
  powerCycles: 0.5,
  departures: 0.5,
  outages: 0.5,
  blackouts: 2,
}
const timeout = 3_600_000

describe('everything goes wrong all day long', () => {
  test.for(seeds(4))('seed %i', { timeout }, (seed) => {
    const world = worldOf({ seed, devices, operationsPerDay: 20, troubles: everything })
    world.run(length)
    expect(world.server.crashes.length).toBeGreaterThan(20)
    expect(world.server.disk.failures).toBeGreaterThan(20)
    world.calm(hours(25))
    world.silence()
  })
})

describe('over networks that lose a tenth, double and reorder', () => {
  test.for(seeds(3))('seed %i', { timeout }, (seed) => {
    const world = worldOf({ seed, devices, operationsPerDay: 20, troubles: everything, hostileLoss: 0.1 })
    world.run(length)
    expect(world.network.counts.lost / world.network.counts.sent).toBeGreaterThan(0.08)
    world.calm(hours(25))
    world.silence()
  })
})

test.for(crashPoints)('killed again and again %s', { timeout }, (point) => {
  const world = worldOf({ seed: 3, devices: 30, operationsPerDay: 100, boot: minutes(2) })
  for (let life = 0; life < 60; life++) {
    world.run(minutes(5))
    world.server.crashAt(point)
    world.run(minutes(5))
    world.server.start(world.now)
  }
  expect(world.server.crashes.filter((crash) => crash.point === point).length).toBeGreaterThan(30)
  world.calm(hours(25))
  world.silence()
})

test('a full disk acknowledges nothing, and all goes on when there is room again', { timeout }, () => {
  const world = worldOf({ seed: 5, devices: 60, operationsPerDay: 50, boot: minutes(5) })
  world.run(hours(2))
  const before = { ...world.ledger.counts }
  world.server.disk.trouble = 'full'
  // What was acknowledged is still on its way to the devices.
  world.run(minutes(2))
  const { registers, updates, notifications, sends } = world.ledger.counts
  world.run(minutes(30))
  expect(world.server.disk.failures).toBeGreaterThan(10)
  expect(world.ledger.counts).toMatchObject({ registers, updates, notifications, sends })
  expect(world.server.disk.store.latestEvents({ kinds: ['alarm.raised'] }, 1)).toEqual([])
  world.server.disk.trouble = 'none'
  world.run(hours(3))
  expect(world.ledger.counts.updates).toBeGreaterThan(before.updates + 60)
  const alarms = world.server.disk.store.latestEvents({ kinds: ['alarm.raised', 'alarm.cleared'] }, 2)
  expect(alarms.map(({ kind, cause }) => `${kind} ${cause}`)).toEqual([
    'alarm.raised store.full',
    'alarm.cleared store.full',
  ])
  world.calm(hours(25))
  world.silence()
})

test('a server that cannot stay up for long still gets everything done in the end', { timeout }, () => {
  const world = worldOf({ seed: 6, devices: 40, operationsPerDay: 50, boot: minutes(1) })
  for (let life = 0; life < 200; life++) {
    world.run(seconds(20))
    world.server.kill()
    world.run(seconds(5))
    world.server.start(world.now)
  }
  expect(world.server.crashes.length).toBe(200)
  world.calm(hours(25))
  world.silence()
})
