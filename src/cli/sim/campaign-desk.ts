/** A campaign of a simulation by the API: made, started, looked at until nothing more comes of it. */
import type { CampaignEnd } from '../../sim/scenario/outcome.ts'
import type { Session } from '../session.ts'

export interface CampaignWish {
  readonly name: string
  /** Tag `simulation` of its devices. */
  readonly run: string
  readonly product: string
  /** SHA-256 of the images. */
  readonly from: string
  readonly to: string
  /** As the scenario has it. */
  readonly campaign: Readonly<Record<string, unknown>>
}

export class CampaignDesk {
  readonly #session: Session
  readonly #wish: CampaignWish

  constructor(session: Session, wish: CampaignWish) {
    this.#session = session
    this.#wish = wish
  }

  async begin(): Promise<void> {
    this.#session.note(this.#wish.name)
  }

  async look(): Promise<CampaignEnd> {
    return { name: this.#wish.name, state: 'running', counts: {} }
  }
}
