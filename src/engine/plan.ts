/**
 * The device actor's one function: `plan(state, input, now) → { next, ops, effects }`. Decides everything,
 * does nothing; each kind of input has its planner.
 */
import { unreachable } from '../base/errors.ts'
import { milliseconds, type Instant } from '../base/time.ts'
import type { PlanContext } from './plan-context.ts'
import { isInternal, type ActorInput } from './inputs.ts'
import { planCommand } from './plan-commands.ts'
import { planFirmware } from './plan-firmware.ts'
import { planInquired } from './inquiry.ts'
import { planAttributed, planNotification, planObserved, planRestMissed, planSend } from './plan-observations.ts'
import { planDeadlines, planForgotten, planOutcome, planRecovery, planTransmit } from './plan-operations.ts'
import { planConfigurationTold } from './plan-config-observers.ts'
import { planConfiguration, planData } from './plan-plain.ts'
import { planDeregister, planExpiry, planRegister, planUpdate } from './plan-registration.ts'
import { planRules } from './plan-rules.ts'
import { keepLearned, planHeard } from './plan-sleep.ts'
import { endOutlivedWatch } from './plan-watch.ts'
import { Draft, type DeviceState, type Plan } from './state.ts'

export function plan(state: DeviceState, input: ActorInput, now: Instant, context: PlanContext): Plan {
  const draft = new Draft(state, now, causeOf(input), context.ids)
  switch (input.input) {
    case 'register': {
      const taken = planRegister(draft, input, context.settings)
      if (taken === 'refused') break
      if (taken === 'new') {
        planForgotten(draft, context)
        planRules(draft, context)
      }
      planFirmware(draft, { input: 'registered', registrationId: draft.next.registration!.id }, context)
      break
    }
    case 'update':
      planUpdate(draft, input)
      if (isHeard(draft)) planRules(draft, context)
      break
    case 'deregister':
      planDeregister(draft, input)
      break
    case 'notification':
      planNotification(draft, input, context)
      break
    case 'send':
      planSend(draft, input, context)
      break
    case 'data':
      planData(draft, input, context)
      break
    case 'configuration':
      planConfiguration(draft, input, context)
      break
    case 'configuration-told':
      planConfigurationTold(draft, input)
      break
    case 'transmit':
      planTransmit(draft, input)
      break
    case 'outcome':
      planOutcome(draft, input, context)
      break
    case 'observed':
      planObserved(draft, input, context)
      break
    case 'attributed':
      planAttributed(draft, input, context)
      break
    case 'inquired':
      planInquired(draft, input, context)
      break
    case 'rest-missed':
      planRestMissed(draft, input)
      break
    case 'block-served':
    case 'block-pushed':
      planFirmware(draft, input, context)
      break
    case 'due':
      planExpiry(draft, milliseconds(context.settings['registration.grace']))
      planDeadlines(draft, context)
      planFirmware(draft, { input: 'tick' }, context)
      break
    case 'recovered':
      planRecovery(draft)
      break
    case 'command':
      planCommand(draft, input, context)
      break
    default:
      unreachable(input)
  }
  if (isInternal(input) && 'exchange' in input && input.exchange !== undefined) {
    draft.effects.push({ effect: 'acknowledge', exchange: input.exchange })
  }
  if (draft.ops.length > 0 && showsItself(input)) draft.see()
  if (isHeard(draft)) {
    planHeard(draft, state.device?.lastSeen, context)
    if (draft.next.update?.state === 'proving') planFirmware(draft, { input: 'heard' }, context)
  }
  endOutlivedWatch(draft)
  keepLearned(draft)
  return draft
}

/** Whether the device itself spoke, as far as it had to prove that. */
function isHeard(draft: Draft): boolean {
  return draft.effects.some(({ effect }) => effect === 'heard')
}

/** Whether the device did something that nobody else can: it answered us, or fetched what it was offered. */
function showsItself(input: ActorInput): boolean {
  switch (input.input) {
    case 'outcome':
    case 'observed':
    case 'attributed':
    case 'inquired':
      return 'code' in input.answer && input.answer.code !== undefined
    case 'block-served':
    case 'block-pushed':
      return input.isOwn
    default:
      return false
  }
}

function causeOf(input: ActorInput): string {
  switch (input.input) {
    case 'command':
      return 'operator'
    case 'outcome':
      return `operation ${input.operationId}`
    case 'transmit':
      return `operation ${input.operation.id}`
    case 'due':
      return 'deadline'
    case 'recovered':
      return 'restart'
    default:
      return input.input
  }
}
