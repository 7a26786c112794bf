/**
 * The whole CoAP endpoint, client and server on one socket, without the socket: composes the roles and
 * routes what comes in to them. A synchronous machine; contract for whoever drives it: one input
 * (`receive`, `expire`, `request`, …), all its effects through the sink during that call, then the next
 * input. A sink may call any method but `receive` and `expire`. Nothing a peer sends makes it throw.
 */
import type { Bytes } from '../base/bytes.ts'
import type { Counter } from '../base/metrics.ts'
import { noMetrics } from '../base/metrics.ts'
import type { Instant } from '../base/time.ts'
import { emptyCode, isRequestCode, messageType } from './codes.ts'
import { faults, type CoapFault } from './faults.ts'
import { MessageView } from './message.ts'
import { option } from './options.ts'
import { amplificationLimit } from './outbox.ts'
import { EndpointParts, type CoapEndpointOptions } from './parts.ts'
import { reactions } from './reactions.ts'
import type { OutboundExchange, PeerState, Timed } from './state.ts'
import { tokenKey } from './token.ts'
import type { ExchangeId, OutboundRequest, OutboundResponse, Peer, RequestId, RequestTicket } from './types.ts'

/** What `fetchRest` gives where the notification is not known any more. */
const noTicket: RequestTicket = Object.freeze({ id: 0, messageId: 0, token: new Uint8Array(0) })

export class CoapEndpoint {
  readonly #view = new MessageView()
  readonly #extendedTokens: boolean
  readonly #received: Counter
  readonly #parts: EndpointParts

  constructor(options: CoapEndpointOptions) {
    this.#extendedTokens = options.settings['coap.extended-tokens'] === 'on'
    this.#received = (options.metrics ?? noMetrics).counter('coapstan_coap_received_total', 'CoAP datagrams received')
    this.#parts = new EndpointParts(options)
  }

  /**
   * A datagram of `peer`: octets `start` to `end` of `buffer`, read in place. `multicast`: it was sent to
   * a group (RFC 7252 §8).
   */
  receive(now: Instant, peer: Peer, buffer: Bytes, start: number, end: number, multicast = false): void {
    this.#parts.peers.now = now
    this.#received.add()
    const view = this.#view
    const fault = view.decode(buffer, start, end, this.#extendedTokens)
    if (fault !== undefined) {
      this.#refuse(now, peer, view, fault, multicast)
      return
    }
    const isRequest = isRequestCode(view.code)
    // RFC 7252 §8.1: to a group goes a NON request, nothing else
    if (multicast && (!isRequest || view.type !== messageType.nonConfirmable)) {
      this.#parts.faultCounters.count(faults['multicast-refused'], peer)
      return
    }
    // An ACK, a RST, a ping leave nothing behind; only requests and responses make a peer known
    const carriesMore = view.code !== emptyCode && view.type !== messageType.acknowledgement
    const state = carriesMore ? this.#parts.peers.heard(peer) : this.#parts.peers.find(peer)
    if (state === undefined) {
      this.#answerStranger(now, peer, view, carriesMore)
      return
    }
    if (state.credit !== Number.POSITIVE_INFINITY) state.credit += amplificationLimit * (end - start)
    if (state.probeFrom !== 0) this.#parts.transmissions.heard(now, state)
    if (isRequest) {
      if (view.has(option.echo)) this.#verify(now, state, view)
      this.#parts.responder.receive(now, state, view, multicast)
    } else this.#receiveReply(now, state, view)
    if (state.liveCount === 0) this.#parts.peers.release(state)
  }

  /** Does everything that is due at or before `now`. */
  expire(now: Instant): void {
    this.#parts.peers.now = now
    for (let due = this.#parts.queue.takeDue(now); due !== undefined; due = this.#parts.queue.takeDue(now))
      this.#due(now, due)
    this.#parts.dedup.expire(now)
  }

  /** When `expire` has something to do next, or `never`. */
  nextDeadline(): Instant {
    return Math.min(this.#parts.queue.next(), this.#parts.dedup.nextExpiry()) as Instant
  }

  /** Takes message id and token for a request and sends nothing, so that they can be stored first. */
  prepare(now: Instant, peer: Peer, request: OutboundRequest): RequestTicket {
    this.#parts.peers.now = now
    return this.#parts.requester.prepare(now, peer, request)
  }

  /** Lets a prepared request go, as soon as NSTART allows. Its outcome may come during this call. */
  transmit(now: Instant, id: RequestId): void {
    this.#parts.peers.now = now
    this.#parts.requester.transmit(now, id)
  }

  /** `prepare` and `transmit`. */
  request(now: Instant, peer: Peer, request: OutboundRequest): RequestTicket {
    const ticket = this.prepare(now, peer, request)
    this.#parts.requester.transmit(now, ticket.id)
    return ticket
  }

  /** Its outcome is 'cancelled', during this call; one that is over already has no other. */
  cancel(now: Instant, id: RequestId): void {
    this.#parts.peers.now = now
    this.#parts.requester.cancel(now, id)
  }

  /** The device was heard again: a request under way may be repeated until `notAfter`. */
  extend(now: Instant, id: RequestId, notAfter: Instant): void {
    this.#parts.peers.now = now
    this.#parts.requester.extend(id, notAfter)
  }

  /** The answer to an inbound request, during `sink.request` or any time later; the first one counts. */
  respond(now: Instant, exchange: ExchangeId, response: OutboundResponse): void {
    this.#parts.peers.now = now
    this.#parts.responder.respond(now, exchange, response)
  }

  /** No answer to an inbound request or notification; a repetition of it will be taken as new. */
  dismiss(now: Instant, exchange: ExchangeId): void {
    this.#parts.peers.now = now
    if (!this.#parts.notifications.dismissCurrent(exchange)) this.#parts.responder.dismiss(exchange)
  }

  /** 4.01 with Echo: the client is to prove that its request is fresh (RFC 9175 §2.3). */
  challenge(now: Instant, exchange: ExchangeId): void {
    this.#parts.peers.now = now
    this.#parts.responder.challenge(now, exchange)
  }

  /** The effect of a notification is durable: an empty ACK if it was a CON. */
  acknowledge(now: Instant, exchange: ExchangeId): void {
    this.#parts.peers.now = now
    this.#parts.notifications.acknowledge(now, exchange)
  }

  /** During `outcome`: its response is acknowledged later, by `acknowledge`, when its effect is durable. */
  defer(exchange: ExchangeId): void {
    this.#parts.notifications.defer(exchange)
  }

  /** Whether the peer is in the middle of handing over a body block by block. */
  isReceiving(peer: Peer): boolean {
    return (this.#parts.peers.find(peer)?.incoming?.size ?? 0) > 0
  }

  /** Nobody here observes that: RST (RFC 7641 §3.6). */
  reject(now: Instant, exchange: ExchangeId): void {
    this.#parts.peers.now = now
    this.#parts.notifications.reject(now, exchange)
  }

  /**
   * Acknowledges a notification of which more is to come and asks for the rest (RFC 7959 §2.6); the
   * outcome's payload is the whole. `id` 0 where the exchange is not known any more.
   */
  fetchRest(now: Instant, exchange: ExchangeId, request: OutboundRequest): RequestTicket {
    this.#parts.peers.now = now
    const taken = this.#parts.notifications.take(now, exchange)
    return taken === undefined ? noTicket : this.#parts.requester.fetchRest(now, taken.peer, taken.message, request)
  }

  /**
   * Tells an observer of ours the new state; one whose relation has ended is told nothing. `response` is
   * kept until it has gone: its octets must not change.
   */
  notify(
    now: Instant,
    peer: Peer,
    token: Bytes,
    response: OutboundResponse,
    { confirmable }: { readonly confirmable: boolean },
  ): void {
    this.#parts.peers.now = now
    const relation = this.#parts.peers.find(peer)?.relations?.get(tokenKey(token))
    if (relation !== undefined) this.#parts.observers.notify(now, relation, response, confirmable)
  }

  /**
   * Tells an observer that the sink remembers the new state, in a CON of which nothing leaves at or after `notAfter`.
   * `registration` is the datagram it registered with. False where there is no room for it now; else `notified` says
   * once what became of it, maybe during this call.
   */
  tell(now: Instant, peer: Peer, registration: Bytes, response: OutboundResponse, notAfter: Instant): boolean {
    this.#parts.peers.now = now
    const state = this.#parts.peers.addressed(peer)
    const isTold = this.#parts.observers.tell(now, state, registration, response, notAfter)
    if (!isTold) this.#parts.peers.release(state)
    return isTold
  }

  /** Whether `peer` observes something of ours under `token`: a registration may have been over the limit. */
  isObserver(peer: Peer, token: Bytes): boolean {
    return this.#parts.peers.find(peer)?.relations?.has(tokenKey(token)) ?? false
  }

  /** Ends a relation without a word. */
  dropObserver(now: Instant, peer: Peer, token: Bytes): void {
    this.#parts.peers.now = now
    const relation = this.#parts.peers.find(peer)?.relations?.get(tokenKey(token))
    if (relation !== undefined) this.#parts.observers.end(relation)
  }

  /** The peer's address is new and unproven: at most three times what it sends goes there (RFC 9175 §2.4). */
  doubtAddress(now: Instant, peer: Peer): void {
    this.#parts.peers.now = now
    const state = this.#parts.peers.addressed(peer)
    state.credit = 0
    state.doubtedAt = now
    this.#parts.peers.release(state)
  }

  /** Drops every state of a peer; requests to it end as 'cancelled'. */
  forget(now: Instant, peer: Peer): void {
    this.#parts.peers.now = now
    const state = this.#parts.peers.find(peer)
    if (state !== undefined) this.#parts.peers.forget(state)
  }

  /** Entries in each table; all 0 once every lifetime is over. */
  sizes(): Readonly<Record<string, number>> {
    const { waiting, awaiting } = this.#parts.transmissions.sizes
    return {
      peers: this.#parts.peers.size,
      dedup: this.#parts.dedup.size,
      answers: this.#parts.dedup.answers,
      exchanges: this.#parts.exchanges.size,
      requests: this.#parts.requester.size,
      waiting,
      awaiting,
      incomingBodies: this.#parts.incoming.size,
      servedBodies: this.#parts.served.size,
      bodyOctets: this.#parts.budget.used,
      observers: this.#parts.observers.size,
      deadlines: this.#parts.queue.size,
    }
  }

  #receiveReply(now: Instant, peer: PeerState, view: MessageView): void {
    if (view.code === emptyCode) {
      if (view.type === messageType.confirmable) this.#parts.outbox.reset(now, peer, view.messageId)
      else if (view.type !== messageType.nonConfirmable) this.#receiveEmpty(now, peer, view)
      return
    }
    const exchange = this.#parts.requester.match(peer, view)
    if (view.type === messageType.acknowledgement) {
      if (exchange === undefined) this.#parts.faultCounters.count(faults['reply-unmatched'], peer.peer)
      else this.#answered(now, peer, exchange, view)
      return
    }
    if (!this.#parts.notifications.admit(now, peer, view, exchange !== undefined)) return
    if (exchange === undefined) {
      this.#parts.notifications.deliver(now, peer, view)
      return
    }
    const inbound = this.#parts.notifications.current
    this.#answered(now, peer, exchange, view)
    this.#parts.notifications.close(now, inbound)
  }

  #answered(now: Instant, peer: PeerState, exchange: OutboundExchange, view: MessageView): void {
    // A token of eight random octets came back: the address is real (RFC 9175 §2.4)
    if (peer.credit !== Number.POSITIVE_INFINITY && exchange.token.length >= 8) peer.credit = Number.POSITIVE_INFINITY
    this.#parts.requester.receive(now, exchange, view)
  }

  /** An empty ACK or a RST, for a message of ours with that id (RFC 7252 §4.2, §4.3). */
  #receiveEmpty(now: Instant, peer: PeerState, view: MessageView): void {
    const isReset = view.type === messageType.reset
    const sent = this.#parts.transmissions.find(peer, view.messageId)
    if (sent === undefined) {
      if (isReset && this.#parts.observers.rejected(now, peer, view.messageId)) return
      this.#parts.faultCounters.count(faults['reply-unmatched'], peer.peer)
    } else if (sent.kind === 'outbound') {
      if (isReset) this.#parts.requester.reset(now, sent)
      else if (sent.confirmable) this.#parts.transmissions.acknowledged(now, sent)
    } else {
      this.#parts.transmissions.end(now, sent)
      this.#parts.observers.ended(now, sent, isReset ? 'reset' : 'acknowledged')
    }
  }

  /** A format error: by the table, and never an ACK or RST in answer to one (RFC 7252 §4.2). */
  #refuse(now: Instant, peer: Peer, view: MessageView, fault: CoapFault, multicast: boolean): void {
    this.#parts.faultCounters.count(fault, peer)
    const isConfirmable = view.type === messageType.confirmable
    if (!isConfirmable || multicast || reactions[fault.fault].confirmable !== 'reset') return
    this.#parts.outbox.resetUnknown(now, peer, view.messageId)
  }

  /** No state of this peer, and none was to be had. */
  #answerStranger(now: Instant, peer: Peer, view: MessageView, refused: boolean): void {
    if (refused) this.#parts.faultCounters.count(faults['peers-full'], peer)
    else if (view.type === messageType.confirmable) this.#parts.outbox.resetUnknown(now, peer, view.messageId)
    else this.#parts.faultCounters.count(faults['reply-unmatched'], peer)
  }

  /** An Echo of ours came back that went to where the peer is now: the address is real (RFC 9175 §2.4). */
  #verify(now: Instant, peer: PeerState, request: MessageView): void {
    if (peer.credit === Number.POSITIVE_INFINITY) return
    const value = request.bytes(option.echo)!
    if (this.#parts.echo.isFresh(now, peer.peer, value, peer.doubtedAt)) peer.credit = Number.POSITIVE_INFINITY
  }

  #due(now: Instant, due: Timed): void {
    switch (due.kind) {
      case 'peer':
        this.#parts.peers.release(due)
        return
      case 'inbound':
        this.#parts.responder.due(now, due)
        return
      case 'outbound':
      case 'delivery':
        this.#parts.transmissions.due(now, due)
        return
      case 'incoming':
        this.#parts.incoming.drop(due)
        break
      case 'served':
        this.#parts.served.drop(due)
        break
      case 'relation':
        this.#parts.observers.due(now, due)
    }
    this.#parts.peers.release(due.peer)
  }
}
