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
  new DataView(header.buffer).setUint32(headerSize - 4, checksum(body))
  return concatBytes(header, body)
}

/** What a boot loader makes of an image. */
export function readImage(image: Bytes): ReadImage | Fault {
  if (image.length < headerSize || magic.some((octet, i) => image[i] !== octet)) return { fault: 'image.header' }
  const expected = new DataView(image.buffer, image.byteOffset).getUint32(headerSize - 4)
  if (checksum(image.subarray(headerSize)) !== expected) return { fault: 'image.checksum' }
  const version = textOf(image.subarray(5, 5 + versionSize))?.replace(/\0+$/, '') ?? ''
  return { version, boots: image[4] === 1 }
}

/** FNV-1a, 32 bits. */
function checksum(bytes: Bytes): number {
  let hash = 0x811c9dc5
  for (const octet of bytes) hash = Math.imul(hash ^ octet, 0x01000193)
  return hash >>> 0
}
