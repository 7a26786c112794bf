/**
 * The request options a resource must honour itself: Accept (RFC 7252 §5.10.4), Content-Format (§5.10.3),
 * If-Match and If-None-Match (§5.10.8). Pure rules; the codes are 4.06, 4.15 and 4.12.
 */
import { noBytes, type Bytes } from '../base/bytes.ts'
import { option } from './options.ts'
import type { OptionsView } from './types.ts'

/** Which of `formats` to answer in, the first where the client does not care; undefined is 4.06. */
export function acceptable(options: OptionsView, formats: readonly number[]): number | undefined {
  const wanted = options.uint(option.accept)
  return wanted === undefined ? formats[0] : formats.find((format) => format === wanted)
}

/** Whether a body in `formats` only can be taken; one without Content-Format can (RFC 7252 §5.5.1). False is 4.15. */
export function isSupported(options: OptionsView, formats: readonly number[]): boolean {
  const format = options.uint(option.contentFormat)
  return format === undefined || formats.includes(format)
}

/**
 * Whether the request may go on, given the tag of what is there now (undefined: nothing is; empty: it has none). False
 * is 4.12.
 */
export function preconditionHolds(options: OptionsView, current: Bytes | undefined): boolean {
  if (options.has(option.ifNoneMatch) && current !== undefined) return false
  if (!options.has(option.ifMatch)) return true
  if (current === undefined) return false
  // RFC 7252 §5.10.8.1: the empty If-Match asks for existence only
  return options.includes(option.ifMatch, noBytes) || options.includes(option.ifMatch, current)
}
