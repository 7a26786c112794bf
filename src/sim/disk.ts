/**
 * The disk a simulated server commits to: outlives the process, can be full or away, fails the commits it
 * is told to, and shows every commit that went through to whoever keeps the books.
 */
import { EnvironmentError } from '../base/errors.ts'
import type { Store, StoreOp } from '../fleet/store.ts'

export type DiskTrouble = 'none' | 'full' | 'unavailable'

export class Disk {
  readonly store: Store
  readonly #committed: (ops: readonly StoreOp[]) => void
  readonly #failing = new Set<number>()
  trouble: DiskTrouble = 'none'
  #commits = 0
  #failures = 0

  constructor(store: Store, committed: (ops: readonly StoreOp[]) => void) {
    this.store = store
    this.#committed = committed
  }

  /** Transactions tried so far. */
  get commits(): number {
    return this.#commits
  }

  /** Transactions that came to nothing. */
  get failures(): number {
    return this.#failures
  }

  /** Commit number `n` from the start of the world (the first is 1) fails, and nothing of it is kept. */
  failCommit(n: number): void {
    this.#failing.add(n)
  }

  failNextCommit(): void {
    this.failCommit(this.#commits + 1)
  }

  /** One transaction; throws EnvironmentError as the store's contract says. */
  commit(ops: readonly StoreOp[]): void {
    this.#commits++
    const fails = this.#failing.delete(this.#commits)
    if (fails || this.trouble !== 'none') {
      this.#failures++
      throw this.trouble === 'full'
        ? new EnvironmentError('store.full', 'the disk is full', { retriable: true })
        : new EnvironmentError('store.unavailable', 'the disk did not answer', { retriable: true })
    }
    this.store.commit(ops)
    this.#committed(ops)
  }
}
