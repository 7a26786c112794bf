/**
 * Reads TLS presentation language (RFC 5246 §4) out of a range of octets. Never throws: a read past the
 * end gives zeros and marks the reader as failed, so that a decoder asks once, when it is done.
 */
import { noBytes, type Bytes } from '../../base/bytes.ts'

export class Reader {
  readonly buffer: Bytes
  at: number
  readonly end: number
  /** Whether some read went past the end; what was read since is void. */
  failed = false

  constructor(buffer: Bytes, start = 0, end = buffer.length) {
    this.buffer = buffer
    this.at = start
    this.end = end
  }

  get remaining(): number {
    return this.failed ? 0 : this.end - this.at
  }

  /** Whether everything was there and nothing is left over. */
  get finished(): boolean {
    return !this.failed && this.at === this.end
  }

  uint8(): number {
    return this.#take(1) ? this.buffer[this.at - 1]! : 0
  }

  uint16(): number {
    return this.#take(2) ? this.buffer[this.at - 2]! * 0x100 + this.buffer[this.at - 1]! : 0
  }

  uint24(): number {
    const high = this.uint8()
    return high * 0x10000 + this.uint16()
  }

  /** A view of the next `count` octets. */
  bytes(count: number): Bytes {
    return this.#take(count) ? this.buffer.subarray(this.at - count, this.at) : noBytes
  }

  /** A view of an opaque<0..2^8-1>. */
  vector8(): Bytes {
    return this.bytes(this.uint8())
  }

  /** A view of an opaque<0..2^16-1>. */
  vector16(): Bytes {
    return this.bytes(this.uint16())
  }

  /** A view of an opaque<0..2^24-1>. */
  vector24(): Bytes {
    return this.bytes(this.uint24())
  }

  #take(count: number): boolean {
    if (this.failed || count > this.end - this.at) {
      this.failed = true
      return false
    }
    this.at += count
    return true
  }
}
