/**
 * What a virtual device and its life are to the parts they are made of. The parts know these shapes and
 * not each other's files.
 */
import type { Bytes } from '../../base/bytes.ts'
import type { Random } from '../../base/random.ts'
import type { Duration, Instant } from '../../base/time.ts'
import type { ExchangeId, OutboundRequest, OutboundResponse, Peer, RequestOutcome } from '../../coap/types.ts'
import type { DeviceModel } from '../../lwm2m/model/library.ts'
import type { Path } from '../../lwm2m/path.ts'
import type { FormatNumber } from '../../lwm2m/payload/content-format.ts'
import type { Timeline, Timer } from '../timeline.ts'
import type { Flash } from './flash.ts'
import type { DeviceObjects } from './objects.ts'
import type { Radio } from './radio.ts'
import type { DeviceStack } from './stack.ts'
import type { Witness, Witnessed } from './witness.ts'

/** What goes wrong with one device by itself. */
export interface Frailty {
  /** An image of this version does not come up on it. */
  readonly rejects?: string
  /** An image of this version is damaged by the time it is in its slot. */
  readonly spoils?: string
  /** Its power fails once, when so many octets of an image are there. */
  readonly powerCutAfter?: number
  /** Waits so long between two blocks. */
  readonly blockPause?: Duration
}

/** What outlives a restart. */
export interface Body extends Witnessed {
  /** Its number in the fleet. */
  readonly index: number
  readonly timeline: Timeline
  readonly stack: DeviceStack
  readonly model: DeviceModel
  readonly chance: Random
  readonly witness: Witness
  readonly objects: DeviceObjects
  readonly flash: Flash
  readonly frailty: Frailty
  /** The number of its newest report. */
  readonly number: number
  nextNumber(): number
  /** The version that runs, as its objects tell it. */
  show(version: string): void
  /** Off in a moment, on again when it has started. */
  restart(now: Instant): void
  /** Off at once, without a word; on again when it has started. */
  crash(now: Instant): void
  transmit(datagram: Bytes): void
}

/** From power on to power off, as its parts see it. */
export interface Living {
  readonly device: Body
  readonly radio: Radio
  readonly peer: Peer
  readonly registration: Registering
  readonly reporter: Reporting
  readonly firmware: Updating
  /** A request of the device's own; the radio stays on until it is over. */
  ask(now: Instant, request: OutboundRequest, heard: (now: Instant, outcome: RequestOutcome) => void): void
  respond(now: Instant, exchange: ExchangeId, response: OutboundResponse): void
  /** Does `action` at that time, unless power goes first or `stop` is called. */
  at(at: Instant, action: (now: Instant) => void): Timer
  in(now: Instant, wait: Duration | number, action: (now: Instant) => void): Timer
  stop(timer: Timer | undefined): void
}

export interface Registering {
  /** The registration id the device holds, if it holds one. */
  readonly id: string | undefined
  register(now: Instant): void
  update(now: Instant, then?: (now: Instant, registered: boolean) => void): void
}

export interface Reporting {
  forgetObservers(now: Instant): void
  /** The sequence number the answer to an Observe carries. */
  observe(token: Bytes, path: Path, contentFormat: FormatNumber): number
  cancel(token: Bytes): void
  changed(now: Instant, path: Path): void
}

export interface Updating {
  readonly isFetching: boolean
  registered(now: Instant): void
  offer(now: Instant, uri: string): OutboundResponse
  install(now: Instant): OutboundResponse
}
