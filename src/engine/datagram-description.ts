/**
 * What one datagram says, for people: type, code, token and options as texts, from its head alone. Shows what
 * is there, known or not, even where the endpoint would ignore or refuse it; judges nothing.
 */
import { hexOf, textOf, type Bytes } from '../base/bytes.ts'
import { codeName, codeText, type MessageType } from '../coap/codes.ts'
import { mediaTypeOf } from '../coap/content-formats.ts'
import { MessageView } from '../coap/message.ts'
import { definitionOf, option, optionName } from '../coap/options.ts'

export interface OptionText {
  readonly number: number
  readonly name: string
  readonly value: string
}

export interface DatagramDescription {
  readonly type: 'CON' | 'NON' | 'ACK' | 'RST'
  /** Dotted: `2.05`. */
  readonly code: string
  /** Its registered name. */
  readonly codeName?: string
  readonly messageId: number
  /** Lower-case hex. */
  readonly token: string
  readonly options: readonly OptionText[]
  /** Octets of payload; undefined where the head ends before it is known. */
  readonly payloadSize?: number
  /** Where in the head the payload begins; its length where there is none. */
  readonly payloadStart: number
  /** What is wrong with the message, as the endpoint sees it. */
  readonly fault?: string
}

const types = { 0: 'CON', 1: 'NON', 2: 'ACK', 3: 'RST' } as const satisfies Record<MessageType, string>
const view = new MessageView()

/** Undefined where there is no CoAP header at all. `size`: octets of the whole datagram, of which `head` is the beginning. */
export function describeDatagram(head: Bytes, size: number): DatagramDescription | undefined {
  const fault = view.decode(head, 0, head.length)?.fault
  if (head.length < 4 || fault === 'other-version') return undefined
  const isCut = size > head.length
  const { type, code, messageId, token, tokenEnd } = view
  const { options, payloadStart, isWhole } = optionsFrom(head, tokenEnd)
  const name = codeName(code)
  return {
    type: types[type],
    code: codeText(code),
    ...(name !== undefined && { codeName: name }),
    messageId,
    token: hexOf(token),
    options,
    ...((isWhole || !isCut) && { payloadSize: size - Math.min(payloadStart, size) }),
    payloadStart,
    // Of a datagram that was cut, an end that comes too early is the copy's.
    ...(fault !== undefined && !isCut && { fault }),
  }
}

/** RFC 7252 §3.1, as far as it goes; `isWhole` where a payload marker, and with it every option, was seen. */
function optionsFrom(
  head: Bytes,
  from: number,
): { readonly options: OptionText[]; readonly payloadStart: number; readonly isWhole: boolean } {
  const options: OptionText[] = []
  let number = 0
  let at = from
  /** The value of a nibble and the octets behind it; NaN where it is reserved or cut off. */
  const extended = (nibble: number): number => {
    if (nibble < 13) return nibble
    if (nibble === 13) return at < head.length ? head[at++]! + 13 : Number.NaN
    at += 2
    return nibble === 14 && at <= head.length ? ((head[at - 2]! << 8) | head[at - 1]!) + 269 : Number.NaN
  }
  while (at < head.length) {
    const first = head[at++]!
    if (first === 0xff) return { options, payloadStart: at, isWhole: true }
    number += extended(first >> 4)
    const length = extended(first & 15)
    if (Number.isNaN(number + length) || at + length > head.length) break
    const value = head.subarray(at, at + length)
    options.push({ number, name: optionName(number), value: valueText(number, value) })
    at += length
  }
  return { options, payloadStart: head.length, isWhole: false }
}

function valueText(number: number, value: Bytes): string {
  switch (definitionOf(number)?.format) {
    case 'empty':
      return ''
    case 'string':
      return textOf(value) ?? `0x${hexOf(value)}`
    case 'uint':
      return uintText(number, value)
    case 'opaque':
    case undefined:
      return `0x${hexOf(value)}`
  }
}

function uintText(number: number, value: Bytes): string {
  let uint = 0
  for (const octet of value) uint = uint * 256 + octet
  if (number === option.block1 || number === option.block2) {
    // As RFC 7959 §2.2 writes blocks: NUM/M/size
    const exponent = uint & 7
    return `${Math.floor(uint / 16)}/${(uint >> 3) & 1}/${exponent === 7 ? 'reserved' : 16 << exponent}`
  }
  const media = number === option.contentFormat || number === option.accept ? mediaTypeOf(uint) : undefined
  return media === undefined ? String(uint) : `${uint} (${media})`
}
