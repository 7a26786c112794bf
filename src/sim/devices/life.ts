/**
 * A virtual device from power on to power off: its place in the stack, its radio, and the parts that are
 * gone when power is. What a life begins and does not end, nobody hears of.
 */
import type { Bytes } from '../../base/bytes.ts'
import { after, between, milliseconds, type Duration, type Instant } from '../../base/time.ts'
import type { Profile } from '../../config/profiles.ts'
import { method } from '../../coap/codes.ts'
import type {
  ExchangeId,
  InboundRequest,
  NoticeOutcome,
  OutboundRequest,
  OutboundResponse,
  Peer,
  RequestOutcome,
} from '../../coap/types.ts'
import { Timer } from '../timeline.ts'
import { FirmwareClient } from './firmware-client.ts'
import { ObjectServer } from './object-server.ts'
import type { Body, Living } from './parts.ts'
import type { Radio } from './radio.ts'
import { RegistrationClient } from './registration-client.ts'
import { Reporter } from './reporter.ts'
import type { StackUser } from './stack.ts'
import type { Fact } from './witness.ts'

export class Life implements StackUser, Living {
  readonly device: Body
  readonly radio: Radio
  readonly begunAt: Instant
  readonly peer: Peer
  readonly profile: Profile
  readonly registration: RegistrationClient
  readonly reporter: Reporter
  readonly firmware: FirmwareClient
  readonly #objects: ObjectServer
  readonly #timers = new Set<Timer>()
  #over = false

  constructor(device: Body, radio: Radio, now: Instant) {
    this.begunAt = now
    this.device = device
    this.radio = radio
    this.profile = device.personality.stack
    this.peer = device.stack.attach(this)
    this.registration = new RegistrationClient(this)
    this.reporter = new Reporter(this)
    this.firmware = new FirmwareClient(this)
    this.#objects = new ObjectServer(this)
  }

  get index(): number {
    return this.device.index
  }

  get isOver(): boolean {
    return this.#over
  }

  begin(now: Instant): void {
    this.registration.begin(now)
    this.reporter.begin(now)
    this.firmware.begin(now)
  }

  end(now: Instant): void {
    this.#over = true
    for (const timer of this.#timers) this.device.timeline.clear(timer)
    this.radio.off()
    this.device.stack.detach(now, this.peer)
  }

  /** A datagram reached the running device. */
  receive(now: Instant, datagram: Bytes): void {
    this.device.stack.receive(now, this.peer, datagram)
  }

  /** A request of the device's own; the radio stays on until it is over. */
  ask(now: Instant, request: OutboundRequest, heard: (now: Instant, outcome: RequestOutcome) => void): void {
    this.radio.active(now)
    this.radio.waiting++
    this.device.stack.ask(now, this.peer, request, (at, outcome) => {
      if (this.#over) return
      this.radio.waiting--
      this.radio.active(at)
      const { device } = this
      if (outcome.outcome === 'timeout') device.witness.noted(at, device, { fact: 'silence' })
      if (outcome.outcome === 'response') {
        device.witness.noted(at, device, { fact: 'answer', to: kindOf(request), took: between(now, at) })
      }
      heard(at, outcome)
    })
  }

  respond(now: Instant, exchange: ExchangeId, response: OutboundResponse): void {
    this.device.stack.respond(now, exchange, response)
  }

  /** Does `action` at `at`, unless power goes first or `stop` is called. */
  at(at: Instant, action: (now: Instant) => void): Timer {
    const timer = new Timer((now) => {
      this.#timers.delete(timer)
      action(now)
    })
    this.#timers.add(timer)
    this.device.timeline.set(timer, at)
    return timer
  }

  in(now: Instant, wait: Duration | number, action: (now: Instant) => void): Timer {
    return this.at(after(now, milliseconds(wait)), action)
  }

  stop(timer: Timer | undefined): void {
    if (timer === undefined) return
    this.#timers.delete(timer)
    this.device.timeline.clear(timer)
  }

  // ——— what the stack tells us ———

  transmit(now: Instant, datagram: Bytes): void {
    this.radio.active(now)
    this.device.transmit(datagram)
  }

  request(now: Instant, request: InboundRequest): void {
    this.radio.active(now)
    // Before it has registered it knows no server; over DTLS it would not even have a session.
    if (this.registration.hasBegun) this.#objects.request(now, request)
    else this.device.stack.ignore(now, request.exchange)
  }

  notified(now: Instant, token: Bytes, outcome: NoticeOutcome): void {
    this.reporter.notified(now, token, outcome)
  }
}

function kindOf({ code, path }: OutboundRequest): Extract<Fact, { fact: 'answer' }>['to'] {
  if (code === method.get) return 'block'
  if (path[0] === 'dp') return 'send'
  return path.length === 1 ? 'register' : 'update'
}
