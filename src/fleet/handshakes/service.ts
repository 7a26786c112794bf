/**
 * The handshakes of this process's life: counts of all, the newest of each outcome in full. Memory only, and
 * bounded: strangers who fail on purpose push out neither memory nor those that went well.
 */
import { LruMap } from '../../base/lru.ts'
import type { Settings } from '../../config/tunables.ts'
import type { Handshake, HandshakeCounts } from './types.ts'

export class HandshakesService {
  readonly #completed: Ring
  readonly #failed: Ring
  /** Not over yet, by where they come from. */
  readonly #failing: LruMap<string, Handshake>
  readonly #faults = new Map<string, number>()
  #count = 0

  constructor(settings: Pick<Settings, 'handshakes.kept'>) {
    this.#completed = new Ring(settings['handshakes.kept'])
    this.#failed = new Ring(settings['handshakes.kept'])
    this.#failing = new LruMap(Math.max(1, settings['handshakes.kept']))
  }

  add(handshake: Omit<Handshake, 'id'>): void {
    const from = `${handshake.address} ${handshake.port}`
    if (handshake.outcome === 'failing') {
      if (this.#failed.size > 0) this.#failing.set(from, { ...handshake, id: ++this.#count })
      return
    }
    this.#failing.delete(from)
    const ring = handshake.outcome === 'completed' ? this.#completed : this.#failed
    ring.add({ ...handshake, id: ++this.#count })
    // Faults are a short list of ours; a peer cannot make it grow.
    if (handshake.fault !== undefined) this.#faults.set(handshake.fault, (this.#faults.get(handshake.fault) ?? 0) + 1)
  }

  /** Newest first. */
  list({ failed }: { readonly failed?: boolean }, limit: number): readonly Handshake[] {
    const kept = [
      ...(failed === false ? [] : [...this.#underWay(), ...this.#failed.entries()]),
      ...(failed === true ? [] : this.#completed.entries()),
    ]
    return kept.sort((a, b) => b.id - a.id).slice(0, limit)
  }

  counts(): HandshakeCounts {
    return { completed: this.#completed.count, failed: this.#failed.count, faults: Object.fromEntries(this.#faults) }
  }

  #underWay(): readonly Handshake[] {
    return Array.from(this.#failing.entries(), ([, handshake]) => handshake)
  }
}

/** The newest so many. */
class Ring {
  readonly size: number
  readonly #slots: Handshake[] = []
  count = 0

  constructor(size: number) {
    this.size = size
  }

  add(handshake: Handshake): void {
    if (this.size > 0) this.#slots[this.count % this.size] = handshake
    this.count++
  }

  /** Newest first. */
  entries(): readonly Handshake[] {
    if (this.size === 0) return []
    const next = this.count % this.size
    return [...this.#slots.slice(next), ...this.#slots.slice(0, next)].reverse()
  }
}
