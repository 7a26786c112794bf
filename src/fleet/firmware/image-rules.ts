/** How an image may be named. */
import { UsageError } from '../../base/errors.ts'
import type { Image } from './types.ts'

export type ImageAbout = Pick<Image, 'product' | 'version' | 'notes'>

const longestProduct = 128
/** Of /5/0/7 and /3/0/3. */
const longestVersion = 255
const longestNotes = 16_384

/** Throws UsageError 'image.product', 'image.version' or 'image.notes' (422). */
export function validateAbout({ product, version, notes }: ImageAbout): void {
  if (!isName(product, longestProduct)) {
    throw refused(
      'image.product',
      `a product is a text of 1 to ${longestProduct} characters without control characters`,
    )
  }
  // A blank at an end would never equal what a device reports, and nobody would see why.
  if (!isName(version, longestVersion) || version.trim() !== version) {
    throw refused(
      'image.version',
      `a version is the text the device will report, 1 to ${longestVersion} characters, without blanks at its ends`,
    )
  }
  if (notes !== undefined && notes.length > longestNotes) {
    throw refused('image.notes', `release notes have at most ${longestNotes} characters`)
  }
}

function isName(text: string, longest: number): boolean {
  return text !== '' && text.length <= longest && !/\p{Cc}/u.test(text) && text.isWellFormed()
}

function refused(code: string, message: string): UsageError {
  return new UsageError(code, message, { status: 422 })
}
