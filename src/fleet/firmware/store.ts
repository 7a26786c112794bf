/** What firmware updates ask of the store. */
import type { Instant } from '../../base/time.ts'
import type { DeviceId } from '../registry/types.ts'
import type { FirmwareUpdate } from './types.ts'

export type FirmwareOp =
  /** Inserts, or replaces the row of the same id. */
  | { readonly op: 'update.put'; readonly update: FirmwareUpdate }
  /** A confirmed one has failed after all; nothing where it is not confirmed, or forgotten. */
  | { readonly op: 'update.reverted'; readonly id: number; readonly at: Instant; readonly reason: string }

export interface FirmwareStore {
  update(id: number): FirmwareUpdate | undefined
  /** Newest first. */
  updates(deviceId: DeviceId | undefined, limit: number): readonly FirmwareUpdate[]
  openUpdate(deviceId: DeviceId): FirmwareUpdate | undefined
  /** Updates that are not finished and need the image or the delta, now or further on, at most `limit`. */
  openUpdatesNeeding(sha256: string, limit: number): readonly FirmwareUpdate[]
  lastUpdateId(): number
}
