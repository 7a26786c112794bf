/**
 * Responses that belong to no open request (RFC 7641 §3.2, RFC 7252 §4.4): handed to the sink, which
 * alone knows the observations, and acknowledged or rejected when it says so. Deduplicated like requests.
 */
import { noBytes, type Bytes } from '../base/bytes.ts'
import type { Instant } from '../base/time.ts'
import { blockOf } from './block.ts'
import { messageType } from './codes.ts'
import type { DedupEntry, DedupTable } from './dedup.ts'
import type { Exchanges } from './exchange.ts'
import type { FaultCounters } from './fault-counters.ts'
import { faults } from './faults.ts'
import { MessageView } from './message.ts'
import { option } from './options.ts'
import type { Outbox } from './outbox.ts'
import type { Peers } from './peers.ts'
import { messagePrint } from './request-key.ts'
import { InboundExchange, type PeerState } from './state.ts'
import type { CoapSink, ExchangeId } from './types.ts'
import { NotificationView } from './views.ts'

export interface NotificationsOptions {
  readonly sink: CoapSink
  readonly outbox: Outbox
  readonly peers: Peers
  readonly dedup: DedupTable
  readonly exchanges: Exchanges
  readonly faultCounters: FaultCounters
}

/** What of a notification is needed to fetch the rest of it. */
export interface TakenNotification {
  readonly peer: PeerState
  /** The whole message; outlives the call. */
  readonly message: Bytes
}

export class Notifications {
  readonly #options: NotificationsOptions
  readonly #view = new NotificationView()
  readonly #recalled = new MessageView()
  #currentId: ExchangeId = 0
  #currentPeer: PeerState | undefined
  #currentEntry: DedupEntry = 0
  #currentMessage: MessageView = this.#recalled

  constructor(options: NotificationsOptions) {
    this.#options = options
  }

  /** A CON or NON response, `matched` to a request of ours or not: true where it is new and may be used. */
  admit(now: Instant, peer: PeerState, message: MessageView, matched: boolean): boolean {
    const { dedup, faultCounters, outbox } = this.#options
    const isConfirmable = message.type === messageType.confirmable
    const print = messagePrint(message)
    const known = dedup.find(now, peer, message.messageId)
    if (known !== 0 && (dedup.isRepetition(known, print) || dedup.isInProgress(known))) {
      faultCounters.duplicate()
      const length = dedup.answerLength(known)
      const offset = length === 0 ? 0 : dedup.answerOffset(known)
      if (length > 0) outbox.send(now, peer, dedup.answerPage(known), offset, offset + length)
      this.#options.sink.repeated?.(now, peer.peer)
      return false
    }
    if (known !== 0) dedup.forget(known)
    const lifetime = isConfirmable ? peer.conLifetime : peer.nonLifetime
    // What a repetition could do twice is decided above us, by the order of notifications
    const entry = dedup.begin(now, peer, message.messageId, print, lifetime, true)
    if (entry === 0) {
      faultCounters.count(faults['dedup-full'], peer.peer)
      return false
    }
    this.#currentPeer = peer
    this.#currentEntry = entry
    this.#currentMessage = message
    this.#currentId = 0
    // RFC 7252 §5.4.1: a response with an unknown critical option is rejected
    if (message.notUnderstood !== 0) this.#reply(now, peer, entry, message, 'reset')
    else if (matched) this.#currentId = this.#options.exchanges.nextId()
    if (message.notUnderstood !== 0 && !matched) {
      faultCounters.count(faults['response-option-not-understood'], peer.peer)
      return false
    }
    return true
  }

  /** The exchange of an admitted response of which nothing was said to the peer yet; 0 where there is none. */
  get current(): ExchangeId {
    return this.#currentId
  }

  /** Nobody wants to acknowledge it later: it is acknowledged now. */
  close(now: Instant, exchange: ExchangeId): void {
    if (exchange === this.#currentId) this.#settle(now, exchange, 'acknowledge')
  }

  /** It is acknowledged by `acknowledge`, once its effect is durable; till then repetitions are silence. */
  defer(exchange: ExchangeId): void {
    if (exchange === 0 || exchange !== this.#currentId) return
    this.#currentId = 0
    const { buffer, start, end, payloadStart } = this.#currentMessage
    const copy = buffer.slice(start, payloadStart === end ? end : payloadStart - 1)
    const { exchanges, dedup } = this.#options
    exchanges.add(new InboundExchange(exchange, this.#currentPeer!, this.#currentEntry, copy, false), dedup)
  }

  /** Hands an admitted message that no request of ours waits for to the sink. */
  deliver(now: Instant, peer: PeerState, message: MessageView): void {
    const { exchanges, sink } = this.#options
    const id = exchanges.nextId()
    this.#currentId = id
    const more = message.has(option.block2) && blockOf(message.uint(option.block2)!).more
    this.#view.open(peer.peer, id, message, more)
    sink.notification(now, this.#view)
    if (this.#currentId !== id) return
    this.#currentId = 0
    const end = more || message.payloadStart === message.end ? message.end : message.payloadStart - 1
    const copy = message.buffer.slice(message.start, end)
    exchanges.add(new InboundExchange(id, peer, this.#currentEntry, copy, false), this.#options.dedup)
  }

  /** The empty ACK; its effect is durable now. */
  acknowledge(now: Instant, exchange: ExchangeId): void {
    this.#settle(now, exchange, 'acknowledge')
  }

  /** RST: the peer forgets the observation (RFC 7641 §3.6). */
  reject(now: Instant, exchange: ExchangeId): void {
    this.#settle(now, exchange, 'reset')
  }

  /** Acknowledges it and gives what is needed to ask for the rest. */
  take(now: Instant, exchange: ExchangeId): TakenNotification | undefined {
    if (exchange !== 0 && exchange === this.#currentId) {
      const { buffer, start, end } = this.#currentMessage
      const taken = { peer: this.#currentPeer!, message: buffer.slice(start, end) }
      this.acknowledge(now, exchange)
      return taken
    }
    const waiting = this.#options.exchanges.find(exchange)
    if (waiting === undefined) return undefined
    this.acknowledge(now, exchange)
    return waiting
  }

  /** Whether the exchange is the one the sink is being asked about; then it is forgotten. */
  dismissCurrent(exchange: ExchangeId): boolean {
    if (exchange === 0 || exchange !== this.#currentId) return false
    this.#currentId = 0
    this.#options.dedup.forget(this.#currentEntry)
    return true
  }

  #settle(now: Instant, exchange: ExchangeId, how: 'acknowledge' | 'reset'): void {
    if (exchange !== 0 && exchange === this.#currentId) {
      this.#currentId = 0
      this.#reply(now, this.#currentPeer!, this.#currentEntry, this.#currentMessage, how)
      return
    }
    const waiting = this.#options.exchanges.take(exchange)
    if (waiting === undefined) return
    this.#recalled.decode(waiting.message, 0, waiting.message.length, true)
    this.#reply(now, waiting.peer, waiting.entry, this.#recalled, how)
    this.#options.peers.release(waiting.peer)
  }

  #reply(now: Instant, peer: PeerState, entry: DedupEntry, message: MessageView, how: 'acknowledge' | 'reset'): void {
    const { dedup, outbox } = this.#options
    const isConfirmable = message.type === messageType.confirmable
    if (how === 'reset') outbox.reset(now, peer, message.messageId)
    else if (isConfirmable) outbox.acknowledge(now, peer, message.messageId)
    if (isConfirmable) dedup.finish(entry, outbox.slab, 0, 4)
    else dedup.finish(entry, noBytes, 0, 0)
  }
}
