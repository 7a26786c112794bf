/** The images a virtual device begins with and accepts, for who wants to try an update without a firmware of their own. */
import { writeFileSync } from 'node:fs'
import { UsageError } from '../../base/errors.ts'
import { SeededRandom } from '../../base/random.ts'
import { makeImage } from './image.ts'

/** Octets: small enough for a slow radio to fetch while one watches. */
export const demoImageSize = 32 * 1024
const smallest = 128
const largest = 4 * 1024 * 1024
/** From one version to the next, so many octets of each page are other ones; the rest is the same in all. */
const pageSize = 2048
const changedOctets = 256

/**
 * The image a new device of `version` runs, and what is written for it: like that of any other version but for an
 * eighth of it, as an application is from one release to the next. The same version and size give the same octets;
 * undefined where an MCUboot image cannot have this version.
 */
export function demoImage(version: string, size: number = demoImageSize): Buffer | undefined {
  return makeImage(version, size, {
    bytes(length) {
      const octets = new SeededRandom(1).bytes(length)
      const own = new SeededRandom(Buffer.from(version).reduce((sum, octet) => (sum * 31 + octet) >>> 0, 0))
      for (let at = 0; at < length; at += pageSize) {
        octets.set(own.bytes(Math.min(changedOctets, length - at)), at)
      }
      return octets
    },
  })
}

/**
 * Writes the image of `version` (major.minor.revision[+build]) to `file`. Throws a UsageError for a version or size
 * that cannot be, and the file system's errors.
 */
export function writeDemoImage(file: string, version: string, size: number = demoImageSize): void {
  if (!(size >= smallest && size <= largest)) {
    throw new UsageError('IMAGE_SIZE', `an image has ${smallest} to ${largest} octets, not ${size}`)
  }
  const image = demoImage(version, size)
  if (image === undefined) {
    throw new UsageError('IMAGE_VERSION', `'${version}' is no version an MCUboot image can have`, {
      hint: 'such as 1.1.0 or 1.1.0+7',
    })
  }
  writeFileSync(file, image)
}
