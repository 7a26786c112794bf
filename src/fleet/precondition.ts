/**
 * What a change takes for granted (RFC 9110 §13.1): two people change one thing, and the second is told instead of
 * undoing what the first has done. Checked where the change is decided, so that nothing comes between.
 */
import { listsTag, tagOf } from '../base/entity-tag.ts'
import { UsageError } from '../base/errors.ts'

/** Header values as they came: lists of entity tags, or `*`. */
export interface Precondition {
  /** It is at one of these revisions; `*`: it is there. */
  readonly ifMatch?: string
  /** It is at none of these; `*`: it is not there. */
  readonly ifNoneMatch?: string
}

/**
 * Throws UsageError 'precondition.failed' (412, with the member `revision` where there is one) unless `what`, at
 * `revision` or undefined where it is not there, is as the change takes it to be.
 */
export function demand(precondition: Precondition | undefined, what: string, revision: string | undefined): void {
  const { ifMatch, ifNoneMatch } = precondition ?? {}
  const tag = revision === undefined ? undefined : tagOf(revision)
  if (ifMatch !== undefined && (tag === undefined || !listsTag(ifMatch, tag, 'strongly'))) {
    if (tag === undefined) throw failed(`${what} is not there`, undefined, 'somebody has taken it away meanwhile')
    throw failed(`${what} was changed meanwhile`, revision, 'look at it again, and decide again')
  }
  if (ifNoneMatch !== undefined && tag !== undefined && listsTag(ifNoneMatch, tag, 'weakly')) {
    throw failed(`${what} is there already`, revision, 'look at it before you change it')
  }
}

function failed(message: string, revision: string | undefined, hint: string): UsageError {
  if (revision === undefined) return new UsageError('precondition.failed', message, { status: 412, hint })
  return new UsageError('precondition.failed', `${message}: its revision is ${revision} now`, {
    status: 412,
    hint,
    members: { revision },
  })
}
