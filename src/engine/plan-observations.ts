/**
 * Observe intents and what comes of them: established again after each registration, fed by
 * notifications in order (RFC 7641 §3.4), ended by an error notification (§4.2). And Send (Core 1.2 §6.4.6).
 */
import { hexOf } from '../base/bytes.ts'
import { isFault, type Fault } from '../base/fault.ts'
import type { Instant } from '../base/time.ts'
import { codeText, isSuccess, response as codes } from '../coap/codes.ts'
import { isNewer } from '../coap/observe.ts'
import type { IntendedAttributes, Observation } from '../fleet/observations/types.ts'
import { compared, oneMoreWritten, pathsOf } from '../fleet/observations/rules.ts'
import { isObserve } from '../fleet/operations/rules.ts'
import type { Operation } from '../fleet/operations/types.ts'
import { effectiveAttributes } from '../lwm2m/observation.ts'
import { parsePath, samePath } from '../lwm2m/path.ts'
import type { DiscoveredPath } from '../lwm2m/payload/discover.ts'
import { reactionTo } from '../lwm2m/reactions.ts'
import type { InternalInput, UplinkInput } from './inputs.ts'
import { change, forget, intentAt, noteHeard, release, renew, toldAnew } from './intents.ts'
import { mayChange, mayNotify } from './ownership.ts'
import { planContentReports, planReports } from './plan-reports.ts'
import type { PlanContext } from './plan-context.ts'
import { exampleLimit } from '../fleet/registry/quirks.ts'
import { attributesOfValue, samplesOf, sentSamplesOf } from './requests.ts'
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
  const order = orderOf(observation, input, draft)
  if (order === 'again') return
  if (order === 'alike') draft.quirks(['notification.number-twice'])
  const isNewest = order !== 'overtaken'
  const samples = samplesOf(draft.now, observation.path, input, context.views.of(draft.next))
  draft.see()
  if (isNewest) establishedBy(draft, observation, input)
  draft.event('notification', {
    path: observation.path,
    ...(isFault(samples) ? unreadable(samples, input) : { samples: samples.samples }),
    // Its values are history: what is known as current stays (RFC 7641 §3.4).
    ...(isNewest ? {} : { overtaken: true }),
  })
  if (isFault(samples)) return draft.quirks(['payload.undecodable'], input.payload)
  draft.quirks(samples.quirks, input.payload)
  if (isNewest) planReports(draft, samples.samples, context)
}

/** Asked for anew, the device gives the whole of what it could not tell (Zephyr keeps no notification for later blocks). */
export function planRestMissed(draft: Draft, { token }: Extract<InternalInput, { input: 'rest-missed' }>): void {
  const observation = draft.next.observations.find((each) => each.token === token)
  if (observation?.state === 'established') change(draft, observation, { state: 'wanted' })
}

function establishedBy(draft: Draft, observation: Observation, input: Of<'notification'>): void {
  // The answer to a cancel that was thought lost: under the same token, and without Observe (RFC 7641 §3.6).
  const cancel = draft.next.operations.find(
    ({ kind, messageId, path }) =>
      kind === 'cancel-observe' && path === observation.path && messageId !== undefined && input.sequence === undefined,
  )
  if (cancel !== undefined) {
    finish(draft, cancel, { state: 'acknowledged', code: codeText(input.code) })
    ended(draft, observation)
    return
  }
  // The answer to an Observe that was thought lost, for it carries the same token.
  const asked = draft.next.operations.find(
    ({ kind, messageId, path }) => isObserve(kind) && path === observation.path && messageId !== undefined,
  )
  const { sequence, messageId } = input
  const numbers = sequence === undefined ? {} : { lastSequence: sequence, lastMessageId: messageId }
  if (observation.state === 'established') noteHeard(draft, observation, numbers)
  else change(draft, observation, { state: 'established', lastNotification: draft.now, ...numbers })
  if (asked !== undefined) finish(draft, asked, { state: 'acknowledged', code: codeText(input.code) })
}

/** What an operator is told of content nobody can read. */
function unreadable(
  { fault, detail }: Fault,
  { contentFormat, payload }: Pick<Of<'notification' | 'send'>, 'contentFormat' | 'payload'>,
) {
  const octets = hexOf(payload.subarray(0, exampleLimit))
  const why = detail === undefined ? {} : { detail }
  return { undecodable: fault, ...why, contentFormat: contentFormat ?? null, payload: octets, size: payload.length }
}

/**
 * again: the same message, whose first copy was answered before a restart. alike: another message under the number of
 * the last one (RFC 7641 §4.4 forbids it; Leshan does it where values change fast), newer since it came later.
 */
type Order = 'newest' | 'overtaken' | 'again' | 'alike'

function orderOf(observation: Observation, input: Of<'notification'>, draft: Draft): Order {
  const { lastSequence, lastMessageId, lastNotification } = observation
  const { sequence, messageId } = input
  if (sequence === undefined || lastSequence === undefined || lastNotification === undefined) return 'newest'
  if (isNewer({ sequence: lastSequence, at: lastNotification }, draft.now, sequence)) return 'newest'
  if (sequence !== lastSequence) return 'overtaken'
  return lastMessageId === undefined || messageId === lastMessageId ? 'again' : 'alike'
}

/** The device's answer to an observation that we asked for again by ourselves. */
export function planObserved(
  draft: Draft,
  input: Extract<InternalInput, { input: 'observed' }>,
  context: PlanContext,
): void {
  planSleepSign(draft, input.sleep, context)
  const observation = intentAt(draft, input.path)
  if (observation === undefined) return
  if (input.answer.formats !== undefined) draft.learn({ formats: input.answer.formats })
  draft.quirks(input.answer.quirks, input.answer.example)
  if (input.answer.answer === 'acknowledged') {
    established(draft, observation, input.answer.result, input.withAttributes)
    planContentReports(draft, input.answer.result, context)
  } else if (input.answer.answer === 'failed') {
    if (input.withAttributes && refusesAttributes(input.answer.code)) return writeInstead(draft, observation)
    change(draft, observation, { state: 'refused', reason: input.answer.detail })
    draft.event('observation.ended', { path: observation.path, reason: input.answer.detail })
  }
}

/** The device's answer to the attributes of an intent. */
export function planAttributed(
  draft: Draft,
  input: Extract<InternalInput, { input: 'attributed' }>,
  context: PlanContext,
): void {
  planSleepSign(draft, input.sleep, context)
  const observation = intentAt(draft, input.path)
  if (observation?.attributes === undefined) return
  const { reason: _, ...attributes } = observation.attributes
  if (input.answer.answer === 'acknowledged') {
    change(draft, observation, { attributes: oneMoreWritten(observation.path, attributes) })
  } else if (input.answer.answer === 'failed') {
    const paths = pathsOf(observation.path)
    const where = paths.length === 1 ? '' : `${paths[attributes.written ?? 0]}: `
    const reason = where + input.answer.detail
    change(draft, observation, { attributes: { ...attributes, state: 'refused', reason } })
    draft.event('observation.drift', { path: observation.path, reason })
  }
}

/** 4.00, 4.02, 4.05: an observation without them might do (Observe with attributes is optional in 1.2). */
export function refusesAttributes(code: string | undefined): boolean {
  return code === '4.00' || code === '4.02' || code === '4.05'
}

export function writeInstead(draft: Draft, observation: Observation): void {
  const { attributes } = observation
  if (attributes !== undefined) change(draft, observation, { attributes: { ...attributes, byWrite: true } })
}

/** What the end of an observe or cancel operation means for the intent. */
export function planObserveAnswer(draft: Draft, operation: Operation, withAttributes: boolean): void {
  const observation = intentAt(draft, operation.path)
  if (observation === undefined) return
  const isDone = operation.state === 'acknowledged'
  if (isObserve(operation.kind) && isDone) established(draft, observation, operation.result, withAttributes)
  else if (isObserve(operation.kind) && observation.state === 'wanted') forget(draft, observation)
  else if (operation.kind === 'cancel-observe' && isDone) ended(draft, observation)
  else if (operation.kind === 'write-attributes' && isDone) adopt(draft, observation, operation.value)
}

/** The device observes it no more; whoever else still wants it gets it again. */
function ended(draft: Draft, observation: Observation): void {
  if (release(draft, observation, 'operator')) return
  renew(
    draft,
    draft.next.observations.filter(({ path }) => path === observation.path),
  )
}

/** What an operator wrote by hand is what is wanted from now on, after every registration too. */
function adopt(draft: Draft, observation: Observation, value: unknown): void {
  const written = attributesOfValue(value)
  if (written === undefined) return
  const { drift: _, reason: __, ...known } = observation.attributes ?? {}
  const wanted = { ...observation.attributes?.wanted, ...written }
  if (observation.attributes?.withObserve === true) change(draft, observation, toldAnew(wanted))
  else change(draft, observation, { attributes: { ...known, wanted, state: 'set' } })
}

/** What a Discover shows of the attributes of intents below its path. */
export function planDiscovered(draft: Draft, result: unknown): void {
  if (!Array.isArray(result)) return
  const discovered = (result as readonly { path: string; attributes: Readonly<Record<string, string>> }[]).flatMap(
    ({ path: text, attributes }) => {
      const path = parsePath(text)
      return isFault(path) ? [] : [{ path, attributes }]
    },
  )
  for (const observation of draft.next.observations) {
    const seen = comparedAt(observation, discovered, draft.now)
    if (seen === undefined) continue
    change(draft, observation, { attributes: seen })
    if (seen.drift !== undefined) draft.event('observation.drift', { path: observation.path, drift: seen.drift })
  }
}

/** Of a composite the first path that drifted speaks for all; undefined where none was discovered. */
function comparedAt(
  { path, attributes }: Observation,
  discovered: readonly DiscoveredPath[],
  now: Instant,
): IntendedAttributes | undefined {
  if (attributes === undefined || attributes.withObserve === true) return undefined
  const seen = pathsOf(path).flatMap((text) => {
    const at = parsePath(text)
    if (isFault(at) || !discovered.some((each) => samePath(each.path, at))) return []
    return [compared(attributes, effectiveAttributes(at, discovered), now)]
  })
  return seen.find(({ drift }) => drift !== undefined) ?? seen[0]
}

function established(draft: Draft, observation: Observation, result: unknown, withAttributes: boolean): void {
  const { attributes } = observation
  const told =
    withAttributes && attributes !== undefined
      ? { attributes: { ...attributes, state: 'set' as const, withObserve: true as const } }
      : {}
  change(draft, observation, { state: 'established', lastNotification: draft.now, ...told })
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
    // An object it did not register was read well enough.
    if (samples.fault !== 'send.unknown-object') draft.quirks(['payload.undecodable'], input.payload)
    draft.event('send', unreadable(samples, input))
    draft.effects.push({ effect: 'respond', exchange: input.exchange, response: reactionTo(samples) })
    return
  }
  draft.quirks(samples.quirks, input.payload)
  draft.see()
  draft.event('send', { samples: samples.samples })
  planReports(draft, samples.samples, context)
  draft.effects.push({ effect: 'respond', exchange: input.exchange, response: { code: codes.changed } })
}
