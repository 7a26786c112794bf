/**
 * Histories of the flight recorder: a ring of slots for each device, and for each peer nobody knows yet.
 * Kept in the order of use, so that the one silent for longest gives up its oldest datagram when memory is
 * full. Peers without a name hold a share only: strangers cannot push out what devices did.
 */
import type { Peer } from '../coap/types.ts'
import { noSlot, type DatagramSlots, type Recorded, type Slot } from './datagram-slots.ts'

/** The datagrams of one device, or of one peer that is none yet. */
export class Track {
  /** Undefined: a stranger. */
  endpoint: string | undefined
  /** Where it speaks from now; undefined once that is forgotten. */
  peer: Peer | undefined
  oldest: Slot = noSlot
  /** Before the oldest in the ring. */
  newest: Slot = noSlot
  count = 0
  /** Neighbours in the order of use. */
  before: Track | undefined
  after: Track | undefined

  constructor(peer: Peer, endpoint: string | undefined) {
    this.peer = peer
    this.endpoint = endpoint
  }
}

/** Tracks, longest unused first. */
class Ranks {
  first: Track | undefined
  last: Track | undefined
  /** Slots all of them hold. */
  held = 0
  size = 0

  add(track: Track): void {
    track.before = this.last
    track.after = undefined
    if (this.last === undefined) this.first = track
    else this.last.after = track
    this.last = track
    this.held += track.count
    this.size++
  }

  remove(track: Track): void {
    if (track.before === undefined) this.first = track.after
    else track.before.after = track.after
    if (track.after === undefined) this.last = track.before
    else track.after.before = track.before
    this.held -= track.count
    this.size--
  }
}

/** Share of all slots that peers without a name may hold. */
const strangersShare = 1 / 8
/** Tracks there may be for each slot: one takes twice the memory of a slot. */
const tracksShare = 1 / 4

export class TraceTracks {
  readonly #slots: DatagramSlots
  readonly #perDevice: number
  readonly #devices = new Ranks()
  readonly #strangers = new Ranks()
  readonly #byPeer = new Map<Peer, Track>()
  readonly #byEndpoint = new Map<string, Track>()
  #asked: Track | undefined

  constructor(slots: DatagramSlots, perDevice: number) {
    this.#slots = slots
    this.#perDevice = perDevice
  }

  get devices(): number {
    return this.#devices.size
  }

  get strangers(): number {
    return this.#strangers.size
  }

  ofPeer(peer: Peer): Track | undefined {
    // Who was asked for last: an answer follows its request.
    if (this.#asked?.peer === peer) return this.#asked
    return (this.#asked = this.#byPeer.get(peer))
  }

  ofEndpoint(endpoint: string): Track | undefined {
    return this.#byEndpoint.get(endpoint)
  }

  open(peer: Peer, endpoint: string | undefined): Track {
    const known = endpoint === undefined ? undefined : this.#byEndpoint.get(endpoint)
    if (known !== undefined) {
      this.#move(known, peer)
      return known
    }
    if (this.devices + this.strangers >= this.#slots.limit * tracksShare) {
      const ranks = this.#strangers.size > 0 ? this.#strangers : this.#devices
      this.#drop(ranks.first!, ranks)
    }
    const track = new Track(peer, endpoint)
    this.#byPeer.set(peer, track)
    if (endpoint !== undefined) this.#byEndpoint.set(endpoint, track)
    this.#ranksOf(track).add(track)
    return track
  }

  /** A slot at the newest end of `track`, for the caller to fill. */
  append(track: Track): Slot {
    const ranks = this.#ranksOf(track)
    if (ranks.last !== track) {
      ranks.remove(track)
      ranks.add(track)
    }
    if (track.count < this.#perDevice) {
      const slot = this.#slotFor(ranks)
      this.#join(track, slot)
      ranks.held++
      return slot
    }
    // The ring turns by one: nothing but the slot that is filled anew is touched
    track.newest = track.oldest
    track.oldest = this.#slots.next(track.newest)
    return track.newest
  }

  /** `peer` has said that it is `endpoint`: its history and the one there was become one, in the order of time. */
  bind(peer: Peer, endpoint: string): void {
    const speaking = this.#byPeer.get(peer)
    if (speaking?.endpoint === endpoint) return
    const known = this.#byEndpoint.get(endpoint)
    if (speaking === undefined || speaking.endpoint !== undefined) {
      // Nothing to take over: several devices behind one address keep what was recorded of each.
      if (speaking !== undefined) speaking.peer = undefined
      this.#byPeer.delete(peer)
      if (known !== undefined) this.#move(known, peer)
      return
    }
    this.#strangers.remove(speaking)
    speaking.endpoint = endpoint
    this.#byEndpoint.set(endpoint, speaking)
    if (known !== undefined) {
      this.#devices.remove(known)
      this.#unpeer(known)
      this.#merge(speaking, known)
    }
    this.#devices.add(speaking)
  }

  /** The peer's number will not come again. */
  forget(peer: Peer): void {
    const track = this.#byPeer.get(peer)
    if (track === undefined) return
    if (track.endpoint === undefined) this.#drop(track, this.#strangers)
    else this.#unpeer(track)
  }

  /** Oldest first, copied. */
  read(track: Track): Recorded[] {
    const recorded: Recorded[] = []
    for (let slot = track.oldest; recorded.length < track.count; slot = this.#slots.next(slot)) {
      recorded.push(this.#slots.read(slot))
    }
    return recorded
  }

  #ranksOf(track: Track): Ranks {
    return track.endpoint === undefined ? this.#strangers : this.#devices
  }

  #slotFor(ranks: Ranks): Slot {
    const strangersAreMany = this.#strangers.held >= this.#slots.limit * strangersShare
    if (ranks === this.#strangers && strangersAreMany) return this.#taken(ranks)
    const free = this.#slots.take()
    if (free !== noSlot) return free
    return this.#taken(this.#devices.held > 0 ? this.#devices : this.#strangers)
  }

  /** The oldest slot of whoever was silent for longest, who is dropped with its last one. */
  #taken(ranks: Ranks): Slot {
    const loser = ranks.first!
    const slot = this.#shift(loser)
    if (loser.count === 0 && ranks.last !== loser) this.#drop(loser, ranks)
    return slot
  }

  #drop(track: Track, ranks: Ranks): void {
    while (track.count > 0) this.#slots.release(this.#shift(track))
    ranks.remove(track)
    this.#unpeer(track)
    if (track.endpoint !== undefined) this.#byEndpoint.delete(track.endpoint)
  }

  #unpeer(track: Track): void {
    if (track.peer !== undefined) this.#byPeer.delete(track.peer)
    track.peer = undefined
  }

  /** Closes the ring around `slot`, its newest one. */
  #join(track: Track, slot: Slot): void {
    if (track.count++ === 0) track.oldest = slot
    else this.#slots.link(track.newest, slot)
    this.#slots.link(slot, track.oldest)
    track.newest = slot
  }

  #shift(track: Track): Slot {
    const slot = track.oldest
    track.oldest = this.#slots.next(slot)
    this.#slots.link(track.newest, track.oldest)
    track.count--
    this.#ranksOf(track).held--
    return slot
  }

  #move(track: Track, peer: Peer): void {
    this.#unpeer(track)
    track.peer = peer
    this.#byPeer.set(peer, track)
  }

  /** Moves the slots of `from` into `into` by time; of both together the newest stay. Neither is in the ranks. */
  #merge(into: Track, from: Track): void {
    const slots = this.#slots
    let [left, right] = [into.oldest, from.oldest]
    let [leftCount, rightCount] = [into.count, from.count]
    let surplus = leftCount + rightCount - this.#perDevice
    into.count = 0
    while (leftCount + rightCount > 0) {
      const takesLeft = rightCount === 0 || (leftCount > 0 && slots.stamp(left) < slots.stamp(right))
      const slot = takesLeft ? left : right
      if (takesLeft) {
        left = slots.next(left)
        leftCount--
      } else {
        right = slots.next(right)
        rightCount--
      }
      if (surplus-- > 0) slots.release(slot)
      else this.#join(into, slot)
    }
  }
}
