/** What the configuration of devices asks of the store. */
import type { DeviceId } from '../registry/types.ts'
import type { Configuration, ConfigurationObserver } from './types.ts'

export type ConfigurationOp =
  /** Inserts or replaces; without a configuration there is none any more. */
  | {
      readonly op: 'device.config'
      readonly deviceId: DeviceId
      readonly configuration: Configuration | undefined
    }
  /** Inserts, or replaces the device's observer of the same token. */
  | { readonly op: 'config-observer.put'; readonly observer: ConfigurationObserver }
  | { readonly op: 'config-observer.delete'; readonly deviceId: DeviceId; readonly token: string }

export interface ConfigurationStore {
  configuration(deviceId: DeviceId): Configuration | undefined
  /** Of one device, the one that has observed longest first. */
  configurationObservers(deviceId: DeviceId): readonly ConfigurationObserver[]
}
