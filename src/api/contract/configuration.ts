/** The configuration of a device as the API shows and takes it. */
import Type, { type Static } from 'typebox'
import { revisionSchema } from './precondition.ts'
import { endpointSchema, instantSchema } from './scalars.ts'

const document = Type.Unknown({ description: 'Any JSON; the device fetches it from /config as JSON or CBOR' })

export const configurationSchema = Type.Object(
  {
    endpoint: endpointSchema,
    document,
    revision: revisionSchema,
    changedAt: instantSchema,
    observers: Type.Object(
      { count: Type.Integer(), told: Type.Integer({ description: 'How many have acknowledged this document' }) },
      { additionalProperties: false, description: 'Tokens under which the device observes /config' },
    ),
  },
  { title: 'Configuration', additionalProperties: false },
)
export type ConfigurationJson = Static<typeof configurationSchema>

export const configurationSetSchema = Type.Object(
  { document },
  { title: 'ConfigurationSet', additionalProperties: false },
)
