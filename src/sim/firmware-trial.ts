/**
 * A firmware update of a small fleet under fire: power fails and the server is killed at random points, many
 * times within the hours it takes. Says what such a world is, and what must hold at its end.
 */
import { hours } from '../base/time.ts'
import type { FirmwareUpdate } from '../fleet/firmware/types.ts'
import { chanceOf } from './chance.ts'
import type { PersonalityName } from './devices/personalities.ts'
import { makeImage } from './images.ts'
import { World, type WorldOptions } from './world.ts'

/** Octets of the image: many blocks of every client's size. */
const imageSize = 30_000
/** Clients that keep what they have fetched; the others begin anew after every break (devices.md §1). */
const resuming: readonly (readonly [PersonalityName, number])[] = [
  ['anjay-full', 1],
  ['thread-sleepy', 1],
]
/** In a day, so that a download of minutes meets several of them. */
const troubles = { serverCrashes: 400, powerCycles: 40, diskTroubles: 20, failedCommits: 100 }

export interface TrialFigures {
  readonly devices: number
  readonly imageSize: number
  readonly serverLives: number
  readonly powerCuts: number
  /** Updates by their state at the end. */
  readonly states: Readonly<Record<string, number>>
  readonly resumes: number
  /** Octets of the image: kept by devices, and read for answers to them. */
  readonly octetsKept: number
  readonly octetsServed: number
  readonly datagramsLost: number
  readonly installs: number
}

/**
 * Lives through it; the image does not come up on every `rejectedEvery`-th device. Throws InvariantError, with
 * the seed, where a device is not where it ought to be.
 */
export function firmwareTrial(
  options: Pick<WorldOptions, 'seed' | 'devices' | 'library' | 'security'>,
  rejectedEvery = 5,
): TrialFigures {
  const cuts = chanceOf(options.seed, 'cuts')
  const world = new World({
    ...options,
    mix: resuming,
    operationsPerDay: 0,
    troubles,
    settings: { 'firmware.backoff': 60_000, 'firmware.backoff-limit': 600_000, 'firmware.attempts': 30 },
    // Besides the troubles that come when they like: one cut of power in the middle of each download.
    frailty: (index) => ({
      powerCutAfter: Math.floor(cuts.fraction() * imageSize),
      ...(index % rejectedEvery === rejectedEvery - 1 ? { rejects: '1.1.0' } : {}),
    }),
  })
  world.begin()
  world.run(hours(1))
  const image = world.addImage('1.1.0', makeImage('1.1.0', true, imageSize, chanceOf(world.seed, 'image')))
  for (const device of world.devices) world.operator.update(world.now, device, image)
  world.run(hours(6))
  world.calm(hours(30))
  const updates = world.devices.map((_, index) => check(world, index))
  return figuresOf(world, updates)
}

/** Each device runs what the server says it runs; that it was given that once stands in the ledger. */
function check(world: World, index: number): FirmwareUpdate {
  const device = world.devices[index]!
  const { store } = world.server.disk
  const deviceId = store.device(device.endpoint)?.device.id
  const [update] = deviceId === undefined ? [] : store.updates(deviceId, 1)
  if (update === undefined) return world.fail('no update is known', device)
  const rejects = device.frailty.rejects === '1.1.0'
  const wanted = rejects ? { state: 'failed', version: '1.0.0' } : { state: 'confirmed', version: '1.1.0' }
  if (update.state !== wanted.state || device.flash.version !== wanted.version) {
    const reason = update.reason === undefined ? '' : ` (${update.reason})`
    return world.fail(`runs ${device.flash.version}, and its update is ${update.state}${reason}`, device)
  }
  return update
}

function figuresOf(world: World, updates: readonly FirmwareUpdate[]): TrialFigures {
  const states: Record<string, number> = {}
  for (const { state } of updates) states[state] = (states[state] ?? 0) + 1
  return {
    devices: updates.length,
    imageSize,
    serverLives: world.server.starts,
    powerCuts: world.devices.reduce((sum, { restarts }) => sum + restarts, 0),
    states,
    resumes: updates.reduce((sum, { resumes }) => sum + resumes, 0),
    octetsKept: world.ledger.counts.firmwareOctets,
    octetsServed: world.images.octetsRead,
    datagramsLost: world.network.counts.lost,
    installs: world.ledger.counts.installs,
  }
}
