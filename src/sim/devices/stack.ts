/**
 * The CoAP stack of all virtual devices: one endpoint of our own cores, in which each life of a device is
 * a peer (its server). A hundred thousand devices then cost what they remember, and one timer.
 */
import type { Bytes } from '../../base/bytes.ts'
import type { Random } from '../../base/random.ts'
import type { Instant } from '../../base/time.ts'
import { profiles, type Profile } from '../../config/profiles.ts'
import { defaultSettings } from '../../config/tunables.ts'
import { CoapEndpoint } from '../../coap/endpoint.ts'
import type {
  CoapSink,
  ExchangeId,
  InboundNotification,
  InboundRequest,
  NoticeOutcome,
  OutboundRequest,
  OutboundResponse,
  Peer,
  RequestId,
  RequestOutcome,
} from '../../coap/types.ts'
import { Timer, type Timeline } from '../timeline.ts'

/** One life of a device, from power on to power off. */
export interface StackUser {
  /** The device's number in the fleet. */
  readonly index: number
  /** The device's own timers and sizes. */
  readonly profile: Profile
  transmit(now: Instant, datagram: Bytes): void
  request(now: Instant, request: InboundRequest): void
  notified(now: Instant, token: Bytes, outcome: NoticeOutcome): void
}

type Heard = (now: Instant, outcome: RequestOutcome) => void

export class DeviceStack implements CoapSink {
  readonly coap: CoapEndpoint
  readonly #timeline: Timeline
  readonly #users = new Map<Peer, StackUser>()
  readonly #askers = new Map<RequestId, Heard>()
  readonly #timer: Timer
  #lastPeer: Peer = 0

  constructor(timeline: Timeline, random: Random, devices: number) {
    this.#timeline = timeline
    this.coap = new CoapEndpoint({
      random,
      sink: this,
      settings: {
        ...defaultSettings,
        'coap.peers': 10 * devices + 1000,
        'coap.dedup.total': 100 * devices + 1000,
        'coap.observers.total': 64 * devices,
        'coap.bodies-total': 4_294_967_296,
      },
    })
    this.#timer = new Timer((now) => {
      this.coap.expire(now)
      this.#arm()
    })
  }

  /** Power on: nothing is remembered. */
  attach(user: StackUser): Peer {
    const peer = ++this.#lastPeer
    this.#users.set(peer, user)
    return peer
  }

  /** Power off: nothing under way is answered or told. */
  detach(now: Instant, peer: Peer): void {
    this.#users.delete(peer)
    this.coap.forget(now, peer)
    this.#arm()
  }

  receive(now: Instant, peer: Peer, datagram: Bytes): void {
    if (!this.#users.has(peer)) return
    this.coap.receive(now, peer, datagram, 0, datagram.length)
    this.#arm()
  }

  /** Whether a datagram only prepares for messages. */
  isHandshake(_datagram: Bytes): boolean {
    return false
  }

  ask(now: Instant, peer: Peer, request: OutboundRequest, heard: Heard): void {
    const { id } = this.coap.prepare(now, peer, request)
    this.#askers.set(id, heard)
    this.coap.transmit(now, id)
    this.#arm()
  }

  respond(now: Instant, exchange: ExchangeId, response: OutboundResponse): void {
    this.coap.respond(now, exchange, response)
    this.#arm()
  }

  /** Takes no notice of a request; its repetition will be a request like the first. */
  ignore(now: Instant, exchange: ExchangeId): void {
    this.coap.dismiss(now, exchange)
    this.#arm()
  }

  notify(now: Instant, peer: Peer, token: Bytes, response: OutboundResponse, confirmable: boolean): void {
    this.coap.notify(now, peer, token, response, { confirmable })
    this.#arm()
  }

  // ——— what the endpoint tells us ———

  send(now: Instant, peer: Peer, buffer: Bytes, start: number, end: number): void {
    this.#users.get(peer)?.transmit(now, buffer.subarray(start, end))
  }

  request(now: Instant, request: InboundRequest): void {
    this.#users.get(request.peer)?.request(now, request)
  }

  notification(now: Instant, { exchange }: InboundNotification): void {
    // A device observes nothing: a response nobody waits for is stale.
    this.coap.reject(now, exchange)
  }

  outcome(now: Instant, id: RequestId, outcome: RequestOutcome): void {
    const heard = this.#askers.get(id)
    this.#askers.delete(id)
    heard?.(now, outcome)
  }

  notified(now: Instant, peer: Peer, token: Bytes, outcome: NoticeOutcome): void {
    this.#users.get(peer)?.notified(now, token, outcome)
  }

  profileOf(peer: Peer): Profile {
    return this.#users.get(peer)?.profile ?? profiles.ip
  }

  #arm(): void {
    this.#timeline.set(this.#timer, this.coap.nextDeadline())
  }
}
