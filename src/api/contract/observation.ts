/** Observe intents as the API shows them. */
import Type, { type Static } from 'typebox'
import type { Observation, ObservationOrigin } from '../../fleet/observations/types.ts'
import { attributeMeanings } from '../../fleet/observations/attribute-meanings.ts'
import { idSchema, instantSchema, pathSchema } from './scalars.ts'

export const observationStates = ['wanted', 'established', 'refused'] as const satisfies readonly Observation['state'][]

export const observationOrigins = ['operator', 'firmware', 'rule'] as const satisfies readonly ObservationOrigin[]

/** A number sets an attribute, null takes it away. */
const attributesSchema = Type.Object(
  Object.fromEntries(
    Object.entries(attributeMeanings).map(([name, description]) => [
      name,
      Type.Optional(Type.Union([Type.Number(), Type.Null()], { description })),
    ]),
  ),
  { title: 'NotificationAttributes', additionalProperties: false },
)

const intendedAttributesSchema = Type.Object(
  {
    wanted: attributesSchema,
    state: Type.Enum(['due', 'set', 'refused'], {
      description: 'due: the device is (again) to be told; set: it took them; refused: it did not',
    }),
    reason: Type.Optional(Type.String({ description: 'Why they were refused' })),
    drift: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String(),
          wanted: Type.Union([Type.Number(), Type.Null()]),
          actual: Type.Union([Type.Number(), Type.Null()]),
        }),
        { description: 'What was otherwise on the device when it was last discovered' },
      ),
    ),
    seenAt: Type.Optional(instantSchema),
  },
  { title: 'IntendedAttributes', additionalProperties: false },
)

export const observationSchema = Type.Object(
  {
    path: pathSchema,
    state: Type.Enum([...observationStates], {
      description: 'wanted: the device was not (again) asked yet; established: it said yes; refused: it said no',
    }),
    reason: Type.Optional(Type.String({ description: 'Why it was refused' })),
    wantedBy: Type.Array(Type.Enum([...observationOrigins]), { description: 'It lasts until nobody wants it' }),
    attributes: Type.Optional(intendedAttributesSchema),
    createdAt: instantSchema,
    lastNotification: Type.Optional(instantSchema),
  },
  { title: 'Observation', additionalProperties: false },
)
export type ObservationJson = Static<typeof observationSchema>

export const observationListSchema = Type.Object(
  { observations: Type.Array(observationSchema, { description: 'In the order of their paths' }) },
  { title: 'ObservationList', additionalProperties: false },
)

const product = Type.String({ minLength: 1, maxLength: 128 })
const tags = Type.Record(Type.String({ minLength: 1, maxLength: 64 }), Type.String({ minLength: 1, maxLength: 256 }), {
  maxProperties: 32,
  description: 'All must hold',
})

export const observationRuleSchema = Type.Object(
  {
    id: idSchema,
    product: Type.Optional(product),
    tags,
    path: pathSchema,
    attributes: Type.Optional(attributesSchema),
    createdAt: instantSchema,
  },
  { title: 'ObservationRule', additionalProperties: false },
)
export type ObservationRuleJson = Static<typeof observationRuleSchema>

export const observationRuleDraftSchema = Type.Object(
  {
    product: Type.Optional(product),
    tags: Type.Optional(tags),
    path: pathSchema,
    attributes: Type.Optional(
      Type.Union([attributesSchema, Type.String()], { description: 'When to tell; as text: pmin=10,pmax=60' }),
    ),
  },
  { title: 'ObservationRuleDraft', additionalProperties: false },
)

export const observationRuleListSchema = Type.Object(
  { rules: Type.Array(observationRuleSchema, { description: 'By id' }) },
  { title: 'ObservationRuleList', additionalProperties: false },
)

export const observationRuleParamsSchema = Type.Object({ id: idSchema })
