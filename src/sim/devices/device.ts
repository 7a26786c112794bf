/**
 * A virtual device: what outlives a restart (flash, written values, its place in the network) and the
 * switch that begins and ends its lives.
 */
import type { Bytes } from '../../base/bytes.ts'
import type { Random } from '../../base/random.ts'
import { after, milliseconds, type Duration, type Instant } from '../../base/time.ts'
import type { DeviceModel } from '../../lwm2m/model/library.ts'
import { between } from '../chance.ts'
import type { Link } from '../link.ts'
import type { Antenna, Downlink } from '../network.ts'
import { Timer, type Timeline } from '../timeline.ts'
import { Flash } from './flash.ts'
import { Life } from './life.ts'
import { DeviceObjects, reportedPath } from './objects.ts'
import type { Frailty } from './parts.ts'
import type { Personality } from './personality.ts'
import { Radio } from './radio.ts'
import type { DeviceStack } from './stack.ts'
import type { Witness } from './witness.ts'

/** Takes what devices send. */
export interface Uplinks {
  up(link: Link, datagram: Bytes): void
}

export interface DeviceOptions {
  readonly index: number
  readonly endpoint: string
  readonly personality: Personality
  readonly timeline: Timeline
  readonly stack: DeviceStack
  readonly network: Uplinks
  readonly model: DeviceModel
  readonly chance: Random
  readonly witness: Witness
  readonly frailty?: Frailty
  /** Its link, given where its datagrams are to come out. */
  readonly connect: (antenna: Antenna) => Link
}

/** From the command to restart to the end of power: the answer still goes out. */
const parting: Duration = milliseconds(2000)

export class VirtualDevice implements Antenna {
  readonly index: number
  readonly endpoint: string
  readonly personality: Personality
  readonly timeline: Timeline
  readonly stack: DeviceStack
  readonly model: DeviceModel
  readonly chance: Random
  readonly witness: Witness
  readonly link: Link
  readonly objects = new DeviceObjects()
  readonly flash = new Flash()
  readonly frailty: Frailty
  readonly #network: Uplinks
  readonly #radio: Radio
  readonly #switch: Timer
  #life: Life | undefined
  #number = 0
  #restarts = 0

  constructor(options: DeviceOptions) {
    this.index = options.index
    this.endpoint = options.endpoint
    this.personality = options.personality
    this.timeline = options.timeline
    this.stack = options.stack
    this.model = options.model
    this.chance = options.chance
    this.witness = options.witness
    this.frailty = options.frailty ?? {}
    this.#network = options.network
    this.#radio = new Radio(options.personality.radio)
    this.link = options.connect(this)
    this.#switch = new Timer((now) => (this.#life === undefined ? this.powerOn(now) : this.#restartNow(now)))
  }

  get life(): Life | undefined {
    return this.#life
  }

  /** Times it went through a restart. */
  get restarts(): number {
    return this.#restarts
  }

  /** The number of its newest report. */
  get number(): number {
    return this.#number
  }

  nextNumber(): number {
    this.#number++
    this.objects.set(reportedPath, { type: 'float', value: this.#number })
    return this.#number
  }

  /** The version that runs, as its objects tell it. */
  show(version: string): void {
    this.objects.set([3, 0, 3], { type: 'string', value: version })
    this.objects.set([5, 0, 7], { type: 'string', value: version })
  }

  powerOnAt(at: Instant): void {
    this.timeline.set(this.#switch, at)
  }

  powerOn(now: Instant): void {
    this.timeline.clear(this.#switch)
    if (this.#life !== undefined) return
    this.#life = new Life(this, this.#radio, now)
    this.#life.begin(now)
  }

  /** Stays off until somebody switches it on. */
  powerOff(now: Instant): void {
    this.timeline.clear(this.#switch)
    this.#life?.end(now)
    this.#life = undefined
  }

  /** Off in a moment, on again when it has started. */
  restart(now: Instant): void {
    this.timeline.set(this.#switch, after(now, parting))
  }

  /** Off at once, without a word. */
  crash(now: Instant): void {
    this.#restartNow(now)
  }

  transmit(datagram: Bytes): void {
    this.#network.up(this.link, datagram)
  }

  receive(now: Instant, { datagram, sentAt, silence }: Downlink): void {
    const life = this.#life
    // What was sent to the life before is of a session, or at least a socket, that is no more.
    if (life === undefined || sentAt < life.begunAt) return
    if (this.#radio.isOn(now)) {
      life.receive(now, datagram)
      return
    }
    // Nobody knows when the radio of a device sleeps that has not registered yet.
    if (!this.stack.isHandshake(datagram)) this.witness.missed(now, this, silence)
    const fetchedAt = this.#radio.fetchedAt(now, datagram)
    if (fetchedAt !== undefined) life.at(fetchedAt, (at) => life.receive(at, datagram))
  }

  #restartNow(now: Instant): void {
    this.powerOff(now)
    this.#restarts++
    const [shortest, longest] = this.personality.restart
    this.powerOnAt(after(now, milliseconds(between(this.chance, shortest, longest))))
  }
}
