/** What the configuration of devices asks of the store. */
import type { DeviceId } from '../registry/types.ts'
import type { Configuration } from './types.ts'

export type ConfigurationOp =
  /** Inserts or replaces; without a configuration there is none any more. */
  {
    readonly op: 'device.config'
    readonly deviceId: DeviceId
    readonly configuration: Configuration | undefined
  }

export interface ConfigurationStore {
  configuration(deviceId: DeviceId): Configuration | undefined
}
