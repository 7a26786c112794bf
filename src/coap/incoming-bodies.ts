/**
 * Server side of Block1 (RFC 7959 §2.3, §2.5): puts a peer's blocks together, in order, in limited
 * memory. Says what came of each block; answers nobody.
 */
import type { Bytes } from '../base/bytes.ts'
import type { DeadlineQueue } from '../base/deadline-queue.ts'
import { after, type Duration, type Instant } from '../base/time.ts'
import { blockOf, sizeOf } from './block.ts'
import { GrowingBody, type BodyBudget } from './body.ts'
import { faults, type CoapFault } from './faults.ts'
import type { MessageView } from './message.ts'
import { option } from './options.ts'
import { requestKey } from './request-key.ts'
import { IncomingBody, type PeerState, type Timed } from './state.ts'

export interface IncomingBodiesOptions {
  readonly queue: DeadlineQueue<Timed>
  readonly budget: BodyBudget
  /** Octets of the largest body. */
  readonly limit: number
  readonly perPeer: number
  readonly lifetime: Duration
}

/** What came of a block: more are to follow, the body is whole (a view, valid during the call), or a fault. */
export type BlockReceipt = 'continue' | { readonly whole: Bytes } | CoapFault

export class IncomingBodies {
  readonly #options: IncomingBodiesOptions
  #count = 0

  constructor(options: IncomingBodiesOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#count
  }

  receive(now: Instant, peer: PeerState, request: MessageView): BlockReceipt {
    const block = blockOf(request.uint(option.block1)!)
    const size = sizeOf(block.sizeExponent)
    const { payloadLength } = request
    // RFC 7959 §2.2: every block but the last is full
    if (block.more ? payloadLength !== size : payloadLength > size) return faults['block-length']
    if (block.number === 0 && !block.more) return { whole: request.payload }
    const offset = block.number * size
    const key = requestKey(request)
    const known = peer.incoming?.get(key)
    // RFC 7959 §2.9.2: nothing is made room for on the word of a block from the middle
    if (known === undefined && block.number > 0) return faults['block-unknown-body']
    if (Math.max(request.uint(option.size1) ?? 0, offset + payloadLength) > this.#options.limit) {
      // RFC 7959 §2.9.3; what was begun is of no use any more
      if (known !== undefined) this.drop(known)
      return faults['body-over-limit']
    }
    if (known !== undefined && known.body.holds(offset, request.buffer, request.payloadStart, request.end)) {
      // The peer sends again what we have (its ACK was lost, or it began anew): nothing changes
      if (block.more) return this.#wait(now, known)
    } else if (block.number === 0) {
      // RFC 7959 §2.5: the newest one counts
      if (known !== undefined) this.drop(known)
      return this.#begin(now, peer, key, request)
    }
    if (known?.body.length !== offset) return faults['block-gap']
    return this.#append(now, known, block.more, request)
  }

  drop(incoming: IncomingBody): void {
    this.#options.queue.clear(incoming)
    if (incoming.peer.incoming?.get(incoming.key) !== incoming) return
    incoming.peer.incoming.delete(incoming.key)
    incoming.body.release()
    this.#count--
  }

  dropAll(peer: PeerState): void {
    if (peer.incoming !== undefined) for (const incoming of peer.incoming.values()) this.drop(incoming)
  }

  #begin(now: Instant, peer: PeerState, key: string, request: MessageView): BlockReceipt {
    peer.incoming ??= new Map()
    if (peer.incoming.size >= this.#options.perPeer) {
      for (const oldest of peer.incoming.values()) {
        this.drop(oldest)
        break
      }
    }
    const incoming = new IncomingBody(peer, key, new GrowingBody(this.#options.budget, this.#options.limit))
    peer.incoming.set(key, incoming)
    this.#count++
    return this.#append(now, incoming, true, request)
  }

  #append(now: Instant, incoming: IncomingBody, more: boolean, request: MessageView): BlockReceipt {
    const outcome = incoming.body.append(request.buffer, request.payloadStart, request.end)
    if (outcome !== 'added') {
      this.drop(incoming)
      return outcome === 'over-limit' ? faults['body-over-limit'] : faults['bodies-full']
    }
    if (more) return this.#wait(now, incoming)
    const whole = incoming.body.bytes
    this.drop(incoming)
    return { whole }
  }

  #wait(now: Instant, incoming: IncomingBody): BlockReceipt {
    this.#options.queue.set(incoming, after(now, this.#options.lifetime))
    return 'continue'
  }
}
