/** Writes an image the virtual device accepts, for who wants to try an update without a firmware of their own. */
import { writeFileSync } from 'node:fs'
import { UsageError } from '../../base/errors.ts'
import { SeededRandom } from '../../base/random.ts'
import { makeImage } from './image.ts'

/** Octets: small enough for a slow radio to fetch while one watches. */
export const demoImageSize = 32 * 1024
const smallest = 128
const largest = 4 * 1024 * 1024

/**
 * Writes an MCUboot image of `version` (major.minor.revision[+build]) with random contents to `file`. The same
 * version and size give the same octets. Throws a UsageError for a version or size that cannot be, and the file
 * system's errors.
 */
export function writeDemoImage(file: string, version: string, size: number = demoImageSize): void {
  if (!(size >= smallest && size <= largest)) {
    throw new UsageError('IMAGE_SIZE', `an image has ${smallest} to ${largest} octets, not ${size}`)
  }
  const seed = Buffer.from(version).reduce((sum, octet) => (sum * 31 + octet) >>> 0, size)
  const image = makeImage(version, size, new SeededRandom(seed))
  if (image === undefined) {
    throw new UsageError('IMAGE_VERSION', `'${version}' is no version an MCUboot image can have`, {
      hint: 'such as 1.1.0 or 1.1.0+7',
    })
  }
  writeFileSync(file, image)
}
