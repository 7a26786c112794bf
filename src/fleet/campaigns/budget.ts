/**
 * The budget of octets a second: an update is begun when all that its device is handed is covered. Pacing by
 * admitting fewer devices keeps a radio that is on busy; delaying blocks would keep it on (devices.md §4).
 */
import type { Instant } from '../../base/time.ts'
import type { Campaign } from './types.ts'

/** What may be saved up while nobody takes it, seconds: a minute's burst, and what the next device wants at least. */
const burstSeconds = 60

export type Credit = NonNullable<Campaign['credit']>

/** What there is at `now`; undefined where the campaign has no budget. */
export function creditAt({ definition, image, credit }: Campaign, now: Instant): Credit | undefined {
  const rate = definition.limits.bytesPerSecond
  if (rate === undefined) return undefined
  if (credit === undefined) return { bytes: image.size, at: now }
  const most = Math.max(image.size, credit.wants ?? 0, rate * burstSeconds)
  const elapsed = Math.max(0, now - credit.at) / 1000
  return { ...credit, bytes: Math.min(most, credit.bytes + elapsed * rate), at: now }
}

/** Whether the credit covers so many octets. */
export function covers(credit: Credit | undefined, octets: number): boolean {
  // What is left after many additions is a hair less than the image it was saved up for.
  return credit === undefined || credit.bytes >= octets * (1 - 1e-9)
}

/** Whether nobody can begin before more is saved up. */
export function isShort(credit: Credit | undefined): boolean {
  return credit !== undefined && !covers(credit, credit.wants ?? 1)
}
