/** What observation rules ask of the store. */
import type { ObservationRule } from './types.ts'

export type ObservationRulesOp =
  | { readonly op: 'observation-rule.put'; readonly rule: ObservationRule }
  | { readonly op: 'observation-rule.delete'; readonly id: number }

export interface ObservationRulesStore {
  /** By id. */
  observationRules(): readonly ObservationRule[]
  /** Highest id ever given, 0 where there is none. */
  lastObservationRuleId(): number
}
