/**
 * The virtual device behind `coapstan device`: an LwM2M 1.1 client on the npm packages `coap` and
 * `node-dtls-client`, sharing no protocol code with the server, so that each can catch the other's
 * misreadings. This file turns it on, keeps it running over reboots and turns it off.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { SeededRandom } from '../base/random.ts'
import { milliseconds } from '../base/time.ts'
import { bootstrapped, type BootstrappingParts } from './bootstrapping.ts'
import { DirectoryFlash, MemoryFlash, bootLoader, type Boot, type Flash } from './firmware/flash.ts'
import { narrator as narratorOf, type Narrator } from './narrator.ts'
import { factorySettings } from './object-set.ts'
import { checkDeviceOptions, serverAddress, type DeviceOptions, type ServerAddress } from './options.ts'
import { personalities, type Personality } from './personality.ts'
import { PoweredDevice, type Ending } from './powered-device.ts'

const byPersonality = { nbiot: 'NB-IoT', 'thread-sleepy': 'sleepy Thread', ip: 'IP' } as const

/**
 * Runs a virtual device until `stop` is aborted or `until` says so. Resolves to the exit code: 0, or 1 where
 * `until` was given and the server never took its registration. Throws a UsageError for options that make no
 * sense, and the file system's errors for a state directory that cannot be used.
 */
export async function runDevice(options: DeviceOptions, stop: AbortSignal): Promise<number> {
  const server = checkDeviceOptions(options)
  const personality = personalityOf(options)
  const narrator = narratorOf(options.print, options.verbosity, options.colours, () => new Date())
  const random = new SeededRandom(options.seed)
  const flash = flashOf(options)
  let settings = factorySettings(options.lifetime, personality)
  let registered = false
  let home: Home | undefined
  const ended = new AbortController()
  const timer = typeof options.until === 'number' ? setTimeout(() => ended.abort(), options.until) : undefined
  const over = AbortSignal.any([stop, ended.signal])
  for (;;) {
    const boot = bootLoader(flash)
    introduce(narrator, boot, options)
    home ??= await homeOf({ options, server, personality, random, narrator, stopped: over })
    if (home === undefined) break
    if (home.lifetime !== undefined) settings.server.lifetime = home.lifetime
    const device = new PoweredDevice({
      options: home.options,
      server: home.server,
      personality,
      flash,
      boot,
      settings,
      random,
      narrator,
    })
    const ending = await device.run(over)
    registered ||= device.registered
    if (ending === 'stopped' || ending === 'done' || ending === 'failed') break
    if (ending === 'factory-reset') settings = factorySettings(options.lifetime, personality)
    if (ending === 'bootstrap') home = undefined
    narrator.happened(`${partings[ending]}; silent for ${personality.rebootTime / 1000} s`)
    if (!(await dark(personality, over))) break
  }
  clearTimeout(timer)
  return options.until === undefined || registered ? 0 : 1
}

/** Where the device registers, and as whom. */
interface Home {
  readonly options: DeviceOptions
  readonly server: ServerAddress
  /** Seconds, as a bootstrap server wants it. */
  readonly lifetime?: number
}

/** As the options say, or as the bootstrap server does; undefined where it did not. */
async function homeOf(parts: BootstrappingParts): Promise<Home | undefined> {
  const { options, server } = parts
  if (options.bootstrap === undefined) return { options, server }
  const account = await bootstrapped(parts)
  if (account === undefined) return undefined
  const { uri, mode, identity, key, lifetime } = account
  const psk = mode === 0 ? { identity, key } : undefined
  return { options: { ...options, server: uri, psk }, server: serverAddress(uri, '--server'), lifetime }
}

const partings: Readonly<Record<Exclude<Ending, 'stopped' | 'done' | 'failed'>, string>> = {
  reboot: 'reboots',
  bootstrap: 'told to ask its bootstrap server',
  'factory-reset': 'back to factory settings, reboots',
  update: 'swaps its image slots and reboots',
  crash: 'crashed',
}

function introduce(
  narrator: Narrator,
  boot: Boot,
  { endpoint, personality, product, server, bootstrap }: DeviceOptions,
): void {
  if (boot.event === 'reverted')
    narrator.trouble(`boot loader: the new image never confirmed itself, back to ${boot.version}`)
  if (boot.event === 'testing') narrator.happened(`boot loader: tries image ${boot.version}`)
  narrator.happened(
    `${endpoint}: virtual ${byPersonality[personality]} device, product ${product}, firmware ${boot.version}, ${bootstrap === undefined ? `server ${server}` : `bootstrap server ${bootstrap}`}`,
  )
}

/** Long enough for a server to see the State in between. */
const shortestInstallation = milliseconds(500)

function personalityOf({ personality, latency, updatePeriod, rebootTime }: DeviceOptions): Personality {
  const base = personalities[personality]
  return {
    ...base,
    latency: latency ?? base.latency,
    updatePeriod: updatePeriod ?? base.updatePeriod,
    // Who wants quick reboots wants quick installations, too.
    ...(rebootTime !== undefined && {
      rebootTime,
      installTime: milliseconds(Math.min(base.installTime, Math.max(rebootTime, shortestInstallation))),
    }),
  }
}

/** Each endpoint name has a directory of its own, whatever characters it is made of. */
function flashOf({ stateDirectory, endpoint, version }: DeviceOptions): Flash {
  if (stateDirectory === undefined) return new MemoryFlash(version)
  const digest = createHash('sha256').update(endpoint).digest('hex').slice(0, 8)
  const name = `${endpoint.replace(/[^A-Za-z0-9.-]/g, '_').slice(0, 64)}-${digest}`
  return new DirectoryFlash(join(stateDirectory, name), version)
}

/** No power for the time a reboot takes; false where the device was stopped meanwhile. */
function dark(personality: Personality, over: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      over.removeEventListener('abort', finish)
      resolve(!over.aborted)
    }
    const timer = setTimeout(finish, personality.rebootTime)
    over.addEventListener('abort', finish)
    if (over.aborted) finish()
  })
}
