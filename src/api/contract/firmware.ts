/** Firmware updates as the API shows and takes them. */
import Type, { type Static } from 'typebox'
import type { UpdateState } from '../../fleet/firmware/types.ts'
import { pullWays, type PullWay } from '../../fleet/images/types.ts'
import { imageReference } from './image.ts'
import { endpointSchema, idSchema, instantSchema, limitSchema } from './scalars.ts'

export { pullWays, type PullWay }

export const updateStates = [
  'pending',
  'offered',
  'downloading',
  'downloaded',
  'updating',
  'proving',
  'cancelling',
  'confirmed',
  'failed',
  'cancelled',
  'gone',
] as const satisfies readonly UpdateState[]

const octets = Type.Integer({ minimum: 0, description: 'Octets' })

export const updateSchema = Type.Object(
  {
    id: idSchema,
    deviceId: idSchema,
    endpoint: endpointSchema,
    sha256: Type.String(),
    version: Type.String(),
    size: octets,
    target: Type.String({ description: 'The object instance that takes the package: /5/0, /9/1, /33629/0' }),
    state: Type.Enum([...updateStates]),
    delivery: Type.Optional(Type.Enum(['pull', 'push'], { description: 'Known once the package is offered' })),
    fetched: Type.Integer({ minimum: 0, description: 'Octets that have reached the device without a gap' }),
    resumes: Type.Integer({ minimum: 0, description: 'Times the transfer went on in the middle' }),
    blockSize: Type.Optional(octets),
    fromVersion: Type.Optional(Type.String()),
    result: Type.Optional(Type.Integer({ description: '/5/0/5 as last seen' })),
    attempts: Type.Integer({ minimum: 0, description: 'Setbacks so far' }),
    failure: Type.Optional(Type.String({ description: 'Why it failed, as a stable word' })),
    retry: Type.Optional(
      Type.Enum(['permanent', 'transient', 'inspect'], {
        description: 'What another update is worth after this failure',
      }),
    ),
    reason: Type.Optional(Type.String({ description: 'Why it failed or waits, for people' })),
    package: Type.Enum(['whole', 'delta'], { description: 'What the device is handed' }),
    way: Type.Optional(
      Type.Object(
        {
          goal: Type.String({ description: 'The version in the end' }),
          hop: Type.Integer({ minimum: 1, description: 'Of so many hops this update is the one with this number' }),
          hops: Type.Integer({ minimum: 1 }),
          onward: Type.Array(Type.String(), { description: 'Versions that come after this one by themselves' }),
          follows: Type.Optional(idSchema),
        },
        { additionalProperties: false, description: 'Of an update that is one of several, or hands over a delta' },
      ),
    ),
    provingSince: Type.Optional(instantSchema),
    uplinks: Type.Optional(Type.Integer({ description: 'Messages heard of the new version, as far as they count' })),
    createdAt: instantSchema,
    changedAt: instantSchema,
    finishedAt: Type.Optional(instantSchema),
    dueAt: Type.Optional(instantSchema),
  },
  { title: 'FirmwareUpdate', additionalProperties: false },
)
export type UpdateJson = Static<typeof updateSchema>

export const updateStartSchema = Type.Object(
  {
    image: imageReference,
    target: Type.Optional(
      Type.String({ maxLength: 16, description: 'Which object instance takes it; /5/0 unless told' }),
    ),
    push: Type.Optional(Type.Boolean({ description: 'Write the package even where the device could fetch it' })),
    delta: Type.Optional(
      Type.Boolean({ description: 'Deltas from what the device runs, where there are some; else whole images' }),
    ),
    via: Type.Optional(Type.Enum([...pullWays], { description: 'Have it fetched over this and nothing else' })),
    healthWindow: Type.Optional(
      Type.Number({ minimum: 0, maximum: 2_592_000, description: 'Seconds; firmware.health-window unless told' }),
    ),
    healthUplinks: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
  },
  { title: 'UpdateStart', additionalProperties: false },
)
export type UpdateStartJson = Static<typeof updateStartSchema>

export const updateQuerySchema = Type.Object(
  { endpoint: Type.Optional(endpointSchema), limit: Type.Optional(limitSchema) },
  { additionalProperties: false },
)

export const updateListSchema = Type.Object(
  { updates: Type.Array(updateSchema, { description: 'Newest first' }) },
  { title: 'UpdateList', additionalProperties: false },
)

export const updateParamsSchema = Type.Object({ id: idSchema })
