/**
 * Puts the endpoint's parts together: who gets which tables, limits and neighbours. Nothing but wiring.
 */
import { DeadlineQueue } from '../base/deadline-queue.ts'
import { silentLog, type Log } from '../base/log.ts'
import { noMetrics, type Metrics } from '../base/metrics.ts'
import type { Random } from '../base/random.ts'
import { milliseconds, type Instant } from '../base/time.ts'
import type { Settings } from '../config/tunables.ts'
import { BodyBudget } from './body.ts'
import { DedupTable } from './dedup.ts'
import { Echo } from './echo.ts'
import { Exchanges } from './exchange.ts'
import { FaultCounters } from './fault-counters.ts'
import { IncomingBodies } from './incoming-bodies.ts'
import { Notifications } from './notifications.ts'
import { Observers } from './observers.ts'
import { Outbox } from './outbox.ts'
import { Peers } from './peers.ts'
import { Requester } from './requester.ts'
import { Responder } from './responder.ts'
import { Transmissions, type GaveUp } from './retransmit.ts'
import { ServedBodies } from './served-bodies.ts'
import type { PeerState, Timed, Transmission } from './state.ts'
import { Tokens } from './token.ts'
import type { CoapSink } from './types.ts'

export interface CoapEndpointOptions {
  readonly random: Random
  readonly settings: Settings
  readonly sink: CoapSink
  readonly metrics?: Metrics
  readonly log?: Log
}

export class EndpointParts {
  readonly queue = new DeadlineQueue<Timed>()
  readonly budget: BodyBudget
  readonly echo: Echo
  readonly faultCounters: FaultCounters
  readonly outbox: Outbox
  readonly peers: Peers
  readonly dedup: DedupTable
  readonly exchanges: Exchanges
  readonly transmissions: Transmissions
  readonly incoming: IncomingBodies
  readonly served: ServedBodies
  readonly observers: Observers
  readonly notifications: Notifications
  readonly requester: Requester
  readonly responder: Responder

  constructor(options: CoapEndpointOptions) {
    const { random, settings, sink, metrics = noMetrics, log = silentLog } = options
    const queue = this.queue
    const faultCounters = (this.faultCounters = new FaultCounters(log, metrics))
    const outbox = (this.outbox = new Outbox(sink, metrics))
    const exchanges = (this.exchanges = new Exchanges(queue))
    const budget = (this.budget = new BodyBudget(settings['coap.bodies-total']))
    const echo = (this.echo = new Echo(random, milliseconds(settings['coap.echo-lifetime'])))
    const dedup = (this.dedup = new DedupTable({
      perPeer: settings['coap.dedup.per-peer'],
      spentPerPeer: settings['coap.dedup.spent-per-peer'],
      total: settings['coap.dedup.total'],
      abandoned: (exchange) => void exchanges.take(exchange),
      emptied: (owner) => this.peers.release(owner as PeerState),
    }))
    const peers = (this.peers = new Peers({
      limit: settings['coap.peers'],
      verifiedLifetime: milliseconds(settings['coap.echo-lifetime']),
      sink,
      random,
      queue,
      owner: this,
    }))
    const transmissions = (this.transmissions = new Transmissions({
      outbox,
      peers,
      queue,
      random,
      metrics,
      learnTimeouts: settings['coap.rto-estimator'] === 'cocoa',
      responseDeadline: milliseconds(settings['coap.response-deadline']),
      owner: this,
    }))
    const bodies = {
      queue,
      budget,
      perPeer: settings['coap.bodies.per-peer'],
      lifetime: milliseconds(settings['coap.body-lifetime']),
    }
    const bodyLimit = settings['coap.body-limit']
    const incoming = (this.incoming = new IncomingBodies({ ...bodies, limit: bodyLimit }))
    const served = (this.served = new ServedBodies(bodies))
    const observers = (this.observers = new Observers({
      sink,
      outbox,
      peers,
      queue,
      transmissions,
      served,
      perPeer: settings['coap.observers.per-peer'],
      total: settings['coap.observers.total'],
    }))
    this.notifications = new Notifications({ sink, outbox, peers, dedup, exchanges, faultCounters })
    this.requester = new Requester({
      sink,
      outbox,
      peers,
      transmissions,
      tokens: new Tokens(random),
      budget,
      bodyLimit,
      faultCounters,
      notifications: this.notifications,
    })
    this.responder = new Responder({
      sink,
      outbox,
      peers,
      dedup,
      exchanges,
      transmissions,
      incoming,
      served,
      observers,
      echo,
      faultCounters,
      random,
      emptyAckAfter: milliseconds(settings['coap.empty-ack-after']),
      bodyLimit,
    })
  }

  /** Writes the next message of a transmission into the slab; its end, or -1. */
  write(now: Instant, transmission: Transmission): number {
    return transmission.kind === 'outbound'
      ? this.requester.write(transmission)
      : this.observers.write(now, transmission)
  }

  gaveUp(now: Instant, transmission: Transmission, reason: GaveUp): void {
    if (transmission.kind === 'outbound') this.requester.gaveUp(now, transmission, reason)
    else this.observers.ended(now, transmission, reason === 'asleep' ? 'unheard' : 'timeout')
  }

  isOutdated(transmission: Transmission): boolean {
    return transmission.kind === 'delivery' && this.observers.isOutdated(transmission)
  }

  /** A secured peer goes early only where no request of it could run twice for that. */
  mayEvict(peer: PeerState): boolean {
    if (peer.active > 0 || (peer.requests?.size ?? 0) > 0) return false
    return peer.standing !== 'secured' || this.dedup.mayForgetAll(peer)
  }

  /** Drops everything that hangs on a peer. */
  clear(peer: PeerState): void {
    const { now } = this.peers
    this.requester.cancelAll(now, peer)
    this.observers.dropAll(peer)
    this.incoming.dropAll(peer)
    this.served.dropAll(peer)
    this.transmissions.endAll(now, peer)
    this.dedup.forgetAll(peer)
  }
}
