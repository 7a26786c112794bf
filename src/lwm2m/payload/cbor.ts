/**
 * A deterministic CBOR writer (RFC 8949 §4.2): shortest heads, definite lengths, floats stay floats.
 * Only what LwM2M payloads need; reading is `cbor-decode.ts`.
 */
import { utf8, type Bytes } from '../../base/bytes.ts'

const major = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, tag: 6 } as const

export class CborWriter {
  #buffer = new Uint8Array(128)
  #length = 0

  /** A whole number from -2^64 to 2^64-1. */
  integer(value: bigint | number): this {
    const whole = BigInt(value)
    return whole < 0n ? this.#head(major.negative, -1n - whole) : this.#head(major.unsigned, whole)
  }

  /**
   * Four octets where they lose nothing, else eight. Never two, though RFC 8949 §4.1 would prefer them:
   * many devices' decoders do not know half-precision.
   */
  float(value: number): this {
    const single = Object.is(Math.fround(value), value) || Number.isNaN(value)
    const at = this.#reserve(single ? 5 : 9)
    const view = new DataView(this.#buffer.buffer)
    this.#buffer[at] = single ? 0xfa : 0xfb
    if (single) view.setFloat32(at + 1, value)
    else view.setFloat64(at + 1, value)
    return this
  }

  boolean(value: boolean): this {
    return this.#octet(value ? 0xf5 : 0xf4)
  }

  null(): this {
    return this.#octet(0xf6)
  }

  text(value: string): this {
    const bytes = utf8(value)
    return this.#head(major.text, bytes.length).#append(bytes)
  }

  bytes(value: Bytes): this {
    return this.#head(major.bytes, value.length).#append(value)
  }

  /** `length` items must follow. */
  array(length: number): this {
    return this.#head(major.array, length)
  }

  /** `pairs` keys, each with its value, must follow. */
  map(pairs: number): this {
    return this.#head(major.map, pairs)
  }

  /** One item must follow. */
  tag(number: number): this {
    return this.#head(major.tag, number)
  }

  /** What was written, as fresh memory. */
  finish(): Bytes {
    return this.#buffer.slice(0, this.#length)
  }

  #head(type: number, argument: number | bigint): this {
    const bits = type << 5
    if (argument < 24) return this.#octet(bits | Number(argument))
    if (argument < 0x100) return this.#octet(bits | 24).#octet(Number(argument))
    const octets = argument < 0x1_0000 ? 2 : argument < 0x1_0000_0000 ? 4 : 8
    const at = this.#reserve(1 + octets)
    const view = new DataView(this.#buffer.buffer)
    this.#buffer[at] = bits | (octets === 2 ? 25 : octets === 4 ? 26 : 27)
    if (octets === 2) view.setUint16(at + 1, Number(argument))
    else if (octets === 4) view.setUint32(at + 1, Number(argument))
    else view.setBigUint64(at + 1, BigInt(argument))
    return this
  }

  #octet(value: number): this {
    const at = this.#reserve(1)
    this.#buffer[at] = value
    return this
  }

  #append(bytes: Bytes): this {
    const at = this.#reserve(bytes.length)
    this.#buffer.set(bytes, at)
    return this
  }

  /** Where `count` fresh octets begin; may move the buffer, so it comes before any use of it. */
  #reserve(count: number): number {
    const at = this.#length
    this.#length += count
    if (this.#length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#buffer.length))
      larger.set(this.#buffer.subarray(0, at))
      this.#buffer = larger
    }
    return at
  }
}
