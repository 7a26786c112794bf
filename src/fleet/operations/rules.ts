/**
 * What becomes of an operation: which goes next, which is overtaken, how it is sent again after silence
 * or a restart, and what a waiting one waits for. Pure; sends and stores nothing.
 */
import { UsageError } from '../../base/errors.ts'
import { after, milliseconds, type Duration, type Instant } from '../../base/time.ts'
import { derivedTimes, maxLatency, profiles } from '../../config/profiles.ts'
import type { DeviceStatus } from '../registry/types.ts'
import { imageOfValue, type Operation, type OperationDraft, type OperationKind, type OperationReason } from './types.ts'

/**
 * How long every device remembers a message id it has answered: EXCHANGE_LIFETIME with the shortest
 * parameters any of them uses (RFC 7252 §4.8.2, 247 s). Slower radios remember for longer.
 */
export const shortestExchangeLifetime: Duration = derivedTimes(profiles.ip).exchangeLifetime

/** How long after it was first sent a message is repeated at most: it may be on its way for MAX_LATENCY, and must come in time. */
export const repeatedFor: Duration = milliseconds(shortestExchangeLifetime - maxLatency)

/** Asking twice does no harm (RFC 7252 §5.1: safe methods; an observation asked for again is the same one). */
const repeatable: ReadonlySet<OperationKind> = new Set([
  'read',
  'discover',
  'observe',
  'cancel-observe',
  'read-composite',
  'observe-composite',
])

export function isRepeatable(kind: OperationKind): boolean {
  return repeatable.has(kind)
}

/** Whether it asks for an observation, which is an intent that outlives the operation. */
export function isObserve(kind: OperationKind): boolean {
  return kind === 'observe' || kind === 'observe-composite'
}

/**
 * That the key of a draft belongs to an operation that asks something else, undefined where it is the same one again.
 * Names in a path are not looked up.
 */
export function otherUnderKey(known: Operation, draft: OperationDraft): UsageError | undefined {
  const isSamePath = /[a-z]/i.test(draft.path) || `/${draft.path.replace(/^\//, '')}` === known.path
  if (known.kind === draft.kind && isSamePath && textOf(known.value) === textOf(draft.value)) return undefined
  const key = draft.idempotencyKey ?? ''
  return new UsageError(
    'operation.key-taken',
    `the key '${key}' is that of operation ${known.id}, which asks another thing`,
    {
      status: 422,
      hint: `'coapstan operations show ${known.id}' says what; take another key for this`,
    },
  )
}

function textOf(value: unknown): string | undefined {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner))
}

export function isExpired(operation: Operation, now: Instant): boolean {
  return now >= operation.deadline
}

export type Transmission =
  /** With a message id and token of its own. */
  | { readonly way: 'fresh' }
  /** As a retransmission: a device that has executed it repeats its answer (RFC 7252 §4.5). */
  | { readonly way: 'repeat'; readonly messageId: number; readonly token: string; readonly until: Instant }
  /** Not at all: it may have been executed, and the device may have forgotten that. */
  | { readonly way: 'outcome-unknown' }

/**
 * How an operation goes out now. One that was under way when we stopped, or stayed unanswered, keeps its
 * message id as long as every device surely knows it; after that only what is safe to ask twice is asked anew.
 */
export function transmissionOf(operation: Operation, now: Instant): Transmission {
  const { sentAt, messageId, token } = operation
  // A package goes on where the device has it, each block in a message of its own.
  if (imageOfValue(operation.value) !== undefined) return { way: 'fresh' }
  if (sentAt === undefined || messageId === undefined || token === undefined) return { way: 'fresh' }
  // A clock set back says nothing about how long ago it was: then too, only what is safe is repeated.
  const until = after(sentAt, repeatedFor)
  if (now >= sentAt && now < until) return { way: 'repeat', messageId, token, until }
  return isRepeatable(operation.kind) ? { way: 'fresh' } : { way: 'outcome-unknown' }
}

/**
 * The waiting operation that a new one of `kind` to `path` makes pointless: an older full write of the same
 * path, never sent, with nothing asked since that might depend on what it writes. `open` in any order.
 */
export function supersededBy(kind: OperationKind, path: string, open: readonly Operation[]): Operation | undefined {
  if (kind !== 'write') return undefined
  for (const older of open.toSorted((a, b) => b.id - a.id)) {
    if (older.path === path && older.kind === 'write') {
      return older.state === 'queued' && older.attempts === 0 && older.origin === 'operator' ? older : undefined
    }
    const isIndependent = (older.kind === 'write' || isRepeatable(older.kind)) && !overlap(older.path, path)
    if (!isIndependent) return undefined
  }
  return undefined
}

/** Whether one of two paths lies within the other, or one is a composite's list. */
function overlap(a: string, b: string): boolean {
  if (a.includes(' ') || b.includes(' ')) return true
  return `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`) || a === '/' || b === '/'
}

/** What a queued operation waits for, for people; `isNext` says that no other of its device goes first. */
export function waitingFor(status: DeviceStatus, isNext: boolean): OperationReason | undefined {
  switch (status) {
    case 'asleep':
      return 'device-asleep'
    case 'never-seen':
    case 'offline':
    case 'overdue':
    case 'quarantined':
    case 'retired':
      return 'device-offline'
    case 'awake':
      return isNext ? undefined : 'behind-another'
  }
}
