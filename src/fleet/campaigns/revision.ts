/** Where a campaign stands, as far as operators decide by it, and whether it is still there. Pure. */
import { revisionOf } from '../../base/revision.ts'
import { demand, type Precondition } from '../precondition.ts'
import type { Campaign } from './types.ts'

/** Another one with each state, stage, approval and pardon; not with each device that is done. */
export function campaignRevision({ id, state, stage, stages, approvedAt, pardoned, rollback }: Campaign): string {
  return revisionOf({ id, state, stage, stages, approvedAt, pardoned, rollback })
}

/** Throws UsageError 'precondition.failed' (412). */
export function demandCampaign(precondition: Precondition, campaign: Campaign): void {
  demand(precondition, `campaign ${campaign.name}`, campaignRevision(campaign))
}
