/**
 * Observation rules meet a device: what they want of it becomes its intents, what no rule wants any more
 * is forgotten. The device hears of the end by RST to its next notification (RFC 7641 §3.6).
 */
import { pathsFor } from '../fleet/observation-rules/rules.ts'
import type { Observation } from '../fleet/observations/types.ts'
import type { NotificationAttributes } from '../lwm2m/attributes.ts'
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
    const known = intentAt(draft, path)
    const asked = known?.origins.includes('operator') === true ? undefined : onlyThese(attributes, known)
    wantObserved(draft, device.id, path, 'rule', asked)
  }
}

/** What was wanted before and is not any more is taken away on the device, too. */
function onlyThese(attributes: NotificationAttributes = {}, known: Observation | undefined): NotificationAttributes {
  const before = Object.entries(known?.attributes?.wanted ?? {}).filter(([, value]) => value !== null)
  const none = Object.fromEntries(before.map(([name]) => [name, null]))
  return { ...none, ...attributes }
}
