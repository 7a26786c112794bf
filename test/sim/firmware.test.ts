/** Updates over the air through lossy networks, restarts and power cuts: every device ends on a known version. */
import { expect, test } from 'vitest'
import { hours } from '../../src/base/time.ts'
import { firmwareTrial } from '../../src/sim/firmware-trial.ts'
import { makeImage } from '../../src/sim/images.ts'
import { chanceOf } from '../../src/sim/chance.ts'
import type { World } from '../../src/sim/world.ts'
import { library, seeds, sized, worldOf } from './support.ts'

const devices = sized('SIM_DEVICES', 40)
const timeout = 3_600_000
const size = 20_000
/** A client that begins anew after every break needs many attempts in deep coverage (devices.md §1, Zephyr). */
const patient = { 'firmware.attempts': 30, 'firmware.backoff': 1000, 'firmware.backoff-limit': 1000 }

/** States of all updates and how many there are of each. */
function statesOf(world: World): Record<string, number> {
  const states: Record<string, number> = {}
  for (const { state } of world.server.disk.store.updates(undefined, devices)) {
    states[state] = (states[state] ?? 0) + 1
  }
  return states
}

function updateAll(world: World, version: string, boots: boolean): void {
  const image = world.addImage(version, makeImage(version, boots, size, chanceOf(world.seed, version)))
  for (const device of world.devices) world.operator.update(world.now, device, image)
}

test('over ordinary networks everybody is updated, once', { timeout }, () => {
  const world = worldOf({ seed: 1, devices, settings: patient })
  world.run(hours(1))
  updateAll(world, '1.1.0', true)
  world.run(hours(96))
  expect(statesOf(world)).toEqual({ confirmed: devices })
  expect(world.devices.map(({ flash }) => flash.version)).toEqual(Array(devices).fill('1.1.0'))
  expect(world.ledger.counts.installs).toBe(devices)
})

test('an image that does not boot is reverted everywhere, and said to be', { timeout }, () => {
  const world = worldOf({ seed: 3, devices, settings: patient })
  world.run(hours(1))
  updateAll(world, '1.1.0-bad', false)
  world.run(hours(48))
  expect(statesOf(world)).toEqual({ failed: devices })
  expect(world.devices.map(({ flash }) => flash.version)).toEqual(Array(devices).fill('1.0.0'))
  expect(world.ledger.counts.installs).toBe(0)
})

test.for(seeds(1))(
  'clients of every kind: with power cuts and server crashes nobody is updated twice or lost, seed %i',
  { timeout },
  (seed) => {
    const world = worldOf({
      seed,
      devices,
      troubles: { serverCrashes: 100, diskTroubles: 10, powerCycles: 2, outages: 1 },
    })
    world.run(hours(1))
    updateAll(world, '1.1.0', true)
    world.run(hours(24))
    world.calm(hours(49))
    for (const { endpoint, flash, life } of world.devices) {
      const { store } = world.server.disk
      const [update] = store.updates(store.device(endpoint)!.device.id, 1)
      // What the server says of an update is what the device runs, or it says that it gave up.
      if (update!.state === 'confirmed') expect(flash.version).toBe('1.1.0')
      else if (life?.registration.gaveUp !== true) expect(update!.reason).toMatch(/given up|no progress|not seen/)
    }
    expect(statesOf(world)['confirmed']).toBeGreaterThan(0.8 * devices)
    world.silence()
  },
)

// `npm run sim:firmware` does the same with a hundred seeds and more devices.
test.for(seeds(20))(
  'power cuts and a server killed all the time: everybody ends on a confirmed version, no hop and no octet twice, seed %i',
  { timeout },
  (seed) => {
    // Two of the six go over an image in between.
    const { octetsWanted, ...figures } = firmwareTrial({ seed, devices: 6, library })
    expect(figures).toMatchObject({ states: { confirmed: 5, failed: 1 }, installs: 7, octetsKept: octetsWanted })
    // What was lost on its way or after it was answered was read again, in blocks of at most 1024 octets.
    expect(figures.octetsServed).toBeLessThan(1.1 * octetsWanted + 1024 * figures.datagramsLost)
  },
)
