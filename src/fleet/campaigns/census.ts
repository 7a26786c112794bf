/**
 * Looks through all devices a campaign would be for, page by page, and counts them. Keeps nothing of them; what the
 * counts mean is asked elsewhere.
 */
import type { Instant } from '../../base/time.ts'
import type { ImagesService } from '../images/service.ts'
import type { Image } from '../images/types.ts'
import type { RegistryService } from '../registry/service.ts'
import type { DeviceWithStatus } from '../registry/types.ts'
import { factsOf, runningOf, unfitnessOf, unfitnessOfWay } from './selection.ts'
import { examplesTold, FleetTally, type Tally } from './tally.ts'
import type { CampaignDefinition } from './types.ts'

const pageSize = 500

export interface CensusParts {
  readonly images: Pick<ImagesService, 'waysTo'>
  readonly registry: Pick<RegistryService, 'list' | 'device' | 'knows'>
  /** Lets others have their turn in a long look at the fleet. */
  readonly breathe: () => Promise<void>
}

export class Census {
  readonly #parts: CensusParts

  constructor(parts: CensusParts) {
    this.#parts = parts
  }

  /** Of all devices of the selection, or until it is `enough`. */
  async take(
    definition: CampaignDefinition,
    image: Image,
    now: Instant,
    enough: (tally: Tally) => boolean = () => false,
  ): Promise<Tally> {
    const { selector, deltas } = definition
    const ways = this.#parts.images.waysTo(image, deltas === true)
    const unknown = await this.unknownOf(definition)
    const tally = new FleetTally(unknown, (device) => {
      const facts = factsOf(device)
      const path = ways.from(runningOf(facts))
      return { path, unfit: unfitnessOf(facts, selector, image, now) ?? unfitnessOfWay(path, image)?.reason }
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
  async unknownOf({ selector }: Pick<CampaignDefinition, 'selector'>): Promise<Tally['unknown']> {
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
}
