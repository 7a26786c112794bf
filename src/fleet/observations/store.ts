/** What observe intents ask of the store. */
import type { DeviceId } from '../registry/types.ts'
import type { Observation } from './types.ts'

export type ObservationsOp =
  /** Inserts or replaces; the key is device and path. */
  | { readonly op: 'observation.put'; readonly observation: Observation }
  | { readonly op: 'observation.delete'; readonly deviceId: DeviceId; readonly path: string }

export interface ObservationsStore {
  observations(deviceId: DeviceId, limit: number): readonly Observation[]
}
