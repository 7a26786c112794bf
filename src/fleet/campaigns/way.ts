/** The way of one device of a campaign: where it is on it, and how that is said. Plans nothing. */
import type { Leg } from '../images/types.ts'
import type { Campaign, CampaignDevice, CampaignImage, DeviceWay } from './types.ts'

/** More installations of one device than any way has: it goes to and fro. */
export const mostHops = 16

/**
 * Where a device is taken: of a way back from several versions to the one it came from, `origin` being how it stands in
 * the campaign it is taken back from. Undefined where there is no image of that.
 */
export function goalOf(
  { image, backTo }: Pick<Campaign, 'image' | 'backTo'>,
  origin: Pick<CampaignDevice, 'fromVersion'> | undefined,
): CampaignImage | undefined {
  const from = origin?.fromVersion
  return backTo === undefined || from === undefined ? image : backTo.find(({ version }) => version === from)
}

/** `1.1.0`; of a way back from several versions `1.0.0, 1.1.0`. */
export function goalText({ image, backTo = [image] }: Pick<Campaign, 'image' | 'backTo'>): string {
  return backTo.map(({ version }) => version).join(', ')
}

/** The way of a device that has `legs` before it; undefined where that is nothing but one whole image. */
export function wayOver({ way }: Pick<CampaignDevice, 'way'>, legs: readonly Leg[]): DeviceWay | undefined {
  const done = way?.done ?? 0
  const ahead = legs.map(({ version, size, delta }) =>
    delta === undefined
      ? ({ version, kind: 'whole', size } as const)
      : ({ version, kind: 'delta', size: delta.size } as const),
  )
  if (done === 0 && way?.isWhole === undefined && ahead.length === 1 && ahead[0]!.kind === 'whole') return undefined
  return {
    legs: [...(way?.legs.slice(0, done) ?? []), ...ahead],
    done,
    ...(way?.isWhole === undefined ? {} : { isWhole: true }),
  }
}

/** `hop 1 of 2, to 1.1.0`; undefined where there is but one. */
export function hopText({ legs, done }: DeviceWay): string | undefined {
  if (legs.length < 2) return undefined
  return `hop ${Math.min(done + 1, legs.length)} of ${legs.length}, to ${(legs[done] ?? legs.at(-1)!).version}`
}

/** `whole`, `by delta`, `over 1.1.0 (by delta) to 1.2.0 (whole)`. */
export function wayText({ legs }: Pick<DeviceWay, 'legs'>): string {
  const words = { whole: 'whole', delta: 'by delta' } as const
  if (legs.length === 1) return words[legs[0]!.kind]
  const named = legs.map(({ version, kind }) => `${version} (${words[kind]})`)
  return `over ${named.slice(0, -1).join(', ')} to ${named.at(-1)}`
}
