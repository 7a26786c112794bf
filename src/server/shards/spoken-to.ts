/**
 * Which shard speaks to a peer that had not spoken to it: the kernel gives what such a peer answers to any socket. One
 * table in memory that all shards share, so that an answer finds it written however soon it comes. Knows no device.
 */
import { LruMap } from '../../base/lru.ts'
import type { PathNumber, RemoteAddress, Transport } from '../transport.ts'
import type { ShardNumber } from './leases.ts'

/** Places for peers are found by hash: as many of them at each place as ways. */
const places = 8_192
const ways = 8
/** Behind all places: whether there is anybody at all. */
const anybodyAt = places * ways
/** Hashes of paths kept at hand; of any other its address is looked up and hashed again. */
const hashesKept = 10_000

/** As one shard sees it, for one of its listeners. */
export class SpokenTo {
  readonly #words: Uint32Array
  readonly #shard: ShardNumber
  readonly #listener: string
  readonly #hashes = new LruMap<PathNumber, number>(hashesKept)

  /** What all shards of a server share; of 65 536 peers the last ones spoken to. */
  static memory(): SharedArrayBuffer {
    return new SharedArrayBuffer((anybodyAt + 1) * Uint32Array.BYTES_PER_ELEMENT)
  }

  constructor(memory: SharedArrayBuffer, shard: ShardNumber, listener: 'plain' | 'secured') {
    this.#words = new Uint32Array(memory)
    this.#shard = shard
    this.#listener = listener
  }

  /** Before anything is sent there: what this peer says is to come to this shard. */
  note(remote: RemoteAddress): void {
    this.#write(this.#hashOf(remote))
  }

  /** The shard that speaks to who is at `path`; undefined where none but whoever hears it needs to. */
  ownerOf(path: PathNumber, transport: Pick<Transport, 'addressOf'>): ShardNumber | undefined {
    if (Atomics.load(this.#words, anybodyAt) === 0) return undefined
    const hash = this.#hashOfPath(path, transport)
    const at = hash === undefined ? undefined : this.#find(hash)
    return at === undefined ? undefined : (Atomics.load(this.#words, at) & ownerBits) - 1
  }

  /** Who speaks to a peer hears it: it may have turned up here while another shard spoke to it. */
  answered(path: PathNumber, transport: Pick<Transport, 'addressOf'>): void {
    const owner = this.ownerOf(path, transport)
    if (owner !== undefined && owner !== this.#shard) this.#write(this.#hashOfPath(path, transport)!)
  }

  #hashOfPath(path: PathNumber, transport: Pick<Transport, 'addressOf'>): number | undefined {
    const known = this.#hashes.use(path)
    if (known !== undefined) return known
    const remote = transport.addressOf(path)
    if (remote === undefined) return undefined
    const hash = this.#hashOf(remote)
    this.#hashes.set(path, hash)
    return hash
  }

  #hashOf({ address, port }: RemoteAddress): number {
    return hashOf(`${this.#listener} ${address} ${port}`)
  }

  #find(hash: number): number | undefined {
    const first = firstOf(hash)
    for (let at = first; at < first + ways; at++) {
      const word = Atomics.load(this.#words, at)
      if (word !== 0 && isOf(word, hash)) return at
    }
    return undefined
  }

  /** Another shard may be at the same place: what was found there must still be there when it is overwritten. */
  #write(hash: number): void {
    const word = ((hash & ~ownerBits) | (this.#shard + 1)) >>> 0
    const first = firstOf(hash)
    for (let at = first; at < first + ways;) {
      const found = Atomics.load(this.#words, at)
      if (found !== 0 && !isOf(found, hash)) at++
      else if (Atomics.compareExchange(this.#words, at, found, word) === found) {
        Atomics.store(this.#words, anybodyAt, 1)
        return
      }
    }
    // The place is full. Whoever goes is found again when somebody speaks to it.
    Atomics.store(this.#words, first + ((hash >>> 16) % ways), word)
  }
}

/** Of a word: its owner, plus one. The other bits are of the peer's hash, of which the place tells the rest. */
const ownerBits = 0xff
const firstOf = (hash: number): number => (hash % places) * ways
const isOf = (word: number, hash: number): boolean => ((word ^ hash) & ~ownerBits) === 0

/** FNV-1a: the same in every thread, and after every start. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0
  return hash
}
