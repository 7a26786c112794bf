/**
 * What each peer has sent lately, by message id (RFC 7252 §4.5): exchanges in progress, answers to be
 * repeated, and bare ids whose answer had to go. Entries are rows of parallel arrays, linked into the
 * list of their peer and into one line per lifetime, so that every step is O(1) and nothing is garbage.
 *
 * What may be let go early: the entry of a safe method, or any of an unsecured peer (it could pretend
 * to be someone else anyway). A non-idempotent exchange of a secured peer stays for its whole lifetime,
 * at first with its answer, under pressure as a bare id that is met with silence. When not even that
 * fits, a *new* request is met with silence: the device repeats it, and nothing is executed twice.
 */
import type { Bytes } from '../base/bytes.ts'
import { never, type Duration, type Instant } from '../base/time.ts'
import { AnswerStore } from './answer-store.ts'
import { copied, ExpiryLines } from './expiry-lines.ts'

/** A remembered exchange; 0 is none. */
export type DedupEntry = number

/** The part of a peer's state that is ours. */
export interface DedupOwner {
  /** 32 bits nobody else can foresee, so that peers cannot meet in one bucket on purpose. */
  readonly dedupSeed: number
  /** Entries that are in progress or have their answer, oldest first. */
  liveHead: DedupEntry
  liveTail: DedupEntry
  liveCount: number
  /** Entries that are a bare id. */
  spentHead: DedupEntry
  spentCount: number
}

const inProgress = 1
const finished = 2
const spent = 3
const evictable = 4
const stateMask = 3

/** Buckets for each row there is room for: most of them empty, so that a new id is seen to be new at once. */
const bucketsARow = 4

/** Of so many (2^13) entries one more goes at a time: what many of them need from memory comes at once. */
const evictionShift = 13

export interface DedupOptions {
  /** Entries with answers, one peer. */
  readonly perPeer: number
  /** Bare ids, one peer. */
  readonly spentPerPeer: number
  readonly total: number
  /** An exchange's entry went while it was in progress: whoever waits for its answer need not any more. */
  abandoned(exchange: number): void
  /** The last entry of a peer went. */
  emptied(owner: DedupOwner): void
}

export class DedupTable {
  readonly #options: DedupOptions
  readonly #answers = new AnswerStore()
  readonly #order = new ExpiryLines()
  #count = 0
  #freeEntry: DedupEntry = 0
  #used = 1

  #buckets = new Int32Array(bucketsARow * 1024)
  #owners: (DedupOwner | undefined)[] = [undefined]
  #states = new Uint8Array(1024)
  #ids = new Uint16Array(1024)
  #prints = new Int32Array(1024)
  #expiries = new Float64Array(1024)
  #exchanges = new Float64Array(1024)
  #handles = new Int32Array(1024)
  #lengths = new Uint16Array(1024)
  #chain = new Int32Array(1024)
  #peerNext = new Int32Array(1024)
  #peerPrevious = new Int32Array(1024)

  constructor(options: DedupOptions) {
    this.#options = options
    this.#order.grow(this.#states.length)
  }

  get size(): number {
    return this.#count
  }

  get answers(): number {
    return this.#answers.size
  }

  /** The live entry of `messageId`, or 0. */
  find(now: Instant, owner: DedupOwner, messageId: number): DedupEntry {
    let entry = this.#buckets[this.#bucketOf(owner, messageId)]!
    while (entry !== 0 && (this.#ids[entry] !== messageId || this.#owners[entry] !== owner)) entry = this.#chain[entry]!
    if (entry === 0) return 0
    if (this.#expiries[entry]! > now) return entry
    this.forget(entry)
    return 0
  }

  /** Whether the entry's message had the same code, token and length, as a repetition has. */
  isRepetition(entry: DedupEntry, print: number): boolean {
    return this.#prints[entry] === print
  }

  isInProgress(entry: DedupEntry): boolean {
    return (this.#states[entry]! & stateMask) === inProgress
  }

  /** Whether `begin` would let go of nothing. */
  hasRoom(owner: DedupOwner): boolean {
    return owner.liveCount < this.#options.perPeer && this.#count < this.#options.total
  }

  /** Remembers a new exchange as in progress; 0 where there is no room that may be taken. */
  begin(
    now: Instant,
    owner: DedupOwner,
    messageId: number,
    print: number,
    lifetime: Duration,
    mayEvict: boolean,
  ): DedupEntry {
    if (owner.liveCount >= this.#options.perPeer && !this.#makeRoomFor(owner)) return 0
    if (this.#count >= this.#options.total && !this.#makeRoom()) return 0
    const entry = this.#take()
    this.#owners[entry] = owner
    this.#states[entry] = inProgress | (mayEvict ? evictable : 0)
    this.#ids[entry] = messageId
    this.#prints[entry] = print
    this.#expiries[entry] = now + this.#order.link(entry, lifetime, mayEvict).lifetime
    this.#exchanges[entry] = 0
    this.#handles[entry] = 0
    this.#linkHash(entry, owner)
    this.#linkLive(entry, owner)
    return entry
  }

  /** The exchange that will answer: told to `abandoned` if the entry goes first. */
  await(entry: DedupEntry, exchange: number): void {
    this.#exchanges[entry] = exchange
  }

  /** The exchange has its answer: octets `start` to `end`, none where they are empty. */
  finish(entry: DedupEntry, buffer: Bytes, start: number, end: number): void {
    this.answerMeanwhile(entry, buffer, start, end)
    this.complete(entry)
  }

  /** The exchange is over; the answer kept meanwhile stays the one to repeat. */
  complete(entry: DedupEntry): void {
    this.#states[entry] = (this.#states[entry]! & evictable) | finished
    this.#exchanges[entry] = 0
  }

  /** An answer for now (the empty ACK), while the exchange stays in progress. */
  answerMeanwhile(entry: DedupEntry, buffer: Bytes, start: number, end: number): void {
    if (this.#handles[entry] !== 0) this.#answers.free(this.#handles[entry]!)
    this.#handles[entry] = end > start ? this.#answers.put(buffer, start, end) : 0
    this.#lengths[entry] = end - start
  }

  /** It may be let go early after all: running it again does no harm (a block that was taken already). */
  relax(entry: DedupEntry): void {
    const { lifetime, evictable: isEvictable } = this.#order.lineOf(entry)
    if (isEvictable) return
    this.#order.unlink(entry)
    this.#order.link(entry, lifetime, true)
    this.#states[entry]! |= evictable
  }

  /** Octets of the kept answer; 0 where there is none. */
  answerLength(entry: DedupEntry): number {
    return this.#handles[entry] === 0 ? 0 : this.#lengths[entry]!
  }

  answerPage(entry: DedupEntry): Bytes {
    return this.#answers.pageOf(this.#handles[entry]!)
  }

  answerOffset(entry: DedupEntry): number {
    return this.#answers.offsetOf(this.#handles[entry]!)
  }

  forget(entry: DedupEntry): void {
    const owner = this.#owners[entry]!
    this.#unlinkHash(entry, owner)
    this.#order.unlink(entry)
    this.#unlinkPeer(entry, owner)
    this.#answers.free(this.#handles[entry]!)
    this.#handles[entry] = 0
    this.#owners[entry] = undefined
    this.#states[entry] = 0
    this.#chain[entry] = this.#freeEntry
    this.#freeEntry = entry
    this.#count--
    const exchange = this.#exchanges[entry]!
    if (exchange !== 0) {
      this.#exchanges[entry] = 0
      this.#options.abandoned(exchange)
    }
    if (owner.liveCount === 0 && owner.spentCount === 0) this.#options.emptied(owner)
  }

  forgetAll(owner: DedupOwner): void {
    while (owner.liveHead !== 0) this.forget(owner.liveHead)
    while (owner.spentHead !== 0) this.forget(owner.spentHead)
  }

  /** Whether everything remembered of `owner` may be let go without risk of running a request twice. */
  mayForgetAll(owner: DedupOwner): boolean {
    if (owner.spentCount > 0) return false
    for (let entry = owner.liveHead; entry !== 0; entry = this.#peerNext[entry]!) {
      if (this.#states[entry] !== (finished | evictable)) return false
    }
    return true
  }

  /** Lets go of everything whose lifetime is over. */
  expire(now: Instant): void {
    for (const line of this.#order.lines) {
      while (line.head !== 0 && this.#expiries[line.head]! <= now) this.forget(line.head)
    }
  }

  nextExpiry(): Instant {
    let earliest: number = never
    for (const line of this.#order.lines) {
      if (line.head !== 0 && this.#expiries[line.head]! < earliest) earliest = this.#expiries[line.head]!
    }
    return earliest as Instant
  }

  #makeRoomFor(owner: DedupOwner): boolean {
    let oldestFinished: DedupEntry = 0
    for (let entry = owner.liveHead; entry !== 0; entry = this.#peerNext[entry]!) {
      const state = this.#states[entry]!
      if (state === (finished | evictable)) {
        this.forget(entry)
        return true
      }
      if (oldestFinished === 0 && state === finished) oldestFinished = entry
    }
    if (oldestFinished === 0 || owner.spentCount >= this.#options.spentPerPeer) return false
    this.#spend(oldestFinished, owner)
    return true
  }

  /** Only the id stays: a repetition is met with silence, never executed again. */
  #spend(entry: DedupEntry, owner: DedupOwner): void {
    this.#answers.free(this.#handles[entry]!)
    this.#handles[entry] = 0
    this.#unlinkPeer(entry, owner)
    this.#states[entry] = spent
    this.#peerPrevious[entry] = 0
    this.#peerNext[entry] = owner.spentHead
    if (owner.spentHead !== 0) this.#peerPrevious[owner.spentHead] = entry
    owner.spentHead = entry
    owner.spentCount++
  }

  /** Lets go of the evictable entry that arrived first, of whatever peer, and of a few behind it where there are many. */
  #makeRoom(): boolean {
    let victim: DedupEntry = 0
    let arrival: number = never
    for (const line of this.#order.lines) {
      if (!line.evictable) continue
      let entry = line.head
      while (entry !== 0 && this.isInProgress(entry)) entry = this.#order.next(entry)
      if (entry === 0 || this.#expiries[entry]! - line.lifetime >= arrival) continue
      victim = entry
      arrival = this.#expiries[entry]! - line.lifetime
    }
    if (victim === 0) return false
    let more = this.#options.total >> evictionShift
    do {
      const next = this.#order.next(victim)
      this.forget(victim)
      victim = next
    } while (more-- > 0 && victim !== 0 && !this.isInProgress(victim))
    return true
  }

  /** Ids that follow each other lie beside each other: a peer's next one is in a cache line it has used already. */
  #bucketOf(owner: DedupOwner, messageId: number): number {
    return (owner.dedupSeed + messageId) & (this.#buckets.length - 1)
  }

  #linkLive(entry: DedupEntry, owner: DedupOwner): void {
    this.#peerNext[entry] = 0
    this.#peerPrevious[entry] = owner.liveTail
    if (owner.liveTail === 0) owner.liveHead = entry
    else this.#peerNext[owner.liveTail] = entry
    owner.liveTail = entry
    owner.liveCount++
  }

  #unlinkPeer(entry: DedupEntry, owner: DedupOwner): void {
    const next = this.#peerNext[entry]!
    const previous = this.#peerPrevious[entry]!
    const isSpent = (this.#states[entry]! & stateMask) === spent
    if (next !== 0) this.#peerPrevious[next] = previous
    else if (!isSpent) owner.liveTail = previous
    if (previous !== 0) this.#peerNext[previous] = next
    else if (isSpent) owner.spentHead = next
    else owner.liveHead = next
    if (isSpent) owner.spentCount--
    else owner.liveCount--
  }

  #linkHash(entry: DedupEntry, owner: DedupOwner): void {
    const bucket = this.#bucketOf(owner, this.#ids[entry]!)
    this.#chain[entry] = this.#buckets[bucket]!
    this.#buckets[bucket] = entry
  }

  #unlinkHash(entry: DedupEntry, owner: DedupOwner): void {
    const bucket = this.#bucketOf(owner, this.#ids[entry]!)
    let at = this.#buckets[bucket]!
    if (at === entry) {
      this.#buckets[bucket] = this.#chain[entry]!
      return
    }
    while (this.#chain[at] !== entry) at = this.#chain[at]!
    this.#chain[at] = this.#chain[entry]!
  }

  #take(): DedupEntry {
    this.#count++
    const entry = this.#freeEntry
    if (entry !== 0) {
      this.#freeEntry = this.#chain[entry]!
      return entry
    }
    if (this.#used === this.#states.length) this.#grow()
    return this.#used++
  }

  /** Doubles the rows and the buckets; how far is bounded by `total`. */
  #grow(): void {
    const size = this.#states.length * 2
    this.#states = copied(new Uint8Array(size), this.#states)
    this.#ids = copied(new Uint16Array(size), this.#ids)
    this.#prints = copied(new Int32Array(size), this.#prints)
    this.#expiries = copied(new Float64Array(size), this.#expiries)
    this.#exchanges = copied(new Float64Array(size), this.#exchanges)
    this.#handles = copied(new Int32Array(size), this.#handles)
    this.#lengths = copied(new Uint16Array(size), this.#lengths)
    this.#chain = copied(new Int32Array(size), this.#chain)
    this.#order.grow(size)
    this.#peerNext = copied(new Int32Array(size), this.#peerNext)
    this.#peerPrevious = copied(new Int32Array(size), this.#peerPrevious)
    this.#buckets = new Int32Array(bucketsARow * size)
    for (let entry = 1; entry < this.#used; entry++) {
      const owner = this.#owners[entry]
      if (owner !== undefined) this.#linkHash(entry, owner)
    }
  }
}
