/** Problem documents: what every answer that is not a success looks like (RFC 9457). */
import Type, { type Static } from 'typebox'

export const fieldErrorSchema = Type.Object({
  field: Type.String({ description: 'body.tags.site, query.limit, …; body, query or params alone: the whole of it' }),
  message: Type.String(),
})
export type FieldError = Static<typeof fieldErrorSchema>

/** Further members depend on the code: `similar` of device.unknown, for example. */
export const problemSchema = Type.Object(
  {
    type: Type.String({ description: 'urn:coapstan:problem:<code>' }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String({ description: 'What is wrong this time, for people' }),
    code: Type.String({ description: 'Stable, for programs: device.unknown, request.invalid, …' }),
    hint: Type.Optional(Type.String({ description: 'What to do next' })),
    errors: Type.Optional(Type.Array(fieldErrorSchema, { description: 'request.invalid: field by field' })),
    similar: Type.Optional(Type.Array(Type.String(), { description: 'device.unknown: the nearest names' })),
  },
  { title: 'Problem', additionalProperties: true },
)
export type ProblemJson = Static<typeof problemSchema> & Readonly<Record<string, unknown>>

export const problemMediaType = 'application/problem+json'
