/** How a campaign stands as of now: its numbers, its pace, what it waits for and what an operator would do next. */
import { hours, instantOf, minutes, type Instant } from '../../base/time.ts'
import { totalsOf, type Totals } from './counts.ts'
import { shareUpTo } from './gates.ts'
import { adviceOf, expectationOf } from './prospect.ts'
import { briefOf, type CampaignBrief } from './report.ts'
import type { CampaignsStore } from './store.ts'
import { isOver, type Campaign, type DeviceCount } from './types.ts'
import { closesAt, deviceZone, holdsBeginnings, windowAt } from './windows.ts'

export interface CampaignStatus extends CampaignBrief {
  readonly counts: readonly DeviceCount[]
  readonly stages: readonly { readonly share: number; readonly totals: Totals }[]
  readonly pace: { readonly devicesPerHour: number; readonly bytesPerSecond: number }
  readonly bytes: number
  readonly expectedAt?: Instant
  /** Begins nobody until then: its window is shut. */
  readonly holdsUntil?: Instant
  readonly deadlineAt?: Instant
  readonly rollbackOf?: Campaign
  readonly rollback?: Campaign
  /** What an operator would do next. */
  readonly advice?: string
  /** What an operator may not have meant; told when it is made. */
  readonly warnings?: readonly string[]
}

/** Rates are of so long a time before now. */
const paceWindow = minutes(10)

export function statusOf(campaign: Campaign, store: CampaignsStore, at: Instant): CampaignStatus {
  const { definition, image } = campaign
  const counts = store.campaignCounts(campaign.id)
  const brief = briefOf(campaign, counts)
  const { totals } = brief
  const pace = isOver(campaign.state)
    ? { devices: 0, bytes: 0 }
    : store.campaignPace(campaign.id, instantOf(at - paceWindow))
  const since = Math.min(paceWindow, Math.max(1000, at - (campaign.startedAt ?? at)))
  const devicesPerHour = (pace.devices / since) * hours(1)
  const window = definition.window
  const shut =
    !holdsBeginnings(window) || window.zone === deviceZone || campaign.state !== 'running'
      ? undefined
      : windowAt(window, at)
  const closes = closesAt(campaign)
  const [rollbackOf, rollback] = [campaign.rollbackOf, campaign.rollback].map((id) =>
    id === undefined ? undefined : store.campaign(id),
  )
  return {
    ...brief,
    counts,
    stages: definition.stages.map((_, i) => ({
      share: shareUpTo(definition.stages, i, totals.eligible),
      totals: totalsOf(counts, i),
    })),
    pace: {
      devicesPerHour,
      bytesPerSecond: (devicesPerHour / 3600) * (pace.devices === 0 ? image.size : pace.bytes / pace.devices),
    },
    bytes: store.campaignBytes(campaign.id),
    ...expectationOf(campaign, totals, devicesPerHour, at),
    ...(shut?.open === false && shut.until !== undefined ? { holdsUntil: shut.until } : {}),
    ...(Number.isFinite(closes) ? { deadlineAt: closes } : {}),
    ...(rollbackOf === undefined ? {} : { rollbackOf }),
    ...(rollback === undefined ? {} : { rollback }),
    ...adviceOf(campaign, brief),
  }
}
