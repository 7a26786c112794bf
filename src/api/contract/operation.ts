/** Operations as the API shows and takes them, and the shape of what a device answered. */
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

/**
 * One value a device told, with what the model knows of it. Integers are strings of digits, times ISO
 * 8601, octets base64, object links `3:0`; what is empty has no value.
 */
export const nodeSchema = Type.Object(
  {
    path: Type.String({ description: 'Of a resource, or of an instance of a multiple one: /3/0/7/1' }),
    name: Type.Optional(Type.String({ description: 'Of the resource, as the model calls it' })),
    type: Type.Optional(Type.String({ description: 'string, integer, unsigned, float, boolean, opaque, time, …' })),
    value: Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
    units: Type.Optional(Type.String()),
    at: Type.Optional(instantSchema),
  },
  { title: 'Node', additionalProperties: false },
)
export type NodeJson = Static<typeof nodeSchema>

/** Result of read, observe and their composites; also the detail of a `notification` event. */
export const valuesSchema = Type.Object(
  { path: Type.String(), nodes: Type.Array(nodeSchema) },
  { title: 'Values', additionalProperties: true },
)
export type ValuesJson = Static<typeof valuesSchema>

/** Result of discover. */
export const linksSchema = Type.Object(
  {
    path: Type.String(),
    links: Type.Array(
      Type.Object({
        path: Type.String(),
        name: Type.Optional(Type.String()),
        attributes: Type.Record(Type.String(), Type.String()),
      }),
    ),
  },
  { title: 'Links', additionalProperties: true },
)
export type LinksJson = Static<typeof linksSchema>

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
    reason: Type.Optional(Type.Enum([...operationReasons])),
    detail: Type.Optional(Type.String()),
    code: Type.Optional(Type.String({ description: 'CoAP code of the answer, 2.05' })),
    result: Type.Optional(Type.Unknown({ description: 'Values after read and observe, Links after discover' })),
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
