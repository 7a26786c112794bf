/** Observe intents as the API shows them. */
import Type, { type Static } from 'typebox'
import type { Observation } from '../../fleet/observations/types.ts'
import { idSchema, instantSchema, pathSchema } from './scalars.ts'

export const observationStates = ['wanted', 'established', 'refused'] as const satisfies readonly Observation['state'][]

export const observationSchema = Type.Object(
  {
    path: pathSchema,
    state: Type.Enum([...observationStates], {
      description: 'wanted: the device was not (again) asked yet; established: it said yes; refused: it said no',
    }),
    reason: Type.Optional(Type.String({ description: 'Why it was refused' })),
    origin: Type.Enum(['operator', 'firmware', 'rule'] satisfies Observation['origin'][]),
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
  { id: idSchema, product: Type.Optional(product), tags, path: pathSchema, createdAt: instantSchema },
  { title: 'ObservationRule', additionalProperties: false },
)
export type ObservationRuleJson = Static<typeof observationRuleSchema>

export const observationRuleDraftSchema = Type.Object(
  { product: Type.Optional(product), tags: Type.Optional(tags), path: pathSchema },
  { title: 'ObservationRuleDraft', additionalProperties: false },
)

export const observationRuleListSchema = Type.Object(
  { rules: Type.Array(observationRuleSchema, { description: 'By id' }) },
  { title: 'ObservationRuleList', additionalProperties: false },
)

export const observationRuleParamsSchema = Type.Object({ id: idSchema })
