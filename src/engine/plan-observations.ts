/**
 * Observe intents and what comes of them: established again after each registration, fed by
 * notifications in order (RFC 7641 §3.4), ended by an error notification (§4.2). And Send (Core 1.2 §6.4.6).
 */
import { isFault } from '../base/fault.ts'
import { codeText, isSuccess, response as codes } from '../coap/codes.ts'
import { isNewer } from '../coap/observe.ts'
import type { Observation } from '../fleet/observations/types.ts'
import { isObserve } from '../fleet/operations/rules.ts'
import type { Operation } from '../fleet/operations/types.ts'
import { reactionTo } from '../lwm2m/reactions.ts'
import type { InternalInput, UplinkInput } from './inputs.ts'
import { change, forget, renew } from './intents.ts'
import { mayChange, mayNotify } from './ownership.ts'
import { samplesWithin } from './firmware-report.ts'
import { planFirmwareReport } from './plan-firmware.ts'
import type { PlanContext } from './plan-context.ts'
import { samplesOf, sentSamplesOf } from './requests.ts'
import { planSleepSign } from './plan-sleep.ts'
import { finish } from './queue.ts'
import type { Draft } from './state.ts'

type Of<K extends UplinkInput['input']> = Extract<UplinkInput, { input: K }>

export function planNotification(draft: Draft, input: Of<'notification'>, context: PlanContext): void {
  const { device } = draft.next
  const observation = draft.next.observations.find(({ token }) => token === input.token)
  if (device === undefined || observation === undefined) {
    draft.effects.push({ effect: 'reject', exchange: input.exchange })
    return
  }
  if (!mayNotify(draft.next, input.from)) {
    // RST ends the observation on the device (RFC 7641 §3.6): ask again once the device is known again.
    renew(draft, [observation])
    draft.effects.push({ effect: 'reject', exchange: input.exchange })
    return
  }
  draft.effects.push({ effect: 'heard', peer: input.from.peer })
  if (!isSuccess(input.code)) {
    draft.effects.push({ effect: 'acknowledge', exchange: input.exchange })
    change(draft, observation, { state: 'refused', reason: `the device ended it with ${codeText(input.code)}` })
    draft.event('observation.ended', { path: observation.path, code: codeText(input.code) })
    return
  }
  if (input.more) {
    draft.effects.push({ effect: 'fetch-rest', exchange: input.exchange, observation, input })
    return
  }
  draft.effects.push({ effect: 'acknowledge', exchange: input.exchange })
  const isNewest = isNews(observation, input, draft)
  // The same message again, whose first copy was answered before a restart.
  if (!isNewest && input.sequence === observation.lastSequence) return
  const samples = samplesOf(draft.now, observation.path, input, context.views.of(draft.next))
  draft.ops.push({ op: 'device.seen', deviceId: device.id, at: draft.now })
  draft.change({ device: { ...device, lastSeen: draft.now } })
  if (isNewest) establishedBy(draft, observation, input)
  draft.event('notification', {
    path: observation.path,
    ...(isFault(samples)
      ? { undecodable: samples.fault, contentFormat: input.contentFormat ?? null }
      : { samples: samples.samples }),
    // Its values are history: what is known as current stays (RFC 7641 §3.4).
    ...(isNewest ? {} : { overtaken: true }),
  })
  if (isFault(samples)) return
  draft.quirks(samples.quirks)
  if (isNewest) planFirmwareReport(draft, samples.samples, context)
}

function establishedBy(draft: Draft, observation: Observation, input: Of<'notification'>): void {
  // The answer to an Observe that was thought lost, for it carries the same token.
  const asked = draft.next.operations.find(
    ({ kind, messageId, path }) => isObserve(kind) && path === observation.path && messageId !== undefined,
  )
  change(draft, observation, {
    state: 'established',
    lastNotification: draft.now,
    ...(input.sequence === undefined ? {} : { lastSequence: input.sequence }),
  })
  if (asked !== undefined) finish(draft, asked, { state: 'acknowledged', code: codeText(input.code) })
}

function isNews(observation: Observation, input: Of<'notification'>, draft: Draft): boolean {
  const { lastSequence, lastNotification } = observation
  if (input.sequence === undefined || lastSequence === undefined || lastNotification === undefined) return true
  return isNewer({ sequence: lastSequence, at: lastNotification }, draft.now, input.sequence)
}

/** The device's answer to an observation that we asked for again by ourselves. */
export function planObserved(
  draft: Draft,
  input: Extract<InternalInput, { input: 'observed' }>,
  context: PlanContext,
): void {
  planSleepSign(draft, input.sleep)
  const observation = draft.next.observations.find(({ path }) => path === input.path)
  if (observation === undefined) return
  if (input.answer.formats !== undefined) draft.learn({ formats: input.answer.formats })
  draft.quirks(input.answer.quirks)
  if (input.answer.answer === 'acknowledged') {
    established(draft, observation, input.answer.result)
    planFirmwareReport(draft, samplesWithin(input.answer.result), context)
  } else if (input.answer.answer === 'failed') {
    change(draft, observation, { state: 'refused', reason: input.answer.detail })
    draft.event('observation.ended', { path: observation.path, reason: input.answer.detail })
  }
}

/** What the end of an observe or cancel operation means for the intent. */
export function planObserveAnswer(draft: Draft, operation: Operation): void {
  const observation = draft.next.observations.find(({ path }) => path === operation.path)
  if (observation === undefined) return
  const isDone = operation.state === 'acknowledged'
  if (isObserve(operation.kind) && isDone) established(draft, observation, operation.result)
  else if (isObserve(operation.kind) && observation.state === 'wanted') forget(draft, observation)
  else if (operation.kind === 'cancel-observe' && isDone) forget(draft, observation)
}

function established(draft: Draft, observation: Observation, result: unknown): void {
  change(draft, observation, { state: 'established', lastNotification: draft.now })
  draft.event('observation.established', { path: observation.path, ...(result === undefined ? {} : { result }) })
}

export function planSend(draft: Draft, input: Of<'send'>, context: PlanContext): void {
  const { device, registration } = draft.next
  if (device === undefined || registration === undefined || !mayChange(draft.next, input.from)) {
    draft.effects.push({
      effect: 'respond',
      exchange: input.exchange,
      response: reactionTo({ fault: 'send.not-registered' }),
    })
    return
  }
  draft.effects.push({ effect: 'heard', peer: input.from.peer })
  const samples = sentSamplesOf(draft.now, input, context.views.of(draft.next))
  if (isFault(samples)) {
    draft.event('send', { undecodable: samples.detail ?? samples.fault, contentFormat: input.contentFormat ?? null })
    draft.effects.push({ effect: 'respond', exchange: input.exchange, response: reactionTo(samples) })
    return
  }
  draft.quirks(samples.quirks)
  draft.ops.push({ op: 'device.seen', deviceId: device.id, at: draft.now })
  draft.change({ device: { ...device, lastSeen: draft.now } })
  draft.event('send', { samples: samples.samples })
  planFirmwareReport(draft, samples.samples, context)
  draft.effects.push({ effect: 'respond', exchange: input.exchange, response: { code: codes.changed } })
}
