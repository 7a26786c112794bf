/**
 * A week of every kind of client, asleep most of the time, behind networks that lose and forget them, under a
 * server that is killed and stopped: what was acknowledged is kept, what was asked is done once, what is wanted
 * is observed, and no radio that sleeps is sent anything. `npm run sim:week` is the same with 5 000 devices.
 */
import { expect, test } from 'vitest'
import { days } from '../../src/base/time.ts'
import { nodeCrypto } from '../../src/server/crypto-node.ts'
import { liveThrough, weekOf } from '../../src/sim/week.ts'
import { library, seeds, sized } from './support.ts'

const timeout = 3_600_000
const length = days(sized('SIM_DAYS', 7))

test.for(seeds(1))('a week in the clear, seed %i', { timeout }, (seed) => {
  const devices = sized('SIM_DEVICES', 60)
  const figures = liveThrough(weekOf({ seed, devices, library }), length)
  expect(figures.serverLives).toBeGreaterThan(30)
  expect(figures.rebindings).toBeGreaterThan(20 * devices)
  expect(figures.datagramsLost).toBeGreaterThan(devices)
  expect(figures.notifications).toBeGreaterThan(20 * devices)
  expect(figures.operations).toBeGreaterThan(7 * devices)
  expect(figures.intents).toBeGreaterThanOrEqual(0.95 * devices)
})

test.for(seeds(1))('days over DTLS, seed %i', { timeout }, (seed) => {
  const devices = sized('SIM_DEVICES', 20)
  const security = { crypto: nodeCrypto(), withoutCidEvery: 8 }
  const figures = liveThrough(weekOf({ seed, devices, library, security }), days(sized('SIM_DAYS', 3)))
  expect(figures.notifications).toBeGreaterThan(10 * devices)
  expect(figures.intents).toBeGreaterThanOrEqual(0.95 * devices)
})
