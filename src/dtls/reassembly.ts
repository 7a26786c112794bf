/**
 * Handshake messages out of fragments, by offset and in message_seq order (RFC 6347 §4.2.2-3). Memory is
 * bounded whatever a header claims; what was received first stays.
 */
import { type Bytes } from '../base/bytes.ts'
import { handshakeHeaderLength, encodeFragmentHeader, type FragmentHeader } from './wire/handshake-header.ts'

export interface HandshakeMessage {
  readonly type: number
  readonly messageSequence: number
  readonly body: Bytes
  /** Header as if never fragmented, then the body: what the handshake hash is over. */
  readonly whole: Bytes
}

export interface ReassemblyLimits {
  /** Largest message, and all unfinished ones together, octets. */
  readonly octets: number
  /** Messages that may wait behind a missing one. */
  readonly messagesAhead: number
  /** Separate pieces of one message. */
  readonly pieces: number
}

interface Unfinished {
  readonly type: number
  readonly length: number
  readonly whole: Bytes
  /** Received ranges as flat pairs start, end: sorted, disjoint, not touching. */
  ranges: number[]
}

export class Reassembly {
  readonly #limits: ReassemblyLimits
  readonly #unfinished = new Map<number, Unfinished>()
  #octets = 0
  /** The message_seq that comes next. */
  expected: number

  constructor(limits: ReassemblyLimits, expected: number) {
    this.#limits = limits
    this.expected = expected
  }

  /** Memory held, for the gauges. */
  get octets(): number {
    return this.#octets
  }

  /** Takes a fragment in; false where it is stale, contradicts another one or exceeds a limit. */
  add(header: FragmentHeader, buffer: Bytes): boolean {
    const ahead = header.messageSequence - this.expected
    if (ahead < 0 || ahead >= this.#limits.messagesAhead) return false
    const message = this.#unfinished.get(header.messageSequence) ?? this.#begin(header)
    if (message === undefined || message.type !== header.type || message.length !== header.length) return false
    return this.#place(message, header, buffer)
  }

  /** The next message in order, once it is whole. */
  take(): HandshakeMessage | undefined {
    const message = this.#unfinished.get(this.expected)
    if (message === undefined || !isWhole(message)) return undefined
    this.#unfinished.delete(this.expected)
    this.#octets -= message.whole.length
    const messageSequence = this.expected++
    const { type, whole } = message
    return { type, messageSequence, whole, body: whole.subarray(handshakeHeaderLength) }
  }

  clear(): void {
    this.#unfinished.clear()
    this.#octets = 0
  }

  #begin(header: FragmentHeader): Unfinished | undefined {
    const size = handshakeHeaderLength + header.length
    if (this.#octets + size > this.#limits.octets) return undefined
    const whole = new Uint8Array(size)
    encodeFragmentHeader(whole, 0, header.type, header.length, header.messageSequence, 0, header.length)
    const message: Unfinished = { type: header.type, length: header.length, whole, ranges: [] }
    this.#unfinished.set(header.messageSequence, message)
    this.#octets += size
    return message
  }

  #place(message: Unfinished, header: FragmentHeader, buffer: Bytes): boolean {
    const from = header.offset
    const to = from + (header.end - header.start)
    if (from === to) return message.length === 0
    let cursor = from
    // fill the gaps only: octets received first win
    for (let i = 0; i < message.ranges.length && cursor < to; i += 2) {
      const start = message.ranges[i]!
      const end = message.ranges[i + 1]!
      if (end <= cursor) continue
      if (start > cursor) copy(message, header, buffer, cursor, Math.min(start, to))
      cursor = Math.max(cursor, end)
    }
    if (cursor < to) copy(message, header, buffer, cursor, to)
    const merged = union(message.ranges, from, to)
    if (merged.length > 2 * this.#limits.pieces) return false
    message.ranges = merged
    return true
  }
}

function isWhole(message: Unfinished): boolean {
  if (message.length === 0) return true
  return message.ranges.length === 2 && message.ranges[0] === 0 && message.ranges[1] === message.length
}

function copy(message: Unfinished, header: FragmentHeader, buffer: Bytes, from: number, to: number): void {
  const source = header.start - header.offset
  message.whole.set(buffer.subarray(source + from, source + to), handshakeHeaderLength + from)
}

function union(ranges: readonly number[], from: number, to: number): number[] {
  const merged: number[] = []
  let start = from
  let end = to
  let placed = false
  for (let i = 0; i < ranges.length; i += 2) {
    const a = ranges[i]!
    const b = ranges[i + 1]!
    if (b < start) merged.push(a, b)
    else if (a > end) {
      if (!placed) merged.push(start, end)
      placed = true
      merged.push(a, b)
    } else {
      start = Math.min(start, a)
      end = Math.max(end, b)
    }
  }
  if (!placed) merged.push(start, end)
  return merged
}
