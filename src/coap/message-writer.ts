/**
 * Writes a message straight into a slab (RFC 7252 §3): begin, add options in any order, finish. Refuses
 * nothing but what does not fit; whether the message makes sense is the caller's affair.
 */
import { copyOctets, noBytes, type Bytes } from '../base/bytes.ts'
import type { MessageType } from './codes.ts'
import type { BodySource } from './types.ts'

const encoder = new TextEncoder()

/** Octets of `value` as a CoAP uint (RFC 7252 §3.2). */
export function uintLength(value: number): number {
  return value === 0 ? 0 : value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x1000000 ? 3 : 4
}

export class MessageWriter {
  readonly slab: Bytes
  #at = 0
  #full = false
  #count = 0
  readonly #numbers: number[] = []
  readonly #values: (Bytes | string | number)[] = []

  constructor(slab: Bytes) {
    this.slab = slab
  }

  /** Header and token; the token is octets `tokenStart` to `tokenEnd` of `tokenFrom`. */
  begin(
    type: MessageType,
    code: number,
    messageId: number,
    tokenFrom: Bytes = noBytes,
    tokenStart = 0,
    tokenEnd = tokenFrom.length,
  ): void {
    const slab = this.slab
    const length = tokenEnd - tokenStart
    slab[1] = code
    slab[2] = messageId >> 8
    slab[3] = messageId
    let at = 4
    let nibble = length
    if (length > 12) {
      // RFC 8974 §2.1
      nibble = length < 269 ? 13 : 14
      if (nibble === 13) slab[at++] = length - 13
      else {
        slab[at++] = (length - 269) >> 8
        slab[at++] = length - 269
      }
    }
    slab[0] = 0x40 | (type << 4) | nibble
    this.#count = 0
    this.#full = at + length > slab.length
    if (!this.#full) for (let i = tokenStart; i < tokenEnd; i++) slab[at++] = tokenFrom[i]!
    this.#at = at
  }

  /** An option; a number becomes a uint of as few octets as it needs (RFC 7252 §3.2). */
  add(number: number, value: Bytes | string | number): void {
    const numbers = this.#numbers
    const values = this.#values
    let place = this.#count++
    // Stays in order of number; equal numbers stay in the order they came (RFC 7252 §3.1)
    while (place > 0 && numbers[place - 1]! > number) {
      numbers[place] = numbers[place - 1]!
      values[place] = values[place - 1]!
      place--
    }
    numbers[place] = number
    values[place] = value
  }

  /** Writes options and payload octets `from` to `to`; the end of the message, or -1 where it did not fit. */
  finish(payload: Bytes = noBytes, from = 0, to = payload.length): number {
    this.#writeOptions()
    const room = this.#roomFor(to - from)
    if (room && to > from) this.#copy(payload, from, to)
    return room ? this.#at : -1
  }

  /** The same with `length` octets of a body, at least one; -1 also where they are not to be had any more. */
  finishWith(body: BodySource, offset: number, length: number): number {
    this.#writeOptions()
    if (!this.#roomFor(length) || !body.copy(offset, length, this.slab, this.#at)) return -1
    return (this.#at += length)
  }

  /** Writes the payload marker; false where the payload behind it, or what is there already, does not fit. */
  #roomFor(length: number): boolean {
    if (this.#full || (length > 0 && this.#at + 1 + length > this.slab.length)) return false
    if (length > 0) this.slab[this.#at++] = 0xff
    return true
  }

  #writeOptions(): void {
    let last = 0
    for (let i = 0; i < this.#count; i++) {
      const number = this.#numbers[i]!
      const value = this.#values[i]!
      if (typeof value === 'number') this.#uint(number - last, value)
      else if (typeof value === 'string') this.#text(number - last, value)
      else this.#opaque(number - last, value)
      last = number
      this.#values[i] = 0
    }
    this.#count = 0
  }

  #head(delta: number, length: number): void {
    const slab = this.slab
    if (this.#full || this.#at + 5 + length > slab.length || length > 0xffff) {
      this.#full = true
      return
    }
    if (delta < 13 && length < 13) {
      slab[this.#at++] = (delta << 4) | length
      return
    }
    slab[this.#at++] = (nibbleOf(delta) << 4) | nibbleOf(length)
    this.#extend(delta)
    this.#extend(length)
  }

  #extend(value: number): void {
    if (value < 13) return
    if (value < 269) {
      this.slab[this.#at++] = value - 13
      return
    }
    this.slab[this.#at++] = (value - 269) >> 8
    this.slab[this.#at++] = value - 269
  }

  #uint(delta: number, value: number): void {
    const length = uintLength(value)
    this.#head(delta, length)
    if (this.#full) return
    for (let shift = 8 * (length - 1); shift >= 0; shift -= 8) this.slab[this.#at++] = value >>> shift
  }

  #opaque(delta: number, value: Bytes): void {
    this.#head(delta, value.length)
    if (!this.#full) this.#copy(value, 0, value.length)
  }

  #text(delta: number, text: string): void {
    for (let i = 0; i < text.length; i++) {
      if (text.charCodeAt(i) > 0x7f) {
        this.#opaque(delta, encoder.encode(text))
        return
      }
    }
    this.#head(delta, text.length)
    if (this.#full) return
    for (let i = 0; i < text.length; i++) this.slab[this.#at++] = text.charCodeAt(i)
  }

  #copy(bytes: Bytes, from: number, to: number): void {
    if (to - from > 64) {
      copyOctets(bytes, from, to, this.slab, this.#at)
      this.#at += to - from
      return
    }
    for (let i = from; i < to; i++) this.slab[this.#at++] = bytes[i]!
  }
}

function nibbleOf(value: number): number {
  return value < 13 ? value : value < 269 ? 13 : 14
}
