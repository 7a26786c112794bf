/** Observe intents as the API shows them. */
import Type, { type Static } from 'typebox'
import type { Observation } from '../../fleet/observations/types.ts'
import { instantSchema, pathSchema } from './scalars.ts'

export const observationStates = ['wanted', 'established', 'refused'] as const satisfies readonly Observation['state'][]

export const observationSchema = Type.Object(
  {
    path: pathSchema,
    state: Type.Enum([...observationStates], {
      description: 'wanted: the device was not (again) asked yet; established: it said yes; refused: it said no',
    }),
    reason: Type.Optional(Type.String({ description: 'Why it was refused' })),
    origin: Type.Enum(['operator', 'firmware'] satisfies Observation['origin'][]),
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
