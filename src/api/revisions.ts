/** Revisions on the wire: ETag of what has one, If-Match and If-None-Match of what changes it (RFC 9110 §8.8.3, §13.1). */
import { tagOf } from '../base/entity-tag.ts'
import type { Precondition } from '../fleet/precondition.ts'
import type { Api } from './routes/context.ts'

export interface ChangeHeaders {
  readonly 'if-match'?: string | undefined
  readonly 'if-none-match'?: string | undefined
}

export function preconditionOf({ 'if-match': ifMatch, 'if-none-match': ifNoneMatch }: ChangeHeaders): Precondition {
  return { ...(ifMatch !== undefined && { ifMatch }), ...(ifNoneMatch !== undefined && { ifNoneMatch }) }
}

/** An answer with a `revision` of its own bears it as its ETag. */
export function tagAnswers(app: Api): void {
  app.addHook('preSerialization', async (_request, reply, answer: unknown) => {
    if (typeof answer === 'object' && answer !== null && 'revision' in answer) {
      reply.header('etag', tagOf(String(answer.revision)))
    }
    return answer
  })
}
