/**
 * A fleet over DTLS behind translators that forget it, on networks that lose a tenth, with a server that
 * stops and dies: whoever has a connection id never makes a second handshake, nothing is sealed twice under
 * one nonce, and all that is promised over plain CoAP holds here too. `SIM_HOURS` makes the first one longer.
 */
import { describe, expect, test } from 'vitest'
import { days, hours, minutes } from '../../src/base/time.ts'
import { nodeCrypto } from '../../src/server/crypto-node.ts'
import type { Security } from '../../src/sim/security.ts'
import { seeds, sized, worldOf } from './support.ts'

const timeout = 3_600_000
const fleet = sized('SIM_DEVICES', 2000)
const length = hours(sized('SIM_HOURS', 2))
const crypto = nodeCrypto()

describe('a fleet goes on through restarts', () => {
  test.for(seeds(1))(`${fleet} devices, seed %i`, { timeout }, (seed) => {
    const world = worldOf({
      seed,
      devices: fleet,
      boot: minutes(20),
      hostileLoss: 0.1,
      troubles: { serverCrashes: 60, serverStops: 24, failedCommits: 50 },
      security: { crypto, withoutCidEvery: 8 },
    })
    world.run(length)
    // Nobody stopped in the middle of a first handshake, so nobody who has a connection id makes another.
    const { books, nonces } = world.security!
    const without = world.devices.filter(({ index }) => index % 8 === 0).length
    const { counts } = books
    expect(counts.handshakes - (counts.givenUpMoved + counts.givenUpUnmoved)).toBeLessThanOrEqual(fleet)
    expect(counts.handshakes).toBeGreaterThanOrEqual(0.99 * fleet)
    expect(counts.recalledByCid).toBeGreaterThan(fleet - without)
    expect(counts.recalledByAddress).toBeGreaterThan(0)
    expect(nonces.sealed).toBeGreaterThan(10 * fleet)
    expect(world.server.crashes.length).toBeGreaterThan(3)
    world.appease()
    world.silence()
  })
})

/** Everything at once, with memory for a third of the associations and few numbers reserved at a time. */
describe('everything goes wrong all day long', () => {
  test.for(seeds(2))('seed %i', { timeout }, (seed) => {
    const world = worldOf({
      seed,
      devices: 60,
      operationsPerDay: 20,
      hostileLoss: 0.1,
      settings: { 'dtls.associations': 20, 'dtls.sequence-reservation': 16 },
      troubles: {
        serverCrashes: 100,
        serverStops: 20,
        diskTroubles: 20,
        failedCommits: 200,
        powerCycles: 0.5,
        departures: 0.5,
        outages: 0.5,
        blackouts: 2,
      },
      security: { crypto, withoutCidEvery: 6 },
    })
    world.run(days(1))
    world.calm(hours(25))
    expect(recalled(world.security!)).toBeGreaterThan(500)
    world.silence()
  })
})

test('the same seed is the same world', { timeout }, () => {
  const storyOf = (seed: number): unknown => {
    const world = worldOf({
      seed,
      devices: 20,
      troubles: { serverCrashes: 50, serverStops: 10 },
      security: { crypto, withoutCidEvery: 4 },
    })
    world.run(hours(6))
    const { books, nonces } = world.security!
    return [world.timeline.steps, world.ledger.counts, world.network.counts, books.counts, nonces.sealed]
  }
  expect(storyOf(7)).toEqual(storyOf(7))
  expect(storyOf(7)).not.toEqual(storyOf(8))
})

function recalled({ books }: Security): number {
  const { recalledByAddress, recalledByCid, recalledByEndpoint } = books.counts
  return recalledByAddress + recalledByCid + recalledByEndpoint
}
