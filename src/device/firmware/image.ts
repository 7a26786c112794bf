/**
 * The images a virtual device boots. An MCUboot image carries its version in the header and its SHA-256
 * in the trailer; a text with a line `version=1.1.0` in its first 256 octets will do as well. Anything
 * else is refused (result 6): a boot loader that guessed a version would report something untrue.
 */
import { createHash } from 'node:crypto'
import type { Bytes } from '../../base/bytes.ts'
import { results } from './firmware-machine.ts'

export type Inspection =
  | { readonly ok: true; readonly version: string }
  | { readonly ok: false; readonly result: 5 | 6; readonly reason: string }

/** MCUboot image.h: IMAGE_MAGIC, header of 32 octets, little-endian. */
const imageMagic = 0x96f3b83d
const headerSize = 32
const trailerMagic = 0x6907
const trailerHeadSize = 4
const sha256Tlv = 0x10
/** Where a text image says what it is. */
const versionLineWithin = 256

export function inspectImage(image: Buffer): Inspection {
  if (image.length >= headerSize && image.readUInt32LE(0) === imageMagic) return inspectMcuboot(image)
  const version = /^version=([0-9A-Za-z.+-]{1,64})\s*$/m.exec(image.toString('latin1', 0, versionLineWithin))?.[1]
  if (version !== undefined) return { ok: true, version }
  const reason = 'neither an MCUboot header nor a line version=… in it'
  return { ok: false, result: results.packageType, reason }
}

function inspectMcuboot(image: Buffer): Inspection {
  const bodyEnd = image.readUInt16LE(8) + image.readUInt32LE(12)
  const hashed = bodyEnd + image.readUInt16LE(10) // protected trailer included
  const broken = (reason: string): Inspection => ({ ok: false, result: results.integrity, reason })
  if (hashed + trailerHeadSize > image.length) return broken('image ends before its trailer')
  if (image.readUInt16LE(hashed) !== trailerMagic) return broken('trailer magic is wrong')
  const end = hashed + image.readUInt16LE(hashed + 2)
  for (let at = hashed + trailerHeadSize; at + 4 <= end && at + 4 <= image.length;) {
    const length = image.readUInt16LE(at + 2)
    if (image.readUInt16LE(at) === sha256Tlv) {
      const digest = createHash('sha256').update(image.subarray(0, hashed)).digest()
      const matches = digest.equals(image.subarray(at + 4, at + 4 + length))
      return matches ? { ok: true, version: headerVersion(image) } : broken('SHA-256 does not match')
    }
    at += 4 + length
  }
  return broken('no SHA-256 in the trailer')
}

/** "1.1.0", or "1.1.0+7" where there is a build number. */
function headerVersion(image: Buffer): string {
  const build = image.readUInt32LE(24)
  const version = `${image[20]}.${image[21]}.${image.readUInt16LE(22)}`
  return build === 0 ? version : `${version}+${build}`
}

/**
 * An MCUboot image of `size` octets in all with the octets of `contents` in it, for trying updates out; undefined
 * where `version` is not major.minor.revision[+build] or `size` too small for header and trailer.
 */
export function makeImage(
  version: string,
  size: number,
  contents: { bytes(length: number): Bytes },
): Buffer | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,5})(?:\+(\d{1,9}))?$/.exec(version)
  const trailerSize = trailerHeadSize + 4 + 32
  const bodySize = size - headerSize - trailerSize
  if (parts === null || bodySize < 1) return undefined
  const [major, minor, revision, build] = parts.slice(1).map((part) => Number(part ?? 0))
  if (major! > 255 || minor! > 255 || revision! > 65535) return undefined
  const image = Buffer.alloc(size)
  image.writeUInt32LE(imageMagic, 0)
  image.writeUInt16LE(headerSize, 8)
  image.writeUInt32LE(bodySize, 12)
  image.writeUInt8(major!, 20)
  image.writeUInt8(minor!, 21)
  image.writeUInt16LE(revision!, 22)
  image.writeUInt32LE(build!, 24)
  image.set(contents.bytes(bodySize), headerSize)
  const trailer = headerSize + bodySize
  image.writeUInt16LE(trailerMagic, trailer)
  image.writeUInt16LE(trailerSize, trailer + 2)
  image.writeUInt16LE(sha256Tlv, trailer + 4)
  image.writeUInt16LE(32, trailer + 6)
  image.set(createHash('sha256').update(image.subarray(0, trailer)).digest(), trailer + 8)
  return image
}
