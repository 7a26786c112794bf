/**
 * When campaigns are forgotten: by hand, by their number, by their age; first their devices, then all of it. What
 * hangs on one goes a slice at a time, so that no commit is a long one. Pure; whoever commits the ops asks again.
 */
import { UsageError } from '../../base/errors.ts'
import type { Instant } from '../../base/time.ts'
import type { EventDraft } from '../events/types.ts'
import type { CampaignsOp, CampaignsStore } from './store.ts'
import { isOver, type Author, type Campaign } from './types.ts'

export interface CampaignRetention {
  /** Knob `campaigns.kept`. */
  readonly kept: number
  /** Whatever was over before then is removed (`campaigns.kept-for`). */
  readonly since: Instant
  /** Devices of whatever was over before then are forgotten (`campaigns.devices-kept-for`). */
  readonly devicesSince: Instant
}

export interface CampaignsForgotten {
  readonly ops: readonly CampaignsOp[]
  /** Removed now, for good. */
  readonly removed?: Campaign
}

/** Devices of a campaign forgotten in one commit. */
const slice = 500
/** Campaigns looked at for one that may go: a way back that is under way holds the one it takes back. */
const looked = 16

/** The next thing to be forgotten; undefined where nothing is. */
export function nextForgotten(
  store: CampaignsStore,
  { kept, since, devicesSince }: CampaignRetention,
): CampaignsForgotten | undefined {
  const discarded = store.campaignDiscarded()
  if (discarded !== undefined) {
    const isEmpty = store.campaignDevices(discarded, undefined, 0, 1).length === 0
    return { ops: [isEmpty ? { op: 'campaign.delete', id: discarded } : shed(discarded)] }
  }
  const isTooMany = store.countCampaignsOver() > kept
  const old = store
    .campaignsOver(looked)
    .find((each) => (isTooMany || (each.finishedAt ?? since) < since) && holderOf(store, each) === undefined)
  if (old !== undefined) return { ops: [{ op: 'campaign.discard', id: old.id }], removed: old }
  const evidence = store.campaignWithEvidence(devicesSince)
  return evidence === undefined ? undefined : { ops: [shed(evidence)] }
}

const shed = (id: number): CampaignsOp => ({ op: 'campaign.shed', id, limit: slice })

/** Throws UsageError 'campaign.state' (409) where the campaign is under way, or is being rolled back. */
export function validateRemoval(store: CampaignsStore, campaign: Campaign): void {
  const { name, state } = campaign
  const holder = isOver(state) || state === 'draft' ? holderOf(store, campaign) : campaign
  if (holder === undefined) return
  const why = holder === campaign ? 'it is under way' : `campaign ${holder.name} takes its devices back`
  throw new UsageError('campaign.state', `campaign ${name} is ${state}; it cannot be removed: ${why}`, {
    status: 409,
    hint: `'coapstan campaign abort ${holder.name}' ends ${holder === campaign ? 'it' : 'that'} first`,
    members: { state },
  })
}

/** The campaign that takes its devices back, and gathers them from it, while it is under way. */
function holderOf(store: CampaignsStore, { rollback }: Campaign): Campaign | undefined {
  const back = rollback === undefined ? undefined : store.campaign(rollback)
  return back === undefined || isOver(back.state) ? undefined : back
}

/** For the audit; what was done to it goes with it. */
export function removalOf(
  { id, name, state, image }: Campaign,
  cause: string,
  { by, why }: Partial<Author> = {},
): EventDraft {
  return {
    kind: 'campaign.removed',
    cause,
    detail: {
      campaign: id,
      name,
      state,
      version: image.version,
      ...(by === undefined ? {} : { by }),
      ...(why === undefined ? {} : { why }),
    },
  }
}
