/**
 * Observation rules meet a device: what they want of it becomes its intents, what no rule wants any more
 * is forgotten. The device hears of the end by RST to its next notification (RFC 7641 §3.6).
 */
import { pathsFor } from '../fleet/observation-rules/rules.ts'
import { intentAt, release, wantObserved } from './intents.ts'
import type { PlanContext } from './plan-context.ts'
import type { Draft } from './state.ts'

export function planRules(draft: Draft, { observationRules }: PlanContext): void {
  const { device, observations } = draft.next
  if (device === undefined || (observationRules.length === 0 && observations.length === 0)) return
  const wanted = pathsFor(observationRules, device)
  for (const observation of observations) {
    if (observation.origins.includes('rule') && !wanted.has(observation.path)) release(draft, observation, 'rule')
  }
  for (const [path, attributes] of wanted) {
    // What an operator says of this one device goes before what a rule says of many.
    const isOperators = intentAt(draft, path)?.origins.includes('operator') === true
    wantObserved(draft, device.id, path, 'rule', isOperators ? undefined : attributes)
  }
}
