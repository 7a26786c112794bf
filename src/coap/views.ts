/**
 * What the sink is handed: one reusable view each for a request, a notification and a response, laid
 * over a decoded message. Decodes nothing before it is asked.
 */
import { noBytes, type Bytes } from '../base/bytes.ts'
import { messageType } from './codes.ts'
import { MessageView } from './message.ts'
import { option } from './options.ts'
import type { ExchangeId, InboundNotification, InboundRequest, InboundResponse, OptionsView, Peer } from './types.ts'

export class RequestView implements InboundRequest {
  peer: Peer = 0
  exchange: ExchangeId = 0
  payload: Bytes = noBytes
  fresh = false
  #message = new MessageView()

  /** `body` is the assembled one where the request came in blocks. */
  open(peer: Peer, exchange: ExchangeId, message: MessageView, body: Bytes | undefined, fresh: boolean): void {
    this.peer = peer
    this.exchange = exchange
    this.#message = message
    this.payload = body ?? message.payload
    this.fresh = fresh
  }

  get confirmable(): boolean {
    return this.#message.type === messageType.confirmable
  }

  get code(): number {
    return this.#message.code
  }

  get messageId(): number {
    return this.#message.messageId
  }

  get token(): Bytes {
    return this.#message.token
  }

  get options(): OptionsView {
    return this.#message
  }

  get path(): readonly string[] {
    return this.#message.path
  }

  get query(): readonly string[] {
    return this.#message.texts(option.uriQuery)
  }

  get datagram(): Bytes {
    const { buffer, start, end } = this.#message
    return buffer.subarray(start, end)
  }
}

export class NotificationView implements InboundNotification {
  peer: Peer = 0
  exchange: ExchangeId = 0
  more = false
  #message = new MessageView()

  open(peer: Peer, exchange: ExchangeId, message: MessageView, more: boolean): void {
    this.peer = peer
    this.exchange = exchange
    this.#message = message
    this.more = more
  }

  get confirmable(): boolean {
    return this.#message.type === messageType.confirmable
  }

  get code(): number {
    return this.#message.code
  }

  get messageId(): number {
    return this.#message.messageId
  }

  get token(): Bytes {
    return this.#message.token
  }

  get options(): OptionsView {
    return this.#message
  }

  get sequence(): number | undefined {
    return this.#message.uint(option.observe)
  }

  get payload(): Bytes {
    return this.#message.payload
  }
}

export class ResponseView implements InboundResponse {
  peer: Peer = 0
  exchange: ExchangeId = 0
  code = 0
  payload: Bytes = noBytes
  #message = new MessageView()

  /** `body` is the assembled one where the response came in blocks; the options are the first block's. */
  open(peer: Peer, exchange: ExchangeId, message: MessageView, body: Bytes | undefined): void {
    this.peer = peer
    this.exchange = exchange
    this.code = message.code
    this.#message = message
    this.payload = body ?? message.payload
  }

  get options(): OptionsView {
    return this.#message
  }
}
