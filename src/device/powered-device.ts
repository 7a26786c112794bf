/**
 * The device from power-on to power-off: puts objects, observers, firmware update and presence together
 * and knows why the power goes. What outlives the power (flash, settings) is handed in.
 */
import type { Random } from '../base/random.ts'
import { instantOf, milliseconds, seconds, type Duration } from '../base/time.ts'
import { AttributeStore } from './attributes.ts'
import { registrationLinks } from './discovery.ts'
import { firmwareObject } from './firmware/firmware-object.ts'
import { FirmwareUpdate } from './firmware/firmware-update.ts'
import type { Boot, Flash } from './firmware/flash.ts'
import type { Narrator } from './narrator.ts'
import { objectSet, type Settings } from './object-set.ts'
import type { ObjectTree } from './objects/object-tree.ts'
import { Sensors } from './objects/sensors.ts'
import { Observations } from './observations.ts'
import { protocolsOf, type DeviceOptions, type ServerAddress } from './options.ts'
import { pathText, type Leaf } from './payload/leaf.ts'
import type { Personality } from './personality.ts'
import { Presence } from './presence.ts'
import { RequestHandler, shown } from './requests.ts'

/** Why the power went: the server asked, the image crashed, the user stopped it, or it did what `until` asked (or not). */
export type Ending = 'reboot' | 'factory-reset' | 'bootstrap' | 'update' | 'crash' | 'stopped' | 'done' | 'failed'

export interface DeviceParts {
  readonly options: DeviceOptions
  readonly server: ServerAddress
  readonly personality: Personality
  readonly flash: Flash
  readonly boot: Boot
  readonly settings: Settings
  readonly random: Random
  readonly narrator: Narrator
}

const tickPeriod: Duration = milliseconds(500)
const measurePeriod: Duration = seconds(2)
/** Between an answer that says "I reboot" and the reboot: the answer must be out, latency and all. */
const partingTime: Duration = milliseconds(300)
/** From registering with a faulty image to its crash, in times a reboot takes: slow devices do all more slowly. */
const lateCrashReboots = 8
const watchdogTime: Duration = seconds(1)

export class PoweredDevice {
  readonly #parts: DeviceParts
  readonly #power = new AbortController()
  readonly #sensors: Sensors
  readonly #firmware: FirmwareUpdate
  readonly #observations: Observations
  readonly #presence: Presence
  readonly #timers: NodeJS.Timeout[] = []
  readonly #ending: Promise<Ending>
  #end: (ending: Ending) => void = () => undefined
  /** Whether the server ever took its registration. */
  registered = false

  constructor(parts: DeviceParts) {
    this.#parts = parts
    const { options, personality, settings, random, server, narrator, flash } = parts
    this.#ending = new Promise((resolve) => {
      this.#end = resolve
    })
    this.#sensors = new Sensors(random, personality.signalStrength, instantOf(Date.now()))
    this.#firmware = new FirmwareUpdate({
      flash,
      protocols: protocolsOf(options, server),
      deltas: options.deltas,
      trusted: options.trustedCertificates,
      narrator,
      unixSeconds,
      openCoap: (uri) => this.#presence.openPackage(uri),
      install: () => this.#endAfter('update', personality.installTime),
    })
    const tree = this.#tree()
    const attributes = new AttributeStore()
    this.#observations = new Observations(tree, attributes, settings.server, (path, leaves) =>
      narrator.sent(`notify ${summary(path, leaves)}`),
    )
    this.#presence = new Presence(
      {
        options,
        server,
        personality,
        settings: settings.server,
        random,
        narrator,
        handler: new RequestHandler({
          tree,
          attributes,
          observations: this.#observations,
          package: this.#firmware,
          writeBlockSize: personality.writeBlockSize,
        }),
        links: () => registrationLinks(tree),
        registering: () => this.#observations.closeAll(),
        registered: () => this.#hasRegistered(),
        finished: (success) => this.#end(success ? 'done' : 'failed'),
      },
      this.#power.signal,
    )
  }

  #tree(): ObjectTree {
    const { options, personality, flash, boot, settings, server } = this.#parts
    const { endpoint, product } = options
    return objectSet({
      identity: { endpoint, product, version: boot.version, queueMode: settings.server.queueMode },
      personality,
      settings,
      sensors: this.#sensors,
      firmware: firmwareObject(flash, this.#firmware, product, protocolsOf(options, server)),
      reactions: {
        reboot: () => this.#endAfter('reboot', partingTime),
        factoryReset: () => this.#endAfter('factory-reset', partingTime),
        lifetimeChanged: () => this.#presence.updateSoon(),
        updateTriggered: () => this.#presence.updateSoon(),
        bootstrapTriggered: () => {
          if (options.bootstrap === undefined) return '4.05'
          this.#endAfter('bootstrap', partingTime)
          return undefined
        },
      },
      unixSeconds,
      addresses: () => [this.#presence.localAddress],
    })
  }

  /** Runs until the power goes or `stop` is aborted; in the latter case it deregisters if it can. */
  async run(stop: AbortSignal): Promise<Ending> {
    const stopped = (): void => this.#end('stopped')
    if (stop.aborted) stopped()
    stop.addEventListener('abort', stopped, { once: true })
    this.#start()
    const ending = await this.#ending
    stop.removeEventListener('abort', stopped)
    for (const timer of this.#timers) clearTimeout(timer)
    this.#firmware.stop()
    this.#power.abort()
    await this.#presence.leave(ending === 'stopped' || ending === 'done')
    this.#observations.closeAll()
    return ending
  }

  #start(): void {
    const { boot, options, narrator } = this.#parts
    if (boot.event === 'testing' && options.faultyImage === 'boot') {
      narrator.trouble(`image ${boot.version} starts and hangs; the watchdog bites`)
      this.#endAfter('crash', watchdogTime)
      return
    }
    this.#timers.push(
      setInterval(() => this.#sensors.measure(instantOf(Date.now())), measurePeriod),
      setInterval(() => this.#observations.evaluate(instantOf(Date.now())), tickPeriod),
    )
    void this.#presence.live()
  }

  #hasRegistered(): void {
    if (!this.registered) this.#firmware.resume()
    this.registered = true
    const { boot, options, flash, personality, narrator } = this.#parts
    if (boot.event !== 'testing' || flash.record.swap !== 'testing') return
    if (options.faultyImage === 'late') {
      this.#firmware.reportSuccess()
      narrator.happened(`image ${boot.version} reports success, yet will crash before it confirms itself`)
      this.#endAfter('crash', milliseconds(lateCrashReboots * personality.rebootTime))
      return
    }
    this.#firmware.confirm(boot.version)
    narrator.happened(`image ${boot.version} confirmed: it reached the server`)
  }

  #endAfter(ending: Ending, wait: Duration): void {
    const parting = wait + 3 * this.#parts.personality.latency
    this.#timers.push(setTimeout(() => this.#end(ending), parting))
  }
}

const unixSeconds = (): number => Math.floor(Date.now() / 1000)

function summary(path: readonly number[], leaves: readonly Leaf[]): string {
  const only = leaves[0]
  return leaves.length === 1 && only !== undefined ? shown(only) : `${pathText(path)}, ${leaves.length} values`
}
