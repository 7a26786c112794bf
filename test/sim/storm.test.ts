/** Everybody at once: power returns to a region, the server restarts under the whole fleet. */
import { expect, test } from 'vitest'
import { after, hours, minutes, seconds, type Instant } from '../../src/base/time.ts'
import type { World } from '../../src/sim/world.ts'
import { sized, worldOf } from './support.ts'

const devices = sized('SIM_DEVICES', 300)

function registered(world: World): number {
  return world.devices.filter(({ life }) => life?.registration.id !== undefined).length
}

/** When at least `share` of the fleet was registered, a minute's accuracy. */
function until(world: World, share: number, limit: Instant): Instant {
  while (world.now < limit && registered(world) < share * devices) world.run(minutes(1))
  return world.now
}

test('power returns to all devices within seconds: none is refused, 99 % are back within minutes', () => {
  const world = worldOf({ seed: 1, devices, operationsPerDay: 0, boot: minutes(10) })
  world.run(hours(2))
  for (const device of world.devices) device.powerOff(world.now)
  for (const [index, device] of world.devices.entries()) {
    device.powerOnAt(after(world.now, seconds(20 + (10 * index) / devices)))
  }
  world.run(minutes(1))
  const back = until(world, 0.99, after(world.now, hours(1)))
  expect(back - world.now).toBeLessThanOrEqual(0)
  expect(registered(world)).toBeGreaterThanOrEqual(0.99 * devices)
  world.calm(hours(25))
})

test('a restarted server needs no registration: devices go on with the ones they have', () => {
  const world = worldOf({ seed: 2, devices, operationsPerDay: 5, boot: minutes(10) })
  world.run(hours(6))
  const before = world.ledger.counts.registers
  for (let restart = 0; restart < 10; restart++) {
    world.server.kill()
    world.run(seconds(3))
    world.server.start(world.now)
    world.run(minutes(30))
  }
  // Only who was in the middle of something for longer than it repeats itself begins anew.
  expect(world.ledger.counts.registers - before).toBeLessThan(0.1 * devices)
  world.calm(hours(25))
})
