/** What a plan may look at besides the state and the input: nothing that changes by looking. */
import type { Settings } from '../config/tunables.ts'
import type { ObservationRule } from '../fleet/observation-rules/types.ts'
import type { Instant } from '../base/time.ts'
import type { StatusRules } from '../fleet/registry/rules.ts'
import type { DeviceViews } from './device-view.ts'
import type { EngineOutput } from './ports.ts'
import type { Ids } from './state.ts'

export interface PlanContext {
  readonly ids: Ids
  readonly views: DeviceViews
  readonly settings: Settings
  readonly statusRules: StatusRules
  readonly observationRules: readonly ObservationRule[]
  /** Since when this process hears devices: what they said before may have met nobody. */
  readonly listeningSince: Instant
  /** What firmware is served under. */
  readonly reach: Pick<EngineOutput, 'servers' | 'downloadPath'>
}
