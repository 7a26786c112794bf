/** The campaign of a simulation by the API: made, approved, started, and looked at until nothing more comes of it. */
import type { CampaignDraftJson } from '../../api/contract/campaign-draft.ts'
import type { CampaignJson } from '../../api/contract/campaign.ts'
import type { CampaignEnd } from '../../sim/scenario/outcome.ts'
import type { Session } from '../session.ts'

export interface CampaignWish {
  readonly name: string
  /** Tag `simulation` of its devices. */
  readonly run: string
  /** SHA-256 of its image. */
  readonly image: string
  /** As the scenario has it. */
  readonly campaign: Omit<CampaignDraftJson, 'name' | 'image'>
}

const by = 'coapstan sim'

export class CampaignDesk {
  readonly #session: Pick<Session, 'client'>
  readonly #wish: CampaignWish

  constructor(session: Pick<Session, 'client'>, wish: CampaignWish) {
    this.#session = session
    this.#wish = wish
  }

  async begin(): Promise<void> {
    const { client } = this.#session
    const { campaign, image, name, run } = this.#wish
    const select = { ...campaign.select, tags: { ...campaign.select?.tags, simulation: run } }
    await client.call('createCampaign', { body: { ...campaign, name, image, select, by } })
    const params = { campaign: name }
    if ((campaign.approval ?? 'none') !== 'none') await client.call('approveCampaign', { params, body: { by } })
    await client.call('startCampaign', { params, body: { by } })
  }

  async look(): Promise<CampaignEnd> {
    const campaign = await this.#campaign(this.#wish.name)
    if (campaign.state === 'awaiting-approval') {
      await this.#session.client.call('approveCampaign', { params: { campaign: campaign.name }, body: { by } })
    }
    if (campaign.rollback === undefined) return endOf(campaign)
    return { ...endOf(campaign), rollback: endOf(await this.#campaign(campaign.rollback)) }
  }

  /** What happened, a sentence each. */
  async report(): Promise<readonly string[]> {
    const params = { campaign: this.#wish.name }
    const { rollback, summary } = await this.#session.client.call('reportCampaign', { params })
    if (rollback === undefined) return summary
    const back = await this.#session.client.call('reportCampaign', { params: { campaign: rollback.name } })
    return [...summary, ...back.summary]
  }

  #campaign(name: string): Promise<CampaignJson> {
    return this.#session.client.call('readCampaign', { params: { campaign: name } })
  }
}

function endOf({ counts, name, reason, state }: CampaignJson): CampaignEnd {
  return { name, state, counts, ...(reason !== undefined && { reason }) }
}
