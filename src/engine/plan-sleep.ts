/**
 * What a device shows of its sleep: how long it listens after an uplink, how often it wakes. Learned from
 * every wake; written with other changes of the device only, never as a commit of its own.
 */
import { after, between, type Instant } from '../base/time.ts'
import { chosenProfile } from '../fleet/registry/profile-choice.ts'
import { awakeWindowOf } from '../fleet/registry/rules.ts'
import { isNews, noteAnswer, noteMiss, noteWake } from '../lwm2m/queue-mode.ts'
import type { SleepSign } from './inputs.ts'
import type { PlanContext } from './plan-context.ts'
import type { Draft } from './state.ts'

/** A request was answered, or not. */
export function planSleepSign(draft: Draft, sign: SleepSign | undefined, context: PlanContext): void {
  const { registration, wake } = draft.next
  if (sign === undefined || registration?.queueMode !== true) return
  const usual = awakeWindowOf(profileOf(draft, context))
  if (usual === 'always') return
  const learned = sign.sign === 'answered' ? noteAnswer(wake, sign.after, usual) : noteMiss(wake, sign.after)
  draft.change({ wake: learned })
}

/** The device spoke by itself; `before` is when it had been heard last. Within its awake window that is no new wake. */
export function planHeard(draft: Draft, before: Instant | undefined, context: PlanContext): void {
  const { registration, wake, wokeAt } = draft.next
  if (registration?.queueMode !== true) return
  const window = awakeWindowOf(profileOf(draft, context), wake)
  if (before !== undefined && (window === 'always' || draft.now < after(before, window))) return
  const noted = wokeAt === undefined ? undefined : noteWake(wake, between(wokeAt, draft.now))
  draft.change({ wake: noted ?? wake, wokeAt: draft.now })
}

function profileOf({ next: { device, registration } }: Draft, { statusRules }: PlanContext) {
  return chosenProfile(device, registration, statusRules.profiles).profile
}

/** Whatever is committed takes along what was learned since, where it says something new. */
export function keepLearned(draft: Draft): void {
  const { device, wake } = draft.next
  if (draft.ops.length === 0 || device === undefined || !isNews(wake, device.learned?.wake)) return
  draft.learn({ wake })
}
