/**
 * The life of an operation as the device's actor sees it: sent, answered, unheard, expired, and what
 * becomes of it when we stopped in between.
 */
import { isObserve, isExpired, isRepeatable } from '../fleet/operations/rules.ts'
import { retryAt } from '../fleet/operations/retry.ts'
import type { Operation } from '../fleet/operations/types.ts'
import type { InternalInput, TransmitInput } from './inputs.ts'
import type { OperationAnswer } from './answers.ts'
import { intentAt } from './intents.ts'
import { planFirmware } from './plan-firmware.ts'
import { planDiscovered, planObserveAnswer, refusesAttributes, writeInstead } from './plan-observations.ts'
import { planContentReports } from './plan-reports.ts'
import type { PlanContext } from './plan-context.ts'
import { finish, replace } from './queue.ts'
import { planSleepSign } from './plan-sleep.ts'
import type { Draft } from './state.ts'

/** The message id and token are durable before the datagram leaves, so that a restart can repeat them. */
export function planTransmit(draft: Draft, input: TransmitInput): void {
  const { reason: _, detail: __, ...operation } = input.operation
  replace(draft, {
    ...operation,
    state: 'sent',
    attempts: operation.attempts + 1,
    // A repetition counts from the first time: that is what the device remembers from.
    sentAt: input.messageId === operation.messageId && operation.sentAt !== undefined ? operation.sentAt : draft.now,
    messageId: input.messageId,
    token: input.token,
  })
  draft.effects.push({ effect: 'transmit', request: input.request })
}

export function planOutcome(
  draft: Draft,
  input: Extract<InternalInput, { input: 'outcome' }>,
  context: PlanContext,
): void {
  planSleepSign(draft, input.sleep, context)
  const operation = draft.next.operations.find(({ id }) => id === input.operationId)
  // Cancelled or expired while the device was thinking: its end is written already.
  if (operation === undefined) return
  const { answer } = input
  if (answer.formats !== undefined) draft.learn({ formats: answer.formats })
  draft.quirks(answer.quirks, answer.example)
  if (answer.answer === 'ask-again') {
    replace(draft, { ...unsent(operation), state: 'queued' })
    return
  }
  if (answer.answer === 'unheard') {
    replace(draft, { ...operation, state: 'queued', reason: answer.reason })
    return
  }
  if (answer.answer === 'failed' && isTriedAgain(draft, operation, answer, input.withAttributes)) return
  const ended = finish(draft, operation, {
    state: answer.answer,
    ...(answer.code === undefined ? {} : { code: answer.code }),
    ...(answer.result === undefined ? {} : { result: answer.result }),
    ...(answer.answer === 'failed' ? { reason: answer.reason, detail: answer.detail } : {}),
  })
  planObserveAnswer(draft, ended, input.withAttributes)
  if (ended.kind === 'discover') planDiscovered(draft, ended.result)
  if (ended.state === 'acknowledged') planContentReports(draft, ended.result, context)
  if (ended.origin === 'firmware') planFirmware(draft, { input: 'operation-finished', operation: ended }, context)
}

/** Without what it was sent with: the next time it is a message of its own. */
function unsent(operation: Operation): Operation {
  const { messageId: _, token: __, sentAt: ___, ...rest } = operation
  return rest
}

/** Puts a failed operation back into the queue where the failure is one that passes. */
function isTriedAgain(
  draft: Draft,
  operation: Operation,
  answer: Extract<OperationAnswer, { answer: 'failed' }>,
  withAttributes: boolean,
): boolean {
  const intent = isObserve(operation.kind) && withAttributes ? intentAt(draft, operation.path) : undefined
  if (intent?.attributes !== undefined && refusesAttributes(answer.code)) {
    writeInstead(draft, intent)
    replace(draft, { ...unsent(operation), state: 'queued' })
    return true
  }
  const notBefore = retryAt(operation, answer, draft.now)
  if (notBefore === undefined) return false
  const { detail } = answer
  const retries = (operation.retries ?? 0) + 1
  replace(draft, { ...unsent(operation), state: 'queued', reason: 'device-busy', detail, retries, notBefore })
  return true
}

/** What waited for too long ends, whoever wanted it. */
export function planDeadlines(draft: Draft, context: PlanContext): void {
  for (const operation of draft.next.operations) {
    if (!isExpired(operation, draft.now)) {
      if (operation.notBefore !== undefined && operation.notBefore <= draft.now) dueAgain(draft, operation)
      continue
    }
    const ended = finish(draft, operation, { state: 'expired', reason: 'deadline' })
    if (ended.origin === 'firmware') planFirmware(draft, { input: 'operation-finished', operation: ended }, context)
  }
}

/** Its time to be tried again has come. */
function dueAgain(draft: Draft, operation: Operation): void {
  const { notBefore: _, reason: __, ...rest } = operation
  replace(draft, rest)
}

/** After a restart, or once the device is not registered: what was sent waits again, to be repeated or given up in its turn. */
export function planRecovery(draft: Draft): void {
  for (const operation of draft.next.operations) {
    if (operation.state === 'sent') replace(draft, { ...operation, state: 'queued', reason: 'device-offline' })
  }
}

/**
 * The device registered anew, so it may have restarted, and with its memory went the message ids it knew:
 * what it was sent would run a second time. What is safe to ask twice is asked afresh, the rest is given up.
 */
export function planForgotten(draft: Draft, context: PlanContext): void {
  for (const operation of draft.next.operations) {
    if (operation.messageId === undefined) continue
    if (isRepeatable(operation.kind)) {
      replace(draft, { ...unsent(operation), state: 'queued' })
      continue
    }
    const detail = 'it was sent, no answer came, and the device registered anew: it may have run'
    const ended = finish(draft, operation, { state: 'failed', reason: 'outcome-unknown', detail })
    planObserveAnswer(draft, ended, false)
    if (ended.origin === 'firmware') planFirmware(draft, { input: 'operation-finished', operation: ended }, context)
  }
}
