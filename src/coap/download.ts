/**
 * Client side of Block2 (RFC 7959 §3.1): puts the slices of a response together, asks for the next one,
 * and notices when the representation changed on the way.
 */
import { equalBytes } from '../base/bytes.ts'
import { blockOf, reservedSizeExponent, sizeOf } from './block.ts'
import { GrowingBody, type BodyBudget } from './body.ts'
import { isSuccess } from './codes.ts'
import type { MessageView } from './message.ts'
import { option } from './options.ts'
import type { OutboundExchange } from './state.ts'
import type { RequestOutcome } from './types.ts'

type Step = 'next' | 'restart' | 'done' | RequestOutcome

const unusable = (reason: string): RequestOutcome => ({ outcome: 'unusable', reason })

/** The first response: 'done' where it is all there is. */
export function beginDownload(
  exchange: OutboundExchange,
  response: MessageView,
  budget: BodyBudget,
  limit: number,
): Step {
  if (!isSuccess(response.code) || !response.has(option.block2)) return 'done'
  const block = blockOf(response.uint(option.block2)!)
  if (block.sizeExponent === reservedSizeExponent) return unusable('Block2 with the reserved size')
  if (block.number !== 0) return unusable('a later block in answer to the first request')
  if (!block.more) return 'done'
  if ((response.uint(option.size2) ?? 0) > limit) return unusable(`response of more than ${limit} octets`)
  const end = response.payloadStart - 1
  const etag = response.bytes(option.etag)?.slice()
  exchange.download = {
    body: new GrowingBody(budget, limit),
    first: response.buffer.slice(response.start, Math.max(end, response.start)),
    etag,
    sizeExponent: block.sizeExponent,
  }
  return take(exchange, response)
}

/** A later response: takes the slice if it is the next one of the same representation. */
export function advanceDownload(exchange: OutboundExchange, response: MessageView): Step {
  const download = exchange.download!
  if (!isSuccess(response.code)) return 'done'
  if (!response.has(option.block2)) return unusable('an answer without Block2 to a request for a block')
  const block = blockOf(response.uint(option.block2)!)
  if (block.sizeExponent === reservedSizeExponent) return unusable('Block2 with the reserved size')
  // RFC 7959 §2.4: the slices of one body carry one ETag
  const etag = response.bytes(option.etag)
  if (download.etag !== undefined && (etag === undefined || !equalBytes(download.etag, etag))) return 'restart'
  if (block.number * sizeOf(block.sizeExponent) !== download.body.length) return unusable('not the block asked for')
  download.sizeExponent = block.sizeExponent
  return take(exchange, response)
}

function take(exchange: OutboundExchange, response: MessageView): Step {
  const { body } = exchange.download!
  const block = blockOf(response.uint(option.block2)!)
  const length = response.payloadLength
  const size = sizeOf(block.sizeExponent)
  if (block.more ? length !== size : length > size) return unusable('a block of the wrong length')
  const added = body.append(response.buffer, response.payloadStart, response.end)
  if (added === 'over-limit') return unusable('response body over the limit')
  if (added === 'over-budget') return unusable('no memory left for bodies')
  return block.more ? 'next' : 'done'
}
