/** What firmware updates ask of the store. */
import type { Instant } from '../../base/time.ts'
import type { DeviceId } from '../registry/types.ts'
import type { FirmwareUpdate } from './types.ts'

export type FirmwareOp =
  /** Inserts, or replaces the row of the same id. */
  | { readonly op: 'update.put'; readonly update: FirmwareUpdate }
  /** A confirmed one has failed after all; nothing where it is not confirmed, or forgotten. */
  | { readonly op: 'update.reverted'; readonly id: number; readonly at: Instant; readonly reason: string }
  /** Forgets finished ones of a device beyond the newest `keep`, but the newest confirmed: deltas are made from that. */
  | { readonly op: 'update.trim'; readonly deviceId: DeviceId; readonly keep: number }
  /** Forgets those with ids above `after`, up to `upTo`, that ended before `before`; of a known device not the newest confirmed. */
  | { readonly op: 'update.forget'; readonly after: number; readonly upTo: number; readonly before: Instant }

/** Finished updates of one device forgotten in one go; a lowered limit is reached over several. */
export const trimSlice = 32

export interface FirmwareStore {
  update(id: number): FirmwareUpdate | undefined
  /** Newest first. */
  updates(deviceId: DeviceId | undefined, limit: number): readonly FirmwareUpdate[]
  openUpdate(deviceId: DeviceId): FirmwareUpdate | undefined
  /** Updates that are not finished and need the image or the delta, now or further on, at most `limit`. */
  openUpdatesNeeding(sha256: string, limit: number): readonly FirmwareUpdate[]
  /** The last id of at most `limit` updates above `after`, all begun before `before`; undefined where there is none. */
  updatesBegunBefore(before: Instant, after: number, limit: number): number | undefined
  lastUpdateId(): number
}
