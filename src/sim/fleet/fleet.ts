/**
 * The devices of a scenario: made by chance, switched on over time, troubled as the scenario says, and
 * counted. The same over sockets and in virtual time: who carries their datagrams is handed in.
 */
import type { Random } from '../../base/random.ts'
import { after, milliseconds, type Duration, type Instant } from '../../base/time.ts'
import { deviceModel, type DeviceModel, type ObjectLibrary } from '../../lwm2m/model/library.ts'
import { between, chanceOf, returning } from '../chance.ts'
import { VirtualDevice, type Uplinks } from '../devices/device.ts'
import type { Personality } from '../devices/personality.ts'
import type { DeviceStack } from '../devices/stack.ts'
import type { Link } from '../link.ts'
import type { LinkQuality } from '../link-quality.ts'
import type { Antenna } from '../network.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { Timer, type Timeline } from '../timeline.ts'
import type { Individual } from './individual.ts'
import { Population } from './individual.ts'
import { Tally } from './tally.ts'

/** What carries datagrams between devices and server. */
export interface Carrier extends Uplinks {
  connect(quality: LinkQuality, chance: Random, antenna: Antenna): Link
}

export interface FleetOptions {
  readonly scenario: Scenario
  /** How many times shorter intervals are than in the scenario. */
  readonly compress: number
  readonly timeline: Timeline
  readonly library: ObjectLibrary
  /** The name of a device by its number. */
  readonly endpointOf: (index: number) => string
}

/** How many devices are where, at one moment. */
export interface Census {
  registered: number
  /** Running the version the campaign is about. */
  updated: number
  downloading: number
  /** With an image in the slot, waiting or rebooting. */
  installing: number
}

export class Fleet {
  readonly tally = new Tally()
  readonly individuals: readonly Individual[]
  devices: readonly VirtualDevice[] = []
  readonly #options: FleetOptions

  constructor(options: FleetOptions) {
    this.#options = options
    const population = new Population(options.scenario, options.compress)
    this.individuals = Array.from({ length: options.scenario.devices }, (_, index) =>
      population.draw(this.#chance(`individual ${index}`)),
    )
  }

  /** Puts the devices together, and switches them on one after the other from `now` on. */
  begin(now: Instant, stack: DeviceStack, carrier: Carrier): void {
    const models = new Map<Personality['version'], DeviceModel>()
    this.devices = this.individuals.map((individual, index) => this.#device(individual, index, models, stack, carrier))
    const chance = this.#chance('boot')
    for (const device of this.devices) {
      device.powerOnAt(after(now, milliseconds(between(chance, 0, this.#options.scenario.boot))))
    }
    this.#trouble(now)
  }

  /** Power off everywhere: nothing happens to any device any more. */
  end(now: Instant): void {
    for (const device of this.devices) device.powerOff(now)
  }

  census(): Census {
    const { firmware } = this.#options.scenario
    const census: Census = { registered: 0, updated: 0, downloading: 0, installing: 0 }
    for (const { flash, life } of this.devices) {
      if (life?.registration.id !== undefined) census.registered++
      if (flash.version === firmware?.to) census.updated++
      if (flash.state === 1) census.downloading++
      else if (flash.state > 1) census.installing++
    }
    return census
  }

  #device(
    { frailty, personality, quality }: Individual,
    index: number,
    models: Map<Personality['version'], DeviceModel>,
    stack: DeviceStack,
    carrier: Carrier,
  ): VirtualDevice {
    const { endpointOf, library, scenario, timeline } = this.#options
    const chance = this.#chance(`device ${index}`)
    const model = models.get(personality.version) ?? deviceModel(library, personality.version, new Map())
    models.set(personality.version, model)
    const device = new VirtualDevice({
      index,
      endpoint: endpointOf(index),
      personality,
      timeline,
      stack,
      network: carrier,
      model,
      chance,
      witness: this.tally,
      frailty,
      connect: (antenna) => carrier.connect(quality, chance, antenna),
    })
    if (scenario.firmware !== undefined) {
      device.flash.version = scenario.firmware.from
      device.show(scenario.firmware.from)
    }
    return device
  }

  #trouble(now: Instant): void {
    const { powerReturn } = this.#options.scenario.faults
    this.individuals.forEach(({ isInRegion, rebindsEvery }, index) => {
      const device = this.devices[index]!
      if (rebindsEvery !== undefined) this.#rebind(now, device, rebindsEvery)
      if (isInRegion && powerReturn !== undefined) {
        this.#at(after(now, powerReturn.after), (at) => {
          device.powerOff(at)
          const back = powerReturn.off + powerReturn.within * returning(device.chance)
          device.powerOnAt(after(at, milliseconds(back)))
        })
      }
    })
  }

  #rebind(now: Instant, device: VirtualDevice, every: Duration): void {
    this.#at(after(now, milliseconds(every * between(device.chance, 0.5, 1.5))), (at) => {
      device.link.rebind()
      this.#rebind(at, device, every)
    })
  }

  #at(at: Instant, happen: (now: Instant) => void): void {
    this.#options.timeline.set(new Timer(happen), at)
  }

  #chance(name: string): Random {
    return chanceOf(this.#options.scenario.seed, name)
  }
}
