/**
 * A UDP relay of ill will between a client and a server over real sockets: drops, duplicates, delays and
 * thereby reorders, by a seeded dice. Each client has a port of its own towards the server, so that the
 * server tells them apart. Nothing is held longer than `delayLimit`.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { SeededRandom } from '../../src/base/random.ts'

export interface Trouble {
  readonly seed: number
  /** Shares of datagrams, 0 to 1, each direction alike. */
  readonly drop?: number
  readonly duplicate?: number
  /** These wait up to `delayLimit`, while later ones overtake them. */
  readonly delay?: number
  /** Milliseconds. */
  readonly delayLimit?: number
}

const host = '127.0.0.1'

export class LossyRelay {
  readonly counts = { carried: 0, dropped: 0, duplicated: 0, delayed: 0 }
  readonly #trouble: Required<Trouble>
  readonly #random: SeededRandom
  readonly #front: Socket = createSocket('udp4')
  /** Towards the server, by the client's port. */
  readonly #backs = new Map<number, Socket>()
  readonly #delayed = new Set<NodeJS.Timeout>()
  readonly #serverPort: number

  private constructor(serverPort: number, trouble: Trouble) {
    this.#serverPort = serverPort
    this.#trouble = { drop: 0, duplicate: 0, delay: 0, delayLimit: 30, ...trouble }
    this.#random = new SeededRandom(trouble.seed)
    this.#front.on('message', (datagram, client) => this.#up(datagram, client))
  }

  static async open(serverPort: number, trouble: Trouble): Promise<LossyRelay> {
    const relay = new LossyRelay(serverPort, trouble)
    await new Promise<void>((resolve) => relay.#front.bind(0, host, resolve))
    return relay
  }

  /** What clients take for the server. */
  get port(): number {
    return this.#front.address().port
  }

  close(): void {
    for (const timer of this.#delayed) clearTimeout(timer)
    for (const back of this.#backs.values()) back.close()
    this.#front.close()
  }

  #up(datagram: Buffer, client: RemoteInfo): void {
    let back = this.#backs.get(client.port)
    if (back === undefined) {
      back = createSocket('udp4')
      back.on('message', (answer) => this.#carry(() => this.#front.send(answer, client.port, host)))
      this.#backs.set(client.port, back)
    }
    const way = back
    this.#carry(() => way.send(datagram, this.#serverPort, host))
  }

  /** Four rolls for each datagram, whatever comes of them, so that one seed is one weather. */
  #carry(send: () => void): void {
    const { drop, duplicate, delay, delayLimit } = this.#trouble
    const [dropped, duplicated, delayed, wait] = [drop, duplicate, delay, 1].map((share) => this.#roll(share)) as [
      number,
      number,
      number,
      number,
    ]
    if (dropped > 0) {
      this.counts.dropped++
      return
    }
    this.counts.carried++
    if (duplicated > 0) {
      this.counts.duplicated++
      send()
    }
    if (delayed === 0) return send()
    this.counts.delayed++
    const timer = setTimeout(() => {
      this.#delayed.delete(timer)
      send()
    }, wait * delayLimit)
    this.#delayed.add(timer)
  }

  /** Above 0 in `share` of all cases, and then evenly up to 1. */
  #roll(share: number): number {
    const fraction = this.#random.fraction()
    return fraction < share ? 1 - fraction / share : 0
  }
}
