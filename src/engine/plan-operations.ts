/**
 * The life of an operation as the device's actor sees it: sent, answered, unheard, expired, and what
 * becomes of it when we stopped in between.
 */
import { isExpired, isRepeatable } from '../fleet/operations/rules.ts'
import type { InternalInput, TransmitInput } from './inputs.ts'
import { samplesWithin } from './firmware-report.ts'
import { planFirmware, planFirmwareReport } from './plan-firmware.ts'
import { planObserveAnswer } from './plan-observations.ts'
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
  planSleepSign(draft, input.sleep)
  const operation = draft.next.operations.find(({ id }) => id === input.operationId)
  // Cancelled or expired while the device was thinking: its end is written already.
  if (operation === undefined) return
  const { answer } = input
  if (answer.formats !== undefined) draft.learn({ formats: answer.formats })
  draft.quirks(answer.quirks)
  if (answer.answer === 'ask-again') {
    const { messageId: _, token: __, sentAt: ___, ...rest } = operation
    replace(draft, { ...rest, state: 'queued' })
    return
  }
  if (answer.answer === 'unheard') {
    replace(draft, { ...operation, state: 'queued', reason: answer.reason })
    return
  }
  const ended = finish(draft, operation, {
    state: answer.answer,
    ...(answer.code === undefined ? {} : { code: answer.code }),
    ...(answer.result === undefined ? {} : { result: answer.result }),
    ...(answer.answer === 'failed' ? { reason: answer.reason, detail: answer.detail } : {}),
  })
  planObserveAnswer(draft, ended)
  if (ended.state === 'acknowledged') planFirmwareReport(draft, samplesWithin(ended.result), context)
  if (ended.origin === 'firmware') planFirmware(draft, { input: 'operation-finished', operation: ended }, context)
}

/** What waited for too long ends, whoever wanted it. */
export function planDeadlines(draft: Draft, context: PlanContext): void {
  for (const operation of draft.next.operations) {
    if (!isExpired(operation, draft.now)) continue
    const ended = finish(draft, operation, { state: 'expired', reason: 'deadline' })
    if (ended.origin === 'firmware') planFirmware(draft, { input: 'operation-finished', operation: ended }, context)
  }
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
      const { messageId: _, token: __, sentAt: ___, ...rest } = operation
      replace(draft, { ...rest, state: 'queued' })
      continue
    }
    const detail = 'it was sent, no answer came, and the device registered anew: it may have run'
    const ended = finish(draft, operation, { state: 'failed', reason: 'outcome-unknown', detail })
    planObserveAnswer(draft, ended)
    if (ended.origin === 'firmware') planFirmware(draft, { input: 'operation-finished', operation: ended }, context)
  }
}
