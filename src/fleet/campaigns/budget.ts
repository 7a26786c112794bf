/**
 * The budget of octets a second: an update is begun when its whole image is covered. Pacing by admitting
 * fewer devices keeps a radio that is on busy; delaying blocks would keep it on (devices.md §4).
 */
import { instantOf, type Instant } from '../../base/time.ts'
import type { Campaign } from './types.ts'

/** What may be saved up while nobody takes it, seconds: a minute's burst, and one image at least. */
const burstSeconds = 60

export interface Credit {
  readonly bytes: number
  readonly at: Instant
}

/** What there is at `now`; undefined where the campaign has no budget. */
export function creditAt({ definition, image, credit }: Campaign, now: Instant): Credit | undefined {
  const rate = definition.limits.bytesPerSecond
  if (rate === undefined) return undefined
  const most = Math.max(image.size, rate * burstSeconds)
  if (credit === undefined) return { bytes: image.size, at: now }
  const elapsed = Math.max(0, now - credit.at) / 1000
  return { bytes: Math.min(most, credit.bytes + elapsed * rate), at: now }
}

/** Devices the credit covers. */
export function coveredBy(credit: Credit | undefined, imageSize: number): number {
  if (credit === undefined) return Number.POSITIVE_INFINITY
  // What is left after many additions is a hair less than the image it was saved up for.
  return imageSize === 0 ? Number.POSITIVE_INFINITY : Math.floor(credit.bytes / imageSize + 1e-9)
}

/** When the credit covers one more device; undefined where it does already, or there is no budget. */
export function coveredAt(campaign: Campaign, now: Instant): Instant | undefined {
  const credit = creditAt(campaign, now)
  const rate = campaign.definition.limits.bytesPerSecond
  if (credit === undefined || rate === undefined || coveredBy(credit, campaign.image.size) > 0) return undefined
  return instantOf(now + Math.ceil(((campaign.image.size - credit.bytes) / rate) * 1000))
}
