/**
 * Gathers what the engine wants committed and makes it one transaction a turn: the only wait on the way
 * of a datagram (ARCHITECTURE §3.8). Knows nothing of what the ops mean.
 */
import { EnvironmentError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Counter, Metrics } from '../base/metrics.ts'
import type { StoreOp } from '../fleet/store.ts'
import type { CommitTicket } from '../engine/ports.ts'

export interface CommitResults {
  committed(ticket: CommitTicket): void
  commitFailed(ticket: CommitTicket, error: EnvironmentError): void
}

/** `Op`: what the store of this committer takes. */
export class Committer<Op = StoreOp> {
  readonly #commit: (ops: readonly Op[]) => void
  readonly #batchLimit: number
  readonly #log: Log
  readonly #transactions: Counter
  readonly #failures: Counter
  #tickets: CommitTicket[] = []
  #lists: (readonly Op[])[] = []
  #failing = false

  constructor(options: { commit: (ops: readonly Op[]) => void; batchLimit: number; log: Log; metrics: Metrics }) {
    this.#commit = options.commit
    this.#batchLimit = options.batchLimit
    this.#log = options.log
    this.#transactions = options.metrics.counter('coapstan_store_transactions_total', 'Transactions committed')
    this.#failures = options.metrics.counter('coapstan_store_failures_total', 'Transactions that failed')
  }

  /** The last attempt failed. */
  get failing(): boolean {
    return this.#failing
  }

  get pending(): number {
    return this.#tickets.length
  }

  add(ticket: CommitTicket, ops: readonly Op[]): void {
    this.#tickets.push(ticket)
    this.#lists.push(ops)
  }

  /** Commits up to one batch and tells each ticket how it went; tickets added meanwhile wait. */
  flush(results: CommitResults): void {
    const tickets = this.#tickets.splice(0, this.#batchLimit)
    const lists = this.#lists.splice(0, this.#batchLimit)
    if (tickets.length === 0) return
    const error = this.#attempt(lists.flat())
    if (error === undefined || error.retriable || tickets.length === 1) {
      for (const ticket of tickets) {
        if (error === undefined) results.committed(ticket)
        else results.commitFailed(ticket, error)
      }
      return
    }
    // One list is unacceptable to the store; the others must not suffer for it.
    for (const [i, ticket] of tickets.entries()) {
      const own = this.#attempt(lists[i]!)
      if (own === undefined) results.committed(ticket)
      else results.commitFailed(ticket, own)
    }
  }

  #attempt(ops: readonly Op[]): EnvironmentError | undefined {
    try {
      this.#commit(ops)
    } catch (thrown) {
      if (!(thrown instanceof EnvironmentError)) throw thrown
      this.#failures.add()
      if (!this.#failing)
        this.#log.error(
          { code: thrown.code, error: thrown.message },
          'the store does not take writes; devices get no answers until it does',
        )
      this.#failing = true
      return thrown
    }
    this.#transactions.add()
    if (this.#failing) this.#log.info({}, 'the store takes writes again')
    this.#failing = false
    return undefined
  }
}
