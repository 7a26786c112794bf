/**
 * Campaigns for the API: what operators define is checked and asked of the campaigns' actors, what they want to
 * see is read from the store. A plan looks at every device of the selector and keeps nothing.
 */
import { UsageError } from '../../base/errors.ts'
import { instantOf, type Instant } from '../../base/time.ts'
import type { ImagesService } from '../images/service.ts'
import type { Image } from '../images/types.ts'
import type { Precondition } from '../precondition.ts'
import type { RegistryService } from '../registry/service.ts'
import type { DeviceWithStatus } from '../registry/types.ts'
import type { CampaignAction } from './commands.ts'
import { definitionOf, type CampaignDraft } from './definition.ts'
import { forecastOf, forecastText, nobodyHint, nobodyText, unknownText, type Forecast } from './forecast.ts'
import { failuresOf } from './failures.ts'
import { briefOf, summaryOf, type CampaignBrief, type Verdict } from './report.ts'
import { factsOf, isNewer, runningOf, runsAlready, unfitnessOf, unfitnessOfWay } from './selection.ts'
import { demandCampaign } from './revision.ts'
import { statusOf, type CampaignStatus } from './status.ts'
import { mostOrigins, type CampaignsStore, type ProgressPoint } from './store.ts'
import { examplesTold, FleetTally, type Tally } from './tally.ts'
import {
  type Author,
  type Campaign,
  type CampaignDefinition,
  type CampaignDevice,
  type CampaignDeviceState,
  type CampaignEntry,
  type CampaignId,
  type CampaignImage,
} from './types.ts'

/** The campaigns' actors, as far as operators have to do with them. */
export interface CampaignActors {
  create(name: string, image: Image, definition: CampaignDefinition, author: Author): Campaign
  act(campaign: Campaign, action: CampaignAction, author: Author): Campaign
  rollBack(campaign: Campaign, image: Image | undefined, author: Author): Campaign
  remove(campaign: Campaign, author: Author): void
}

export interface CampaignsParts {
  readonly store: CampaignsStore
  readonly actors: CampaignActors
  readonly images: Pick<ImagesService, 'image' | 'list' | 'waysTo' | 'ready'>
  readonly registry: Pick<RegistryService, 'list' | 'device' | 'knows'>
  readonly now: () => Instant
  /** Lets others have their turn in a long look at the fleet. */
  readonly breathe: () => Promise<void>
}

export interface CampaignPlan {
  readonly name: string
  readonly image: CampaignImage
  readonly definition: CampaignDefinition
  readonly tally: Tally
  readonly forecast: Forecast
  readonly text: readonly string[]
}

export interface CampaignReport {
  readonly verdict: Verdict
  readonly summary: readonly string[]
  readonly status: CampaignStatus
  readonly failures: readonly CampaignDevice[]
  readonly entries: readonly CampaignEntry[]
  readonly progress: readonly ProgressPoint[]
  readonly rollback?: CampaignStatus
}

const pageSize = 500
const entriesTold = 1000
const progressSteps = 121

export class CampaignsService {
  readonly #parts: CampaignsParts

  constructor(parts: CampaignsParts) {
    this.#parts = parts
  }

  /** Newest first, with ids below `before`. */
  list(before: CampaignId | undefined, limit: number): readonly CampaignBrief[] {
    const { store } = this.#parts
    return store.campaigns(before, limit).map((campaign) => briefOf(campaign, store.campaignCounts(campaign.id)))
  }

  /** By name or number. Throws UsageError 'campaign.unknown' (404). */
  campaign(reference: string): Campaign {
    const { store } = this.#parts
    const found =
      store.campaignByName(reference) ?? (/^\d{1,15}$/.test(reference) ? store.campaign(Number(reference)) : undefined)
    if (found !== undefined) return found
    throw new UsageError('campaign.unknown', `there is no campaign '${reference}'`, {
      status: 404,
      hint: "'coapstan campaign list' shows them",
    })
  }

  status(reference: string): CampaignStatus {
    return this.#statusOf(this.campaign(reference))
  }

  /** Throws UsageError 'campaign.definition' (422) with the member `field`, 'image.unknown' (404), 'image.ambiguous' (409). */
  async plan(draft: CampaignDraft): Promise<CampaignPlan> {
    const { image, definition } = this.#defined(draft)
    const now = this.#parts.now()
    const tally = await this.#tallyOf(definition, image, now)
    const forecast = forecastOf(definition, tally, now)
    return {
      name: draft.name,
      image,
      definition,
      tally,
      forecast,
      text: forecastText(draft.name, image, definition, tally, forecast),
    }
  }

  /** The same, and 'campaign.exists' (409). Durable when it returns; throws EnvironmentError. */
  async create(draft: CampaignDraft, author: Author): Promise<CampaignStatus> {
    const { image, definition } = this.#defined(draft)
    const unknown = await this.#unknownOf(definition)
    const status = this.#statusOf(this.#parts.actors.create(draft.name, image, definition, author))
    return { ...status, warnings: unknown.count === 0 ? [] : [unknownText(unknown)] }
  }

  /** Throws UsageError 'campaign.unknown' (404) or 'precondition.failed' (412). */
  #asSeen(reference: string, precondition: Precondition): Campaign {
    const campaign = this.campaign(reference)
    demandCampaign(precondition, campaign)
    return campaign
  }

  /** Throws UsageError 'campaign.state' (409) or 'precondition.failed' (412). */
  act(
    reference: string,
    action: Exclude<CampaignAction, 'start'>,
    author: Author,
    precondition: Precondition = {},
  ): CampaignStatus {
    return this.#statusOf(this.#parts.actors.act(this.#asSeen(reference, precondition), action, author))
  }

  /**
   * Throws UsageError 'campaign.state', 'campaign.approval', 'campaign.too-many' or, unless it is forced, 'image.lost'
   * (409) and, unless devices may join later, 'campaign.nobody' (409: it is for no device, and none runs its image
   * already), or 'precondition.failed' (412); EnvironmentError where octets cannot be fetched.
   */
  async start(
    reference: string,
    author: Author,
    { force = false, precondition = {} }: { force?: boolean; precondition?: Precondition } = {},
  ): Promise<CampaignStatus> {
    const campaign = this.campaign(reference)
    const { state, definition, image } = campaign
    if (state === 'draft' && !force) {
      if (!definition.lateJoiners) await this.#findSomebody(campaign)
      await this.#parts.images.ready(image, image.sha256)
    }
    return this.#statusOf(this.#parts.actors.act(this.#asSeen(reference, precondition), 'start', author))
  }

  /** As far as it takes to find one. */
  async #findSomebody({ name, definition, image: { sha256 } }: Campaign): Promise<void> {
    const image = this.#parts.images.image(sha256)
    const isThere = ({ eligible, excluded }: Tally): boolean => eligible > 0 || excluded.has(runsAlready(image))
    const tally = await this.#tallyOf(definition, image, this.#parts.now(), isThere)
    if (isThere(tally)) return
    throw new UsageError('campaign.nobody', `campaign ${name} is for nobody: ${nobodyText(tally)}`, {
      status: 409,
      hint: `${(tally.found === 0 ? nobodyHint(definition.selector) : undefined) ?? 'it stays a draft'}; with --force it is started all the same`,
    })
  }

  /** The campaign that takes back. Throws UsageError 'campaign.rollback' or 'campaign.state' (409). */
  rollBack(
    reference: string,
    image: string | undefined,
    author: Author,
    precondition: Precondition = {},
  ): CampaignStatus {
    const campaign = this.#asSeen(reference, precondition)
    const back = image === undefined ? undefined : this.#parts.images.image(image, campaign.image.product)
    const created = this.#parts.actors.rollBack(campaign, back, author)
    return { ...this.#statusOf(created), warnings: this.#leftWhereTheyAre(campaign, created) }
  }

  #leftWhereTheyAre({ id }: Campaign, { backTo }: Campaign): readonly string[] {
    if (backTo === undefined) return []
    const origins = this.#parts.store.campaignOrigins(id, mostOrigins)
    return origins.flatMap(({ version, count }) => {
      if (version === undefined || backTo.some((image) => image.version === version)) return []
      return [
        `not taken back: ${count} of the devices, which ran ${version} before; there is no image of that to go back to`,
      ]
    })
  }

  /**
   * A draft, or a campaign that is over, with all that was kept of it. Throws UsageError 'campaign.unknown' (404),
   * 'campaign.state' (409: it is under way, or its devices are being taken back).
   */
  remove(reference: string, author: Author, precondition: Precondition = {}): void {
    this.#parts.actors.remove(this.#asSeen(reference, precondition), author)
  }

  /** In device order, with ids above `after`. */
  devices(
    reference: string,
    state: CampaignDeviceState | undefined,
    after: number,
    limit: number,
  ): readonly CampaignDevice[] {
    return this.#parts.store.campaignDevices(this.campaign(reference).id, state, after, limit)
  }

  report(reference: string): CampaignReport {
    const { store, now } = this.#parts
    const campaign = this.campaign(reference)
    const status = this.#statusOf(campaign)
    const from = campaign.startedAt ?? campaign.createdAt
    const to = instantOf(Math.max(campaign.finishedAt ?? now(), from + 1))
    const wayBack = status.rollback === undefined ? undefined : this.#statusOf(status.rollback)
    return {
      verdict: status.verdict,
      summary: [
        ...summaryOf(campaign, status.counts, wayBack),
        ...(status.totals.total > 0 && store.campaignDevices(campaign.id, undefined, 0, 1).length === 0
          ? ['Its devices were forgotten since, one by one; the numbers are kept.']
          : []),
      ],
      status,
      failures: failuresOf(store, campaign),
      entries: store.campaignEntries(campaign.id, entriesTold),
      progress: store.campaignProgress(campaign.id, from, to, progressSteps),
      ...(wayBack === undefined ? {} : { rollback: wayBack }),
    }
  }

  /** Campaigns that need an image, in words; none where it may be removed. */
  needing(image: Image): readonly string[] {
    const { store } = this.#parts
    return store
      .activeCampaigns()
      .flatMap((id) => store.campaign(id) ?? [])
      .filter((campaign) => this.#needs(campaign, image))
      .map(({ name }) => `campaign ${name}`)
  }

  #needs({ image: goal, backTo = [goal], definition, rollback }: Campaign, image: Image): boolean {
    const { onBreach, rollbackTo } = definition
    // Each device would be taken back to what it came from, whatever that turns out to be.
    const mayGoBack = onBreach === 'rollback' && rollbackTo === undefined && rollback === undefined
    if (mayGoBack && image.product === goal.product) return true
    if (rollbackTo === image.sha256) return true
    return backTo.some(({ sha256, product, fromVersions }) => {
      if (sha256 === image.sha256) return true
      if (product !== image.product || fromVersions === undefined) return false
      return this.#parts.images.waysTo(this.#parts.images.image(sha256), false).mayGoOver(image)
    })
  }

  #defined(draft: CampaignDraft): { image: Image; definition: CampaignDefinition } {
    const { images } = this.#parts
    const image = images.image(draft.image, draft.select?.product)
    const back = draft.rollbackTo === undefined ? undefined : images.image(draft.rollbackTo, image.product)
    const product = draft.select?.product
    if (product !== undefined && product !== image.product) throw otherProduct('select.product', product, image)
    if (back !== undefined && back.product !== image.product) throw otherProduct('rollbackTo', back.product, image)
    if (back !== undefined) this.#holdHome(back, image)
    return { image, definition: definitionOf(draft, image.product, back?.sha256) }
  }

  /** What a breach would find out is said before: no way leads back to it. */
  #holdHome(back: Image, { sha256, version }: Image): void {
    const way = this.#parts.images.waysTo(back, false).from({ version, sha256 })
    const obstacle =
      back.sha256 === sha256 ? 'it is what the campaign installs' : 'misfit' in way ? way.misfit.reason : undefined
    if (obstacle === undefined) return
    const message = `rollbackTo: no way leads from ${version} back to ${back.version}: ${obstacle}`
    throw new UsageError('campaign.definition', message, { status: 422, members: { field: 'rollbackTo' } })
  }

  /** Of all devices of the selection, or until it is `enough`. */
  async #tallyOf(
    definition: CampaignDefinition,
    image: Image,
    now: Instant,
    enough: (tally: Tally) => boolean = () => false,
  ): Promise<Tally> {
    const { selector, deltas } = definition
    const ways = this.#parts.images.waysTo(image, deltas === true)
    const unknown = await this.#unknownOf(definition)
    const isTakenBack = definition.onBreach === 'rollback' && definition.rollbackTo === undefined
    const homes = new Set(this.#parts.images.list(image.product).map((each) => each.version))
    const tally = new FleetTally(unknown, (device) => {
      const facts = factsOf(device)
      const path = ways.from(runningOf(facts))
      const { version } = facts.vitals
      const isOtherwise = facts.product !== undefined && facts.product !== image.product
      return {
        path,
        unfit: unfitnessOf(facts, selector, image, now) ?? unfitnessOfWay(path, image)?.reason,
        isNewer: !isOtherwise && isNewer(version, image.version),
        isOtherwise,
        isHomeless: isTakenBack && version !== undefined && !homes.has(version),
      }
    })
    for await (const devices of this.#pages(selector)) {
      for (const device of devices) tally.add(device)
      if (enough(tally)) break
      await this.#parts.breathe()
    }
    return tally
  }

  async *#pages({
    endpoints,
    product,
    tags,
  }: CampaignDefinition['selector']): AsyncGenerator<readonly DeviceWithStatus[]> {
    const { registry } = this.#parts
    if (endpoints !== undefined) {
      for (let i = 0; i < endpoints.length; i += pageSize) {
        const known = endpoints.slice(i, i + pageSize).filter((endpoint) => registry.knows(endpoint))
        yield known.map((endpoint) => registry.device(endpoint))
      }
      return
    }
    let cursor: string | undefined
    do {
      const filter = { tags, ...(product === undefined ? {} : { product }) }
      const page = registry.list(filter, { limit: pageSize, ...(cursor === undefined ? {} : { cursor }) })
      yield page.devices
      cursor = page.next
    } while (cursor !== undefined)
  }

  /** Endpoints of the selection that nobody knows. */
  async #unknownOf({ selector }: Pick<CampaignDefinition, 'selector'>): Promise<Tally['unknown']> {
    const { endpoints = [] } = selector
    const examples: string[] = []
    let count = 0
    for (const [i, endpoint] of endpoints.entries()) {
      if (i % pageSize === pageSize - 1) await this.#parts.breathe()
      if (this.#parts.registry.knows(endpoint)) continue
      count++
      if (examples.length < examplesTold) examples.push(endpoint)
    }
    return { count, examples }
  }

  #statusOf(campaign: Campaign): CampaignStatus {
    return statusOf(campaign, this.#parts.store, this.#parts.now())
  }
}

function otherProduct(field: string, product: string, image: Image): UsageError {
  return new UsageError(
    'campaign.definition',
    `${field}: ${image.version} is an image for ${image.product}, not for ${product}`,
    {
      status: 422,
      members: { field },
    },
  )
}
