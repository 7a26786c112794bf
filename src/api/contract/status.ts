/** What the server says of itself. */
import Type from 'typebox'
import { instantSchema } from './scalars.ts'

export const statusSchema = Type.Object(
  {
    version: Type.String(),
    startedAt: instantSchema,
    now: instantSchema,
    uptimeSeconds: Type.Number({ minimum: 0 }),
    counts: Type.Record(Type.String(), Type.Number(), { description: 'devices, actors, event streams, …' }),
    listeners: Type.Array(
      Type.Object({ protocol: Type.String(), address: Type.String(), port: Type.Integer() }, { title: 'Listener' }),
    ),
  },
  { title: 'Status', additionalProperties: false },
)

export const healthSchema = Type.Object({ status: Type.Literal('ok') }, { title: 'Health' })
