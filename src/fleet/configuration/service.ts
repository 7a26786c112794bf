/** Configuration for the API: read from the store, changed through the device's actor, which tells the device. */
import { UsageError } from '../../base/errors.ts'
import type { Commands } from '../commands.ts'
import type { RegistryService } from '../registry/service.ts'
import type { EndpointName } from '../registry/types.ts'
import type { ConfigurationStore } from './store.ts'
import type { Configuration } from './types.ts'

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
  read(endpoint: EndpointName): Configuration {
    const configuration = this.#store.configuration(this.#registry.device(endpoint).id)
    if (configuration === undefined) {
      throw new UsageError('configuration.unset', `'${endpoint}' has no configuration`, {
        status: 404,
        hint: `coapstan devices config set ${endpoint} '{"interval":60}' gives it one`,
      })
    }
    return configuration
  }

  /** `document` is JSON text. Throws UsageError 'device.unknown' (404) or 'configuration.too-large' (413). */
  async set(endpoint: EndpointName, document: string): Promise<Configuration> {
    this.#registry.device(endpoint)
    await this.#commands.submit({ command: 'configuration.set', endpoint, document })
    return this.read(endpoint)
  }

  /** There is none afterwards, whether there was one or not. */
  async remove(endpoint: EndpointName): Promise<void> {
    this.#registry.device(endpoint)
    await this.#commands.submit({ command: 'configuration.set', endpoint, document: undefined })
  }
}
