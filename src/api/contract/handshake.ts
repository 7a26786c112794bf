/** Handshakes as the API shows them. */
import Type, { type Static } from 'typebox'
import { idSchema, instantSchema, limitSchema } from './scalars.ts'

export const handshakeSchema = Type.Object(
  {
    id: idSchema,
    at: instantSchema,
    address: Type.String(),
    port: Type.Integer({ minimum: 0, maximum: 65535 }),
    outcome: Type.Enum(['completed', 'failed', 'failing'], {
      description: 'failing: not over, but the key looks wrong; gives way to how it ends',
    }),
    identity: Type.Optional(Type.String({ description: 'Proved only where the handshake completed' })),
    suite: Type.Optional(Type.String()),
    connectionId: Type.Optional(Type.String({ description: 'Hex' })),
    resumed: Type.Boolean(),
    durationMilliseconds: Type.Number({ minimum: 0 }),
    retransmissions: Type.Integer({ minimum: 0, description: 'Flights sent again' }),
    fault: Type.Optional(Type.String({ description: 'Stable, for programs' })),
    reason: Type.Optional(Type.String({ description: 'Why it failed, for people' })),
  },
  { title: 'Handshake', additionalProperties: false },
)
export type HandshakeJson = Static<typeof handshakeSchema>

export const handshakeQuerySchema = Type.Object(
  {
    failed: Type.Optional(Type.Boolean({ description: 'true: only those that failed; false: only the others' })),
    limit: Type.Optional(limitSchema),
  },
  { additionalProperties: false },
)

export const handshakeListSchema = Type.Object(
  {
    handshakes: Type.Array(handshakeSchema, { description: 'Newest first' }),
    counts: Type.Object({
      completed: Type.Integer({ minimum: 0 }),
      failed: Type.Integer({ minimum: 0 }),
      faults: Type.Record(Type.String(), Type.Integer()),
    }),
  },
  { title: 'HandshakeList', additionalProperties: false },
)
