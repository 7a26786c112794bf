/** Observe intents for many devices at once: kept for ever, met by each device that is selected. */
import type { Instant } from '../../base/time.ts'
import type { NotificationAttributes } from '../../lwm2m/attributes.ts'

/** What is to be observed on every device of a product and with these tags, those to come too. */
export interface ObservationRule {
  readonly id: number
  readonly product?: string
  /** All must hold. */
  readonly tags: Readonly<Record<string, string>>
  readonly path: string
  /** When the devices are to tell. */
  readonly attributes?: NotificationAttributes
  readonly createdAt: Instant
}
