/**
 * The way of one device to its server and back: losses in runs, delay, duplicates, an upper size, and
 * an address that a translator on the way gives and takes. Moves copies; reads nothing of a datagram.
 */
import type { Random } from '../base/random.ts'
import { after, between, instantOf, milliseconds, seconds, type Duration, type Instant } from '../base/time.ts'
import { between as drawn, happens, lognormal } from './chance.ts'
import type { LinkQuality } from './link-quality.ts'

/** An address and port as the server sees them. */
export interface Remote {
  readonly address: string
  readonly port: number
}

/** Hands out addresses and knows whose they are at the moment. */
export interface AddressPlan {
  /** A port of `address`, or of any where there is none given. */
  take(link: Link, address: string | undefined): Remote
  release(remote: Remote): void
}

/** Share of new mappings that come with another address, not only another port (devices.md §6). */
const movesAway = 0.15

/** A run of losses is a fade of the radio: a repetition that comes this much later meets another sky. */
const longestFade = seconds(4)

/** What became of the last datagram of one direction, and when. */
interface Fade {
  readonly isLossy: boolean
  readonly at?: Instant
}

export class Link {
  readonly #chance: Random
  readonly #plan: AddressPlan
  #natTimeout: Duration | undefined
  #quality: LinkQuality
  #movesAway = movesAway
  readonly #fades: Record<'up' | 'down', Fade> = { up: { isLossy: false }, down: { isLossy: false } }
  #remote: Remote
  #mappedUntil: Instant
  /** When the server last heard the device. */
  heardAt: Instant = instantOf(0)
  /** Nothing passes either way while it is cut. */
  cut = false

  constructor(quality: LinkQuality, natTimeout: Duration | undefined, chance: Random, plan: AddressPlan) {
    this.#quality = quality
    this.#natTimeout = natTimeout
    this.#chance = chance
    this.#plan = plan
    this.#remote = plan.take(this, undefined)
    this.#mappedUntil = instantOf(0)
  }

  get remote(): Remote {
    return this.#remote
  }

  /** The address an uplink at `now` comes from; only what the device sends keeps a mapping (RFC 4787 §4.3). */
  sourceOf(now: Instant): Remote {
    if (this.#natTimeout === undefined) return this.#remote
    if (now >= this.#mappedUntil) this.rebind()
    this.#mappedUntil = after(now, this.#natTimeout)
    return this.#remote
  }

  /** Loses nothing any more, and keeps the device's address, if not its port; that too where `still`. */
  mend(still = false): void {
    if (still) this.#natTimeout = undefined
    this.cut = false
    this.#quality = { ...this.#quality, loss: 0, duplication: 0, reordering: 0 }
    this.#movesAway = 0
    this.#fades.up = this.#fades.down = { isLossy: false }
  }

  /** The translator has forgotten the device: another port, perhaps another address. */
  rebind(): void {
    this.#plan.release(this.#remote)
    this.#remote = this.#plan.take(this, happens(this.#chance, this.#movesAway) ? undefined : this.#remote.address)
  }

  /** Whether the mapping still stands for a downlink. */
  isMapped(now: Instant): boolean {
    return this.#natTimeout === undefined || now < this.#mappedUntil
  }

  /** Whether a datagram of `size` octets that is sent at `now` is lost on the way. */
  loses(now: Instant, direction: 'up' | 'down', size: number): boolean {
    const { loss, lossRun, mtu } = this.#quality
    if (this.cut || size > mtu) return true
    const { isLossy: wasLossy, at } = this.#fades[direction]
    const isOver = at === undefined || between(at, now) > longestFade
    // Gilbert's model: within a run everything is lost; runs begin so often that the share holds.
    const ends = 1 / lossRun
    const begins = loss === 0 ? 0 : (loss * ends) / (1 - loss)
    const share = isOver ? loss : wasLossy ? 1 - ends : begins
    const isLossy = happens(this.#chance, share)
    this.#fades[direction] = { isLossy, at: now }
    return isLossy
  }

  /** When copies of a datagram sent at `now` arrive: one, or two. */
  arrivals(now: Instant): readonly Instant[] {
    const first = this.#arrival(now)
    return happens(this.#chance, this.#quality.duplication) ? [first, this.#arrival(now)] : [first]
  }

  #arrival(now: Instant): Instant {
    const { roundTrip, spread, reordering, longestHold } = this.#quality
    const way = lognormal(this.#chance, roundTrip / 2, spread)
    const hold = happens(this.#chance, reordering) ? drawn(this.#chance, 0, longestHold) : 0
    return after(now, milliseconds(way + hold))
  }
}
