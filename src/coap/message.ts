/**
 * Reads a datagram in place (RFC 7252 §3): one view, used again for every datagram, that holds where
 * things are and decodes them when asked. Total on any octets; knows the registry but no exchange.
 * Everything it hands out is a view of the datagram and valid as long as that is.
 */
import { asciiAt, noBytes, textOf, type Bytes } from '../base/bytes.ts'
import { emptyCode, isRequestCode, messageType, type MessageType } from './codes.ts'
import { faults, type CoapFault } from './faults.ts'
import { isCritical, isText, maxLength, minLength, occurrence, option, tableSize } from './options.ts'
import { keepPath, pathAt, type Path } from './path-cache.ts'
import type { OptionsView } from './types.ts'

const payloadMarker = 0xff
const version = 1
const noTexts: readonly string[] = Object.freeze([])
const lenient = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

export class MessageView implements OptionsView {
  buffer: Bytes = noBytes
  start = 0
  end = 0
  type: MessageType = messageType.confirmable
  code = 0
  messageId = 0
  tokenStart = 0
  tokenEnd = 0
  /** Where the payload begins; `end` where there is none. */
  payloadStart = 0
  /** First critical option we cannot honour (RFC 7252 §5.4.1, §5.4.3, §5.4.5); 0 is none. */
  notUnderstood = 0
  /** A text option of ours that is not UTF-8; 0 is none. */
  notText = 0
  /** A path segment is '.' or '..', which RFC 7252 §5.10.1 forbids. */
  hasDotSegment = false

  #count = 0
  /** Bit n: option n < 32 is there. */
  #low = 0
  #largest = 0
  /** The uint last asked for, which is asked for again and again (Block2); -1 is none. */
  #uintNumber = -1
  #uint = 0
  /** Where the Uri-Path options are, heads included; -1 where there are none. */
  #pathStart = -1
  #pathEnd = -1
  #path: Path | undefined
  #numbers = new Uint16Array(32)
  #starts = new Int32Array(32)
  #ends = new Int32Array(32)

  /**
   * Takes in octets `start` to `end` of `buffer`. After a fault the header fields are valid where there
   * were four octets of version 1, so that a CON can be told. `extendedTokens`: RFC 8974 §2.1.
   */
  decode(buffer: Bytes, start: number, end: number, extendedTokens = false): CoapFault | undefined {
    this.buffer = buffer
    this.start = start
    this.end = end
    this.payloadStart = end
    this.tokenStart = this.tokenEnd = end
    this.notUnderstood = this.notText = 0
    this.hasDotSegment = false
    this.#count = this.#low = this.#largest = 0
    this.#uintNumber = this.#pathStart = -1
    this.#path = undefined
    if (end - start < 4) return faults['short-datagram']
    const first = buffer[start]!
    // RFC 7252 §3: other versions MUST be silently ignored
    if (first >> 6 !== version) return faults['other-version']
    this.type = ((first >> 4) & 3) as MessageType
    this.code = buffer[start + 1]!
    this.messageId = (buffer[start + 2]! << 8) | buffer[start + 3]!
    let at = start + 4
    let tokenLength = first & 15
    // RFC 7252 §3: 9–15 are format errors; RFC 8974 §2.1 gives all but 15 a meaning
    if (tokenLength > 8 && (!extendedTokens || tokenLength === 15)) return faults['token-length-reserved']
    if (tokenLength > 12) {
      const octets = tokenLength - 12
      if (at + octets > end) return faults['token-truncated']
      tokenLength = octets === 1 ? 13 + buffer[at]! : 269 + ((buffer[at]! << 8) | buffer[at + 1]!)
      at += octets
    }
    if (at + tokenLength > end) return faults['token-truncated']
    this.tokenStart = at
    this.tokenEnd = at += tokenLength
    return this.#checkCode(at) ?? this.#readOptions(at) ?? this.#readPath()
  }

  /** RFC 7252 §4.1, §4.2, §4.3: what may be empty, what must be, and the reserved classes. */
  #checkCode(at: number): CoapFault | undefined {
    if (this.code === emptyCode) {
      return at !== this.end || this.tokenEnd !== this.tokenStart ? faults['empty-with-content'] : undefined
    }
    if (this.type === messageType.reset) return faults['content-in-reset']
    const codeClass = this.code >> 5
    if (codeClass === 1 || codeClass > 5) return faults['reserved-class']
    if (this.type === messageType.acknowledgement && isRequestCode(this.code)) return faults['request-in-reply']
    return undefined
  }

  #readOptions(from: number): CoapFault | undefined {
    const { buffer, end } = this
    let at = from
    let number = 0
    while (at < end) {
      const headAt = at
      const head = buffer[at++]!
      if (head === payloadMarker) {
        // RFC 7252 §3: a marker followed by nothing is a format error
        if (at === end) return faults['payload-marker-alone']
        this.payloadStart = at
        return undefined
      }
      let delta = head >> 4
      let length = head & 15
      if (delta > 12) {
        if (delta === 15) return faults['option-nibble-reserved']
        const octets = delta - 12
        if (at + octets > end) return faults['option-truncated']
        delta = octets === 1 ? 13 + buffer[at]! : 269 + ((buffer[at]! << 8) | buffer[at + 1]!)
        at += octets
      }
      if (length > 12) {
        if (length === 15) return faults['option-nibble-reserved']
        const octets = length - 12
        if (at + octets > end) return faults['option-truncated']
        length = octets === 1 ? 13 + buffer[at]! : 269 + ((buffer[at]! << 8) | buffer[at + 1]!)
        at += octets
      }
      const again = delta === 0
      number += delta
      if (number > 0xffff) return faults['option-number-overflow']
      if (at + length > end) return faults['option-truncated']
      if (this.#accepts(number, length, again)) this.#keep(number, headAt, at, at + length)
      at += length
    }
    return undefined
  }

  /**
   * RFC 7252 §5.4.1, §5.4.3, §5.4.5: unknown, of a length outside the definition, or repeated without
   * leave: all three are "not understood"; a critical one is remembered, an elective one ignored.
   */
  #accepts(number: number, length: number, again: boolean): boolean {
    const times = number < tableSize ? occurrence[number]! : 0
    if (times === 0) {
      if (!isCritical(number)) return true
    } else {
      const repeated = again && times === 1 && this.#count > 0 && this.#largest === number
      if (!repeated && length >= minLength[number]! && length <= maxLength[number]!) return true
      if (!isCritical(number)) return false
    }
    if (this.notUnderstood === 0) this.notUnderstood = number
    return false
  }

  #keep(number: number, headAt: number, start: number, end: number): void {
    const index = this.#count++
    if (index === this.#numbers.length) this.#grow()
    this.#numbers[index] = number
    this.#starts[index] = start
    this.#ends[index] = end
    this.#largest = number
    if (number < 32) this.#low |= 1 << number
    if (number === option.uriPath) {
      if (this.#pathStart < 0) this.#pathStart = headAt
      this.#pathEnd = end
    } else if (number < tableSize && isText[number] === 1) this.#checkText(number, start, end)
  }

  /** Whether the octets are ASCII; notes what is not even UTF-8. */
  #checkText(number: number, start: number, end: number): boolean {
    if (isAscii(this.buffer, start, end)) return true
    if (this.notText === 0 && textOf(this.buffer.subarray(start, end)) === undefined) this.notText = number
    return false
  }

  /** A path seen before needs no look at its segments. */
  #readPath(): undefined {
    if (this.#pathStart < 0) return
    // What is among options that count for nothing is no path
    const isWhole = this.notUnderstood === 0
    if (isWhole) this.#path = pathAt(this.buffer, this.#pathStart, this.#pathEnd)
    if (this.#path !== undefined || !this.#checkPath() || !isWhole) return
    keepPath(this.buffer, this.#pathStart, this.#pathEnd, this.path)
  }

  /** Whether its segments are ASCII and none is a dot segment. */
  #checkPath(): boolean {
    let isPlain = true
    for (let index = this.#find(option.uriPath); index < this.#count; index++) {
      if (this.#numbers[index] !== option.uriPath) break
      const [start, end] = [this.#starts[index]!, this.#ends[index]!]
      if (isDots(this.buffer, start, end)) this.hasDotSegment = true
      isPlain = this.#checkText(option.uriPath, start, end) && isPlain
    }
    return isPlain && !this.hasDotSegment
  }

  /** Bounded by what fits into a datagram. */
  #grow(): void {
    const size = this.#numbers.length * 2
    const grow = <T extends Uint16Array | Int32Array>(into: T, from: T): T => {
      into.set(from)
      return into
    }
    this.#numbers = grow(new Uint16Array(size), this.#numbers)
    this.#starts = grow(new Int32Array(size), this.#starts)
    this.#ends = grow(new Int32Array(size), this.#ends)
  }

  get token(): Bytes {
    return this.buffer.subarray(this.tokenStart, this.tokenEnd)
  }

  get payload(): Bytes {
    return this.payloadStart === this.end ? noBytes : this.buffer.subarray(this.payloadStart, this.end)
  }

  get payloadLength(): number {
    return this.end - this.payloadStart
  }

  /** How many options are there, the ignored ones left out. */
  get count(): number {
    return this.#count
  }

  numberAt(index: number): number {
    return this.#numbers[index]!
  }

  startAt(index: number): number {
    return this.#starts[index]!
  }

  endAt(index: number): number {
    return this.#ends[index]!
  }

  has(number: number): boolean {
    return number < 32 ? (this.#low & (1 << number)) !== 0 : number <= this.#largest && this.#find(number) >= 0
  }

  bytes(number: number): Bytes | undefined {
    const index = this.#find(number)
    return index < 0 ? undefined : this.buffer.subarray(this.#starts[index], this.#ends[index])
  }

  uint(number: number): number | undefined {
    if (number === this.#uintNumber) return this.#uint
    const index = this.#find(number)
    if (index < 0) return undefined
    let value = 0
    for (let at = this.#starts[index]!; at < this.#ends[index]!; at++) value = value * 256 + this.buffer[at]!
    this.#uintNumber = number
    return (this.#uint = value)
  }

  text(number: number): string | undefined {
    const index = this.#find(number)
    return index < 0 ? undefined : textOf(this.buffer.subarray(this.#starts[index], this.#ends[index]))
  }

  /** Uri-Path segments, as sent. */
  get path(): Path {
    return (this.#path ??= this.texts(option.uriPath))
  }

  texts(number: number): readonly string[] {
    const first = this.#find(number)
    if (first < 0) return noTexts
    let end = first + 1
    while (end < this.#count && this.#numbers[end] === number) end++
    // Of the right size at once: one that grows takes three times the memory
    const found = new Array<string>(end - first)
    for (let at = first; at < end; at++) found[at - first] = textAt(this.buffer, this.#starts[at]!, this.#ends[at]!)
    return found
  }

  /** Whether `value` is among the values of a repeatable option. */
  includes(number: number, value: Bytes): boolean {
    let index = this.#find(number)
    if (index < 0) return false
    for (; index < this.#count && this.#numbers[index] === number; index++) {
      if (this.#equals(index, value)) return true
    }
    return false
  }

  #equals(index: number, value: Bytes): boolean {
    const start = this.#starts[index]!
    if (this.#ends[index]! - start !== value.length) return false
    for (let i = 0; i < value.length; i++) if (this.buffer[start + i] !== value[i]) return false
    return true
  }

  #find(number: number): number {
    if (number < 32 && (this.#low & (1 << number)) === 0) return -1
    for (let index = 0; index < this.#count; index++) if (this.#numbers[index] === number) return index
    return -1
  }
}

function isAscii(buffer: Bytes, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (buffer[at]! > 0x7f) return false
  return true
}

/** '.' or '..' */
function isDots(buffer: Bytes, start: number, end: number): boolean {
  return end > start && end - start <= 2 && buffer[start] === 0x2e && buffer[end - 1] === 0x2e
}

/** The text of octets `start` to `end`; what is not UTF-8 becomes U+FFFD. */
function textAt(buffer: Bytes, start: number, end: number): string {
  return isAscii(buffer, start, end) ? asciiAt(buffer, start, end) : lenient.decode(buffer.subarray(start, end))
}
