/** Operations as the API shows and takes them. */
import Type, { type Static } from 'typebox'
import type { OperationKind, OperationReason, OperationState } from '../../fleet/operations/types.ts'
import { endpointSchema, idSchema, instantSchema, limitSchema, pathSchema, waitSchema } from './scalars.ts'

export const operationKinds = [
  'read',
  'write',
  'write-partial',
  'execute',
  'create',
  'delete',
  'discover',
  'write-attributes',
  'observe',
  'cancel-observe',
  'read-composite',
  'write-composite',
  'observe-composite',
] as const satisfies readonly OperationKind[]

export const operationStates = [
  'queued',
  'sent',
  'acknowledged',
  'failed',
  'expired',
  'cancelled',
] as const satisfies readonly OperationState[]

export const operationReasons = [
  'device-offline',
  'device-asleep',
  'behind-another',
  'device-busy',
  'rejected',
  'timed-out',
  'reset',
  'undecodable',
  'outcome-unknown',
  'deadline',
  'cancelled-by-operator',
  'device-gone',
  'superseded',
] as const satisfies readonly OperationReason[]

export const operationSchema = Type.Object(
  {
    id: idSchema,
    deviceId: idSchema,
    endpoint: endpointSchema,
    kind: Type.Enum([...operationKinds]),
    path: pathSchema,
    value: Type.Optional(Type.Unknown({ description: 'What is written, or the arguments of an execute' })),
    priority: Type.Integer({ minimum: 0, maximum: 9 }),
    state: Type.Enum([...operationStates]),
    attempts: Type.Integer({ minimum: 0 }),
    retries: Type.Optional(
      Type.Integer({ minimum: 1, description: 'How often a passing failure of the device made us ask again' }),
    ),
    notBefore: Type.Optional(Type.String({ format: 'date-time', description: 'device-busy: when it is asked again' })),
    reason: Type.Optional(Type.Enum([...operationReasons])),
    detail: Type.Optional(Type.String()),
    code: Type.Optional(Type.String({ description: 'CoAP code of the answer, 2.05' })),
    result: Type.Optional(
      Type.Unknown({
        description:
          'What the device answered: after read and observe a tree of path, name, type, unit and value, values, resources, instances or objects; after discover a list of path, name and attributes; after create the path',
      }),
    ),
    createdAt: instantSchema,
    sentAt: Type.Optional(instantSchema),
    finishedAt: Type.Optional(instantSchema),
    deadline: instantSchema,
    idempotencyKey: Type.Optional(Type.String()),
    origin: Type.Enum(['operator', 'firmware', 'observation', 'campaign']),
  },
  { title: 'Operation', additionalProperties: false },
)
export type OperationJson = Static<typeof operationSchema>

export const operationDraftSchema = Type.Object(
  {
    kind: Type.Enum([...operationKinds]),
    path: pathSchema,
    value: Type.Optional(Type.Unknown()),
    priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 9, description: '0 first … 9 last; 5 unless told' })),
    deadline: Type.Optional(instantSchema),
    force: Type.Optional(Type.Boolean({ description: 'Send it even where the model or the registration says no' })),
  },
  { title: 'OperationDraft', additionalProperties: false },
)
export type OperationDraftJson = Static<typeof operationDraftSchema>

export const operationWaitSchema = Type.Object({ wait: Type.Optional(waitSchema) }, { additionalProperties: false })

const page = { before: Type.Optional(idSchema), limit: Type.Optional(limitSchema) }

export const operationQuerySchema = Type.Object(
  { state: Type.Optional(Type.Enum([...operationStates])), ...page },
  { additionalProperties: false },
)

export const allOperationsQuerySchema = Type.Object(
  { endpoint: Type.Optional(endpointSchema), state: Type.Optional(Type.Enum([...operationStates])), ...page },
  { additionalProperties: false },
)

export const operationPageSchema = Type.Object(
  {
    operations: Type.Array(operationSchema, { description: 'Newest first' }),
    next: Type.Optional(Type.Integer({ description: 'The `before` of the next page' })),
  },
  { title: 'OperationPage', additionalProperties: false },
)

export const operationParamsSchema = Type.Object({ id: idSchema })

/** The same key for the same device is the same operation: asked twice, done once. */
export const idempotencyHeadersSchema = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
})
