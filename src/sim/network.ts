/**
 * Everything between devices and servers: datagrams under way, the addresses they come from, and what
 * became of them.
 */
import type { Bytes } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'
import type { Instant } from '../base/time.ts'
import { Air, type AirCounts } from './air.ts'
import { weighted } from './chance.ts'
import { Link, type AddressPlan, type Remote } from './link.ts'
import type { LinkQuality } from './link-quality.ts'
import type { Timeline } from './timeline.ts'

/** Where uplinks arrive. Octets are the receiver's only during the call. */
export interface Host {
  /** False where nobody is there to hear it. */
  receive(now: Instant, from: Remote, datagram: Bytes): boolean
}

export interface Downlink {
  readonly datagram: Bytes
  /** How long the server had not heard the device when it let the datagram go, milliseconds. */
  readonly silence: number
  readonly sentAt: Instant
}

/** Where downlinks arrive. */
export interface Antenna {
  receive(now: Instant, downlink: Downlink): void
}

export interface NetworkCounts extends AirCounts {
  /** Downlinks to an address that has been given up. */
  unroutable: number
  /** Addresses taken back from a device that got another. */
  rebound: number
}

/** Ports of one public address, in turn: none comes again for a long time. */
const firstPort = 1024
const portsPerAddress = 64_512
const devicesPerAddress = 256

export class Network implements AddressPlan {
  readonly counts: NetworkCounts = { sent: 0, delivered: 0, lost: 0, duplicated: 0, unroutable: 0, rebound: 0 }
  readonly #timeline: Timeline
  readonly #chance: Random
  readonly #owners = new Map<string, Link>()
  readonly #ends = new Map<Link, { readonly host: Host; readonly antenna: Antenna }>()
  readonly #nextPort: number[] = []
  readonly #addresses: number
  readonly #prefix: string
  readonly #air: Air

  /** `prefix`: the first two octets of every address. */
  constructor(timeline: Timeline, chance: Random, devices: number, prefix: string) {
    this.#prefix = prefix
    this.#timeline = timeline
    this.#air = new Air(timeline, this.counts)
    this.#chance = chance
    this.#addresses = 8 + Math.ceil(devices / devicesPerAddress)
  }

  /** Datagrams that have left and not arrived. */
  get underWay(): number {
    return this.#air.underWay
  }

  connect(quality: LinkQuality, chance: Random, host: Host, antenna: Antenna): Link {
    const link = new Link(quality, weighted(chance, quality.nat), chance, this)
    this.#ends.set(link, { host, antenna })
    return link
  }

  /** A datagram of the device behind `link`. */
  up(link: Link, datagram: Bytes): void {
    const { now } = this.#timeline
    const from = link.sourceOf(now)
    const { host } = this.#ends.get(link)!
    this.#air.carry(link, 'up', datagram, (at, copy) => {
      if (host.receive(at, from, copy)) link.heardAt = at
    })
  }

  /** A datagram of a server to `to`. */
  down(to: Remote, datagram: Bytes): void {
    const { now } = this.#timeline
    const link = this.#owners.get(keyOf(to))
    if (link === undefined || !link.isMapped(now)) {
      this.counts.unroutable++
      return
    }
    const { antenna } = this.#ends.get(link)!
    const silence = now - link.heardAt
    this.#air.carry(link, 'down', datagram, (at, copy) => antenna.receive(at, { datagram: copy, silence, sentAt: now }))
  }

  /** Who answers to an address now. */
  ownerOf(remote: Remote): Link | undefined {
    return this.#owners.get(keyOf(remote))
  }

  take(link: Link, address: string | undefined): Remote {
    const index = address === undefined ? Math.floor(this.#chance.fraction() * this.#addresses) : indexOf(address)
    const turn = this.#nextPort[index] ?? 0
    this.#nextPort[index] = turn + 1
    const remote = {
      address: `${this.#prefix}.${index >> 8}.${index & 255}`,
      port: firstPort + (turn % portsPerAddress),
    }
    this.#owners.set(keyOf(remote), link)
    return remote
  }

  release(remote: Remote): void {
    this.counts.rebound++
    this.#owners.delete(keyOf(remote))
  }
}

const keyOf = ({ address, port }: Remote): string => `${address}:${port}`

function indexOf(address: string): number {
  const [, , third, fourth] = address.split('.')
  return Number(third) * 256 + Number(fourth)
}
