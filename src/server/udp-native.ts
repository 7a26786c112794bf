/**
 * UDP in batches through the native add-on: up to 64 datagrams a system call, read in place, answers
 * written straight into a slab that leaves in one call. Same port and same tests as `udp-dgram`.
 * Knows addresses and bytes, nothing of what they mean.
 */
import { copyOctets, type Bytes } from '../base/bytes.ts'
import { EnvironmentError, UsageError } from '../base/errors.ts'
import { nativeAddon, type NativeAddon, type NativeSocket } from './native-addon.ts'
import { canonicalAddress, mappedPrefix } from './path-table.ts'
import type { PathNumber, RemoteAddress, TransportHandler } from './transport.ts'
import {
  literalHost,
  noCounts,
  openError,
  type TransportCounts,
  type UdpOptions,
  type UdpTransport,
} from './udp-open.ts'

/** Of `native/coapstan.h`. */
const batch = 64
const slot = 65_536 + 192
const longestDatagram = 65_507
/** What `udpWait` waits for. */
const readable = 1
const writable = 2
/** Batches read before timers and other sockets get their turn. */
const roundsATurn = 8

/** Opens and binds a socket. Rejects with `EnvironmentError` `udp.port-in-use` and its siblings. */
export async function openNativeTransport(
  options: UdpOptions,
  found: ReturnType<typeof nativeAddon> = nativeAddon(),
): Promise<UdpTransport> {
  if ('missing' in found) throw new EnvironmentError('udp.native-missing', found.missing, { retriable: false })
  const host = await literalHost(options.host, options.port)
  try {
    return new NativeTransport(found.addon, host, options)
  } catch (cause) {
    throw openError(cause, options)
  }
}

/** A datagram the system had no room for. */
interface Waiting {
  readonly path: PathNumber
  readonly bytes: Bytes
}

class NativeTransport implements UdpTransport {
  readonly kind = 'native'
  readonly local: RemoteAddress
  readonly receiveBuffer: number
  readonly #addon: NativeAddon
  readonly #socket: object
  readonly #handler: TransportHandler
  readonly #clock: UdpOptions['now']
  readonly #counts: TransportCounts
  /** Entries the add-on has dealt with: sent or unsendable. */
  #dealtWith = 0
  readonly #shared: SharedViews
  /** Addresses asked for, so that a text is made once a path. */
  readonly #addresses = new Map<PathNumber, RemoteAddress>()
  readonly #receiveSlab: Bytes
  readonly #sendSlab: Bytes
  #entries = 0
  #slabUsed = 0
  readonly #sendQueueLimit: number
  #queue: Waiting[] = []
  #queuedBytes = 0
  /** There is more than we take at a time: we come back by ourselves, and nobody needs to wake us. */
  #busy = false
  #closed = false

  constructor(addon: NativeAddon, host: string, options: UdpOptions) {
    const { reusePort = false } = options
    const wake = (isReadable: boolean): void => this.#wake(isReadable)
    const opened = addon.udpOpen(host, options.port, options.pathLimit, options.receiveBuffer, reusePort, wake)
    this.#addon = addon
    this.#socket = opened.socket
    this.#handler = options.handler
    this.#clock = options.now
    this.#sendQueueLimit = options.sendQueueLimit
    this.#shared = viewsOf(opened)
    this.#receiveSlab = new Uint8Array(opened.receiveSlab)
    this.#sendSlab = new Uint8Array(opened.sendSlab)
    this.#counts = noCounts()
    this.receiveBuffer = opened.receiveBuffer
    this.local = remoteOf(opened.local)
  }

  get counts(): TransportCounts {
    const refused = this.#shared.totals[unsendableAt]!
    return {
      ...this.#counts,
      sent: this.#dealtWith - refused,
      unsendable: this.#counts.unsendable + refused,
      socketErrors: this.#shared.totals[socketErrorsAt]!,
    }
  }

  send(path: PathNumber, buffer: Bytes, start: number, end: number): void {
    const length = end - start
    if (this.#closed || length > longestDatagram) {
      this.#counts.unsendable++
      return
    }
    if (this.#entries === batch || this.#slabUsed + length > this.#sendSlab.length) this.flush()
    const entry = this.#entries++
    const at = this.#slabUsed
    this.#slabUsed = at + length
    this.#shared.sendPath[entry] = path
    this.#shared.sendStart[entry] = at
    this.#shared.sendLength[entry] = length
    copyOctets(buffer, start, end, this.#sendSlab, at)
  }

  flush(): void {
    const entries = this.#entries
    if (entries === 0) return
    this.#entries = 0
    this.#slabUsed = 0
    // What waits goes first, so that nothing is overtaken.
    const taken = this.#queue.length > 0 ? 0 : this.#hand(entries)
    if (taken === entries) return
    for (let entry = taken; entry < entries; entry++) this.#enqueue(entry)
    this.#wait()
  }

  pathOf(remote: RemoteAddress): PathNumber {
    const address = canonicalAddress(remote.address)
    if (address === undefined || !Number.isInteger(remote.port) || remote.port < 1 || remote.port > 65_535) {
      throw new UsageError('udp.remote-address', `'${remote.address}' port ${remote.port} is no address and port`)
    }
    const path = this.#addon.udpPathOf(this.#socket, address, remote.port)
    this.#tellForgotten()
    return path
  }

  addressOf(path: PathNumber): RemoteAddress | undefined {
    const known = this.#addresses.get(path)
    if (known !== undefined) return known
    const found = this.#addon.udpAddressOf(this.#socket, path)
    if (found === undefined) return undefined
    const address = remoteOf(found)
    this.#addresses.set(path, address)
    return address
  }

  close(): Promise<void> {
    if (!this.#closed) {
      this.flush()
      this.#closed = true
      this.#addon.udpClose(this.#socket)
    }
    return Promise.resolve()
  }

  #wake(isReadable: boolean): void {
    if (this.#shared.totals[toldAt]! > 0) {
      const now = this.#clock()
      for (const path of this.#told()) {
        this.#counts.unreachable++
        this.#handler.unreachable(now, path)
      }
    }
    this.#drainQueue()
    if (isReadable && !this.#busy) this.#read()
  }

  readonly #read = (): void => {
    if (this.#closed) return
    let more = false
    for (let round = 0; round < roundsATurn; round++) {
      const count = this.#addon.udpReceive(this.#socket)
      this.#tellForgotten()
      this.#handOver(count)
      more ||= count === batch
      if (count < batch || this.#closed) break
    }
    if (!this.#closed) this.#handler.turn(this.#clock())
    if (this.#closed) return
    // To be woken for each datagram costs 5 % when there is always one more.
    if (more) setImmediate(this.#read)
    if (more === this.#busy) return
    this.#busy = more
    this.#wait()
  }

  #wait(): void {
    this.#addon.udpWait(this.#socket, (this.#busy ? 0 : readable) | (this.#queue.length > 0 ? writable : 0))
  }

  #handOver(count: number): void {
    const { receivePath, receiveLength } = this.#shared
    const now = this.#clock()
    for (let i = 0, start = 0; i < count && !this.#closed; i++, start += slot) {
      const path = receivePath[i]!
      if (path < 0) {
        this.#counts.ignored++
        continue
      }
      this.#counts.received++
      this.#handler.receive(now, path, this.#receiveSlab, start, start + receiveLength[i]!)
    }
  }

  #tellForgotten(): void {
    if (this.#shared.totals[toldAt] === 0) return
    const now = this.#clock()
    for (const path of this.#told()) {
      this.#addresses.delete(path)
      this.#handler.pathForgotten(now, path)
    }
  }

  /** A copy: a handler may make the add-on write others. */
  #told(): number[] {
    const told = Array.from(this.#shared.toldPath.subarray(0, this.#shared.totals[toldAt]))
    this.#shared.totals[toldAt] = 0
    return told
  }

  /** Gives the first `entries` of the slab to the system; returns how many of them need no more care. */
  #hand(entries: number): number {
    const taken = this.#addon.udpSend(this.#socket, entries)
    this.#dealtWith += taken
    return taken
  }

  #enqueue(entry: number): void {
    const start = this.#shared.sendStart[entry]!
    const length = this.#shared.sendLength[entry]!
    if (this.#queuedBytes + length > this.#sendQueueLimit) {
      this.#counts.queueFull++
      return
    }
    this.#queuedBytes += length
    this.#queue.push({ path: this.#shared.sendPath[entry]!, bytes: this.#sendSlab.slice(start, start + length) })
  }

  /** The system takes datagrams again: batch after batch until it no longer does. */
  #drainQueue(): void {
    if (this.#queue.length === 0) return
    this.flush()
    const queue = this.#queue
    let done = 0
    for (let full = false; done < queue.length && !full;) {
      const prepared = this.#refill(queue, done)
      const taken = this.#hand(prepared)
      for (let i = done; i < done + taken; i++) this.#queuedBytes -= queue[i]!.bytes.length
      done += taken
      full = taken < prepared
    }
    this.#queue = queue.slice(done)
    this.#wait()
  }

  /** Copies a batch of `queue` from `first` into the slab; returns how many entries that are. */
  #refill(queue: readonly Waiting[], first: number): number {
    let used = 0
    let entry = 0
    for (let i = first; i < queue.length && entry < batch; i++, entry++) {
      const { path, bytes } = queue[i]!
      if (used + bytes.length > this.#sendSlab.length) break
      this.#sendSlab.set(bytes, used)
      this.#shared.sendPath[entry] = path
      this.#shared.sendStart[entry] = used
      this.#shared.sendLength[entry] = bytes.length
      used += bytes.length
    }
    return entry
  }
}

interface SharedViews {
  readonly receivePath: Float64Array
  readonly toldPath: Float64Array
  readonly sendPath: Float64Array
  readonly receiveLength: Uint32Array
  readonly sendStart: Uint32Array
  readonly sendLength: Uint32Array
  readonly totals: Uint32Array
}

/** Places in `totals`. */
const toldAt = 0
const unsendableAt = 1
const socketErrorsAt = 2

/** The struct `shared` of `native/udp.c`. */
function viewsOf({ shared }: NativeSocket): SharedViews {
  const doubles = (which: number): Float64Array => new Float64Array(shared, which * 8 * batch, batch)
  const words = (which: number): Uint32Array => new Uint32Array(shared, 24 * batch + which * 4 * batch, batch)
  return {
    receivePath: doubles(0),
    toldPath: doubles(1),
    sendPath: doubles(2),
    receiveLength: words(0),
    sendStart: words(1),
    sendLength: words(2),
    totals: new Uint32Array(shared, 36 * batch, 3),
  }
}

function remoteOf([address, port]: readonly [string, number]): RemoteAddress {
  const mapped = address.startsWith(mappedPrefix) && address.includes('.')
  return { address: mapped ? address.slice(mappedPrefix.length) : address, port }
}
