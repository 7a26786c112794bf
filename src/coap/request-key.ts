/**
 * What makes two requests of one peer the same for a block-wise transfer (RFC 7959 §2.5, RFC 9175 §3.3):
 * method and cache-key options, Request-Tag among them; never the token, which changes per block.
 */
import type { Bytes } from '../base/bytes.ts'
import type { MessageView } from './message.ts'
import { isNoCacheKey, option } from './options.ts'

/** The key of a whole body: method and options, lengths included, so that no two sets read the same. */
export function requestKey(view: MessageView): string {
  return keyOf(view, true)
}

/** The key of a response's body: who asks for the rest of it has no payload any more, so no format of one either. */
export function responseKey(view: MessageView): string {
  return keyOf(view, false)
}

function keyOf(view: MessageView, withFormat: boolean): string {
  let key = String.fromCharCode(view.code)
  for (let index = 0; index < view.count; index++) {
    const number = view.numberAt(index)
    if (isNoCacheKey(number) || isOfOneBlock(number) || (number === option.contentFormat && !withFormat)) continue
    const start = view.startAt(index)
    const end = view.endAt(index)
    key += String.fromCharCode(number, end - start)
    for (let at = start; at < end; at++) key += String.fromCharCode(view.buffer[at]!)
  }
  return key
}

/** The method of the requests with this key. */
export function methodOf(key: string): number {
  return key.charCodeAt(0)
}

/** Options that tell the blocks of one body apart, or that later blocks leave out. */
function isOfOneBlock(number: number): boolean {
  return number === option.block1 || number === option.block2 || number === option.observe || number === option.etag
}

/**
 * What a repetition has in common with its original beside the message id: code, token, length. A device
 * that restarted and counts its message ids from the beginning again is no repetition.
 */
export function messagePrint(view: MessageView): number {
  let print = Math.imul(view.end - view.start, 31) + view.code
  for (let at = view.tokenStart; at < view.tokenEnd; at++) print = (Math.imul(print, 31) + view.buffer[at]!) | 0
  return print
}

/** A number by which a request's payload and its format are known again. */
export function payloadPrint(view: MessageView): number {
  let print = Math.imul(view.uint(option.contentFormat) ?? 0, 31) + view.payloadLength
  for (let at = view.payloadStart; at < view.end; at++) print = (Math.imul(print, 31) + view.buffer[at]!) | 0
  return print
}

/** A strong entity tag of eight octets over the content (RFC 7252 §5.10.6). */
export function contentTag(content: Bytes): Bytes {
  // FNV-1a and a multiplicative hash side by side: 64 bits against accidents, not against malice
  let a = 0x811c9dc5
  let b = content.length
  for (let i = 0; i < content.length; i++) {
    const octet = content[i]!
    a = Math.imul(a ^ octet, 0x01000193)
    b = Math.imul(b ^ octet, 0x5bd1e995)
    b ^= b >>> 15
  }
  const tag = new Uint8Array(8)
  for (let i = 0; i < 4; i++) {
    tag[i] = a >>> (8 * i)
    tag[4 + i] = b >>> (8 * i)
  }
  return tag
}
