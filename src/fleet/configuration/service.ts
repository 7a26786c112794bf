/** Configuration for the API: read from the store, changed through the device's actor, which tells the device. */
import { UsageError } from '../../base/errors.ts'
import type { Commands } from '../commands.ts'
import type { Precondition } from '../precondition.ts'
import type { RegistryService } from '../registry/service.ts'
import type { EndpointName } from '../registry/types.ts'
import type { ConfigurationStore } from './store.ts'
import type { ObservedConfiguration } from './types.ts'

export class ConfigurationService {
  readonly #store: ConfigurationStore
  readonly #commands: Commands
  readonly #registry: Pick<RegistryService, 'device'>

  constructor(store: ConfigurationStore, commands: Commands, registry: Pick<RegistryService, 'device'>) {
    this.#store = store
    this.#commands = commands
    this.#registry = registry
  }

  /** Throws UsageError 'device.unknown' or 'configuration.unset', both 404. */
  read(endpoint: EndpointName): ObservedConfiguration {
    const { id } = this.#registry.device(endpoint)
    const configuration = this.#store.configuration(id)
    if (configuration === undefined) {
      throw new UsageError('configuration.unset', `'${endpoint}' has no configuration`, {
        status: 404,
        hint: `coapstan devices config set ${endpoint} '{"interval":60}' gives it one`,
      })
    }
    const observers = this.#store.configurationObservers(id)
    const told = observers.filter(({ toldAt }) => toldAt === configuration.changedAt).length
    return { ...configuration, observers: { count: observers.length, told } }
  }

  /** `document` is JSON text. Throws UsageError 'device.unknown' (404) or 'configuration.too-large' (413). */
  async set(endpoint: EndpointName, document: string, precondition: Precondition = {}): Promise<ObservedConfiguration> {
    this.#registry.device(endpoint)
    await this.#commands.submit({ command: 'configuration.set', endpoint, document, precondition })
    return this.read(endpoint)
  }

  /** There is none afterwards, whether there was one or not. */
  async remove(endpoint: EndpointName, precondition: Precondition = {}): Promise<void> {
    this.#registry.device(endpoint)
    await this.#commands.submit({ command: 'configuration.set', endpoint, document: undefined, precondition })
  }
}
