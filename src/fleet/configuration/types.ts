/** What an operator gives a device to fetch: one JSON document a device, whole or not at all. */
import type { Instant } from '../../base/time.ts'
import type { DeviceId } from '../registry/types.ts'

export interface Configuration {
  readonly deviceId: DeviceId
  /** JSON text. */
  readonly document: string
  /** Whole milliseconds; later with each change of the document. */
  readonly changedAt: Instant
}
