/**
 * UDP over `node:dgram`: the transport that works everywhere. One syscall a datagram, so it is the
 * slower of the two (`udp-native` is the other); the same tests hold both to the same behaviour.
 * Knows addresses and bytes, nothing of what they mean.
 */
import { randomBytes } from 'node:crypto'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { copyOctets, type Bytes } from '../base/bytes.ts'
import { UsageError } from '../base/errors.ts'
import { canonicalAddress, mappedPrefix, PathTable } from './path-table.ts'
import type { PathNumber, RemoteAddress, TransportHandler } from './transport.ts'
import { literalHost, noCounts, openError, type UdpOptions, type UdpTransport } from './udp-open.ts'

/** Largest UDP payload (RFC 768). */
const datagramLimit = 65_535
/** How many octets we send before we ask again how many are still waiting. */
const queueCheckInterval = 65_536

/** Opens and binds a socket. Rejects with `EnvironmentError` `udp.port-in-use` and its siblings. */
export async function openDgramTransport(options: UdpOptions): Promise<UdpTransport> {
  const host = await literalHost(options.host, options.port)
  // Every address we send to is a literal: node:dgram would ask getaddrinfo for each datagram.
  const { reusePort = false } = options
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', reusePort, lookup: literalLookup })
  const transport = new DgramTransport(socket, isIPv6(host), options)
  try {
    await transport.bind(host, options.port)
  } catch (cause) {
    socket.close()
    throw openError(cause, options)
  }
  return transport
}

function literalLookup(
  address: string,
  family: unknown,
  callback: (error: null, address: string, family: number) => void,
): void {
  callback(null, address, family === 6 ? 6 : 4)
}

class DgramTransport implements UdpTransport {
  readonly kind = 'dgram'
  readonly counts = noCounts()
  local: RemoteAddress = { address: '', port: 0 }
  receiveBuffer: number
  readonly #socket: Socket
  readonly #dualStack: boolean
  readonly #handler: TransportHandler
  readonly #clock: UdpOptions['now']
  readonly #paths: PathTable
  readonly #sendQueueLimit: number
  /**
   * Datagrams wait here while the system is not ready for them. Twice the queue's limit: by the time
   * we come round, what lay here has left or been dropped.
   */
  readonly #ring: Buffer
  #ringAt = 0
  #sinceQueueCheck = 0
  #queueFull = false
  #turnPending = false
  #closed = false

  constructor(socket: Socket, ipv6: boolean, options: UdpOptions) {
    this.#socket = socket
    this.#dualStack = ipv6
    this.#handler = options.handler
    this.#clock = options.now
    this.#sendQueueLimit = options.sendQueueLimit
    this.receiveBuffer = options.receiveBuffer
    this.#ring = Buffer.allocUnsafeSlow(2 * (options.sendQueueLimit + queueCheckInterval + datagramLimit))
    this.#paths = new PathTable(options.pathLimit, randomBytes(6), (path) =>
      this.#handler.pathForgotten(this.#clock(), path),
    )
  }

  bind(host: string, port: number): Promise<void> {
    const socket = this.#socket
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.on('message', (datagram, from) => this.#receive(datagram, from))
      socket.bind(port, host, () => {
        socket.off('error', reject)
        // Windows reports ICMP errors here, without saying whose (Linux does not): nobody to tell.
        socket.on('error', () => void this.counts.socketErrors++)
        const { address, port: bound } = socket.address()
        this.local = { address, port: bound }
        this.#askForReceiveBuffer()
        resolve()
      })
    })
  }

  send(number: PathNumber, buffer: Bytes, start: number, end: number): void {
    const path = this.#closed ? undefined : this.#paths.use(number)
    const length = end - start
    if (path === undefined || length > datagramLimit || (!this.#dualStack && path.address.includes(':'))) {
      this.counts.unsendable++
      return
    }
    this.#sinceQueueCheck += length
    if (this.#queueFull || this.#sinceQueueCheck > queueCheckInterval) this.#checkQueue()
    if (this.#queueFull) {
      this.counts.queueFull++
      return
    }
    if (this.#ringAt + length > this.#ring.length) this.#ringAt = 0
    const at = this.#ringAt
    this.#ringAt += length
    copyOctets(buffer, start, end, this.#ring, at)
    this.counts.sent++
    this.#socket.send(this.#ring, at, length, path.port, path.address)
  }

  /** Nothing to do: `node:dgram` hands each datagram to the system when it is sent. */
  flush(): void {}

  pathOf(remote: RemoteAddress): PathNumber {
    const address = canonicalAddress(remote.address)
    if (address === undefined || !Number.isInteger(remote.port) || remote.port < 1 || remote.port > 65_535) {
      throw new UsageError('udp.remote-address', `'${remote.address}' port ${remote.port} is no address and port`)
    }
    const mapped = this.#dualStack && !address.includes(':')
    return this.#paths.intern(mapped ? mappedPrefix + address : address, remote.port).number
  }

  addressOf(number: PathNumber): RemoteAddress | undefined {
    const path = this.#paths.use(number)
    if (path === undefined) return undefined
    const mapped = path.address.startsWith(mappedPrefix)
    return { address: mapped ? path.address.slice(mappedPrefix.length) : path.address, port: path.port }
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve()
    this.#closed = true
    return new Promise((resolve) => {
      this.#socket.close(resolve)
    })
  }

  #receive(datagram: Buffer, from: RemoteInfo): void {
    if (from.port === 0) {
      this.counts.ignored++
      return
    }
    this.counts.received++
    if (!this.#turnPending) {
      this.#turnPending = true
      // Runs after the poll phase: libuv has by then handed over up to 32 datagrams.
      setImmediate(this.#turn)
    }
    const path = this.#paths.intern(from.address, from.port)
    this.#handler.receive(this.#clock(), path.number, datagram, 0, datagram.length)
  }

  readonly #turn = (): void => {
    this.#turnPending = false
    if (!this.#closed) this.#handler.turn(this.#clock())
  }

  #checkQueue(): void {
    const waiting = this.#socket.getSendQueueSize()
    this.#sinceQueueCheck = 0
    this.#queueFull = waiting > this.#sendQueueLimit
    // Nothing waits: begin again at the front, where the cache is warm.
    if (waiting === 0) this.#ringAt = 0
  }

  #askForReceiveBuffer(): void {
    try {
      this.#socket.setRecvBufferSize(this.receiveBuffer)
    } catch {
      // Some systems refuse what is above their maximum instead of giving that.
      this.counts.socketErrors++
    }
    this.receiveBuffer = this.#socket.getRecvBufferSize()
  }
}
