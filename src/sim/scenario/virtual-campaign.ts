/**
 * The campaign of a scenario in virtual time: the server's own machinery for campaigns, turned by the
 * virtual clock, and an operator who starts it and approves what waits for approval.
 */
import { invariant } from '../../base/errors.ts'
import { after, seconds, type Instant } from '../../base/time.ts'
import type { Settings } from '../../config/tunables.ts'
import { Campaigns } from '../../engine/campaigns/campaigns.ts'
import { totalsOf } from '../../fleet/campaigns/counts.ts'
import { definitionOf, type CampaignDraft } from '../../fleet/campaigns/definition.ts'
import { summaryOf } from '../../fleet/campaigns/report.ts'
import type { Campaign, CampaignId, DeviceCount } from '../../fleet/campaigns/types.ts'
import type { Image } from '../../fleet/images/types.ts'
import type { StoreOp } from '../../fleet/store.ts'
import { Timer, type Timeline } from '../timeline.ts'
import type { VirtualServer } from '../virtual-server.ts'
import type { CampaignEnd } from './outcome.ts'

/** How often campaigns are turned where nothing presses; the server does it twice as often. */
const turnEvery = seconds(1)
const author = { by: 'coapstan sim' } as const

export interface VirtualCampaignOptions {
  readonly timeline: Timeline
  readonly server: VirtualServer
  readonly settings: Settings
}

export class VirtualCampaign {
  readonly #options: VirtualCampaignOptions
  readonly #campaigns: Campaigns
  readonly #turn: Timer
  #id: CampaignId | undefined

  constructor(options: VirtualCampaignOptions) {
    const { server, settings, timeline } = options
    const { disk } = server
    this.#options = options
    this.#campaigns = new Campaigns(
      {
        store: disk.store,
        commit: (ops, events) => {
          const engine = server.process?.engine
          invariant(engine !== undefined, 'campaigns live within a running server')
          const appended = events.map((draft) => ({ ...draft, id: engine.nextEventId(), at: timeline.now }))
          disk.commit([...ops, ...appended.map((event) => ({ op: 'event.append', event }) as const)])
        },
        submit: (command, reply) => server.submit(timeline.now, command, reply),
        octetsAt: () => ({ atHand: true }),
      },
      settings,
    )
    this.#turn = new Timer((now) => this.#turned(now))
  }

  /** For whoever hears of commits. */
  committed(ops: readonly StoreOp[]): void {
    this.#campaigns.committed(ops)
  }

  begin(now: Instant, draft: Omit<CampaignDraft, 'image'>, image: Image): void {
    const definition = definitionOf({ ...draft, image: image.sha256 }, image.product, undefined)
    const campaign = this.#campaigns.create(draft.name, image, definition, author, now)
    this.#id = campaign.id
    const ready = definition.approval === 'none' ? campaign : this.#campaigns.act(campaign, 'approve', author, now)
    this.#campaigns.act(ready, 'start', author, now)
    this.#turned(now)
  }

  /** Undefined before it has begun. */
  look(): CampaignEnd | undefined {
    const campaign = this.#campaign()
    if (campaign === undefined) return undefined
    const back = this.#wayBackOf(campaign)
    return { ...this.#endOf(campaign), ...(back !== undefined && { rollback: this.#endOf(back) }) }
  }

  /** What happened, a sentence each. */
  report(): readonly string[] {
    const campaign = this.#campaign()
    if (campaign === undefined) return []
    const back = this.#wayBackOf(campaign)
    return [...this.#summary(campaign, back), ...(back === undefined ? [] : this.#summary(back, undefined))]
  }

  #turned(now: Instant): void {
    const campaign = this.#campaign()
    if (campaign?.state === 'awaiting-approval') this.#campaigns.act(campaign, 'approve', author, now)
    const again = this.#campaigns.turn(now)
    this.#options.timeline.set(this.#turn, again ? now : after(now, turnEvery))
  }

  #campaign(): Campaign | undefined {
    return this.#id === undefined ? undefined : this.#options.server.disk.store.campaign(this.#id)
  }

  #wayBackOf({ rollback }: Campaign): Campaign | undefined {
    return rollback === undefined ? undefined : this.#options.server.disk.store.campaign(rollback)
  }

  #summary(campaign: Campaign, back: Campaign | undefined): readonly string[] {
    const counts = this.#countsOf(campaign)
    return summaryOf(campaign, counts, back && { campaign: back, counts: this.#countsOf(back) })
  }

  #countsOf({ id }: Campaign): readonly DeviceCount[] {
    return this.#options.server.disk.store.campaignCounts(id)
  }

  #endOf(campaign: Campaign): CampaignEnd {
    const { name, reason, state } = campaign
    const { attempted, states } = totalsOf(this.#countsOf(campaign))
    return { name, state, counts: { attempted, ...states }, ...(reason !== undefined && { reason }) }
  }
}
