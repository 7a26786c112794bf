/**
 * Writes an answer as it may leave: what does not fit, asks for a block that is not there, or is too much for an
 * unverified address becomes an answer that is none of this. Writes into the outbox's slab; sends nothing.
 */
import { utf8, type Bytes } from '../base/bytes.ts'
import type { Instant } from '../base/time.ts'
import { isSafeMethod, response as code, type MessageType } from './codes.ts'
import type { Echo } from './echo.ts'
import type { FaultCounters } from './fault-counters.ts'
import { faults } from './faults.ts'
import type { MessageView } from './message.ts'
import type { Observers } from './observers.ts'
import { option } from './options.ts'
import { amplificationLimit, type Outbox } from './outbox.ts'
import { reactions } from './reactions.ts'
import { ResponseWriter } from './response-writer.ts'
import type { PeerState } from './state.ts'
import type { OutboundResponse } from './types.ts'

export interface AnswerWriterOptions {
  readonly outbox: Outbox
  readonly observers: Observers
  readonly echo: Echo
  readonly faultCounters: FaultCounters
}

export class AnswerWriter {
  readonly #options: AnswerWriterOptions
  readonly #writer: ResponseWriter

  constructor(options: AnswerWriterOptions) {
    this.#options = options
    this.#writer = new ResponseWriter(options.outbox)
  }

  /** Whether the answer last written was the first slice of more. */
  get isFirstOfMore(): boolean {
    return this.#writer.isFirstOfMore
  }

  /** Writes the answer to one peer; its end in the slab. */
  write(
    now: Instant,
    peer: PeerState,
    request: MessageView,
    type: MessageType,
    messageId: number,
    answer: OutboundResponse,
  ): number {
    const end = this.writeWhole(peer, request, type, messageId, answer)
    return isTooLarge(peer, request, end) ? this.#reduce(now, peer, request, type, messageId, answer.code) : end
  }

  /** The same whatever the address is worth; a block beyond the end and an answer nothing can hold become errors. */
  writeWhole(
    peer: PeerState,
    request: MessageView,
    type: MessageType,
    messageId: number,
    answer: OutboundResponse,
  ): number {
    const end = this.#writer.write(peer, request, type, messageId, answer)
    if (end === 'beyond-end') {
      this.#options.faultCounters.count(faults['block-beyond-end'], peer.peer)
      const { confirmable } = reactions['block-beyond-end']
      return this.#writeBare(request, type, messageId, typeof confirmable === 'number' ? confirmable : 0)
    }
    return end >= 0 ? end : this.#writeBare(request, type, messageId, code.internalServerError)
  }

  /** `detail` only where there is room for it. */
  writeRefusal(
    peer: PeerState,
    request: MessageView,
    type: MessageType,
    messageId: number,
    responseCode: number,
    detail: string,
  ): number {
    const end = this.writeWhole(peer, request, type, messageId, { code: responseCode, payload: utf8(detail) })
    return isTooLarge(peer, request, end) ? this.#writeBare(request, type, messageId, responseCode) : end
  }

  /**
   * RFC 9175 §2.4: too much for an unverified address. A safe request is to come again with an Echo; of
   * any other, which has had its effect, only the code is told.
   */
  #reduce(
    now: Instant,
    peer: PeerState,
    request: MessageView,
    type: MessageType,
    messageId: number,
    responseCode: number,
  ): number {
    this.#options.faultCounters.count(faults['echo-required'], peer.peer)
    if (!isSafeMethod(request.code)) return this.#writeBare(request, type, messageId, responseCode)
    this.#options.observers.drop(peer, request)
    const value = this.#options.echo.valueFor(now, peer.peer)
    return this.#writeBare(request, type, messageId, code.unauthorized, value)
  }

  #writeBare(request: MessageView, type: MessageType, messageId: number, responseCode: number, echo?: Bytes): number {
    const { writer } = this.#options.outbox
    writer.begin(type, responseCode, messageId, request.buffer, request.tokenStart, request.tokenEnd)
    if (echo !== undefined) writer.add(option.echo, echo)
    return writer.finish()
  }
}

/** RFC 9175 §2.4: of one answer as of all of them together. */
function isTooLarge(peer: PeerState, request: MessageView, end: number): boolean {
  if (peer.credit === Number.POSITIVE_INFINITY) return false
  return end > peer.credit || end > amplificationLimit * (request.end - request.start)
}
