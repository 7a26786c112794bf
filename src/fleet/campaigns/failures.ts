/** The devices of a campaign that somebody should look at, read page by page. Judges no campaign. */
import { isLeft } from './report.ts'
import type { CampaignsStore } from './store.ts'
import type { Campaign, CampaignDevice } from './types.ts'

const failuresTold = 100
const pageSize = 500
const failedStates = ['failed', 'timed-out'] as const
const leftStates = [...failedStates, 'not-reached', 'cancelled', 'skipped', 'succeeded'] as const

/** Who failed or timed out, the first so many; of a way back, whoever was not taken back. */
export function failuresOf(
  store: Pick<CampaignsStore, 'campaignDevices'>,
  campaign: Campaign,
): readonly CampaignDevice[] {
  const isWayBack = campaign.rollbackOf !== undefined
  const found: CampaignDevice[] = []
  for (const state of isWayBack ? leftStates : failedStates) {
    for (let after = 0; found.length < failuresTold;) {
      const page = store.campaignDevices(campaign.id, state, after, pageSize)
      found.push(...page.filter((device) => !isWayBack || isLeft(campaign, device)))
      if (page.length < pageSize) break
      after = page.at(-1)!.deviceId
    }
  }
  return found.slice(0, failuresTold)
}
