/**
 * How far a download has come between two moments at which anybody is told: blocks come by the thousand, and of most
 * of them nobody needs to hear. Knows what may be counted without a plan; no device and no store.
 */
import { between, seconds, type Duration, type Instant } from '../../base/time.ts'
import type { FirmwareUpdate } from './types.ts'

/** After so long a silence, a download that goes on is one that was resumed. */
export const pauseAfter: Duration = seconds(60)

/** Progress is committed and told of so many times an image: a crash forgets no more of the display. */
const steps = 10

/** But not twice within this time: of a device that fetches its image in a moment nobody reads ten times. */
const quietAfterTelling: Duration = seconds(1)

export function stepOf({ fetched, size }: Pick<FirmwareUpdate, 'fetched' | 'size'>): number {
  return size === 0 ? 0 : Math.floor((fetched * steps) / size)
}

/** A block the device has fetched of an image of `size` octets. */
export interface Block {
  readonly offset: number
  readonly length: number
  readonly size: number
  readonly blockSize: number
}

/** Of an update whose device fetches block after block: the blocks that change nothing but the count. */
export class Pull {
  /** Octets the device has, and since when. */
  fetched: number
  changedAt: Instant
  /** Further than the update it was made of. */
  isAhead = false
  readonly #size: number
  readonly #blockSize: number | undefined
  readonly #toldAt: Instant
  /** Where the next step is complete, of which somebody is to hear. */
  #untold: number

  constructor({ fetched, changedAt, size, blockSize }: FirmwareUpdate) {
    this.fetched = fetched
    this.changedAt = changedAt
    this.#size = size
    this.#blockSize = blockSize
    this.#toldAt = changedAt
    this.#untold = this.#nextStep(fetched)
  }

  /** Whether the block is just the next of many, and thereby counted; else a plan has to look at it. */
  takes(now: Instant, { offset, length, size, blockSize }: Block): boolean {
    const end = offset + length
    if (offset !== this.fetched || blockSize !== this.#blockSize || end >= size) return false
    if (between(this.changedAt, now) > pauseAfter) return false
    if (end >= this.#untold) {
      if (between(this.#toldAt, now) >= quietAfterTelling) return false
      this.#untold = this.#nextStep(end)
    }
    this.fetched = end
    this.changedAt = now
    this.isAhead = true
    return true
  }

  #nextStep(fetched: number): number {
    return Math.ceil(((stepOf({ fetched, size: this.#size }) + 1) * this.#size) / steps)
  }
}

/** Undefined where every block has to be looked at. */
export function pullOf(update: FirmwareUpdate | undefined): Pull | undefined {
  const goesOn =
    update?.state === 'downloading' && update.delivery !== 'push' && update.registration === update.registrationAtOffer
  return goesOn ? new Pull(update) : undefined
}
