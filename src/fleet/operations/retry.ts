/**
 * Which failures are tried again by ourselves, and when: a table from what the device said (or did not) to
 * a class. Pure. What a sleeping device has not heard is no failure and has no limit but its deadline.
 */
import { after, seconds, type Duration, type Instant } from '../../base/time.ts'
import { isRepeatable } from './rules.ts'
import type { Operation, OperationReason } from './types.ts'

interface RetryClass {
  readonly limit: number
  /** Doubled with each retry. */
  readonly first: Duration
  readonly longest: Duration
}

/** The device says that it did not do it: too busy (5.03), asked too often (4.29). */
const busy: RetryClass = { limit: 6, first: seconds(30), longest: seconds(3600) }
/** It lost track of the blocks of a body (4.08), so it did nothing. */
const broken: RetryClass = { limit: 3, first: seconds(5), longest: seconds(60) }
/** An empty ACK and no answer, to a question that does no harm asked twice. */
const unclear: RetryClass = { limit: 2, first: seconds(60), longest: seconds(600) }

const byCode: Readonly<Record<string, RetryClass>> = { '5.03': busy, '4.29': busy, '4.08': broken }

function classOf({ kind }: Operation, reason: OperationReason, code: string | undefined): RetryClass | undefined {
  if (reason === 'rejected') return byCode[code ?? '']
  return reason === 'timed-out' && isRepeatable(kind) ? unclear : undefined
}

export interface Failure {
  readonly reason: OperationReason
  /** `5.03`. */
  readonly code?: string
  /** Max-Age of the answer: not before (RFC 7252 §5.9.3.4). */
  readonly retryAfter?: Duration
}

/** When it is tried again; undefined where the failure is final, or the deadline comes first. */
export function retryAt(operation: Operation, failure: Failure, now: Instant): Instant | undefined {
  const found = classOf(operation, failure.reason, failure.code)
  const retries = operation.retries ?? 0
  if (found === undefined || retries >= found.limit) return undefined
  const backoff = Math.min(found.first * 2 ** retries, found.longest)
  const at = after(now, Math.max(backoff, Math.min(failure.retryAfter ?? 0, found.longest)) as Duration)
  return at < operation.deadline ? at : undefined
}
