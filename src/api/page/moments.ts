/** Instants as a page shows them: how long ago, or how soon. */
import { durationText } from '../../base/duration-text.ts'
import type { Instant } from '../../base/time.ts'

export function ago(instant: Instant | undefined, now: Instant): string | undefined {
  if (instant === undefined) return undefined
  const text = durationText(Math.abs(now - instant))
  return instant <= now ? `${text} ago` : `in ${text}`
}
