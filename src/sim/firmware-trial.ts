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
/** Every so many devices go over an image in between. */
const hopsEvery = 3
const [before, between, goal] = ['1.0.0', '1.0.5', '1.1.0'] as const
/** In a day, so that a download of minutes meets several of them. */
const troubles = { serverCrashes: 400, powerCycles: 40, diskTroubles: 20, failedCommits: 100 }

export interface TrialFigures {
  readonly devices: number
  /** Octets of all images that devices ought to fetch. */
  readonly octetsWanted: number
  readonly serverLives: number
  readonly powerCuts: number
  /** The last update of each device by its state at the end. */
  readonly states: Readonly<Record<string, number>>
  readonly resumes: number
  /** Octets of images: kept by devices, and read for answers to them. */
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
      ...(index % rejectedEvery === rejectedEvery - 1 ? { rejects: goal } : {}),
    }),
  })
  world.begin()
  world.run(hours(1))
  const imageOf = (version: string) =>
    world.addImage(version, makeImage(version, true, imageSize, chanceOf(world.seed, version)))
  const [middle, image] = [imageOf(between), imageOf(goal)]
  for (const [index, device] of world.devices.entries()) {
    if (goesOver(index)) world.operator.update(world.now, device, middle, image)
    else world.operator.update(world.now, device, image)
  }
  world.run(hours(6))
  world.calm(hours(30))
  const updates = world.devices.map((_, index) => check(world, index))
  return figuresOf(world, updates)
}

const goesOver = (index: number): boolean => index % hopsEvery === 0

/** Each device runs what the server says it runs, and has gone its way once; that it was given each image once stands in the ledger. */
function check(world: World, index: number): readonly FirmwareUpdate[] {
  const device = world.devices[index]!
  const { store } = world.server.disk
  const deviceId = store.device(device.endpoint)?.device.id
  const updates = deviceId === undefined ? [] : store.updates(deviceId, 9)
  const [update] = updates
  if (update === undefined) return world.fail('no update is known', device)
  const over = goesOver(index) ? [between] : []
  const path = updates.map(({ version }) => version).reverse()
  if (path.join() !== [...over, goal].join()) return world.fail(`went to ${path.join(', then to ')}`, device)
  const rejects = device.frailty.rejects === goal
  const wanted = rejects ? { state: 'failed', version: over[0] ?? before } : { state: 'confirmed', version: goal }
  if (update.state !== wanted.state || device.flash.version !== wanted.version) {
    const reason = update.reason === undefined ? '' : ` (${update.reason})`
    return world.fail(`runs ${device.flash.version}, and its update is ${update.state}${reason}`, device)
  }
  return updates
}

function figuresOf(world: World, perDevice: readonly (readonly FirmwareUpdate[])[]): TrialFigures {
  const states: Record<string, number> = {}
  const updates = perDevice.flat()
  for (const [last] of perDevice) states[last!.state] = (states[last!.state] ?? 0) + 1
  return {
    devices: perDevice.length,
    octetsWanted: updates.length * imageSize,
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
