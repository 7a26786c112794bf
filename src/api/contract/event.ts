/** Events as the API shows them: page by page, or as a stream of server-sent events. */
import Type, { type Static } from 'typebox'
import { eventKinds } from '../../fleet/events/types.ts'
import { endpointSchema, idSchema, instantSchema, limitSchema } from './scalars.ts'

export const eventSchema = Type.Object(
  {
    id: idSchema,
    at: instantSchema,
    kind: Type.Enum([...eventKinds]),
    deviceId: Type.Optional(idSchema),
    endpoint: Type.Optional(endpointSchema),
    cause: Type.String({ description: 'What set it off: register, operation 17, operator' }),
    detail: Type.Record(Type.String(), Type.Unknown(), { description: 'Its members depend on the kind' }),
  },
  { title: 'Event', additionalProperties: false },
)
export type EventJson = Static<typeof eventSchema>

const after = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

export const eventQuerySchema = Type.Object(
  {
    endpoint: Type.Optional(endpointSchema),
    kind: Type.Optional(
      Type.Array(Type.Enum([...eventKinds]), {
        maxItems: eventKinds.length,
        description: 'Given more than once: any of them',
      }),
    ),
    after: Type.Optional(
      Type.Integer({
        ...after,
        description:
          'Oldest first, with ids above this; without it the newest page, or a stream of what comes from now on',
      }),
    ),
    limit: Type.Optional(limitSchema),
  },
  { additionalProperties: false },
)

/** What a client had last when its stream broke (HTML Living Standard §9.2.4). */
export const eventHeadersSchema = Type.Object({ 'last-event-id': Type.Optional(after) })

export const eventPageSchema = Type.Object(
  {
    events: Type.Array(eventSchema, { description: 'Oldest first' }),
    next: Type.Integer({ description: 'The `after` that continues here' }),
  },
  { title: 'EventPage', additionalProperties: false },
)

export const eventStreamMediaType = 'text/event-stream'
