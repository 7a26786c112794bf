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

/**
 * Where things are in a slot, which lies in one piece: what is known of a datagram is in the cache line its head begins
 * in. The stamp is in microseconds since 1970, each of them used once: the identity and the order of datagrams.
 */
const stampAt = 0
const peerAt = 8
/** The next newer slot of the chain. */
const nextAt = 16
/** Octets of the datagram, and a bit more where we sent it. */
const sizeAt = 20
const sentBit = 0x10000
const headAt = 24

interface Chunk {
  readonly view: DataView
  readonly octets: Bytes
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
  /** Octets of a slot. */
  readonly #slotSize: number
  readonly #slotLimit: number
  readonly #chunks: Chunk[] = []
  #free = noSlot
  #used = 0

  /** `headLimit`: octets kept of a datagram; `memory`: octets this may grow to. */
  constructor(headLimit: number, memory: number) {
    this.#headLimit = headLimit
    this.#slotSize = headAt + Math.ceil(headLimit / 8) * 8
    this.#slotLimit = Math.max(1, Math.floor(memory / (slotsAChunk * this.#slotSize))) * slotsAChunk
  }

  get limit(): number {
    return this.#slotLimit
  }

  get used(): number {
    return this.#used
  }

  /** Octets allocated so far. */
  get memory(): number {
    return this.#chunks.length * slotsAChunk * this.#slotSize
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

  /** Its place in a chain stays as it is. */
  fill(slot: Slot, stamp: number, peer: Peer, sent: boolean, buffer: Bytes, start: number, end: number): void {
    const { view, octets } = this.#chunkOf(slot)
    const at = this.#placeOf(slot)
    const size = end - start
    view.setFloat64(at + stampAt, stamp)
    view.setFloat64(at + peerAt, peer)
    view.setUint32(at + sizeAt, sent ? size | sentBit : size)
    const to = at + headAt
    const length = size < this.#headLimit ? size : this.#headLimit
    if (length > loopLimit) copyOctets(buffer, start, start + length, octets, to)
    else for (let i = 0; i < length; i++) octets[to + i] = buffer[start + i]!
  }

  next(slot: Slot): Slot {
    return this.#chunkOf(slot).view.getInt32(this.#placeOf(slot) + nextAt)
  }

  link(slot: Slot, newer: Slot): void {
    this.#chunkOf(slot).view.setInt32(this.#placeOf(slot) + nextAt, newer)
  }

  stamp(slot: Slot): number {
    return this.#chunkOf(slot).view.getFloat64(this.#placeOf(slot) + stampAt)
  }

  /** A copy, so that it outlives the slot. */
  read(slot: Slot): Recorded {
    const { view, octets } = this.#chunkOf(slot)
    const at = this.#placeOf(slot)
    const sizeAndWay = view.getUint32(at + sizeAt)
    const size = sizeAndWay & (sentBit - 1)
    const head = octets.slice(at + headAt, at + headAt + Math.min(size, this.#headLimit))
    const [stamp, peer] = [view.getFloat64(at + stampAt), view.getFloat64(at + peerAt)]
    return { stamp, peer, sent: sizeAndWay >= sentBit, size, head }
  }

  #chunkOf(slot: Slot): Chunk {
    return this.#chunks[slot >> chunkBits]!
  }

  #placeOf(slot: Slot): number {
    return (slot & (slotsAChunk - 1)) * this.#slotSize
  }

  #grow(): boolean {
    const first = this.#chunks.length * slotsAChunk
    if (first >= this.#slotLimit) return false
    const octets = new Uint8Array(slotsAChunk * this.#slotSize)
    this.#chunks.push({ octets, view: new DataView(octets.buffer) })
    for (let i = 0; i < slotsAChunk; i++) this.link(first + i, i + 1 < slotsAChunk ? first + i + 1 : noSlot)
    this.#free = first
    return true
  }
}
