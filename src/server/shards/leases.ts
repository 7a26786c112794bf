/**
 * Which shard a device belongs to: one at a time, and another only once the first has let go. Pure
 * bookkeeping; who asks and how a shard is told is the caller's business.
 */
import { invariant } from '../../base/errors.ts'
import type { EndpointName } from '../../fleet/registry/types.ts'

export type ShardNumber = number

/** Runs once the lease is the asker's; `isMoved` where another shard had it until now. */
export type Granted = (isMoved: boolean) => void

interface Lease {
  owner: ShardNumber
  /** In order of asking; while there are any, the owner has been asked to let go. */
  readonly waiting: { readonly shard: ShardNumber; readonly granted: Granted }[]
}

export class Leases {
  readonly #limit: number
  readonly #askToRelease: (owner: ShardNumber, endpoint: EndpointName) => void
  /** In order of their last grant, longest ago first. */
  readonly #leases = new Map<EndpointName, Lease>()
  /** Asked back because there are too many, not because somebody wants them. */
  readonly #callingIn = new Set<EndpointName>()

  /** At most about `limit` leases: beyond, those granted longest ago are asked back. */
  constructor(limit: number, askToRelease: (owner: ShardNumber, endpoint: EndpointName) => void) {
    this.#limit = limit
    this.#askToRelease = askToRelease
  }

  get size(): number {
    return this.#leases.size
  }

  ownerOf(endpoint: EndpointName): ShardNumber | undefined {
    return this.#leases.get(endpoint)?.owner
  }

  claim(endpoint: EndpointName, shard: ShardNumber, granted: Granted): void {
    const lease = this.#leases.get(endpoint)
    if (lease === undefined) {
      this.#leases.set(endpoint, { owner: shard, waiting: [] })
      this.#callIn()
      granted(false)
    } else if (lease.owner === shard && lease.waiting.length === 0 && !this.#callingIn.has(endpoint)) {
      granted(false)
    } else {
      lease.waiting.push({ shard, granted })
      if (lease.waiting.length === 1 && !this.#callingIn.has(endpoint)) this.#askToRelease(lease.owner, endpoint)
    }
  }

  /** The owner has let go. */
  released(endpoint: EndpointName, by: ShardNumber): void {
    const lease = this.#leases.get(endpoint)
    invariant(lease?.owner === by, `shard ${by} let go of ${endpoint}, which it does not have`)
    this.#callingIn.delete(endpoint)
    this.#leases.delete(endpoint)
    const next = lease.waiting[0]
    if (next === undefined) return
    lease.owner = next.shard
    this.#leases.set(endpoint, lease)
    while (lease.waiting[0]?.shard === lease.owner) lease.waiting.shift()!.granted(next.shard !== by)
    if (lease.waiting.length > 0) this.#askToRelease(lease.owner, endpoint)
  }

  #callIn(): void {
    if (this.#leases.size - this.#callingIn.size <= this.#limit) return
    for (const [endpoint, { owner, waiting }] of this.#leases) {
      if (waiting.length > 0 || this.#callingIn.has(endpoint)) continue
      this.#callingIn.add(endpoint)
      this.#askToRelease(owner, endpoint)
      return
    }
  }
}
