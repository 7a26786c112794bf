/**
 * Rules of operations as pure functions: which may be asked twice, which is overtaken by another, when
 * one is too late. Who sends them, and when the device listens, is the engine's business.
 */
import { between, seconds, type Instant } from '../../base/time.ts'
import type { Operation, OperationKind } from './types.ts'

/**
 * How long after its first transmission a device surely recognises a repetition by its message id:
 * EXCHANGE_LIFETIME of a device with the default timers (RFC 7252 §4.8.2), the shortest there is.
 */
export const recognisedFor = seconds(247)

/**
 * Kinds that may run twice without harm: reads, and what leaves the same state however often it is done
 * (RFC 7252 §5.1, §5.8). The others are asked at most once.
 */
const idempotentKinds: ReadonlySet<OperationKind> = new Set<OperationKind>([
  'read',
  'write',
  'delete',
  'discover',
  'write-attributes',
  'observe',
  'cancel-observe',
  'read-composite',
  'observe-composite',
])

export function isIdempotent(kind: OperationKind): boolean {
  return idempotentKinds.has(kind)
}

/** How an operation that is to be sent goes out: the first time, as a repetition, or not at all any more. */
export type Transmission =
  | { readonly way: 'fresh' }
  /** With the message id and token it had: the device answers from its memory if it has run it. */
  | { readonly way: 'repeat'; readonly messageId: number; readonly token: string }
  /** It may have run, nobody can tell, and running it again could do harm. */
  | { readonly way: 'outcome-unknown' }

export function transmissionOf(operation: Operation, now: Instant): Transmission {
  const { messageId, token, sentAt } = operation
  if (messageId === undefined || token === undefined || sentAt === undefined) return { way: 'fresh' }
  if (between(sentAt, now) < recognisedFor) return { way: 'repeat', messageId, token }
  return isIdempotent(operation.kind) ? { way: 'fresh' } : { way: 'outcome-unknown' }
}

export function isExpired(operation: Operation, now: Instant): boolean {
  return operation.deadline <= now
}

/**
 * The operation of `queue` that a new write makes pointless: the same path, written whole, still waiting
 * and never sent. An older value must not arrive after a newer one.
 */
export function supersededBy(kind: OperationKind, path: string, queue: readonly Operation[]): Operation | undefined {
  if (kind !== 'write') return undefined
  return queue.find(
    (other) => other.kind === 'write' && other.path === path && other.state === 'queued' && other.attempts === 0,
  )
}
