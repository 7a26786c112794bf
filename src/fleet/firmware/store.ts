/** What firmware updates ask of the store. */
import type { DeviceId } from '../registry/types.ts'
import type { FirmwareUpdate } from './types.ts'

export type FirmwareOp =
  /** Inserts, or replaces the row of the same id. */
  { readonly op: 'update.put'; readonly update: FirmwareUpdate }

export interface FirmwareStore {
  update(id: number): FirmwareUpdate | undefined
  /** Newest first. */
  updates(deviceId: DeviceId | undefined, limit: number): readonly FirmwareUpdate[]
  openUpdate(deviceId: DeviceId): FirmwareUpdate | undefined
  /** Updates that are not finished and need the image or the delta, now or further on, at most `limit`. */
  openUpdatesNeeding(sha256: string, limit: number): readonly FirmwareUpdate[]
  lastUpdateId(): number
}
