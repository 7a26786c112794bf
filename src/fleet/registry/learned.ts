/** What was learned of a device by talking with it, kept with the device and written with its other changes. */
import type { FormatMemory } from '../../lwm2m/management/device-view.ts'
import type { WakeSamples } from '../../lwm2m/queue-mode.ts'

export interface Learned {
  /** Content formats it has shown to speak. */
  readonly formats?: FormatMemory
  /** How long it listens after an uplink, and how often it wakes. */
  readonly wake?: WakeSamples
}
