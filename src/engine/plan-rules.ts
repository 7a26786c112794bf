/**
 * Observation rules meet a device: what they want of it becomes its intents, what no rule wants any more
 * is forgotten. The device hears of the end by RST to its next notification (RFC 7641 §3.6).
 */
import { pathsFor } from '../fleet/observation-rules/rules.ts'
import { forget, wantObserved } from './intents.ts'
import type { PlanContext } from './plan-context.ts'
import type { Draft } from './state.ts'

export function planRules(draft: Draft, { observationRules }: PlanContext): void {
  const { device } = draft.next
  if (device === undefined) return
  const wanted = pathsFor(observationRules, device)
  for (const observation of draft.next.observations) {
    if (observation.origin === 'rule' && !wanted.has(observation.path)) forget(draft, observation)
  }
  for (const path of wanted) wantObserved(draft, device.id, path, 'rule')
}
