/**
 * Server side of Block2 for bodies that lie in memory (RFC 7959 §2.4): keeps a response whose first
 * slice has gone, so that the next ones come from the same representation and no handler runs twice.
 */
import { copyOf, noBytes } from '../base/bytes.ts'
import type { DeadlineQueue } from '../base/deadline-queue.ts'
import { after, type Duration, type Instant } from '../base/time.ts'
import type { BodyBudget } from './body.ts'
import { isSafeMethod } from './codes.ts'
import type { MessageView } from './message.ts'
import { option } from './options.ts'
import { contentTag, methodOf, payloadPrint, responseKey } from './request-key.ts'
import { blockOf, sizeOf } from './block.ts'
import { ServedBody, type PeerState, type Timed } from './state.ts'
import type { OutboundResponse } from './types.ts'

export interface ServedBodiesOptions {
  readonly queue: DeadlineQueue<Timed>
  readonly budget: BodyBudget
  readonly perPeer: number
  readonly lifetime: Duration
}

export class ServedBodies {
  readonly #options: ServedBodiesOptions
  #count = 0

  constructor(options: ServedBodiesOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#count
  }

  /**
   * The response whose first slice answered such a request. RFC 7959 §3.3: later requests leave the
   * payload out; one that has it must have the same (FETCH: it is part of what was asked for).
   */
  find(now: Instant, peer: PeerState, request: MessageView): OutboundResponse | undefined {
    const served = peer.served?.get(responseKey(request))
    if (served === undefined) return undefined
    if (request.payloadLength > 0 && payloadPrint(request) !== served.requestPrint) return undefined
    this.#options.queue.set(served, after(now, this.#options.lifetime))
    const { number, sizeExponent } = blockOf(request.uint(option.block2) ?? 0)
    if ((number + 1) * sizeOf(sizeExponent) >= served.size) served.isDone = true
    return served.response
  }

  /** Keeps a copy; without room it keeps nothing, and a safe request for the next slice is handled anew. */
  keep(now: Instant, peer: PeerState, request: MessageView, response: OutboundResponse): void {
    const key = responseKey(request)
    const payload = response.payload ?? noBytes
    const known = peer.served?.get(key)
    if (known !== undefined) this.drop(known)
    if (!this.#options.budget.take(payload.length)) return
    peer.served ??= new Map()
    if (peer.served.size >= this.#options.perPeer) {
      const bodies = [...peer.served.values()]
      this.drop(bodies.reduce((victim, next) => (lossOf(next) < lossOf(victim) ? next : victim)))
    }
    const kept = { ...response, payload: copyOf(payload), etag: response.etag ?? contentTag(payload) }
    const served = new ServedBody(peer, key, kept, payload.length, payloadPrint(request))
    peer.served.set(key, served)
    this.#count++
    this.#options.queue.set(served, after(now, this.#options.lifetime))
  }

  drop(served: ServedBody): void {
    this.#options.queue.clear(served)
    if (served.peer.served?.get(served.key) !== served) return
    served.peer.served.delete(served.key)
    this.#options.budget.give(served.size)
    this.#count--
  }

  dropAll(peer: PeerState): void {
    if (peer.served !== undefined) for (const served of peer.served.values()) this.drop(served)
  }
}

/** How much is lost with a body: nothing once its end was asked for, little where a safe request asks anew. */
function lossOf(served: ServedBody): number {
  if (served.isDone) return 0
  return isSafeMethod(methodOf(served.key)) ? 1 : 2
}
