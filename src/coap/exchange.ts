/**
 * The exchanges of peers that wait for our answer (RFC 7252 §5.2.2), by the number the sink knows them
 * by. Bounded by the dedup entries they belong to: when an entry goes, its exchange goes.
 */
import type { DeadlineQueue } from '../base/deadline-queue.ts'
import type { Instant } from '../base/time.ts'
import type { DedupTable } from './dedup.ts'
import type { InboundExchange, Timed } from './state.ts'
import type { ExchangeId } from './types.ts'

export class Exchanges {
  readonly #queue: DeadlineQueue<Timed>
  readonly #waiting = new Map<ExchangeId, InboundExchange>()
  #last: ExchangeId = 0

  constructor(queue: DeadlineQueue<Timed>) {
    this.#queue = queue
  }

  get size(): number {
    return this.#waiting.size
  }

  nextId(): ExchangeId {
    return ++this.#last
  }

  add(exchange: InboundExchange, dedup: DedupTable): void {
    this.#waiting.set(exchange.id, exchange)
    exchange.peer.pending++
    dedup.await(exchange.entry, exchange.id)
  }

  setDeadline(exchange: InboundExchange, deadline: Instant): void {
    this.#queue.set(exchange, deadline)
  }

  find(id: ExchangeId): InboundExchange | undefined {
    return this.#waiting.get(id)
  }

  /** Takes it out, its deadline with it. */
  take(id: ExchangeId): InboundExchange | undefined {
    const exchange = this.#waiting.get(id)
    if (exchange === undefined) return undefined
    this.#waiting.delete(id)
    this.#queue.clear(exchange)
    exchange.peer.pending--
    return exchange
  }
}
