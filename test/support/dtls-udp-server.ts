/**
 * The DTLS endpoint on a real UDP socket, for peers we did not write, with a relay of ill will between:
 * drops, duplicates, delays, reorders. Answers application data by a function of it.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv4 } from 'node:net'
import { instantOf, type Instant } from '../../src/base/time.ts'
import type { Bytes } from '../../src/base/bytes.ts'
import { DtlsPeer, type PeerOptions } from './dtls-peer.ts'

/**
 * What becomes of the nth datagram of a direction, counted from 0: how many copies, after how many milliseconds.
 * `repetition` says how often the handshake message it begins with was on its way before; of data it is infinite.
 */
export type Weather = (
  direction: 'up' | 'down',
  index: number,
  repetition: number,
) => { readonly copies: number; readonly delay: number }

export const fairWeather: Weather = () => ({ copies: 1, delay: 0 })

export class DtlsUdpServer {
  readonly peer: DtlsPeer
  port = 0
  /** Every datagram as it was received and sent. */
  readonly log: { readonly direction: 'up' | 'down'; readonly bytes: Bytes }[] = []
  readonly #socket: Socket = createSocket('udp4')
  readonly #remotes: RemoteInfo[] = []
  readonly #answer: (data: Bytes) => Bytes | undefined
  readonly #weather: Weather
  readonly #counts = { up: 0, down: 0 }
  readonly #seen = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  readonly #delayed = new Set<NodeJS.Timeout>()

  private constructor(answer: (data: Bytes) => Bytes | undefined, weather: Weather, options: PeerOptions) {
    this.#answer = answer
    this.#weather = weather
    this.peer = new DtlsPeer({ addressOf: (path) => this.#addressOf(path), ...options })
  }

  static async listen(
    answer: (data: Bytes) => Bytes | undefined,
    options: PeerOptions = {},
    weather: Weather = fairWeather,
  ): Promise<DtlsUdpServer> {
    const server = new DtlsUdpServer(answer, weather, options)
    server.#socket.on('message', (message, remote) => server.#carry('up', message, server.#pathOf(remote)))
    await new Promise<void>((resolve) => server.#socket.bind(0, '127.0.0.1', resolve))
    server.port = server.#socket.address().port
    return server
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    for (const timer of this.#delayed) clearTimeout(timer)
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()))
  }

  #carry(direction: 'up' | 'down', bytes: Bytes, path: number): void {
    const message = messageOf(bytes)
    const repetition = message === undefined ? Number.POSITIVE_INFINITY : this.#repetition(`${direction} ${message}`)
    const { copies, delay } = this.#weather(direction, this.#counts[direction]++, repetition)
    const copy = Uint8Array.from(bytes)
    for (let i = 0; i < copies; i++) {
      if (delay === 0) this.#arrive(direction, copy, path)
      else {
        const timer = setTimeout(() => {
          this.#delayed.delete(timer)
          this.#arrive(direction, copy, path)
        }, delay)
        this.#delayed.add(timer)
      }
    }
  }

  #repetition(message: string): number {
    const before = this.#seen.get(message) ?? 0
    this.#seen.set(message, before + 1)
    return before
  }

  #arrive(direction: 'up' | 'down', bytes: Bytes, path: number): void {
    this.log.push({ direction, bytes })
    const remote = this.#remotes[path]!
    if (direction === 'down') {
      this.#socket.send(bytes, remote.port, remote.address)
      return
    }
    this.peer.receive(now(), path, bytes)
    this.#drain()
  }

  #drain(): void {
    for (const { id, bytes } of this.peer.received.splice(0)) {
      const answer = this.#answer(bytes)
      if (answer !== undefined) this.peer.endpoint.send(now(), id, answer, 0, answer.length)
    }
    for (const { path, bytes } of this.peer.take()) this.#carry('down', bytes, path)
    clearTimeout(this.#timer)
    const due = this.peer.endpoint.nextDeadline() - now()
    if (due > 60_000) return
    this.#timer = setTimeout(
      () => {
        this.peer.endpoint.expire(now())
        this.#drain()
      },
      Math.max(0, due),
    )
  }

  #pathOf(remote: RemoteInfo): number {
    const known = this.#remotes.findIndex(({ address, port }) => address === remote.address && port === remote.port)
    return known >= 0 ? known : this.#remotes.push(remote) - 1
  }

  #addressOf(path: number): Bytes {
    const { address, port } = this.#remotes[path]!
    const octets = isIPv4(address) ? address.split('.').map(Number) : []
    return new Uint8Array([...octets, port >>> 8, port & 0xff])
  }
}

const now = (): Instant => instantOf(Date.now())

/** Type, sequence and offset of the handshake message a datagram begins with; undefined for data. */
function messageOf(datagram: Bytes): string | undefined {
  const [type, epoch] = [datagram[0]!, datagram[4]!]
  if (type === 22 && epoch === 0) return `${datagram[13]} ${datagram.subarray(17, 22).join(' ')}`
  return type < 23 ? `${type} ${epoch}` : undefined
}
