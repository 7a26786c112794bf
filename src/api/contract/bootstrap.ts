/** Bootstrapping as the API shows and takes it: keys of templates go in and never come out again. */
import Type, { type Static } from 'typebox'
import { rights } from '../../fleet/bootstrap/draft.ts'
import { runStates, stepKinds, stepStates } from '../../fleet/bootstrap/types.ts'
import { longestProduct } from '../../fleet/registry/types.ts'
import { revisionSchema } from './precondition.ts'
import { endpointSchema, idSchema, instantSchema, limitSchema } from './scalars.ts'

const shortId = Type.Integer({ minimum: 1, maximum: 65_534, description: 'Short server id, /0/x/10 and /1/x/0' })
const spread = Type.Union(
  [Type.Integer({ minimum: 0 }), Type.String({ pattern: String.raw`^\d{1,10}(\.\.\d{1,10})?$` })],
  {
    description: 'A number, or a range like 30..90 each device draws its own from',
  },
)
const hexKey = Type.String({ minLength: 1, maxLength: 200, description: 'Hex, 16 to 64 octets' })
const resources = Type.Record(Type.String({ pattern: String.raw`^\d{1,5}$` }), Type.Unknown(), {
  description: 'Values by resource number, as a write takes them',
})

const registrationSchema = Type.Object(
  {
    order: Type.Optional(Type.Integer({ minimum: 0, description: '/1/x/13' })),
    initialDelay: Type.Optional(spread),
    blockOnFailure: Type.Optional(Type.Boolean({ description: '/1/x/15' })),
    bootstrapOnFailure: Type.Optional(Type.Boolean({ description: '/1/x/16' })),
    retries: Type.Optional(spread),
    retryTimer: Type.Optional(spread),
    sequenceDelay: Type.Optional(spread),
    sequenceRetries: Type.Optional(spread),
  },
  { additionalProperties: false, description: 'How a device goes on when it cannot register, /1/x/13 to /1/x/20' },
)

const common = {
  uri: Type.String({ minLength: 1, maxLength: 255, description: 'self, or coap(s)://host:port' }),
  shortId,
  security: Type.Optional(Type.Enum(['psk', 'none'])),
  identity: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: '{endpoint} stands for the name' })),
  lifetime: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description: 'Seconds' })),
  binding: Type.Optional(Type.String({ pattern: '^[UTSNHMQ]{1,7}$' })),
  storeNotifications: Type.Optional(Type.Boolean()),
  registration: Type.Optional(registrationSchema),
  securityResources: Type.Optional(resources),
  serverResources: Type.Optional(resources),
}

const accessSchema = Type.Object(
  {
    object: Type.Integer({ minimum: 1, maximum: 65_534 }),
    instance: Type.Integer({ minimum: 0, maximum: 65_535 }),
    owner: shortId,
    rights: Type.Record(Type.String(), Type.Array(Type.Enum([...rights]), { uniqueItems: true }), {
      description: 'By short server id; 0 is all others',
    }),
  },
  { title: 'BootstrapAccess', additionalProperties: false },
)

const audience = Type.Object(
  {
    product: Type.Optional(Type.String({ minLength: 1, maxLength: longestProduct })),
    tags: Type.Optional(Type.Record(Type.String(), Type.String(), { maxProperties: 32 })),
    endpoint: Type.Optional(Type.String({ minLength: 1, maxLength: 255, description: 'What the name begins with' })),
  },
  { additionalProperties: false, description: 'All that is named must hold; nothing is for everybody' },
)

const shape = {
  accessControl: Type.Optional(Type.Array(accessSchema, { maxItems: 32 })),
  instances: Type.Optional(Type.Record(Type.String(), resources, { description: 'Further instances by path' })),
  delete: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 32 }), { maxItems: 32 })),
  format: Type.Optional(Type.String({ maxLength: 16, description: 'Content format of writes, whatever is preferred' })),
  writes: Type.Optional(Type.Enum(['instance', 'object'])),
  verify: Type.Optional(Type.Boolean({ description: 'Reads the Server object back before it finishes' })),
  assumedAccount: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 65_534,
      description: 'Where the bootstrap account sits if a device does not tell',
    }),
  ),
}

export const templateDraftSchema = Type.Object(
  {
    for: Type.Optional(audience),
    servers: Type.Array(
      Type.Object(
        {
          ...common,
          masterKey: Type.Optional(
            Type.String({ description: 'Hex; the key of a device is HMAC-SHA256 of its identity, first 16 octets' }),
          ),
          key: Type.Optional(hexKey),
        },
        { title: 'BootstrapServerDraft', additionalProperties: false },
      ),
      { minItems: 1, maxItems: 8 },
    ),
    ...shape,
  },
  { title: 'BootstrapTemplateDraft', additionalProperties: false },
)
export type TemplateDraftJson = Static<typeof templateDraftSchema>

export const templateSchema = Type.Object(
  {
    name: Type.String(),
    for: audience,
    servers: Type.Array(
      Type.Object(
        {
          ...common,
          key: Type.Optional(
            Type.Object(
              {
                from: Type.Enum(['issued', 'master', 'fixed']),
                fingerprint: Type.Optional(Type.String({ description: 'The first 16 hex digits of its SHA-256' })),
              },
              { additionalProperties: false },
            ),
          ),
        },
        { title: 'BootstrapServer', additionalProperties: false },
      ),
    ),
    ...shape,
    revision: revisionSchema,
    changedAt: instantSchema,
  },
  { title: 'BootstrapTemplate', additionalProperties: false },
)
export type TemplateJson = Static<typeof templateSchema>

export const templateListSchema = Type.Object(
  { templates: Type.Array(templateSchema, { description: 'By name' }) },
  { title: 'BootstrapTemplateList', additionalProperties: false },
)

export const templateParamsSchema = Type.Object({ name: Type.String({ minLength: 1, maxLength: 64 }) })

export const runSchema = Type.Object(
  {
    id: idSchema,
    endpoint: endpointSchema,
    template: Type.String(),
    state: Type.Enum([...runStates]),
    secured: Type.Boolean(),
    address: Type.String(),
    port: Type.Integer(),
    attempts: Type.Integer({ description: 'Times the device has asked' }),
    format: Type.Optional(Type.String({ description: 'Content format of its writes' })),
    steps: Type.Array(
      Type.Object(
        {
          kind: Type.Enum([...stepKinds]),
          path: Type.String(),
          state: Type.Enum([...stepStates]),
          code: Type.Optional(Type.String({ description: 'What the device answered' })),
          at: Type.Optional(instantSchema),
          detail: Type.Optional(Type.String()),
        },
        { title: 'BootstrapStep', additionalProperties: false },
      ),
    ),
    credential: Type.Optional(Type.Integer({ description: 'The credential it was given for this server' })),
    startedAt: instantSchema,
    heardAt: instantSchema,
    finishedAt: Type.Optional(instantSchema),
    reason: Type.Optional(Type.String({ description: 'Why it failed' })),
  },
  { title: 'BootstrapRun', additionalProperties: false },
)
export type RunJson = Static<typeof runSchema>

export const runQuerySchema = Type.Object(
  {
    endpoint: Type.Optional(endpointSchema),
    failed: Type.Optional(Type.Boolean()),
    before: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
    limit: Type.Optional(limitSchema),
  },
  { additionalProperties: false },
)

export const runListSchema = Type.Object(
  {
    runs: Type.Array(runSchema, { description: 'Newest first' }),
    next: Type.Optional(Type.Integer({ description: 'The `before` of the next page' })),
  },
  { title: 'BootstrapRunList', additionalProperties: false },
)

export const triggerSchema = Type.Object(
  { instance: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_534, description: 'Of object 1' })) },
  { title: 'BootstrapTrigger', additionalProperties: false },
)
