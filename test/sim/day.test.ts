/** A fleet over a day, with nothing wrong but its networks: what a quiet night in production looks like. */
import { expect, test } from 'vitest'
import { days, hours } from '../../src/base/time.ts'
import { sized, worldOf } from './support.ts'

const devices = sized('SIM_DEVICES', 500)
const length = days(sized('SIM_DAYS', 1))

test(`${devices} devices live through a day and owe nobody anything after it`, { timeout: 3_600_000 }, () => {
  const world = worldOf({ seed: 1, devices })
  world.run(length)
  const { counts } = world.ledger
  expect(counts.registers).toBeGreaterThanOrEqual(devices)
  expect(counts.updates).toBeGreaterThan(10 * devices)
  expect(counts.notifications).toBeGreaterThan(devices)
  expect(counts.writes).toBeGreaterThan(devices)
  expect(world.operator.refused).toBe(0)
  world.calm(hours(25))
  world.silence()
})

test('the same seed is the same world, another one is not', () => {
  const storyOf = (seed: number): unknown => {
    const world = worldOf({ seed, devices: 20, troubles: { serverCrashes: 50, powerCycles: 2 } })
    world.run(hours(12))
    return [world.timeline.steps, world.ledger.counts, world.network.counts, world.server.crashes]
  }
  expect(storyOf(7)).toEqual(storyOf(7))
  expect(storyOf(7)).not.toEqual(storyOf(8))
})
