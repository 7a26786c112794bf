/**
 * A fleet over real sockets, put together: devices in real time, each with its socket and its keys, and
 * nothing of the server but its address.
 */
import type { Random } from '../../base/random.ts'
import type { DtlsCrypto } from '../../dtls/crypto.ts'
import { Fleet, type FleetOptions } from '../fleet/fleet.ts'
import type { FleetKeys } from '../fleet/keys.ts'
import { HandshakeCounts, stackOf } from '../fleet/stacks.ts'
import { Timeline } from '../timeline.ts'
import { RealTime, type Clock } from './real-time.ts'
import { SocketCarrier, type SocketCarrierOptions } from './socket-carrier.ts'

export interface SocketFleetOptions extends Omit<FleetOptions, 'timeline'>, Omit<SocketCarrierOptions, 'time'> {
  readonly clock: Clock
  /** For message ids, tokens and handshakes; what a device does is drawn from the scenario's seed. */
  readonly random: Random
  /** Undefined: plain CoAP. */
  readonly security: { readonly crypto: DtlsCrypto; readonly keys: FleetKeys } | undefined
}

/** Sockets a process can have open, with room for what else it does. */
export const socketLimit = 19_000

export class SocketFleet {
  readonly fleet: Fleet
  readonly carrier: SocketCarrier
  readonly handshakes = new HandshakeCounts()
  readonly #time: RealTime
  readonly #options: SocketFleetOptions

  constructor(options: SocketFleetOptions) {
    this.#options = options
    const timeline = new Timeline(options.clock.now())
    this.#time = new RealTime(timeline, options.clock)
    this.fleet = new Fleet({ ...options, timeline })
    this.carrier = new SocketCarrier({ ...options, time: this.#time })
  }

  begin(): void {
    const { individuals } = this.fleet
    const { timeline } = this.#time
    const now = this.#time.advance()
    this.fleet.begin(now, stackOf({ ...this.#options, timeline, individuals }, this.handshakes), this.carrier)
    this.#time.advance()
  }

  /** Power off, sockets closed. */
  end(): void {
    this.fleet.end(this.#time.advance())
    this.#time.stop()
    this.carrier.close()
  }
}
