/**
 * From a handler's answer to the message a client asked for: the right slice of the body (RFC 7959
 * §2.4), 2.03 where the client has it already (RFC 7252 §5.10.6.2), 4.12 where its condition does not hold, the options
 * in order. Writes into the outbox's slab; remembers nothing.
 */
import { noBytes, type Bytes } from '../base/bytes.ts'
import {
  blockOf,
  blockValue,
  exponentOf,
  exponentWithin,
  reservedSizeExponent,
  sizeOf,
  servedSlice,
  type Slice,
} from './block.ts'
import { isSafeMethod, isSuccess, response as code, type MessageType } from './codes.ts'
import type { MessageView } from './message.ts'
import { option } from './options.ts'
import type { Outbox } from './outbox.ts'
import { preconditionHolds } from './preconditions.ts'
import { contentTag } from './request-key.ts'
import type { PeerState } from './state.ts'
import type { OutboundResponse } from './types.ts'

/** SZX of the block we give a peer that did not say what it wants. */
export function preferredExponent(peer: PeerState): number {
  return Math.min(exponentOf(peer.profile.blockSize), exponentWithin(peer.profile.datagramLimit))
}

export class ResponseWriter {
  /** Of the response last written: whether it was the first slice of more. */
  isFirstOfMore = false
  /** Of the response last written. */
  code = 0
  readonly #outbox: Outbox

  constructor(outbox: Outbox) {
    this.#outbox = outbox
  }

  /**
   * Writes the answer to `request`; its end in the slab, -1 where it does not fit, or 'beyond-end' where
   * the block asked for is not there.
   */
  write(
    peer: PeerState,
    request: MessageView,
    type: MessageType,
    messageId: number,
    answer: OutboundResponse,
  ): number | 'beyond-end' {
    this.isFirstOfMore = false
    this.code = answer.code
    const payload = answer.payload ?? noBytes
    const size = answer.body === undefined ? payload.length : answer.body.size
    const slice = isSuccess(answer.code) ? this.#sliceOf(peer, request, size) : undefined
    if (slice === 'beyond-end') return slice
    let etag = answer.etag ?? answer.body?.etag
    if (etag === undefined && slice !== undefined && (slice.more || slice.number > 0)) etag = contentTag(payload)
    this.code = codeOf(request, answer.code, etag, slice?.number ?? 0)
    const { writer } = this.#outbox
    writer.begin(type, this.code, messageId, request.buffer, request.tokenStart, request.tokenEnd)
    if (this.code === code.preconditionFailed) return writer.finish()
    if (etag !== undefined) writer.add(option.etag, etag)
    this.#addOptions(answer, slice)
    if (this.code === code.valid) return writer.finish()
    if (answer.contentFormat !== undefined) writer.add(option.contentFormat, answer.contentFormat)
    if (request.has(option.block1)) this.#addBlock1(request)
    if (slice === undefined) return writer.finish(payload, 0, this.#errorLength(peer, payload))
    if (slice.more || slice.number > 0 || request.has(option.block2)) {
      writer.add(option.block2, blockValue(slice.number, slice.more, slice.sizeExponent))
      // RFC 7959 §4: Size2 where it was asked for
      if (request.has(option.size2)) writer.add(option.size2, size)
    }
    this.isFirstOfMore = slice.more && slice.number === 0
    if (answer.body === undefined) return writer.finish(payload, slice.offset, slice.offset + slice.length)
    if (slice.length === 0) return writer.finish()
    return writer.finishWith(answer.body, slice.offset, slice.length)
  }

  /** RFC 7959 §2.4: never more than asked for, never more than the peer's profile bears. */
  #sliceOf(peer: PeerState, request: MessageView, size: number): Slice | 'beyond-end' {
    return servedSlice(size, request.uint(option.block2), peer.profile) ?? 'beyond-end'
  }

  /** A diagnostic payload is cut to one block: nobody fetches the rest of an error. */
  #errorLength(peer: PeerState, payload: Bytes): number {
    return Math.min(payload.length, sizeOf(preferredExponent(peer)))
  }

  #addOptions(answer: OutboundResponse, slice: Slice | undefined): void {
    const { writer } = this.#outbox
    // RFC 7959 §2.6: only the first block of a notification is one
    if (answer.observe !== undefined && (slice === undefined || slice.number === 0)) {
      writer.add(option.observe, answer.observe)
    }
    if (answer.location !== undefined) for (const segment of answer.location) writer.add(option.locationPath, segment)
    if (answer.maxAge !== undefined) writer.add(option.maxAge, answer.maxAge)
    if (answer.options !== undefined) for (const { number, value } of answer.options) writer.add(number, value)
  }

  /** RFC 7959 §2.3: what we took, and whether we wait for more; nothing where we could not place it. */
  #addBlock1(request: MessageView): void {
    const block = blockOf(request.uint(option.block1)!)
    if (this.code === code.requestEntityIncomplete || block.sizeExponent === reservedSizeExponent) return
    const more = this.code === code.continue && block.more
    this.#outbox.writer.add(option.block1, blockValue(block.number, more, block.sizeExponent))
  }
}

/**
 * The code of the answer, now that the representation is there: 4.12 where the client wanted it only under a condition
 * (RFC 7252 §5.10.8), 2.03 where it named its tag (§5.10.6.2), unless it asks for a later block: then it has not got all
 * of it, and names the tag of what it is fetching. What changes something has to ask before it does.
 */
function codeOf(request: MessageView, answered: number, etag: Bytes | undefined, blockNumber: number): number {
  if (answered !== code.content || !isSafeMethod(request.code)) return answered
  if (!preconditionHolds(request, etag ?? noBytes)) return code.preconditionFailed
  const mayBeValid = etag !== undefined && blockNumber === 0 && request.has(option.etag)
  return mayBeValid && request.includes(option.etag, etag) ? code.valid : answered
}
