/** What was learned of a device by talking with it, kept with the device and written with its other changes. */
import type { Instant } from '../../base/time.ts'
import type { FormatMemory } from '../../lwm2m/management/device-view.ts'
import type { NetworkFacts } from '../../lwm2m/network.ts'
import type { PowerSaving } from '../../lwm2m/power-saving.ts'
import type { WakeSamples } from '../../lwm2m/queue-mode.ts'

export interface Learned {
  /** Content formats it has shown to speak. */
  readonly formats?: FormatMemory
  /** How long it listens after an uplink, and how often it wakes. */
  readonly wake?: WakeSamples
  /** Its network, as /4 reported it last. */
  readonly network?: NetworkFacts
  /** Its modem's sleep, as /10 reported it last. */
  readonly powerSaving?: PowerSaving
  readonly vitals?: Vitals
  /** /3/0/1 Model Number; empty where the device was asked and told none. */
  readonly model?: string
  /** The registration in which it was last asked what we want to know of it by ourselves. */
  readonly askedIn?: string
  readonly watch?: VersionWatch
}

/** The last confirmed update of a device. */
interface VersionWatch {
  readonly update: number
  readonly campaign?: number
  /** The object instance that took the package. */
  readonly target: string
  readonly version: string
  readonly fromVersion: string
  readonly since: Instant
  readonly until: Instant
}

/** What a device reported last of what others decide by; a value stands until it reports another. */
interface Vitals {
  /** /3/0/3, what runs. */
  readonly version?: string
  /** /3/0/18. */
  readonly hardware?: string
  /** /3/0/9, percent. */
  readonly battery?: number
  /** /4/0/2, dBm. */
  readonly signal?: number
  /** /4/0/8. */
  readonly cell?: number
  /** /3/0/14 and /3/0/15. */
  readonly utcOffset?: string
  readonly timezone?: string
}
