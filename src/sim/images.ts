/**
 * Firmware images of a simulated fleet: a header that says the version and whether it boots, a checksum,
 * and octets to fetch.
 */
import { concatBytes, textOf, utf8, type Bytes } from '../base/bytes.ts'
import type { Fault } from '../base/fault.ts'
import type { Random } from '../base/random.ts'

/** Octets: magic 4, boots 1, version 15, checksum 4. */
const headerSize = 24
const magic = utf8('SIMF')
const versionSize = 15

export interface ReadImage {
  readonly version: string
  /** Whether it comes up when it is installed. */
  readonly boots: boolean
}

/** An image of `size` octets, header included. */
export function makeImage(version: string, boots: boolean, size: number, random: Random): Bytes {
  const body = random.bytes(size - headerSize)
  const header = new Uint8Array(headerSize)
  header.set(magic)
  header[4] = boots ? 1 : 0
  header.set(utf8(version).subarray(0, versionSize), 5)
  new DataView(header.buffer).setUint32(headerSize - 4, checksum(body) >>> 0)
  return concatBytes(header, body)
}

/** What a boot loader makes of an image. */
export function readImage(image: Bytes): ReadImage | Fault {
  const reader = new ImageReader()
  reader.append(image)
  return reader.read()
}

/** Takes an image in piece by piece, and keeps no more of it than says what it is: fleets of flash fit in memory. */
export class ImageReader {
  readonly #header = new Uint8Array(headerSize)
  #length = 0
  #checksum = checksumStart

  /** Octets so far. */
  get length(): number {
    return this.#length
  }

  append(piece: Bytes): void {
    const ofHeader = Math.min(Math.max(headerSize - this.#length, 0), piece.length)
    if (ofHeader > 0) this.#header.set(piece.subarray(0, ofHeader), this.#length)
    this.#checksum = checksum(piece.subarray(ofHeader), this.#checksum)
    this.#length += piece.length
  }

  read(): ReadImage | Fault {
    const header = this.#header
    if (this.#length < headerSize || magic.some((octet, i) => header[i] !== octet)) return { fault: 'image.header' }
    const expected = new DataView(header.buffer).getUint32(headerSize - 4)
    if (this.#checksum >>> 0 !== expected) return { fault: 'image.checksum' }
    const version = textOf(header.subarray(5, 5 + versionSize))?.replace(/\0+$/, '') ?? ''
    return { version, boots: header[4] === 1 }
  }
}

const checksumStart = 0x811c9dc5

/** FNV-1a, 32 bits, going on from `hash`. */
function checksum(bytes: Bytes, hash = checksumStart): number {
  for (const octet of bytes) hash = Math.imul(hash ^ octet, 0x01000193)
  return hash
}
