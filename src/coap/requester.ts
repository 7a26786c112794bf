/**
 * The client role: requests of ours from `prepare` to their one outcome (RFC 7252 §5.3), body blocks both
 * ways included. A response is matched by peer and token, one on an ACK by its message id too.
 */
import { equalBytes, type Bytes } from '../base/bytes.ts'
import { after, type Instant } from '../base/time.ts'
import { sizeOf } from './block.ts'
import type { BodyBudget } from './body.ts'
import { advanceDownload, beginDownload } from './download.ts'
import type { FaultCounters } from './fault-counters.ts'
import { faults } from './faults.ts'
import { messageType, response as code } from './codes.ts'
import { MessageView } from './message.ts'
import { option } from './options.ts'
import type { Notifications } from './notifications.ts'
import type { Outbox } from './outbox.ts'
import type { Peers } from './peers.ts'
import { asksForOneSlice, writeRequest } from './request-writer.ts'
import type { GaveUp, Transmissions } from './retransmit.ts'
import { OutboundExchange, type PeerState } from './state.ts'
import { tokenKey, type Tokens } from './token.ts'
import type { CoapSink, OutboundRequest, Peer, RequestId, RequestOutcome, RequestTicket } from './types.ts'
import { advanceUpload, beginUpload, isOvertaken, uploadEnded } from './upload.ts'
import { ResponseView } from './views.ts'

/** How often a request may be begun anew before what came of it is told. */
const restartLimit = 2

export interface RequesterOptions {
  readonly sink: CoapSink
  readonly outbox: Outbox
  readonly peers: Peers
  readonly transmissions: Transmissions
  readonly tokens: Tokens
  readonly budget: BodyBudget
  /** Octets of the largest response body. */
  readonly bodyLimit: number
  readonly faultCounters: FaultCounters
  /** Where the exchange of a response is known that came as a message of its own. */
  readonly notifications: Pick<Notifications, 'current' | 'close'>
}

export class Requester {
  readonly #options: RequesterOptions
  readonly #requests = new Map<RequestId, OutboundExchange>()
  readonly #responseView = new ResponseView()
  /** The first message of a response that came in blocks. */
  readonly #first = new MessageView()
  #last: RequestId = 0

  constructor(options: RequesterOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#requests.size
  }

  /** Takes message id and token; sends nothing. */
  prepare(now: Instant, peer: Peer, request: OutboundRequest): RequestTicket {
    const exchange = this.#open(now, this.#options.peers.addressed(peer), request)
    beginUpload(exchange)
    return { id: exchange.id, messageId: exchange.messageId, token: exchange.token }
  }

  transmit(now: Instant, id: RequestId): void {
    const exchange = this.#requests.get(id)
    if (exchange?.phase === 'prepared') this.#options.transmissions.start(now, exchange)
  }

  cancel(now: Instant, id: RequestId): void {
    const exchange = this.#requests.get(id)
    if (exchange !== undefined) this.#end(now, exchange, { outcome: 'cancelled' })
  }

  /** Moves the end of the awake window for a request that is under way. */
  extend(id: RequestId, notAfter: Instant): void {
    const exchange = this.#requests.get(id)
    if (exchange !== undefined) this.#options.transmissions.extend(exchange, notAfter)
  }

  cancelAll(now: Instant, peer: PeerState): void {
    if (peer.requests === undefined) return
    for (const exchange of peer.requests.values()) this.#end(now, exchange, { outcome: 'cancelled' })
  }

  /** Goes on where the first slice of `message` ended (RFC 7959 §2.6). */
  fetchRest(now: Instant, peer: PeerState, message: Bytes, request: OutboundRequest): RequestTicket {
    const exchange = this.#open(now, peer, request)
    const { messageId, token } = exchange
    this.#first.decode(message, 0, message.length, true)
    const step = beginDownload(exchange, this.#first, this.#options.budget, this.#options.bodyLimit)
    if (typeof step === 'object') this.#end(now, exchange, step)
    else this.#options.transmissions.start(now, exchange)
    return { id: exchange.id, messageId, token }
  }

  /** The open request a response belongs to: by token, and on an ACK by message id (RFC 7252 §5.3.2). */
  match(peer: PeerState, response: MessageView): OutboundExchange | undefined {
    const key = tokenKey(response.buffer, response.tokenStart, response.tokenEnd)
    const exchange = peer.requests?.get(key)
    if (exchange === undefined || exchange.phase === 'prepared' || exchange.phase === 'waiting') return undefined
    if (response.type !== messageType.acknowledgement) {
      // RFC 7641 §3.6: what the end of an observation is answered with has no Observe option; this one crossed our request.
      const crossed = exchange.request.observe === 1 && response.uint(option.observe) !== undefined
      return crossed || isOvertaken(exchange, response) ? undefined : exchange
    }
    return exchange.messageId === response.messageId && exchange.phase !== 'held' ? exchange : undefined
  }

  /** The response to `exchange`, or to one block of it. */
  receive(now: Instant, exchange: OutboundExchange, response: MessageView): void {
    this.#options.transmissions.measured(now, exchange)
    if (response.notUnderstood !== 0) {
      this.#options.faultCounters.count(faults['response-option-not-understood'], exchange.peer.peer)
      const reason = `response with critical option ${response.notUnderstood}`
      this.#end(now, exchange, { outcome: 'unusable', reason })
      return
    }
    if (this.#echoes(now, exchange, response)) return
    const step = this.#advance(exchange, response)
    const { notifications } = this.#options
    // Only the whole is told, and may be acknowledged later.
    if (step !== 'done') notifications.close(now, notifications.current)
    if (step === 'next') this.#goOn(now, exchange)
    else if (step === 'restart' && exchange.restarts < restartLimit) this.#restart(now, exchange)
    else if (step === 'restart' && exchange.download !== undefined) {
      this.#end(now, exchange, { outcome: 'unusable', reason: 'the representation changes while it is fetched' })
    } else if (typeof step === 'object') this.#end(now, exchange, step)
    else this.#finish(now, exchange, response)
  }

  /** RST: the peer cannot or will not (RFC 7252 §4.2). */
  reset(now: Instant, exchange: OutboundExchange): void {
    this.#end(now, exchange, { outcome: 'reset' })
  }

  write(exchange: OutboundExchange): number {
    return writeRequest(this.#options.outbox, exchange)
  }

  gaveUp(now: Instant, exchange: OutboundExchange, reason: GaveUp): void {
    if (exchange.upload !== undefined) uploadEnded(exchange, false)
    if (reason === 'asleep') this.#end(now, exchange, { outcome: 'asleep' })
    else if (reason === 'unwritable') {
      this.#end(now, exchange, { outcome: 'unusable', reason: 'the request does not fit into a datagram' })
    } else this.#end(now, exchange, { outcome: 'timeout', acknowledged: reason === 'unanswered' })
  }

  #open(now: Instant, peer: PeerState, request: OutboundRequest): OutboundExchange {
    const { peers, tokens } = this.#options
    const token = request.repeats?.token ?? request.token ?? tokens.fresh()
    const exchange = new OutboundExchange(++this.#last, peer, request, token, tokenKey(token))
    this.#takeMessageId(exchange)
    if (request.repeats !== undefined) {
      exchange.messageId = request.repeats.messageId
      exchange.readyAt = peers.now
    }
    this.#requests.set(exchange.id, exchange)
    peer.requests ??= new Map()
    // RFC 9175 §4: one token means one request; the older of two has lost its answer
    const rival = peer.requests.get(exchange.tokenKey)
    if (rival !== undefined) this.#end(now, rival, { outcome: 'cancelled' })
    peer.requests.set(exchange.tokenKey, exchange)
    return exchange
  }

  /** A step of the transfer this response belongs to; 'done' where the response is whole. */
  #advance(exchange: OutboundExchange, response: MessageView): 'next' | 'restart' | 'done' | RequestOutcome {
    const upload = advanceUpload(exchange, response)
    if (upload !== 'done') return upload
    if (asksForOneSlice(exchange.request)) return 'done'
    if (exchange.download !== undefined) return advanceDownload(exchange, response)
    return beginDownload(exchange, response, this.#options.budget, this.#options.bodyLimit)
  }

  /** RFC 9175 §2.3: the peer asks to see its value again before it serves us. */
  #echoes(now: Instant, exchange: OutboundExchange, response: MessageView): boolean {
    if (response.code !== code.unauthorized || !response.has(option.echo)) return false
    const value = response.bytes(option.echo)!
    if (exchange.restarts >= restartLimit || (exchange.echo !== undefined && equalBytes(exchange.echo, value))) {
      return false
    }
    exchange.echo = value.slice()
    this.#restart(now, exchange)
    return true
  }

  #restart(now: Instant, exchange: OutboundExchange): void {
    exchange.restarts++
    exchange.download?.body.release()
    exchange.download = undefined
    exchange.upload = undefined
    beginUpload(exchange)
    this.#sendNext(now, exchange)
  }

  #goOn(now: Instant, exchange: OutboundExchange): void {
    const { id, upload, download } = exchange
    this.#sendNext(now, exchange)
    if (upload === undefined || download !== undefined || upload.offset === 0) return
    this.#options.sink.uploaded?.(now, id, upload.offset, sizeOf(upload.sizeExponent))
  }

  /**
   * The next block: a message id of its own (RFC 7252 §4.4), and a token of its own (RFC 9175 §4) unless it goes on with
   * a body of ours, whose blocks share one: there are devices that know a body by its token (decision 0017).
   */
  #sendNext(now: Instant, exchange: OutboundExchange): void {
    const { transmissions, tokens } = this.#options
    const { peer } = exchange
    transmissions.pause(exchange)
    // The device was heard this moment: what is left of its awake window is no less than a whole one
    const { awakeWindow } = peer.profile
    if (awakeWindow !== 'always' && exchange.notAfter < now + awakeWindow) exchange.notAfter = after(now, awakeWindow)
    const goesOn = exchange.download === undefined && (exchange.upload?.offset ?? 0) > 0
    if (!goesOn && (exchange.request.token === undefined || exchange.download !== undefined)) {
      peer.requests!.delete(exchange.tokenKey)
      exchange.token = tokens.fresh()
      exchange.tokenKey = tokenKey(exchange.token)
      peer.requests!.set(exchange.tokenKey, exchange)
    }
    this.#takeMessageId(exchange)
    transmissions.again(now, exchange)
  }

  #takeMessageId(exchange: OutboundExchange): void {
    exchange.messageId = this.#options.peers.takeId(exchange.peer)
    exchange.readyAt = exchange.peer.ids!.readyAt
  }

  #finish(now: Instant, exchange: OutboundExchange, response: MessageView): void {
    const { download, peer } = exchange
    const { notifications } = this.#options
    if (exchange.upload !== undefined) uploadEnded(exchange, response.code >> 5 === 2)
    const view = this.#responseView
    if (download === undefined || response.code >> 5 !== 2) {
      view.open(peer.peer, notifications.current, response, undefined)
    } else {
      this.#first.decode(download.first, 0, download.first.length, true)
      view.open(peer.peer, notifications.current, this.#first, download.body.bytes)
    }
    this.#end(now, exchange, { outcome: 'response', response: view })
  }

  #end(now: Instant, exchange: OutboundExchange, outcome: RequestOutcome): void {
    const { peers, sink, transmissions } = this.#options
    const { peer } = exchange
    this.#requests.delete(exchange.id)
    if (peer.requests?.get(exchange.tokenKey) === exchange) peer.requests.delete(exchange.tokenKey)
    transmissions.end(now, exchange)
    exchange.download?.body.release()
    sink.outcome(now, exchange.id, outcome)
    peers.release(peer)
  }
}
