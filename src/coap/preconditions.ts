/** What a resource has to honour of a request by itself: Accept (RFC 7252 §5.10.4), whose code is 4.06. */
import { option } from './options.ts'
import type { OptionsView } from './types.ts'

/** Which of `formats` to answer in, the first where the client does not care; undefined is 4.06. */
export function acceptable(options: OptionsView, formats: readonly number[]): number | undefined {
  const wanted = options.uint(option.accept)
  return wanted === undefined ? formats[0] : formats.find((format) => format === wanted)
}
