/** Object definitions the server knows, as the API shows them. */
import Type, { type Static } from 'typebox'

const objectId = Type.Integer({ minimum: 0, maximum: 65534 })

export const objectSummarySchema = Type.Object(
  {
    id: objectId,
    name: Type.String(),
    versions: Type.Array(Type.String(), { description: 'Oldest first' }),
  },
  { title: 'ObjectSummary', additionalProperties: false },
)
export type ObjectSummaryJson = Static<typeof objectSummarySchema>

export const objectListSchema = Type.Object(
  { objects: Type.Array(objectSummarySchema, { description: 'By id' }) },
  { title: 'ObjectList', additionalProperties: false },
)

export const resourceDefinitionSchema = Type.Object(
  {
    id: objectId,
    name: Type.String(),
    operations: Type.String({ description: 'R, W, RW, E, or empty for what only bootstrap touches' }),
    multiple: Type.Boolean(),
    mandatory: Type.Boolean(),
    type: Type.String({ description: 'string, integer, …; none for what can only be executed' }),
    range: Type.String(),
    unit: Type.String(),
    description: Type.String(),
  },
  { title: 'ResourceDefinition', additionalProperties: false },
)
export type ResourceDefinitionJson = Static<typeof resourceDefinitionSchema>

export const objectDefinitionSchema = Type.Object(
  {
    id: objectId,
    name: Type.String(),
    version: Type.String(),
    lwm2mVersion: Type.String(),
    urn: Type.String(),
    multiple: Type.Boolean(),
    mandatory: Type.Boolean(),
    description: Type.String(),
    resources: Type.Array(resourceDefinitionSchema, { description: 'By id' }),
  },
  { title: 'ObjectDefinition', additionalProperties: false },
)
export type ObjectDefinitionJson = Static<typeof objectDefinitionSchema>

export const objectParamsSchema = Type.Object({ id: objectId })

export const objectQuerySchema = Type.Object(
  { version: Type.Optional(Type.String({ pattern: '^\\d+\\.\\d+$', description: 'The newest unless told' })) },
  { additionalProperties: false },
)

const flawSchema = Type.Object(
  {
    severity: Type.Enum(['error', 'warning'], { description: 'An error keeps an object from being used' }),
    where: Type.String({ description: 'file, object 3, object 3 resource 14' }),
    line: Type.Optional(Type.Integer({ minimum: 1 })),
    message: Type.String(),
  },
  { title: 'DefinitionFlaw', additionalProperties: false },
)
export type FlawJson = Static<typeof flawSchema>

export const objectValidationSchema = Type.Object(
  {
    objects: Type.Array(Type.Object({ id: objectId, name: Type.String(), version: Type.String() }), {
      description: 'Those without an error',
    }),
    problems: Type.Array(flawSchema, { description: 'In the order of the file' }),
  },
  { title: 'ObjectValidation', additionalProperties: false },
)

export const objectReloadSchema = Type.Object(
  {
    objects: Type.Integer({ description: 'Objects the server has definitions of now' }),
    files: Type.Array(Type.Object({ file: Type.String(), problems: Type.Array(flawSchema) }), {
      description: 'Those of objects.directory, with their warnings',
    }),
  },
  { title: 'ObjectReload', additionalProperties: false },
)
