/**
 * From a request of ours to its next message: the whole of it, the next Block1 slice of its payload, or
 * the question for the next Block2 slice of its answer (RFC 7959 §3). Remembers nothing.
 */
import { blockValue, exponentOf, sizeOf } from './block.ts'
import { messageType, method } from './codes.ts'
import { option } from './options.ts'
import type { Outbox } from './outbox.ts'
import type { OutboundExchange } from './state.ts'
import type { OutboundRequest } from './types.ts'
import { bodyLength } from './upload.ts'

/** Whether the request asks for one particular slice itself: then nothing is put together. */
export function asksForOneSlice(request: OutboundRequest): boolean {
  return request.options?.some(({ number }) => number === option.block2) ?? false
}

/** Writes the next message of `exchange`; its end in the slab, or -1 where it does not fit. */
export function writeRequest(outbox: Outbox, exchange: OutboundExchange): number {
  const { download, echo, request, upload } = exchange
  const { writer } = outbox
  const type = exchange.confirmable ? messageType.confirmable : messageType.nonConfirmable
  writer.begin(type, request.code, exchange.messageId, exchange.token)
  for (const segment of request.path) writer.add(option.uriPath, segment)
  if (request.query !== undefined) for (const argument of request.query) writer.add(option.uriQuery, argument)
  if (request.accept !== undefined) writer.add(option.accept, request.accept)
  if (request.options !== undefined) for (const { number, value } of request.options) writer.add(number, value)
  if (echo !== undefined) writer.add(option.echo, echo)
  if (download !== undefined) return writeNextSlice(outbox, exchange)
  // RFC 7959 §2.6: Observe stands in the first message only
  if (request.observe !== undefined) writer.add(option.observe, request.observe)
  const length = bodyLength(request)
  if (request.contentFormat !== undefined) writer.add(option.contentFormat, request.contentFormat)
  const size = upload === undefined ? length : sizeOf(upload.sizeExponent)
  const from = upload?.offset ?? 0
  const to = Math.min(from + size, length)
  if (upload !== undefined) {
    writer.add(option.block1, blockValue(from / size, to < length, upload.sizeExponent))
    // RFC 7959 §4: the peer learns at once how much will come
    if (from === 0) writer.add(option.size1, length)
    if (upload.tag !== undefined) writer.add(option.requestTag, upload.tag)
  }
  if (request.blockSize !== undefined && to === length && !asksForOneSlice(request)) {
    writer.add(option.block2, blockValue(0, false, exponentOf(request.blockSize)))
  }
  if (request.body !== undefined && to > from) return writer.finishWith(request.body, from, to - from)
  return writer.finish(request.payload, from, to)
}

/** RFC 7959 §2.4, §3.3: the request again without its payload; a FETCH is nothing without (RFC 8132 §2). */
function writeNextSlice(outbox: Outbox, exchange: OutboundExchange): number {
  const { request, upload } = exchange
  const { body, sizeExponent } = exchange.download!
  const { writer } = outbox
  writer.add(option.block2, blockValue(body.length / sizeOf(sizeExponent), false, sizeExponent))
  if (upload?.tag !== undefined) writer.add(option.requestTag, upload.tag)
  if (request.code !== method.fetch || upload !== undefined) return writer.finish()
  if (request.contentFormat !== undefined) writer.add(option.contentFormat, request.contentFormat)
  return writer.finish(request.payload)
}
