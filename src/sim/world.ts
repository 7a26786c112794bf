/**
 * A world in virtual time: a server on its disk, a fleet of devices, the network between them, an operator
 * who asks things, and troubles. The same seed gives the same world, step for step; every violation of
 * what must hold ends it with the seed that brings it back.
 */
import type { Bytes } from '../base/bytes.ts'
import { InvariantError } from '../base/errors.ts'
import { after, hours, instantOf, milliseconds, minutes, type Duration, type Instant } from '../base/time.ts'
import { defaultSettings, type Settings } from '../config/tunables.ts'
import type { Image } from '../fleet/images/types.ts'
import type { Store } from '../fleet/store.ts'
import { deviceModel, type ObjectLibrary } from '../lwm2m/model/library.ts'
import { between, chanceOf, weighted } from './chance.ts'
import { VirtualDevice } from './devices/device.ts'
import { personalities, usualMix, type PersonalityName } from './devices/personalities.ts'
import type { Frailty } from './devices/parts.ts'
import { DeviceStack } from './devices/stack.ts'
import type { Witnessed } from './devices/witness.ts'
import { Disk } from './disk.ts'
import { ImageShelf } from './image-shelf.ts'
import { Ledger } from './ledger.ts'
import { hostile, linkQualities } from './link-quality.ts'
import { MemoryStore } from './memory-store.ts'
import { Network } from './network.ts'
import { fleetProduct, Operator } from './operator.ts'
import { Timeline } from './timeline.ts'
import { Troubles, type TroubleRates } from './troubles.ts'
import { Security, type SecurityOptions } from './security.ts'
import { VirtualServer } from './virtual-server.ts'
import * as invariants from './invariants.ts'
import { associationsBounded } from './secured-invariants.ts'

export interface WorldOptions {
  readonly seed: number
  readonly devices: number
  readonly library: ObjectLibrary
  readonly mix?: readonly (readonly [PersonalityName, number])[]
  readonly settings?: Partial<Settings>
  /** Else one in memory. */
  readonly store?: Store
  readonly operationsPerDay?: number
  readonly troubles?: TroubleRates
  /** Loss of at least this share each way, duplicates and reordering in plenty. */
  readonly hostileLoss?: number
  /** Devices come on over this time. */
  readonly boot?: Duration
  /** First two octets of the devices' addresses; the server trusts those of its own machine (127.…). */
  readonly prefix?: string
  /** Every device speaks DTLS; plain CoAP without it. */
  readonly security?: SecurityOptions
  /** What may go wrong with the updates of a device. */
  readonly frailty?: (index: number) => Frailty
  /** Looks at the world after every step. */
  readonly watch?: (world: World) => void
}

/** 2026-01-01T00:00Z. */
const start = instantOf(1_767_225_600_000)

export class World {
  readonly seed: number
  readonly timeline: Timeline
  readonly network: Network
  readonly server: VirtualServer
  readonly stack: DeviceStack
  readonly security: Security | undefined
  readonly devices: readonly VirtualDevice[]
  readonly ledger: Ledger
  readonly operator: Operator
  readonly troubles: Troubles
  readonly settings: Settings
  readonly #options: WorldOptions
  readonly images = new ImageShelf()

  constructor(options: WorldOptions) {
    const { devices: count, library, security, seed } = options
    this.#options = options
    this.seed = seed
    this.settings = { ...defaultSettings, ...options.settings }
    const timeline = (this.timeline = new Timeline(start))
    const chance = (name: string) => chanceOf(seed, name)
    this.ledger = new Ledger((text, device) => this.fail(text, device))
    this.network = new Network(timeline, chance('network'), count, options.prefix ?? '127.18')
    this.security =
      security === undefined
        ? undefined
        : new Security(security, {
            seed,
            settings: this.settings,
            endpointOf,
            deviceOf: (index) => this.devices[index]!,
            violate: (text, device) => this.fail(text, device),
          })
    const stackRandom = chance('device stack')
    this.stack = this.security?.stack(timeline, stackRandom, count) ?? new DeviceStack(timeline, stackRandom, count)
    this.server = new VirtualServer({
      timeline,
      settings: this.settings,
      library,
      chance: chance('server'),
      randomOf: (life) => chance(`server process ${life}`),
      disk: new Disk(options.store ?? new MemoryStore(), (ops) => {
        this.ledger.committed(ops)
        this.security?.books.committed(ops)
      }),
      image: (key) => this.images.body(key),
      publicUri: security === undefined ? 'coap://198.18.255.1:5683' : 'coaps://198.18.255.1:5684',
      secured: this.security?.door,
      send: (to, datagram) => this.network.down(to, datagram),
      emit: () => undefined,
      started: (now) => {
        this.ledger.serverStartedAt = now
      },
    })
    this.devices = Array.from({ length: count }, (_, index) => this.#device(index))
    const violate = (text: string, device?: VirtualDevice): void => this.fail(text, device)
    const { server, devices } = this
    this.operator = new Operator({
      timeline,
      server,
      devices,
      violate,
      chance: chance('operator'),
      operationsPerDay: options.operationsPerDay ?? 6,
    })
    this.troubles = new Troubles({
      timeline,
      server,
      devices,
      chance: chance('troubles'),
      rates: options.troubles ?? {},
    })
  }

  get now(): Instant {
    return this.timeline.now
  }

  /** Power everywhere, at the start of time. */
  begin(): void {
    const chance = chanceOf(this.seed, 'boot')
    this.server.start(this.now)
    this.operator.begin(this.now)
    this.troubles.begin(this.now)
    for (const device of this.devices) {
      device.powerOnAt(after(this.now, milliseconds(between(chance, 1000, this.#options.boot ?? minutes(30)))))
    }
  }

  /** The next thing that happens at or before `until`; false where there is none. */
  step(until: Instant): boolean {
    const happened = this.timeline.step(until)
    if (happened) this.#options.watch?.(this)
    return happened
  }

  runUntil(instant: Instant): void {
    while (this.step(instant));
    this.timeline.rest(instant)
  }

  run(duration: Duration): void {
    this.runUntil(after(this.now, duration))
  }

  /** A firmware image devices can be updated to. */
  addImage(version: string, bytes: Bytes): Image {
    return this.images.add(this.server.disk.store, this.now, fleetProduct, version, bytes)
  }

  /** No more wishes and troubles, a network that loses nothing, a server that is up. */
  appease(): void {
    this.operator.stop()
    this.troubles.stop()
    this.run(minutes(10))
    this.server.disk.trouble = 'none'
    this.server.start(this.now)
    // Known by its address only, a device behind a translator that forgets it is never quite at rest.
    for (const { index, link } of this.devices) link.mend(this.security?.hasConnectionId(index) === false)
  }

  /** Nothing goes wrong any more: everything may end, and must have ended after `duration`. */
  calm(duration: Duration): void {
    this.appease()
    this.run(duration)
    this.#check(invariants.operationsEnded(this))
    this.#check(invariants.registrationsAgree(this))
    this.#check(invariants.intentsEstablished(this))
    this.#check(invariants.nothingLost(this))
  }

  /** Every device falls silent; once every lifetime is over nothing may be remembered of them. */
  silence(): void {
    for (const device of this.devices) device.powerOff(this.now)
    this.run(hours(26))
    this.#check(invariants.tablesEmpty(this))
    if (this.security !== undefined) this.#check(associationsBounded(this.server, this.settings, this.security))
  }

  /** Ends the world: something that must hold does not. */
  fail(text: string, device?: Witnessed): never {
    const at = new Date(this.now).toISOString()
    const whose = device === undefined ? '' : `${device.endpoint} (${device.personality.name}) `
    throw new InvariantError(`seed ${this.seed}, ${at}, step ${this.timeline.steps}: ${whose}${text}`)
  }

  #check(wrong: readonly string[]): void {
    if (wrong.length > 0) this.fail(`${wrong.length} wrong: ${wrong.slice(0, 10).join('; ')}`)
  }

  #device(index: number): VirtualDevice {
    const chance = chanceOf(this.seed, `device ${index}`)
    const personality = personalities[weighted(chance, this.#options.mix ?? usualMix)]
    const { hostileLoss } = this.#options
    const usual = linkQualities[personality.network]
    const quality = hostileLoss === undefined ? usual : hostile(usual, hostileLoss)
    return new VirtualDevice({
      index,
      endpoint: endpointOf(index),
      personality,
      timeline: this.timeline,
      stack: this.stack,
      network: this.network,
      model: deviceModel(this.#options.library, personality.version, new Map()),
      chance,
      witness: this.ledger,
      frailty: this.#options.frailty?.(index) ?? {},
      connect: (antenna) => this.network.connect(quality, chance, this.server, antenna),
    })
  }
}

const endpointOf = (index: number): string => `sim-${String(index).padStart(6, '0')}`
