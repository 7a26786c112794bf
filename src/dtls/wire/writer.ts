/** Writes TLS presentation language (RFC 5246 §4) into memory that grows as needed. */
import type { Bytes } from '../../base/bytes.ts'

export class Writer {
  #buffer: Uint8Array
  #length = 0

  constructor(capacity = 128) {
    this.#buffer = new Uint8Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  /** What was written; a view, so write no more afterwards. */
  done(): Bytes {
    return this.#buffer.subarray(0, this.#length)
  }

  uint8(value: number): this {
    this.#reserve(1)
    this.#buffer[this.#length++] = value
    return this
  }

  uint16(value: number): this {
    return this.uint8(value >>> 8).uint8(value & 0xff)
  }

  uint24(value: number): this {
    return this.uint8(value >>> 16).uint16(value & 0xffff)
  }

  bytes(bytes: Bytes): this {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
    return this
  }

  vector8(bytes: Bytes): this {
    return this.uint8(bytes.length).bytes(bytes)
  }

  vector16(bytes: Bytes): this {
    return this.uint16(bytes.length).bytes(bytes)
  }

  vector24(bytes: Bytes): this {
    return this.uint24(bytes.length).bytes(bytes)
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#buffer.length) return
    const grown = new Uint8Array(Math.max(this.#buffer.length * 2, this.#length + count))
    grown.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = grown
  }
}
