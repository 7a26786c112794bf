/**
 * Revisions: what two people could change at one time bears one, in its `revision` and as its ETag, and a change that
 * names it is refused with 412 where it is another by now (RFC 9110 §13.1).
 */
import Type from 'typebox'
import { tagsPattern } from './patterns.ts'

export const revisionSchema = Type.String({
  pattern: '^[0-9a-f]{16}$',
  description: 'Another one after each change an operator makes; quoted it is the ETag',
})

const tags = (description: string) => Type.Optional(Type.String({ pattern: tagsPattern, maxLength: 1024, description }))

/** Of a route that changes what has a revision. */
export const changeHeadersSchema = Type.Object({
  'if-match': tags('The change is made only at this revision, in quotes; else 412'),
})

/** Of one that also creates. */
export const putHeadersSchema = Type.Object({
  ...changeHeadersSchema.properties,
  'if-none-match': tags('`*`: only where there is none yet; else 412'),
})
