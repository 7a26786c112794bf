/**
 * Carries the datagrams of a simulated fleet through real UDP sockets to a real server: one socket for each
 * device, on an address of its own on this machine. Loss and delay are the link's; a translator that
 * forgets a device is a new socket. Reads no datagram.
 */
import { createSocket, type Socket } from 'node:dgram'
import type { Bytes } from '../../base/bytes.ts'
import type { Random } from '../../base/random.ts'
import { weighted } from '../chance.ts'
import { Air, type AirCounts } from '../air.ts'
import type { Carrier } from '../fleet/fleet.ts'
import { Link, type AddressPlan, type Remote } from '../link.ts'
import type { LinkQuality } from '../link-quality.ts'
import type { Antenna } from '../network.ts'
import type { RealTime } from './real-time.ts'

export interface SocketCarrierOptions {
  readonly time: RealTime
  /** Literal address of the server's listener. */
  readonly server: Remote
  /** Where addresses other than 127.0.0.1 are this machine's without being set up: on Linux. */
  readonly ownAddresses: boolean
  /** A socket could not be had: the fleet is not what it was to be. */
  readonly failed: (error: Error) => void
}

export interface SocketCounts extends AirCounts {
  /** Octets that went through sockets. */
  octetsUp: number
  octetsDown: number
  /** Downlinks to a mapping that was no more. */
  unroutable: number
  rebound: number
}

export class SocketCarrier implements Carrier, AddressPlan {
  readonly counts: SocketCounts = {
    sent: 0,
    delivered: 0,
    lost: 0,
    duplicated: 0,
    octetsUp: 0,
    octetsDown: 0,
    unroutable: 0,
    rebound: 0,
  }
  readonly #options: SocketCarrierOptions
  readonly #air: Air
  readonly #antennas = new Map<Link, Antenna>()
  readonly #sockets = new Map<Link, Socket>()
  readonly #owners = new Map<number, Link>()
  #lastAddress = 0
  #closed = false

  constructor(options: SocketCarrierOptions) {
    this.#options = options
    this.#air = new Air(options.time.timeline, this.counts)
  }

  connect(quality: LinkQuality, chance: Random, antenna: Antenna): Link {
    const link = new Link(quality, weighted(chance, quality.nat), chance, this)
    this.#antennas.set(link, antenna)
    return link
  }

  up(link: Link, datagram: Bytes): void {
    const { server, time } = this.#options
    link.sourceOf(time.timeline.now)
    this.#air.carry(link, 'up', datagram, (_, copy) => {
      if (this.#closed) return
      this.counts.octetsUp += copy.length
      this.#socketOf(link).send(copy, server.port, server.address)
    })
  }

  /** An address of its own for each link; as port the number it goes by here. */
  take(link: Link, address: string | undefined): Remote {
    const number = ++this.#lastAddress
    this.#owners.set(number, link)
    return { address: address ?? this.#addressOf(number), port: number }
  }

  release({ port }: Remote): void {
    const link = this.#owners.get(port)
    this.#owners.delete(port)
    const socket = link && this.#sockets.get(link)
    if (socket === undefined) return
    this.counts.rebound++
    socket.close()
    this.#sockets.delete(link!)
  }

  close(): void {
    this.#closed = true
    for (const socket of this.#sockets.values()) socket.close()
    this.#sockets.clear()
  }

  #socketOf(link: Link): Socket {
    const open = this.#sockets.get(link)
    if (open !== undefined) return open
    const { failed, server, time } = this.#options
    const socket = createSocket({ type: server.address.includes(':') ? 'udp6' : 'udp4', lookup: literal })
    this.#sockets.set(link, socket)
    socket.on('error', failed)
    socket.on('message', (datagram) => {
      time.advance()
      this.#down(link, datagram)
      time.advance()
    })
    socket.bind({ address: link.remote.address, port: 0, exclusive: true })
    return socket
  }

  #down(link: Link, datagram: Bytes): void {
    const { now: sentAt } = this.#options.time.timeline
    this.counts.octetsDown += datagram.length
    if (!link.isMapped(sentAt)) {
      this.counts.unroutable++
      return
    }
    const antenna = this.#antennas.get(link)!
    this.#air.carry(link, 'down', datagram, (at, copy) => antenna.receive(at, { datagram: copy, silence: 0, sentAt }))
  }

  #addressOf(number: number): string {
    const { ownAddresses, server } = this.#options
    if (server.address.includes(':')) return '::'
    if (!server.address.startsWith('127.')) return '0.0.0.0'
    if (!ownAddresses) return '127.0.0.1'
    // 127.64.0.0/10: away from what people use by hand.
    return `127.${64 + ((number >>> 16) & 63)}.${(number >>> 8) & 255}.${number & 255}`
  }
}

/** Addresses are literals: nobody is to be asked for each datagram. */
function literal(
  address: string,
  family: unknown,
  callback: (error: null, address: string, family: number) => void,
): void {
  callback(null, address, family === 6 ? 6 : 4)
}
