/**
 * The server role: a peer's request from its decoded message to its answer (RFC 7252 §5.2, §5.8).
 * Deduplicates, puts blocks together, asks the sink, and answers: on the ACK if it can, as a message of
 * its own if the empty ACK had to go first. An answer given during the call costs no timer and no object.
 */
import { utf8, type Bytes } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'
import { after, milliseconds, type Duration, type Instant } from '../base/time.ts'
import { AnswerWriter } from './answer-writer.ts'
import { blockOf } from './block.ts'
import { isSafeMethod, isSuccess, messageType, method, response as code } from './codes.ts'
import type { DedupEntry, DedupTable } from './dedup.ts'
import type { Echo } from './echo.ts'
import type { Exchanges } from './exchange.ts'
import type { FaultCounters } from './fault-counters.ts'
import { faults, type CoapFault } from './faults.ts'
import type { IncomingBodies } from './incoming-bodies.ts'
import { MessageView } from './message.ts'
import { isUnwanted } from './no-response.ts'
import type { Observers } from './observers.ts'
import { option, optionName } from './options.ts'
import type { Outbox } from './outbox.ts'
import type { Peers } from './peers.ts'
import { reactions } from './reactions.ts'
import { refusalOf } from './refusal.ts'
import { messagePrint } from './request-key.ts'
import type { Transmissions } from './retransmit.ts'
import type { ServedBodies } from './served-bodies.ts'
import { Delivery, InboundExchange, type PeerState } from './state.ts'
import type { CoapSink, ExchangeId, OutboundResponse } from './types.ts'
import { RequestView } from './views.ts'

/** Octets of a message ahead of its token (RFC 7252 §3). */
const bareLength = 4

/**
 * Answers of safe methods longer than this are not kept for repetition: running the request again costs
 * less than the memory (RFC 7252 §4.5 allows it).
 */
const keptSafeAnswer = 256

/** DEFAULT_LEISURE, RFC 7252 §8.2: answers to a group are spread over it. */
const leisure = 5000

/** In place of the entry of a safe request: made when something is to be kept of it, which often nothing is. */
const notYet: DedupEntry = -1

const continueAnswer: OutboundResponse = Object.freeze({ code: code.continue })

export interface ResponderOptions {
  readonly sink: CoapSink
  readonly outbox: Outbox
  readonly peers: Peers
  readonly dedup: DedupTable
  readonly exchanges: Exchanges
  readonly transmissions: Transmissions
  readonly incoming: IncomingBodies
  readonly served: ServedBodies
  readonly observers: Observers
  readonly echo: Echo
  readonly faultCounters: FaultCounters
  readonly random: Random
  /** Time an answer may take and still ride on the ACK. */
  readonly emptyAckAfter: Duration
  /** Octets of the largest body, told in Size1. */
  readonly bodyLimit: number
}

export class Responder {
  readonly #options: ResponderOptions
  readonly #writer: AnswerWriter
  readonly #requestView = new RequestView()
  /** For a request that is answered later. */
  readonly #recalled = new MessageView()
  /** The request the sink is being asked about. */
  #currentId: ExchangeId = 0
  #currentPeer: PeerState | undefined
  #currentEntry: DedupEntry = 0
  #currentMessage: MessageView = this.#recalled

  constructor(options: ResponderOptions) {
    this.#options = options
    this.#writer = new AnswerWriter(options)
  }

  /** A request of `peer`, decoded. */
  receive(now: Instant, peer: PeerState, request: MessageView, multicast: boolean): void {
    const { dedup } = this.#options
    const print = messagePrint(request)
    const known = dedup.find(now, peer, request.messageId)
    if (known !== 0) {
      const isOld = dedup.isRepetition(known, print) || dedup.isInProgress(known)
      if (isOld && this.#repeat(now, peer, request, known)) {
        this.#options.sink.repeated?.(now, peer.peer)
        return
      }
      dedup.forget(known)
    }
    const fault = refusalOf(request)
    if (fault !== undefined) {
      this.#refuse(now, peer, request, fault, multicast)
      return
    }
    const mayWait = request.code === method.get && !request.has(option.block1) && dedup.hasRoom(peer)
    const entry = mayWait ? notYet : this.#remember(now, peer, request, print)
    if (entry === 0) this.#options.faultCounters.count(faults['dedup-full'], peer.peer)
    else this.#dispatch(now, peer, request, entry, multicast)
  }

  /** The handler's answer; one that comes for an exchange long forgotten goes nowhere. */
  respond(now: Instant, exchange: ExchangeId, answer: OutboundResponse): void {
    if (exchange !== 0 && exchange === this.#currentId) {
      this.#currentId = 0
      this.#answer(now, this.#currentPeer!, this.#currentMessage, this.#currentEntry, false, answer)
      return
    }
    const waiting = this.#options.exchanges.take(exchange)
    if (waiting === undefined) return
    this.#recalled.decode(waiting.message, 0, waiting.message.length, true)
    if (waiting.multicast) this.#answerGroup(now, waiting, answer)
    else this.#answer(now, waiting.peer, this.#recalled, waiting.entry, waiting.acknowledged, answer)
    this.#options.peers.release(waiting.peer)
  }

  /** No answer, and no memory: a repetition will be a request like the first. */
  dismiss(exchange: ExchangeId): void {
    const { dedup, exchanges } = this.#options
    if (exchange !== 0 && exchange === this.#currentId) {
      this.#currentId = 0
      if (this.#currentEntry !== notYet) dedup.forget(this.#currentEntry)
      return
    }
    const waiting = exchanges.take(exchange)
    if (waiting !== undefined) dedup.forget(waiting.entry)
  }

  /** 4.01 with an Echo value: the client shall ask again with it (RFC 9175 §2.3). */
  challenge(now: Instant, exchange: ExchangeId): void {
    const peer = exchange === this.#currentId ? this.#currentPeer : this.#options.exchanges.find(exchange)?.peer
    if (peer === undefined) return
    const value = this.#options.echo.valueFor(now, peer.peer)
    this.respond(now, exchange, { code: code.unauthorized, options: [{ number: option.echo, value }] })
  }

  /** Its deadline has come: the empty ACK (RFC 7252 §5.2.2), or a group's answer. */
  due(now: Instant, exchange: InboundExchange): void {
    const { dedup, exchanges, outbox, peers } = this.#options
    const { delayed, entry, message, peer } = exchange
    if (delayed !== undefined) {
      exchanges.take(exchange.id)
      dedup.complete(entry)
      outbox.send(now, peer, delayed, 0, delayed.length)
      peers.release(peer)
      return
    }
    this.#recalled.decode(message, 0, message.length, true)
    outbox.acknowledge(now, peer, this.#recalled.messageId)
    dedup.answerMeanwhile(entry, outbox.slab, 0, 4)
    exchange.acknowledged = true
  }

  /** An entry for the request, as in progress; 0 where there is no room that may be taken. */
  #remember(now: Instant, peer: PeerState, request: MessageView, print: number): DedupEntry {
    const lifetime = request.type === messageType.confirmable ? peer.conLifetime : peer.nonLifetime
    const mayEvict = peer.standing !== 'secured' || isSafeMethod(request.code)
    return this.#options.dedup.begin(now, peer, request.messageId, print, lifetime, mayEvict)
  }

  /** The entry, now that something is to be kept of the request: there was room for it. */
  #made(now: Instant, peer: PeerState, request: MessageView, entry: DedupEntry): DedupEntry {
    return entry === notYet ? this.#remember(now, peer, request, messagePrint(request)) : entry
  }

  /**
   * RFC 7252 §4.5: a repetition gets what the original got, or silence while there is nothing yet. Where that is too
   * much for an address that changed meanwhile (RFC 9175 §2.4), only its code; false for a safe request, which may be
   * taken as a new one and is to come again with an Echo: silence would last until the peer gives up.
   */
  #repeat(now: Instant, peer: PeerState, request: MessageView, entry: DedupEntry): boolean {
    const { dedup, faultCounters, outbox } = this.#options
    const length = dedup.answerLength(entry)
    const isTooMuch = length > peer.credit
    if (isTooMuch && isSafeMethod(request.code)) return false
    faultCounters.duplicate()
    if (length === 0) return true
    const offset = dedup.answerOffset(entry)
    const shortest = bareLength + request.tokenEnd - request.tokenStart
    outbox.send(now, peer, dedup.answerPage(entry), offset, offset + (isTooMuch ? shortest : length))
    return true
  }

  #dispatch(now: Instant, peer: PeerState, request: MessageView, entry: DedupEntry, multicast: boolean): void {
    const { dedup, observers } = this.#options
    let body: Bytes | undefined
    if (request.has(option.block1)) {
      const receipt = this.#options.incoming.receive(now, peer, request)
      if (receipt === 'continue') {
        this.#answer(now, peer, request, entry, false, continueAnswer)
        dedup.relax(entry)
        return
      }
      if ('fault' in receipt) {
        this.#answerFault(now, peer, request, entry, receipt)
        dedup.relax(entry)
        return
      }
      body = receipt.whole
    }
    if (request.has(option.block2) && this.#serveSlice(now, peer, request, entry)) return
    if (request.has(option.observe)) observers.deregisterIfAsked(peer, request)
    this.#ask(now, peer, request, entry, body, multicast)
  }

  /** RFC 7959 §2.4: a later slice comes from the representation the first one came from. */
  #serveSlice(now: Instant, peer: PeerState, request: MessageView, entry: DedupEntry): boolean {
    if (blockOf(request.uint(option.block2)!).number === 0) return false
    const kept = this.#options.served.find(now, peer, request)
    if (kept !== undefined) {
      this.#answer(now, peer, request, entry, false, kept)
      return true
    }
    if (isSafeMethod(request.code)) return false
    // Nothing may run again for the sake of a slice
    this.#answerFault(now, peer, request, entry, faults['block-unknown-body'])
    return true
  }

  #ask(
    now: Instant,
    peer: PeerState,
    request: MessageView,
    entry: DedupEntry,
    body: Bytes | undefined,
    multicast: boolean,
  ): void {
    const { echo, exchanges, sink } = this.#options
    const id = exchanges.nextId()
    const fresh = request.has(option.echo) && echo.isFresh(now, peer.peer, request.bytes(option.echo)!)
    this.#requestView.open(peer.peer, id, request, body, fresh)
    if (multicast) {
      this.#wait(now, id, peer, entry, request, true)
      sink.request(now, this.#requestView)
      return
    }
    this.#currentId = id
    this.#currentPeer = peer
    this.#currentEntry = entry
    this.#currentMessage = request
    sink.request(now, this.#requestView)
    if (this.#currentId !== id) return
    this.#currentId = 0
    const waiting = this.#wait(now, id, peer, entry, request, false)
    if (request.type !== messageType.confirmable) return
    // A quarter of ACK_TIMEOUT is left for the way: the peer must not repeat what we have
    const wait = Math.min(this.#options.emptyAckAfter, 0.75 * peer.profile.ackTimeout)
    exchanges.setDeadline(waiting, after(now, milliseconds(wait)))
  }

  /** The sink did not answer at once: what the answer will need is copied. */
  #wait(
    now: Instant,
    id: ExchangeId,
    peer: PeerState,
    entry: DedupEntry,
    request: MessageView,
    multicast: boolean,
  ): InboundExchange {
    const payloadMatters = request.code === method.fetch || request.payloadStart === request.end
    const end = payloadMatters ? request.end : request.payloadStart - 1
    const message = request.buffer.slice(request.start, end)
    const waiting = new InboundExchange(id, peer, this.#made(now, peer, request, entry), message, multicast)
    this.#options.exchanges.add(waiting, this.#options.dedup)
    return waiting
  }

  #answer(
    now: Instant,
    peer: PeerState,
    request: MessageView,
    entry: DedupEntry,
    acknowledged: boolean,
    answer: OutboundResponse,
  ): void {
    const { observers, peers, served } = this.#options
    const isConfirmable = request.type === messageType.confirmable
    if (isUnwanted(request, answer.code)) {
      this.#answerNothing(now, peer, request, entry, isConfirmable && !acknowledged)
      return
    }
    const told = observers.accepted(now, peer, request, answer)
    const piggybacked = isConfirmable && !acknowledged
    const type = piggybacked ? messageType.acknowledgement : (request.type as 0 | 1)
    const messageId = piggybacked ? request.messageId : peers.takeId(peer)
    const end = this.#writer.write(now, peer, request, type, messageId, told)
    if (piggybacked) this.#sendPiggybacked(now, peer, request, entry, end, isAgainAtNoCost(told))
    else this.#sendSeparate(now, peer, isConfirmable, messageId, this.#made(now, peer, request, entry), end)
    if (this.#writer.isFirstOfMore && answer.body === undefined) served.keep(now, peer, request, told)
  }

  #sendPiggybacked(
    now: Instant,
    peer: PeerState,
    request: MessageView,
    entry: DedupEntry,
    end: number,
    isFree: boolean,
  ): void {
    const { dedup, outbox } = this.#options
    if ((end <= keptSafeAnswer && !isFree) || !isSafeMethod(request.code)) {
      dedup.finish(this.#made(now, peer, request, entry), outbox.slab, 0, end)
    } else {
      peer.servedAt = now
      if (entry !== notYet) dedup.forget(entry)
    }
    outbox.send(now, peer, outbox.slab, 0, end)
  }

  /** RFC 7252 §5.2.2, §5.2.3: a message of its own, of the type the request had. */
  #sendSeparate(
    now: Instant,
    peer: PeerState,
    isConfirmable: boolean,
    messageId: number,
    entry: DedupEntry,
    end: number,
  ): void {
    const { dedup, outbox, transmissions } = this.#options
    dedup.complete(entry)
    if (!isConfirmable) {
      outbox.send(now, peer, outbox.slab, 0, end)
      return
    }
    const delivery = new Delivery(peer, undefined, false)
    delivery.messageId = messageId
    delivery.readyAt = peer.ids!.readyAt
    delivery.datagram = outbox.slab.slice(0, end)
    // It frees the peer to go on, so it waits for no slot of NSTART
    transmissions.start(now, delivery, true)
  }

  /** RFC 7967 §2: the client does not want to hear; a CON still gets its ACK. */
  #answerNothing(now: Instant, peer: PeerState, request: MessageView, entry: DedupEntry, owesAck: boolean): void {
    const { dedup, outbox } = this.#options
    const made = this.#made(now, peer, request, entry)
    if (owesAck) {
      outbox.acknowledge(now, peer, request.messageId)
      dedup.finish(made, outbox.slab, 0, 4)
    } else dedup.complete(made)
  }

  /** RFC 7252 §8.2: what is an error or empty is kept to ourselves, an answer waits a random moment. */
  #answerGroup(now: Instant, exchange: InboundExchange, answer: OutboundResponse): void {
    const { dedup, exchanges, outbox, peers, random } = this.#options
    dedup.complete(exchange.entry)
    const saysNothing = (answer.payload?.length ?? answer.body?.size ?? 0) === 0
    if (!isSuccess(answer.code) || saysNothing || isUnwanted(this.#recalled, answer.code)) return
    const { peer } = exchange
    const messageId = peers.takeId(peer)
    const end = this.#writer.writeWhole(peer, this.#recalled, messageType.nonConfirmable, messageId, answer)
    exchange.delayed = outbox.slab.slice(0, end)
    exchanges.add(exchange, dedup)
    exchanges.setDeadline(exchange, after(now, milliseconds(random.fraction() * leisure)))
  }

  /** Refuses a request before it became an exchange: nothing is kept, a repetition is refused alike. */
  #refuse(now: Instant, peer: PeerState, request: MessageView, fault: CoapFault, multicast: boolean): void {
    const { faultCounters, outbox, peers } = this.#options
    const detail = request.notUnderstood === 0 ? fault.fault : optionName(request.notUnderstood)
    faultCounters.count(fault, peer.peer, detail)
    const isConfirmable = request.type === messageType.confirmable
    const reaction = isConfirmable ? reactions[fault.fault].confirmable : reactions[fault.fault].nonConfirmable
    if (typeof reaction !== 'number' || multicast || isUnwanted(request, reaction)) return
    const type = isConfirmable ? messageType.acknowledgement : messageType.nonConfirmable
    const messageId = isConfirmable ? request.messageId : peers.takeId(peer)
    const end = this.#writer.writeRefusal(peer, request, type, messageId, reaction, detail)
    outbox.send(now, peer, outbox.slab, 0, end)
  }

  #answerFault(now: Instant, peer: PeerState, request: MessageView, entry: DedupEntry, fault: CoapFault): void {
    this.#options.faultCounters.count(fault, peer.peer)
    const reaction = reactions[fault.fault].confirmable
    const answerCode = typeof reaction === 'number' ? reaction : code.badRequest
    // RFC 7959 §2.9.3: a body that is too large is told what would not be
    const size1 = [{ number: option.size1, value: this.#options.bodyLimit }]
    const options = answerCode === code.requestEntityTooLarge ? size1 : []
    this.#answer(now, peer, request, entry, false, { code: answerCode, options, payload: utf8(fault.fault) })
  }
}

function isAgainAtNoCost(answer: OutboundResponse): boolean {
  return answer.constant === true || answer.body !== undefined
}
