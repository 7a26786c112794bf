/** One step of a campaign while it is being taken: what is to be committed, and what is to be asked of devices. */
import type { Instant } from '../../base/time.ts'
import type { Start } from './admission.ts'
import type { Home } from './picture.ts'
import type { CampaignsOp, DeviceChange } from './store.ts'
import type { Campaign, CampaignDevice, CampaignDeviceState, CampaignState } from './types.ts'

export interface CampaignStep {
  readonly ops: readonly CampaignsOp[]
  readonly next: Campaign
  readonly starts: readonly Start[]
  /** Updates to be taken back where the device does not install yet. */
  readonly cancels: readonly CampaignDevice[]
  readonly questions: readonly { readonly row: CampaignDevice; readonly paths: readonly string[] }[]
  /** There is more to be done at once. */
  readonly again: boolean
  /** The campaign's own way back is to begin. */
  readonly rollback?: Home
}

export class Course implements CampaignStep {
  next: Campaign
  readonly ops: CampaignsOp[] = []
  starts: readonly Start[] = []
  readonly cancels: CampaignDevice[] = []
  questions: CampaignStep['questions'] = []
  again = false
  rollback?: Home
  readonly now: Instant

  constructor(campaign: Campaign, now: Instant) {
    this.next = campaign
    this.now = now
  }

  change(part: Partial<Campaign>): void {
    this.next = { ...this.next, ...part }
    const put = this.ops.findIndex(({ op }) => op === 'campaign.put')
    if (put !== -1) this.ops.splice(put, 1)
    this.ops.unshift({ op: 'campaign.put', campaign: this.next })
  }

  /** To another state, for a reason or for none; the audit says so. */
  to(state: CampaignState, what: string, reason?: string, by = 'campaign'): void {
    const { reason: _, resumeTo: __, held: ___, ...rest } = this.next
    this.next = rest
    const over = state === 'completed' || state === 'aborted'
    this.change({ state, ...(reason === undefined ? {} : { reason }), ...(over ? { finishedAt: this.now } : {}) })
    this.note(what, reason, by)
    this.again = !over
  }

  /** What it was held by is there. */
  release(): void {
    const { held: _, ...rest } = this.next
    this.next = rest
    this.change({})
  }

  note(what: string, why?: string, by = 'campaign'): void {
    const entry = { campaignId: this.next.id, at: this.now, what, by, ...(why === undefined ? {} : { why }) }
    this.ops.push({ op: 'campaign.entry', entry })
  }

  device(row: CampaignDevice, change: DeviceChange, from: readonly CampaignDeviceState[] = [row.state]): void {
    this.ops.push({ op: 'campaign.device', campaignId: row.campaignId, deviceId: row.deviceId, from, change })
  }
}
