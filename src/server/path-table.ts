/**
 * Remote addresses as numbers, for the dgram transport: interns an address and a port, finds them
 * again by number, and forgets the path used longest ago when the table is full. Knows no socket.
 * The native transport keeps the same table in C (`native/paths.c`).
 */
import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import type { PathNumber } from './transport.ts'

export interface Path {
  /** Its slot in the table plus a multiple of the table's limit, so that no number comes twice. */
  number: PathNumber
  /** As the socket writes it: on a dual-stack socket an IPv4 address is `::ffff:` mapped. */
  address: string
  port: number
  /** Neighbours in the order of use; the table's own. */
  newer: Path | undefined
  older: Path | undefined
}

export class PathTable {
  readonly #limit: number
  readonly #forgotten: (path: PathNumber) => void
  /** Random, so that nobody can choose addresses that collide in the map below. */
  readonly #addressMask: number
  readonly #portMask: number
  readonly #slots: Path[] = []
  readonly #byIPv4 = new Map<number, Path>()
  readonly #byIPv6 = new Map<string, Path>()
  #newest: Path | undefined
  #oldest: Path | undefined

  /** `random`: 6 unpredictable octets. `forgotten` is told the number of each path let go. */
  constructor(limit: number, random: Uint8Array, forgotten: (path: PathNumber) => void) {
    this.#limit = limit
    this.#forgotten = forgotten
    const view = new DataView(random.buffer, random.byteOffset, 6)
    this.#addressMask = view.getUint32(0)
    this.#portMask = view.getUint16(4)
  }

  get size(): number {
    return this.#slots.length
  }

  /** The path of an address as a socket gives it; now the one used last. */
  intern(address: string, port: number): Path {
    const octets = ipv4Octets(address)
    if (octets >= 0) {
      const key = ((octets ^ this.#addressMask) >>> 0) * 65536 + (port ^ this.#portMask)
      const known = this.#byIPv4.get(key)
      if (known !== undefined) return this.#use(known)
      const path = this.#take(address, port)
      this.#byIPv4.set(key, path)
      return path
    }
    const key = `${port}|${address}`
    const known = this.#byIPv6.get(key)
    if (known !== undefined) return this.#use(known)
    const path = this.#take(address, port)
    this.#byIPv6.set(key, path)
    return path
  }

  /** The path of that number, now the one used last; undefined once it is forgotten. */
  use(number: PathNumber): Path | undefined {
    const path = this.#slots[number % this.#limit]
    return path === undefined || path.number !== number ? undefined : this.#use(path)
  }

  #use(path: Path): Path {
    if (path === this.#newest) return path
    this.#unlink(path)
    this.#link(path)
    return path
  }

  /** A fresh number: an unused slot, or the oldest path's slot under its next number. */
  #take(address: string, port: number): Path {
    let path = this.#slots.length < this.#limit ? undefined : this.#oldest
    if (path === undefined) {
      path = { number: this.#slots.length, address, port, newer: undefined, older: undefined }
      this.#slots.push(path)
    } else {
      this.#unlink(path)
      this.#forget(path)
      path.number += this.#limit
      path.address = address
      path.port = port
    }
    this.#link(path)
    return path
  }

  #forget(path: Path): void {
    const octets = ipv4Octets(path.address)
    if (octets < 0) this.#byIPv6.delete(`${path.port}|${path.address}`)
    else this.#byIPv4.delete(((octets ^ this.#addressMask) >>> 0) * 65536 + (path.port ^ this.#portMask))
    this.#forgotten(path.number)
  }

  #link(path: Path): void {
    path.older = this.#newest
    path.newer = undefined
    if (this.#newest === undefined) this.#oldest = path
    else this.#newest.newer = path
    this.#newest = path
  }

  #unlink(path: Path): void {
    if (path.newer === undefined) this.#newest = path.older
    else path.newer.older = path.older
    if (path.older === undefined) this.#oldest = path.newer
    else path.older.newer = path.newer
  }
}

/** An address as a socket would give it (RFC 5952), or undefined where the text is none. */
export function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text
  if (!isIPv6(text)) return undefined
  const [address, zone] = text.split('%')
  const canonical = new SocketAddress({ family: 'ipv6', address: address! }).address
  if (canonical.startsWith(mappedPrefix) && isIPv4(canonical.slice(mappedPrefix.length))) {
    return canonical.slice(mappedPrefix.length)
  }
  return zone === undefined ? canonical : `${canonical}%${zone}`
}

/** RFC 4291 §2.5.5.2, as the system prints it. */
export const mappedPrefix = '::ffff:'

/** The 32 bits of a dotted address, IPv4-mapped or not, as a signed-safe number; -1 for any other text. */
function ipv4Octets(address: string): number {
  let octets = 0
  let octet = 0
  let dots = 0
  for (let i = address.startsWith(mappedPrefix) ? mappedPrefix.length : 0; i < address.length; i++) {
    const digit = address.charCodeAt(i) - 48
    if (digit >= 0 && digit <= 9) {
      octet = octet * 10 + digit
    } else if (digit === -2) {
      octets = octets * 256 + octet
      octet = 0
      dots++
    } else {
      return -1
    }
  }
  return dots === 3 ? octets * 256 + octet : -1
}
