/** Observe intents for the API: what is wanted of a device, and how far it is from that. Reads only. */
import type { RegistryService } from '../registry/service.ts'
import type { EndpointName } from '../registry/types.ts'
import type { ObservationsStore } from './store.ts'
import type { Observation } from './types.ts'

/** Of one device; the engine takes fewer. */
const listLimit = 1_000

export class ObservationsService {
  readonly #store: ObservationsStore
  readonly #registry: Pick<RegistryService, 'device'>

  constructor(store: ObservationsStore, registry: Pick<RegistryService, 'device'>) {
    this.#store = store
    this.#registry = registry
  }

  /** In the order of their paths. Throws UsageError 'device.unknown' (404). */
  list(endpoint: EndpointName): readonly Observation[] {
    return this.#store.observations(this.#registry.device(endpoint).id, listLimit)
  }
}
