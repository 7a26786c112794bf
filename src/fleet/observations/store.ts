/** What observe intents ask of the store. */
import type { Instant } from '../../base/time.ts'
import type { DeviceId } from '../registry/types.ts'
import type { Observation } from './types.ts'

export type ObservationsOp =
  /** Inserts or replaces; the key is device and path. */
  | { readonly op: 'observation.put'; readonly observation: Observation }
  /** A notification of an established one; replaces time and numbers of the last. */
  | {
      readonly op: 'observation.heard'
      readonly deviceId: DeviceId
      readonly path: string
      readonly at: Instant
      readonly sequence?: number
      readonly messageId?: number
    }
  | { readonly op: 'observation.delete'; readonly deviceId: DeviceId; readonly path: string }

export interface ObservationsStore {
  observations(deviceId: DeviceId, limit: number): readonly Observation[]
}
