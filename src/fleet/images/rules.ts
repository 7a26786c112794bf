/**
 * What may be said of an image, and which images fit together: versions, their order and ranges, security
 * counters. Pure; what is in the octets is `mcuboot.ts`.
 */
import { parse, satisfies, validRange } from 'semver'
import { UsageError } from '../../base/errors.ts'
import { longestProduct } from '../registry/types.ts'
import type { Image, ImageDraft, ImageTarget, Misfit } from './types.ts'

/** Of /5/0/7 and /3/0/3. */
export const longestVersion = 255
export const longestNotes = 16_384
const longestRange = 512
const longestHardware = 64
const mostHardware = 32
/** A u32 in TLV 0x50. */
const highestCounter = 0xffff_ffff

/**
 * Throws UsageError 'image.product', 'image.version', 'image.notes', 'image.from-versions', 'image.hardware' or
 * 'image.security-counter' (422, with the member `field`).
 */
export function validateAbout(about: ImageDraft): void {
  const { product, version, notes, fromVersions, hardware, securityCounter } = about
  if (!isName(product, longestProduct)) {
    throw refused('product', `a product is a text of 1 to ${longestProduct} characters without control characters`)
  }
  // A blank at an end would never equal what a device reports, and nobody would see why.
  if (version !== undefined && (!isName(version, longestVersion) || version.trim() !== version)) {
    throw refused(
      'version',
      `a version is the text the device will report, 1 to ${longestVersion} characters, without blanks at its ends`,
    )
  }
  if (notes !== undefined && (notes.length > longestNotes || !notes.isWellFormed())) {
    throw refused('notes', `release notes are a text of at most ${longestNotes} characters`)
  }
  if (fromVersions !== undefined && !isRange(fromVersions)) {
    throw refused('fromVersions', `'${fromVersions}' is neither a range of versions such as '>=1.2.0 <2.0.0' nor one`)
  }
  if (
    hardware !== undefined &&
    (hardware.length > mostHardware || hardware.some((one) => !isName(one, longestHardware)))
  ) {
    throw refused(
      'hardware',
      `hardware versions are at most ${mostHardware} texts of 1 to ${longestHardware} characters`,
    )
  }
  if (securityCounter !== undefined && !isCounter(securityCounter)) {
    throw refused('securityCounter', `a security counter is a whole number from 0 to ${highestCounter}`)
  }
}

/**
 * Negative where `a` is older than `b`: by semantic versioning, build numbers included (MCUboot counts them);
 * undefined where one of them is not such a version.
 */
export function compareVersions(a: string, b: string): number | undefined {
  if (a === b) return 0
  const [left, right] = [parse(a, { loose: true }), parse(b, { loose: true })]
  return left === null || right === null ? undefined : left.compare(right) || left.compareBuild(right)
}

/** What keeps `image` from being installed on `target`, the first thing that does; undefined where nothing is known to. */
export function misfitOf(image: Image, target: ImageTarget): Misfit | undefined {
  const name = `${image.product} ${image.version}`
  const { product, version, hardware, securityCounter } = target
  if (product !== undefined && product !== image.product) {
    return { field: 'product', reason: `${name} is not for a ${product}` }
  }
  if (hardware !== undefined && image.hardware !== undefined && !image.hardware.includes(hardware)) {
    return { field: 'hardware', reason: `${name} runs on hardware ${image.hardware.join(', ')}, not on ${hardware}` }
  }
  if (version !== undefined && image.fromVersions !== undefined && !isWithin(version, image.fromVersions)) {
    return { field: 'fromVersions', reason: `${name} goes over ${image.fromVersions}, not over ${version}` }
  }
  const { securityCounter: counter } = image
  if (securityCounter !== undefined && counter !== undefined && counter < securityCounter) {
    return {
      field: 'securityCounter',
      reason: `${name} has security counter ${counter}; a device at ${securityCounter} refuses it`,
    }
  }
  return undefined
}

/** A version that is none of semantic versioning is within a range only to the letter. */
function isWithin(version: string, range: string): boolean {
  if (range.split('||').some((part) => part.trim() === version)) return true
  return satisfies(version, range, { loose: true, includePrerelease: true })
}

function isRange(text: string): boolean {
  return isName(text, longestRange) && validRange(text, { loose: true }) !== null
}

function isCounter(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= highestCounter
}

function isName(text: string, longest: number): boolean {
  return text !== '' && text.length <= longest && !/\p{Cc}/u.test(text) && text.isWellFormed()
}

const codes = {
  product: 'image.product',
  version: 'image.version',
  notes: 'image.notes',
  fromVersions: 'image.from-versions',
  hardware: 'image.hardware',
  securityCounter: 'image.security-counter',
} as const satisfies Partial<Record<keyof Image, string>>

function refused(field: keyof typeof codes, message: string): UsageError {
  return new UsageError(codes[field], message, { status: 422, members: { field } })
}
