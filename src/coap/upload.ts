/**
 * Client side of Block1 (RFC 7959 §3.2): which slice of a request's payload goes next. Begins small,
 * takes the size the peer asks for, and remembers what the peer bore.
 */
import { noBytes } from '../base/bytes.ts'
import { blockOf, exponentOf, exponentWithin, sizeOf } from './block.ts'
import { isSuccess, response as code } from './codes.ts'
import type { MessageView } from './message.ts'
import { option } from './options.ts'
import type { OutboundExchange, PeerState } from './state.ts'
import type { OutboundRequest, RequestOutcome } from './types.ts'

/** SZX the next body to `peer` begins with. */
function startingExponent(peer: PeerState): number {
  const start = peer.uploadExponent < 0 ? exponentOf(peer.profile.firstBlockSize) : peer.uploadExponent
  return Math.min(start, exponentWithin(peer.profile.datagramLimit))
}

/** Octets of what a request carries. */
export function bodyLength({ body, payload = noBytes }: OutboundRequest): number {
  return body === undefined ? payload.length : body.size
}

/** Prepares the transfer of a body that is larger than one block; a smaller one goes as it is. */
export function beginUpload(exchange: OutboundExchange): void {
  const { peer, request } = exchange
  let sizeExponent = startingExponent(peer)
  if (bodyLength(request) <= sizeOf(sizeExponent)) return
  const offset = exchange.restarts === 0 ? (request.resumeAt ?? 0) : 0
  // Blocks of a transfer that goes on stand where blocks of this size stand (RFC 7959 §2.3)
  while (offset % sizeOf(sizeExponent) !== 0) sizeExponent--
  // RFC 9175 §3.3: a tag where another body may be on its way; else the octets are saved
  const needsTag = peer.profile.nstart > 1 || exchange.restarts > 0
  const tag = needsTag ? Uint8Array.of(exchange.id & 0xff, exchange.restarts) : undefined
  exchange.upload = { offset, sizeExponent, tag }
}

/** What a response to a block means: 'done' where it answers the whole request. */
export function advanceUpload(
  exchange: OutboundExchange,
  response: MessageView,
): 'next' | 'restart' | 'done' | RequestOutcome {
  const { upload } = exchange
  const length = bodyLength(exchange.request)
  if (response.code === code.requestEntityTooLarge) return shrink(exchange, response)
  if (upload === undefined) return 'done'
  if (response.code === code.requestEntityIncomplete) return upload.offset === 0 ? 'done' : 'restart'
  const sent = upload.offset + sizeOf(upload.sizeExponent)
  if (sent >= length) {
    return response.code === code.continue
      ? { outcome: 'unusable', reason: '2.31 Continue in answer to the last block' }
      : 'done'
  }
  if (!isSuccess(response.code)) return 'done'
  if (!response.has(option.block1)) {
    if (response.code === code.continue) return goOn(exchange, sent)
    return { outcome: 'unusable', reason: `answer ${sent} octets into a body of ${length}` }
  }
  const block = blockOf(response.uint(option.block1)!)
  if (block.number !== upload.offset / sizeOf(upload.sizeExponent)) {
    return { outcome: 'unusable', reason: 'Block1 of the answer is not the one sent' }
  }
  // RFC 7959 §2.3: a smaller size asked for holds from the next block on
  if (block.sizeExponent < upload.sizeExponent) upload.sizeExponent = block.sizeExponent
  return goOn(exchange, sent)
}

/** Whether a response that has the token of the body is to an earlier block of it. */
export function isOvertaken({ upload }: OutboundExchange, response: MessageView): boolean {
  if (upload === undefined || !response.has(option.block1)) return false
  return blockOf(response.uint(option.block1)!).number < upload.offset / sizeOf(upload.sizeExponent)
}

function goOn(exchange: OutboundExchange, offset: number): 'next' {
  exchange.upload!.offset = offset
  return 'next'
}

/** RFC 7959 §2.9.3: 4.13 may mean "in smaller blocks"; where it means "never", it is the answer. */
function shrink(exchange: OutboundExchange, response: MessageView): 'next' | 'done' {
  const size = bodyLength(exchange.request)
  const asked = response.has(option.block1) ? blockOf(response.uint(option.block1)!).sizeExponent : undefined
  const bodyLimit = response.uint(option.size1)
  if (bodyLimit !== undefined && bodyLimit < size) return 'done'
  const current = exchange.upload?.sizeExponent ?? exponentOf(size - 1) + 1
  const smaller = asked ?? (exchange.upload === undefined ? Math.min(current, 7) - 1 : -1)
  if (smaller < 0 || smaller >= current || size <= sizeOf(smaller)) return 'done'
  exchange.upload = { offset: 0, sizeExponent: smaller, tag: exchange.upload?.tag }
  return 'next'
}

/** What the peer bore decides how the next body begins: one size more after success, one less after silence. */
export function uploadEnded(exchange: OutboundExchange, succeeded: boolean): void {
  const { peer } = exchange
  const { sizeExponent } = exchange.upload!
  const most = exponentOf(peer.profile.blockSize)
  peer.uploadExponent = succeeded ? Math.min(sizeExponent + 1, most) : Math.max(sizeExponent - 1, 0)
}
