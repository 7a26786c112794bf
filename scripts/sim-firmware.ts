/**
 * `npm run sim:firmware [-- --seeds 100 --devices 12 --seed 1 --dtls]`: updates of a small fleet while power fails
 * and the server is killed at random points, once for each seed; ends with the sums, or with the first device that
 * is not where it ought to be and the seed that brings it back. Not part of the test suite.
 */
import { parseArgs } from 'node:util'
import { nodeCrypto } from '../src/server/crypto-node.ts'
import { firmwareTrial } from '../src/sim/firmware-trial.ts'
import { readObjectLibrary } from '../src/sim/object-files.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    devices: { type: 'string', default: '12' },
    seed: { type: 'string', default: '1' },
    dtls: { type: 'boolean', default: false },
  },
})

const library = readObjectLibrary()
const devices = Number(values.devices)
const first = Number(values.seed)
const sums = { worlds: 0, updates: 0, confirmed: 0, reverted: 0, serverLives: 0, powerCuts: 0, resumes: 0 }
let wanted = 0
let kept = 0
let served = 0
let lost = 0
for (let seed = first; seed < first + Number(values.seeds); seed++) {
  const security = values.dtls ? { security: { crypto: nodeCrypto(), withoutCidEvery: 8 } } : {}
  const figures = firmwareTrial({ seed, devices, library, ...security })
  sums.worlds++
  sums.updates += devices
  sums.confirmed += figures.states['confirmed'] ?? 0
  sums.reverted += figures.states['failed'] ?? 0
  sums.serverLives += figures.serverLives
  sums.powerCuts += figures.powerCuts
  sums.resumes += figures.resumes
  wanted += figures.octetsWanted
  kept += figures.octetsKept
  served += figures.octetsServed
  lost += figures.datagramsLost
}
const ratio = (octets: number): string => (octets / wanted).toFixed(3)
console.log(
  JSON.stringify({ ...sums, keptOverImages: ratio(kept), servedOverImages: ratio(served), datagramsLost: lost }),
)
