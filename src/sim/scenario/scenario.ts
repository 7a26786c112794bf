/** A scenario as it is run: every member there, in the units everything else counts in. */
import type { Duration } from '../../base/time.ts'
import type { PersonalityName } from '../devices/personalities.ts'
import type { NetworkName } from '../link-quality.ts'

export interface Scenario {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly seed: number
  readonly devices: number
  readonly duration: Duration
  readonly boot: Duration
  readonly compress: number
  readonly mix: readonly (readonly [PersonalityName, number])[]
  readonly networks: Readonly<Partial<Record<NetworkName, NetworkTuning>>>
  /** Over DTLS, with connection ids for this share; undefined: plain CoAP. */
  readonly connectionIds: number | undefined
  readonly observe: readonly string[]
  readonly faults: Faults
  readonly firmware: Firmware | undefined
  /** Unchecked. */
  readonly campaign: Readonly<Record<string, unknown>> | undefined
  readonly campaignAfter: Duration
  readonly expect: Expectations
}

/** What differs from `link-quality.ts` and from the personalities. */
export interface NetworkTuning {
  readonly loss?: number
  readonly lossRun?: number
  readonly latency?: Duration
  readonly jitter?: number
  readonly duplicates?: number
  readonly reordered?: number
  readonly nat?: Duration
  readonly awake?: Duration
  readonly poll?: Duration
}

export interface Faults {
  readonly faultyImage?: { readonly share: number; readonly shows: 'boot' | 'integrity' }
  /** `at`: share of the image that is there by then. */
  readonly powerCut?: { readonly share: number; readonly at: number }
  readonly slowBlocks?: { readonly share: number; readonly pause: Duration }
  readonly natRebinding?: { readonly share: number; readonly every: Duration }
  readonly powerReturn?: {
    readonly share: number
    readonly after: Duration
    readonly off: Duration
    readonly within: Duration
  }
}

export interface Firmware {
  /** Octets. */
  readonly size: number
  /** What every device runs at first. */
  readonly from: string
  readonly to: string
}

export interface Expectations {
  readonly registered?: number
  readonly updated?: number
  readonly updatedAtMost?: number
  readonly campaign?: string
  readonly rolledBack?: boolean
}
