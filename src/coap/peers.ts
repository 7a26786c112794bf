/**
 * The peers with live state: made when they are heard or addressed, gone when nothing is left to
 * remember. Bounded; beyond the limit the one heard from longest ago goes, unless that could let a
 * request run twice. Knows what a peer consists of, not what any of it means.
 */
import type { DeadlineQueue } from '../base/deadline-queue.ts'
import type { Random } from '../base/random.ts'
import { after, milliseconds, seconds, type Duration, type Instant } from '../base/time.ts'
import { derivedTimes, maxLatency } from '../config/profiles.ts'
import { MessageIds } from './message-ids.ts'
import { PeerState, type Timed } from './state.ts'
import type { CoapSink, Peer } from './types.ts'

/** Peers looked at, oldest first, for one that may go. */
const evictionScan = 16

/** How long a peer stays of whose requests nothing was to be remembered: in the middle of a download it will go on. */
const servedStay: Duration = seconds(30)

export interface PeersOptions {
  readonly limit: number
  /** How long a verified address stays so without being heard. */
  readonly verifiedLifetime: Duration
  readonly sink: CoapSink
  readonly random: Random
  readonly queue: DeadlineQueue<Timed>
  readonly owner: PeersOwner
}

export interface PeersOwner {
  /** Whether a peer may be forgotten before its time. */
  mayEvict(peer: PeerState): boolean
  /** Drops everything that hangs on a peer. */
  clear(peer: PeerState): void
}

export class Peers {
  /** The instant of the input being worked on. */
  now = 0 as Instant
  readonly #options: PeersOptions
  readonly #peers = new Map<Peer, PeerState>()
  #oldest: PeerState | undefined
  #newest: PeerState | undefined
  #seed: number

  constructor(options: PeersOptions) {
    this.#options = options
    this.#seed = Math.floor(options.random.fraction() * 2 ** 32)
  }

  get size(): number {
    return this.#peers.size
  }

  find(peer: Peer): PeerState | undefined {
    return this.#peers.get(peer)
  }

  /** The state of a peer that was just heard; undefined where the table is full of peers that must stay. */
  heard(peer: Peer): PeerState | undefined {
    const known = this.#peers.get(peer)
    if (known === undefined) {
      if (this.#peers.size >= this.#options.limit && !this.#makeRoom()) return undefined
      return this.#add(peer)
    }
    known.usedAt = this.now
    if (known !== this.#newest) {
      this.#unlink(known)
      this.#linkNewest(known)
    }
    this.#refresh(known)
    return known
  }

  /** The state of a peer we speak to; never refused, because it is ourselves who ask. */
  addressed(peer: Peer): PeerState {
    const known = this.#peers.get(peer)
    if (known === undefined) return this.#add(peer)
    known.usedAt = this.now
    this.#refresh(known)
    return known
  }

  /** The next message id towards `peer` (RFC 7252 §4.4). */
  takeId(peer: PeerState): number {
    peer.ids ??= new MessageIds(this.#options.random.fraction())
    return peer.ids.take(this.now, peer.idLifetime)
  }

  /** Lets the peer go where nothing is left to remember, when it has been idle for a while; else does nothing. */
  release(peer: PeerState): void {
    // An earlier deadline is as good: it asks again
    if (peer.liveCount > 0 || peer.deadlineSlot >= 0 || !isIdle(peer)) return
    const until = this.#idleUntil(peer)
    if (until > this.now) this.#options.queue.set(peer, until)
    else this.#remove(peer)
  }

  forget(peer: PeerState): void {
    this.#options.owner.clear(peer)
    this.#remove(peer)
  }

  /** When an idle peer is to go. */
  #idleUntil(peer: PeerState): Instant {
    // Verified, or doubted: not what a fresh state would say
    const isProven = (peer.standing === 'unverified') === (peer.credit === Number.POSITIVE_INFINITY)
    const stay = isProven ? after(peer.usedAt, this.#options.verifiedLifetime) : after(peer.servedAt, servedStay)
    return peer.ids !== undefined && peer.ids.heldUntil > stay ? peer.ids.heldUntil : stay
  }

  #add(peer: Peer): PeerState {
    const { sink } = this.#options
    this.#seed = (this.#seed + 0x9e3779b9) | 0
    const added = new PeerState(peer, sink.standingOf?.(peer) ?? 'secured', mixed(this.#seed), sink.profileOf(peer))
    added.usedAt = this.now
    this.#derive(added)
    this.#peers.set(peer, added)
    this.#linkNewest(added)
    return added
  }

  /** A profile may change while exchanges are open; the new one holds from the next message on. */
  #refresh(peer: PeerState): void {
    const profile = this.#options.sink.profileOf(peer.peer)
    if (profile === peer.profile) return
    peer.profile = profile
    this.#derive(peer)
  }

  /** RFC 7252 §4.8.2, but looking as far back as this kind of device repeats itself. */
  #derive(peer: PeerState): void {
    const { deviceExchangeLifetime } = peer.profile
    const derived = derivedTimes(peer.profile)
    peer.conLifetime = milliseconds(Math.max(deviceExchangeLifetime, derived.exchangeLifetime))
    peer.nonLifetime = milliseconds(Math.max(deviceExchangeLifetime - maxLatency, derived.nonLifetime))
    peer.idLifetime = derived.exchangeLifetime
  }

  #makeRoom(): boolean {
    let candidate = this.#oldest
    for (let looked = 0; candidate !== undefined && looked < evictionScan; looked++) {
      if (this.#options.owner.mayEvict(candidate)) {
        this.forget(candidate)
        return true
      }
      candidate = candidate.newer
    }
    return false
  }

  #remove(peer: PeerState): void {
    if (this.#peers.get(peer.peer) !== peer) return
    this.#options.queue.clear(peer)
    this.#peers.delete(peer.peer)
    this.#unlink(peer)
  }

  #linkNewest(peer: PeerState): void {
    peer.older = this.#newest
    peer.newer = undefined
    if (this.#newest === undefined) this.#oldest = peer
    else this.#newest.newer = peer
    this.#newest = peer
  }

  #unlink(peer: PeerState): void {
    if (peer.older === undefined) this.#oldest = peer.newer
    else peer.older.newer = peer.newer
    if (peer.newer === undefined) this.#newest = peer.older
    else peer.newer.older = peer.older
  }
}

/** 32 bits of which each depends on all of `seed` (the finalizer of MurmurHash3). */
function mixed(seed: number): number {
  let mix = Math.imul(seed ^ (seed >>> 16), 0x85ebca6b)
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35)
  return mix ^ (mix >>> 16)
}

function isIdle(peer: PeerState): boolean {
  return (
    peer.liveCount === 0 &&
    peer.spentCount === 0 &&
    peer.pending === 0 &&
    peer.active === 0 &&
    isEmpty(peer.requests) &&
    isEmpty(peer.awaiting) &&
    isEmpty(peer.incoming) &&
    isEmpty(peer.served) &&
    isEmpty(peer.relations)
  )
}

function isEmpty(map: ReadonlyMap<unknown, unknown> | undefined): boolean {
  return map === undefined || map.size === 0
}
