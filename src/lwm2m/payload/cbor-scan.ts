/**
 * A look over CBOR from a device before the library decodes it: structure, nesting, sizes, duplicate
 * keys, UTF-8. Writes a plain copy: chunked strings joined, tags dropped that change nothing for LwM2M.
 * The copy also makes every octet string in the result safe to keep.
 */
import { textOf, type Bytes } from '../../base/bytes.ts'
import type { Fault } from '../../base/fault.ts'
import type { QuirkSet } from '../quirks.ts'
import { nestingLimit } from './decoding.ts'

/** Items (keys, values, chunks) of one payload beyond which it is refused. */
export const cborItemLimit = 65_536
/** Octets of a big number (tags 2 and 3) beyond which a payload is refused; 64 bits need eight. */
const bigNumberLimit = 16

const breakOctet = 0xff
const indefinite = 31

/** Tags whose content means the same without them: dates, decimal fractions, encoding hints, "this is CBOR". */
const plainTags: ReadonlySet<number> = new Set([0, 1, 4])
const bigNumberTags: ReadonlySet<number> = new Set([2, 3])

/** A copy of the one item in `bytes` that a plain decoder can read, or what is wrong with it. */
export function plainCbor(bytes: Bytes, quirks: QuirkSet): Bytes | Fault {
  const scanner = new Scanner(bytes, quirks)
  const fault = scanner.item(0)
  if (fault !== undefined) return fault
  if (!scanner.atEnd) return { fault: 'cbor.trailing', detail: 'octets after the end of the CBOR item' }
  return scanner.copy()
}

class Scanner {
  readonly #bytes: Bytes
  readonly #quirks: QuirkSet
  readonly #copy: Uint8Array
  #at = 0
  #copied = 0
  #items = 0

  constructor(bytes: Bytes, quirks: QuirkSet) {
    this.#bytes = bytes
    this.#quirks = quirks
    // Joining chunks and dropping tags only ever shortens.
    this.#copy = new Uint8Array(bytes.length)
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  copy(): Bytes {
    return this.#copy.subarray(0, this.#copied)
  }

  /** Scans one item, tags before it included; its fault, or undefined. */
  item(depth: number): Fault | undefined {
    if (depth > nestingLimit) return { fault: 'cbor.nesting', detail: `nested deeper than ${nestingLimit}` }
    if (++this.#items > cborItemLimit) return { fault: 'cbor.items', detail: `more than ${cborItemLimit} items` }
    const start = this.#at
    const head = this.#head()
    if (typeof head !== 'number') return head
    const [type, info] = [this.#bytes[start]! >> 5, this.#bytes[start]! & 31]
    switch (type) {
      case 0:
      case 1:
        return info === indefinite ? this.#malformed(start) : this.#copyFrom(start)
      case 2:
      case 3:
        return info === indefinite ? this.#chunks(type) : this.#string(start, type, head)
      case 4:
        this.#copyFrom(start)
        return this.#array(depth, info === indefinite ? undefined : head)
      case 5:
        this.#copyFrom(start)
        return this.#map(depth, info === indefinite ? undefined : head)
      case 6:
        return info === indefinite ? this.#malformed(start) : this.#tag(start, head, depth)
      default:
        return this.#simple(start, info)
    }
  }

  /** Reads the head at the cursor and gives its argument; lengths beyond 2^53 are as good as infinite. */
  #head(): number | Fault {
    const start = this.#at
    if (start >= this.#bytes.length) return this.#truncated()
    const info = this.#bytes[this.#at++]! & 31
    if (info < 24 || info === indefinite) return info
    if (info > 27) return this.#malformed(start)
    const octets = 1 << (info - 24)
    if (this.#at + octets > this.#bytes.length) return this.#truncated()
    let argument = 0
    for (let i = 0; i < octets; i++) argument = argument * 256 + this.#bytes[this.#at++]!
    return argument
  }

  #string(start: number, type: number, length: number): Fault | undefined {
    const from = this.#at
    if (length > this.#bytes.length - from) return this.#truncated()
    this.#at += length
    if (type === 3 && textOf(this.#bytes.subarray(from, this.#at)) === undefined) return notText
    return this.#copyFrom(start)
  }

  /** RFC 8949 §3.2.3: definite strings of the same type up to a break. */
  #chunks(type: number): Fault | undefined {
    this.#quirks.add('cbor.chunked')
    const parts: Bytes[] = []
    let length = 0
    while (this.#bytes[this.#at] !== breakOctet) {
      if (++this.#items > cborItemLimit) return { fault: 'cbor.items', detail: `more than ${cborItemLimit} items` }
      const start = this.#at
      const size = this.#head()
      if (typeof size !== 'number') return size
      if (this.#bytes[start]! >> 5 !== type || (this.#bytes[start]! & 31) === indefinite) return this.#malformed(start)
      if (size > this.#bytes.length - this.#at) return this.#truncated()
      const part = this.#bytes.subarray(this.#at, this.#at + size)
      if (type === 3 && textOf(part) === undefined) return notText
      parts.push(part)
      length += size
      this.#at += size
    }
    this.#at++
    this.#writeHead(type, length)
    for (const part of parts) this.#write(part)
    return undefined
  }

  #array(depth: number, length: number | undefined): Fault | undefined {
    if (length !== undefined && length > this.#bytes.length - this.#at) return this.#truncated()
    for (let i = 0; length === undefined || i < length; i++) {
      if (length === undefined && this.#endsHere()) return undefined
      const fault = this.item(depth + 1)
      if (fault !== undefined) return fault
    }
    return undefined
  }

  #map(depth: number, length: number | undefined): Fault | undefined {
    if (length !== undefined && 2 * length > this.#bytes.length - this.#at) return this.#truncated()
    const keys = new Set<string>()
    for (let i = 0; length === undefined || i < length; i++) {
      if (length === undefined && this.#endsHere()) return undefined
      const start = this.#copied
      const fault = this.item(depth + 1)
      if (fault !== undefined) return fault
      const key = this.#copy.subarray(start, this.#copied).join()
      if (keys.has(key)) return { fault: 'cbor.duplicate-key', detail: 'a map has one key twice' }
      keys.add(key)
      const valueFault = this.item(depth + 1)
      if (valueFault !== undefined) return valueFault
    }
    return undefined
  }

  #tag(start: number, number: number, depth: number): Fault | undefined {
    if (bigNumberTags.has(number)) {
      this.#copyFrom(start)
      const content = this.#bytes[this.#at]
      if (content === undefined || content >> 5 !== 2 || (content & 31) > bigNumberLimit) {
        return { fault: 'cbor.big-number', detail: `a big number beyond ${bigNumberLimit} octets` }
      }
    } else if (!plainTags.has(number)) this.#quirks.add('cbor.tag')
    return this.item(depth + 1)
  }

  /** false, true, null, undefined and floats; other simple values mean nothing to LwM2M. */
  #simple(start: number, info: number): Fault | undefined {
    if ((info >= 20 && info <= 23) || (info >= 25 && info <= 27)) return this.#copyFrom(start)
    return this.#malformed(start)
  }

  /** Takes and copies the break of an indefinite container, if it is next. */
  #endsHere(): boolean {
    if (this.#bytes[this.#at] !== breakOctet) return false
    this.#copyFrom(this.#at++)
    return true
  }

  #copyFrom(start: number): undefined {
    this.#write(this.#bytes.subarray(start, this.#at))
    return undefined
  }

  #write(bytes: Bytes): void {
    this.#copy.set(bytes, this.#copied)
    this.#copied += bytes.length
  }

  #writeHead(type: number, length: number): void {
    const bits = type << 5
    if (length < 24) this.#write(Uint8Array.of(bits | length))
    else if (length < 0x100) this.#write(Uint8Array.of(bits | 24, length))
    else if (length < 0x1_0000) this.#write(Uint8Array.of(bits | 25, length >> 8, length & 0xff))
    else
      this.#write(Uint8Array.of(bits | 26, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff))
  }

  #truncated(): Fault {
    return { fault: 'cbor.truncated', detail: 'the CBOR ends in the middle of an item' }
  }

  #malformed(at: number): Fault {
    return { fault: 'cbor.malformed', detail: `no CBOR item at octet ${at}` }
  }
}

const notText: Fault = { fault: 'cbor.utf8', detail: 'a CBOR text is not UTF-8' }
