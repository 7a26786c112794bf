/**
 * Observe in the server role (RFC 7641 §4): who observes what of ours, and how notifications reach them.
 * One CON under way a relation; what changes meanwhile is told once, in its newest form. The sink owns
 * the resources and says when to notify.
 */
import type { DeadlineQueue } from '../base/deadline-queue.ts'
import type { Bytes } from '../base/bytes.ts'
import { after, hours, never, seconds, type Duration, type Instant } from '../base/time.ts'
import { classOf, isSafeMethod, messageType } from './codes.ts'
import { MessageView } from './message.ts'
import { option } from './options.ts'
import type { Outbox } from './outbox.ts'
import type { Peers } from './peers.ts'
import { ResponseWriter } from './response-writer.ts'
import type { Transmissions } from './retransmit.ts'
import type { ServedBodies } from './served-bodies.ts'
import { Delivery, Relation, type PeerState, type Timed } from './state.ts'
import { tokenKey } from './token.ts'
import type { CoapSink, NoticeOutcome, OutboundResponse } from './types.ts'

/** RFC 7641 §4.5: at least this often the client must prove that it still wants to hear. */
export const confirmationInterval: Duration = hours(24)

/** RFC 7641 §4.5.1: no more than one NON in this time to a client that is silent. */
const unheardInterval: Duration = seconds(3)

/** Observe option values (RFC 7641 §2). */
const register = 0
const deregister = 1

export interface ObserversOptions {
  readonly sink: CoapSink
  readonly outbox: Outbox
  readonly peers: Peers
  readonly queue: DeadlineQueue<Timed>
  readonly transmissions: Transmissions
  readonly served: ServedBodies
  readonly perPeer: number
  readonly total: number
}

export class Observers {
  readonly #options: ObserversOptions
  readonly #writer: ResponseWriter
  readonly #request = new MessageView()
  #count = 0

  constructor(options: ObserversOptions) {
    this.#options = options
    this.#writer = new ResponseWriter(options.outbox)
  }

  get size(): number {
    return this.#count
  }

  /** What the client is told: as answered, or without Observe where it is no observer or there is no room. */
  accepted(now: Instant, peer: PeerState, request: MessageView, answer: OutboundResponse): OutboundResponse {
    if (answer.observe === undefined && !request.has(option.observe)) return answer
    if (isLaterSlice(request)) return answer
    if (request.uint(option.observe) !== register || !isSafeMethod(request.code)) return unobserved(answer)
    const key = tokenKey(request.buffer, request.tokenStart, request.tokenEnd)
    const known = peer.relations?.get(key)
    // RFC 7641 §4.1: the same client and token replace the relation there was
    if (known !== undefined) this.#drop(known)
    if (answer.observe === undefined || classOf(answer.code) !== 2 || answer.observerIsKept === true) return answer
    if (!this.#hasRoom(peer)) return unobserved(answer)
    const message = request.buffer.slice(request.start, request.end)
    const relation = this.#add(new Relation(peer, request.token.slice(), key, message, now))
    this.#options.queue.set(relation, after(now, confirmationInterval))
    return answer
  }

  /** Tells an observer the sink remembers, whose registration that was; false where there is no room for it now. */
  tell(now: Instant, peer: PeerState, registration: Bytes, answer: OutboundResponse, notAfter: Instant): boolean {
    const request = this.#request
    if (request.decode(registration, 0, registration.length, true) !== undefined) return false
    const key = tokenKey(request.buffer, request.tokenStart, request.tokenEnd)
    if (peer.relations?.has(key) === true || !this.#hasRoom(peer)) return false
    const relation = this.#add(new Relation(peer, request.token.slice(), key, registration, now, true))
    relation.next = answer
    this.#confirm(now, relation, false, notAfter)
    return true
  }

  /** Observe = 1 ends the relation of this token (RFC 7641 §3.6). */
  deregisterIfAsked(peer: PeerState, request: MessageView): void {
    if (request.uint(option.observe) === deregister) this.drop(peer, request)
  }

  /** Ends the relation a request registered, if it did. */
  drop(peer: PeerState, request: MessageView): void {
    if (peer.relations === undefined) return
    const relation = peer.relations.get(tokenKey(request.buffer, request.tokenStart, request.tokenEnd))
    if (relation !== undefined) this.#drop(relation)
  }

  /** Ends a relation without a word to the peer. */
  end(relation: Relation): void {
    this.#drop(relation)
  }

  dropAll(peer: PeerState): void {
    if (peer.relations !== undefined) for (const relation of peer.relations.values()) this.#drop(relation)
  }

  /** Tells an observer the new state; while one CON is under way, only the newest one follows it. */
  notify(now: Instant, relation: Relation, answer: OutboundResponse, confirmable: boolean): void {
    relation.next = answer
    relation.nextIsConfirmable ||= confirmable
    if (relation.delivery === undefined) this.#sendNext(now, relation)
    // RFC 7641 §4.2: an error response ends the relation
    if (classOf(answer.code) !== 2) this.#leave(relation)
  }

  /** Writes what a delivery of ours says; its end in the slab, or -1. */
  write(now: Instant, delivery: Delivery): number {
    const { outbox } = this.#options
    const { relation } = delivery
    if (relation === undefined) {
      outbox.slab.set(delivery.datagram)
      return delivery.datagram.length
    }
    if (delivery.isPing) return outbox.writePing(delivery.messageId)
    this.#takeNext(relation)
    return this.#write(now, relation, messageType.confirmable, delivery.messageId)
  }

  /** RFC 7641 §4.5.2: the repetition of an old state is replaced by the new one. */
  isOutdated(delivery: Delivery): boolean {
    return delivery.relation?.next !== undefined && !delivery.isPing
  }

  /** A delivery of ours ended. */
  ended(now: Instant, delivery: Delivery, outcome: NoticeOutcome): void {
    const { relation } = delivery
    if (relation === undefined) return
    relation.delivery = undefined
    // RFC 7252 §4.3: a RST is the answer to a ping; the observer is there
    if (delivery.isPing && outcome === 'reset') {
      this.#confirmed(now, relation)
      return
    }
    if (outcome === 'acknowledged' && !relation.isOnce) this.#confirmed(now, relation)
    // RFC 7641 §3.6, §4.5: a RST or no answer at all ends the relation
    else this.#drop(relation)
    if (!delivery.isPing || outcome !== 'acknowledged') this.#tell(now, relation, outcome)
    if (relation.delivery === undefined && relation.next !== undefined && isCurrent(relation)) {
      this.#sendNext(now, relation)
    }
  }

  /** A RST for a NON notification; whether it was one. */
  rejected(now: Instant, peer: PeerState, messageId: number): boolean {
    if (peer.relations === undefined) return false
    for (const relation of peer.relations.values()) {
      if (relation.lastMessageId !== messageId) continue
      this.#drop(relation)
      this.#tell(now, relation, 'reset')
      return true
    }
    return false
  }

  /** A day without a sign of life, or the moment for the next NON. */
  due(now: Instant, relation: Relation): void {
    if (relation.next !== undefined && relation.delivery === undefined) this.#sendNext(now, relation)
    else if (relation.delivery === undefined) this.#confirm(now, relation, true)
  }

  #sendNext(now: Instant, relation: Relation): void {
    const { outbox, peers, queue } = this.#options
    const { peer } = relation
    const overdue = now >= relation.confirmedAt + confirmationInterval
    // An address nobody vouches for gets no stream of NONs (RFC 7641 §7): it must answer each
    if (relation.nextIsConfirmable || overdue || peer.credit !== Number.POSITIVE_INFINITY) {
      this.#confirm(now, relation, false)
      return
    }
    // What changes until then is told once
    if (peer.probeFrom > now) {
      queue.set(relation, peer.probeFrom)
      return
    }
    this.#takeNext(relation)
    relation.lastMessageId = peers.takeId(peer)
    const end = this.#write(now, relation, messageType.nonConfirmable, relation.lastMessageId)
    relation.current = undefined
    if (end < 0) return
    peer.probeFrom = after(now, unheardInterval)
    queue.set(relation, after(relation.confirmedAt, confirmationInterval))
    outbox.send(now, peer, outbox.slab, 0, end)
  }

  #confirm(now: Instant, relation: Relation, isPing: boolean, notAfter = never): void {
    const { peers, queue, transmissions } = this.#options
    const { peer } = relation
    const delivery = new Delivery(peer, relation, isPing)
    delivery.messageId = peers.takeId(peer)
    delivery.readyAt = peer.ids!.readyAt
    delivery.notAfter = notAfter
    relation.delivery = delivery
    queue.clear(relation)
    transmissions.start(now, delivery)
  }

  #takeNext(relation: Relation): void {
    if (relation.next === undefined) return
    relation.current = relation.next
    relation.next = undefined
    relation.nextIsConfirmable = false
  }

  #write(now: Instant, relation: Relation, type: 0 | 1, messageId: number): number {
    const answer = relation.current!
    this.#request.decode(relation.request, 0, relation.request.length, true)
    const end = this.#writer.write(relation.peer, this.#request, type, messageId, answer)
    if (end === 'beyond-end') return -1
    if (this.#writer.isFirstOfMore && answer.body === undefined) {
      this.#options.served.keep(now, relation.peer, this.#request, answer)
    }
    return end
  }

  #confirmed(now: Instant, relation: Relation): void {
    relation.confirmedAt = now
    relation.current = undefined
    if (isCurrent(relation)) this.#options.queue.set(relation, after(now, confirmationInterval))
  }

  #tell(now: Instant, relation: Relation, outcome: NoticeOutcome): void {
    this.#options.sink.notified?.(now, relation.peer.peer, relation.token, outcome)
  }

  #drop(relation: Relation): void {
    this.#leave(relation)
    relation.next = undefined
    if (relation.delivery !== undefined) {
      const { delivery } = relation
      const { now } = this.#options.peers
      relation.delivery = undefined
      this.#options.transmissions.end(now, delivery)
      if (relation.isOnce) this.#tell(now, relation, 'unheard')
    }
  }

  #hasRoom({ relations }: PeerState): boolean {
    return this.#count < this.#options.total && (relations?.size ?? 0) < this.#options.perPeer
  }

  #add(relation: Relation): Relation {
    const { peer } = relation
    peer.relations ??= new Map()
    peer.relations.set(relation.tokenKey, relation)
    this.#count++
    return relation
  }

  /** Out of the table; a delivery under way goes on. */
  #leave(relation: Relation): void {
    const { queue } = this.#options
    queue.clear(relation)
    if (relation.peer.relations?.get(relation.tokenKey) !== relation) return
    relation.peer.relations.delete(relation.tokenKey)
    this.#count--
  }
}

function unobserved(answer: OutboundResponse): OutboundResponse {
  if (answer.observe === undefined) return answer
  const { observe: _, ...rest } = answer
  return rest
}

function isCurrent(relation: Relation): boolean {
  return relation.peer.relations?.get(relation.tokenKey) === relation
}

/** A request for block n > 0 with Observe is no registration (RFC 7959 §2.6). */
function isLaterSlice(request: MessageView): boolean {
  return request.has(option.block2) && request.uint(option.block2)! >> 4 > 0
}
