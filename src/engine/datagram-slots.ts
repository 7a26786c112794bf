/**
 * Memory of the flight recorder: slots of one size, each the head of one datagram and what was known when it
 * passed. Grown chunk by chunk up to a limit and then used again; never an object per datagram. Slots are
 * linked into chains by whoever holds them; knows no device and decodes nothing.
 */
import { copyOctets, type Bytes } from '../base/bytes.ts'
import type { Peer } from '../coap/types.ts'

export type Slot = number
export const noSlot: Slot = -1

const slotsAChunk = 1024
const chunkBits = 10
/** Up to so many octets a loop is quicker than a call: measured, Node 26. */
const loopLimit = 64
/** Besides the copied octets: stamp, peer, size, direction, link. */
const fixedOctets = 8 + 8 + 2 + 1 + 4

interface Chunk {
  /** Microseconds since 1970, each of them used once: the identity and the order of datagrams. */
  readonly stamps: Float64Array
  readonly peers: Float64Array
  readonly sizes: Uint16Array
  readonly sent: Uint8Array
  /** The next newer slot of the chain. */
  readonly next: Int32Array
  readonly heads: Uint8Array
}

/** One datagram as it was copied; `head` is a view. */
export interface Recorded {
  readonly stamp: number
  readonly peer: Peer
  readonly sent: boolean
  /** Octets of the whole datagram. */
  readonly size: number
  readonly head: Bytes
}

export class DatagramSlots {
  readonly #headLimit: number
  readonly #slotLimit: number
  readonly #chunks: Chunk[] = []
  #free = noSlot
  #used = 0

  /** `headLimit`: octets kept of a datagram; `memory`: octets this may grow to. */
  constructor(headLimit: number, memory: number) {
    this.#headLimit = headLimit
    const chunkOctets = slotsAChunk * (headLimit + fixedOctets)
    this.#slotLimit = Math.max(1, Math.floor(memory / chunkOctets)) * slotsAChunk
  }

  get limit(): number {
    return this.#slotLimit
  }

  get used(): number {
    return this.#used
  }

  /** Octets allocated so far. */
  get memory(): number {
    return this.#chunks.length * slotsAChunk * (this.#headLimit + fixedOctets)
  }

  /** `noSlot` where all are taken. */
  take(): Slot {
    if (this.#free === noSlot && !this.#grow()) return noSlot
    const slot = this.#free
    this.#free = this.next(slot)
    this.#used++
    return slot
  }

  release(slot: Slot): void {
    this.link(slot, this.#free)
    this.#free = slot
    this.#used--
  }

  fill(slot: Slot, stamp: number, peer: Peer, sent: boolean, buffer: Bytes, start: number, end: number): void {
    const { stamps, peers, sizes, sent: directions, heads, next } = this.#chunks[slot >> chunkBits]!
    const index = slot & (slotsAChunk - 1)
    const size = end - start
    stamps[index] = stamp
    peers[index] = peer
    sizes[index] = size
    directions[index] = sent ? 1 : 0
    next[index] = noSlot
    const to = index * this.#headLimit
    const length = size < this.#headLimit ? size : this.#headLimit
    if (length > loopLimit) copyOctets(buffer, start, start + length, heads, to)
    else for (let i = 0; i < length; i++) heads[to + i] = buffer[start + i]!
  }

  next(slot: Slot): Slot {
    return this.#chunks[slot >> chunkBits]!.next[slot & (slotsAChunk - 1)]!
  }

  link(slot: Slot, newer: Slot): void {
    this.#chunks[slot >> chunkBits]!.next[slot & (slotsAChunk - 1)] = newer
  }

  stamp(slot: Slot): number {
    return this.#chunks[slot >> chunkBits]!.stamps[slot & (slotsAChunk - 1)]!
  }

  /** A copy, so that it outlives the slot. */
  read(slot: Slot): Recorded {
    const { stamps, peers, sizes, sent, heads } = this.#chunks[slot >> chunkBits]!
    const index = slot & (slotsAChunk - 1)
    const size = sizes[index]!
    const from = index * this.#headLimit
    const head = heads.slice(from, from + Math.min(size, this.#headLimit))
    return { stamp: stamps[index]!, peer: peers[index]!, sent: sent[index] === 1, size, head }
  }

  #grow(): boolean {
    const first = this.#chunks.length * slotsAChunk
    if (first >= this.#slotLimit) return false
    const next = new Int32Array(slotsAChunk)
    for (let i = 0; i < slotsAChunk; i++) next[i] = i + 1 < slotsAChunk ? first + i + 1 : noSlot
    this.#chunks.push({
      stamps: new Float64Array(slotsAChunk),
      peers: new Float64Array(slotsAChunk),
      sizes: new Uint16Array(slotsAChunk),
      sent: new Uint8Array(slotsAChunk),
      next,
      heads: new Uint8Array(slotsAChunk * this.#headLimit),
    })
    this.#free = first
    return true
  }
}
