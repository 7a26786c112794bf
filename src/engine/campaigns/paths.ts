/** The way of each device of a campaign to where it is taken: to the campaign's image, or back to where it came from. */
import { runningOf, type DeviceFacts } from '../../fleet/campaigns/selection.ts'
import type { Campaign, CampaignDevice, CampaignImage } from '../../fleet/campaigns/types.ts'
import { goalOf } from '../../fleet/campaigns/way.ts'
import type { Way } from '../../fleet/images/types.ts'
import { Ways } from '../../fleet/images/ways.ts'
import type { DeviceId } from '../../fleet/registry/types.ts'
import type { Store } from '../../fleet/store.ts'

export type CampaignReads = Omit<Store, 'commit' | 'close'>

export interface Path {
  readonly path: Way
  /** The version it leads to. */
  readonly goal: string
}

export class Paths {
  readonly #store: CampaignReads
  readonly #campaign: Campaign
  /** By SHA-256 of the image; undefined where that is gone. */
  readonly #ways = new Map<string, Ways | undefined>()

  constructor(store: CampaignReads, campaign: Campaign) {
    this.#store = store
    this.#campaign = campaign
  }

  /** Of a campaign that takes devices back: how the device stands in the one it is taken back from. */
  originOf(deviceId: DeviceId): CampaignDevice | undefined {
    const { touchedBy } = this.#campaign.definition.selector
    return touchedBy === undefined ? undefined : this.#store.campaignDevice(touchedBy, deviceId)
  }

  /** Undefined where an image it would need is gone: the device does not begin then. */
  of(facts: DeviceFacts, origin: CampaignDevice | undefined, takesDeltas = true): Path | undefined {
    const goal = goalOf(this.#campaign, origin)
    if (goal === undefined) {
      const version = origin?.fromVersion ?? ''
      const reason = `it ran ${version} before, and there is no image of that it could go back to`
      return { path: { misfit: { field: 'version', reason } }, goal: version }
    }
    const path = this.#waysTo(goal)?.from(runningOf(facts), takesDeltas)
    return path === undefined ? undefined : { path, goal: goal.version }
  }

  #waysTo({ sha256 }: CampaignImage): Ways | undefined {
    if (this.#ways.has(sha256)) return this.#ways.get(sha256)
    const { definition } = this.#campaign
    const target = this.#store.image(sha256)
    const deltas = definition.deltas === true ? this.#store.deltas(undefined) : []
    const ways = target === undefined ? undefined : new Ways(target, this.#store.images(target.product), deltas)
    this.#ways.set(sha256, ways)
    return ways
  }
}
