/** Devices as the API shows and takes them. */
import Type, { type Static } from 'typebox'
import { profileNames } from '../../config/profiles.ts'
import { longestProduct, type ProductSource, type ProfileSource } from '../../fleet/registry/types.ts'
import { tagPattern } from './patterns.ts'
import { revisionSchema } from './precondition.ts'
import { endpointSchema, idSchema, instantSchema, limitSchema } from './scalars.ts'

const profileSources = [
  'operator',
  'product',
  'prefix',
  'network',
  'listener',
] as const satisfies readonly ProfileSource[]

const productSources = ['operator', 'credential', 'model'] as const satisfies readonly ProductSource[]

export const deviceStatuses = ['never-seen', 'awake', 'asleep', 'overdue', 'offline', 'quarantined', 'retired'] as const

export const registrationSchema = Type.Object(
  {
    id: Type.String({ description: 'Last segment of Location-Path' }),
    lwm2mVersion: Type.String(),
    lifetimeSeconds: Type.Integer({ minimum: 0 }),
    binding: Type.String(),
    queueMode: Type.Boolean({ description: 'The device may sleep between uplinks' }),
    smsNumber: Type.Optional(Type.String()),
    profileId: Type.Optional(Type.String({ description: 'LwM2M 1.2' })),
    links: Type.String({ description: 'Its objects in link format (RFC 6690), as sent' }),
    registeredAt: instantSchema,
    updatedAt: instantSchema,
    expiresAt: instantSchema,
    address: Type.String(),
    port: Type.Integer({ minimum: 0, maximum: 65535 }),
  },
  { title: 'Registration', additionalProperties: false },
)

export const deviceSchema = Type.Object(
  {
    id: idSchema,
    endpoint: endpointSchema,
    revision: revisionSchema,
    status: Type.Enum([...deviceStatuses]),
    nextExpectedAt: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'asleep: when it is expected to wake; overdue: when it was to be heard of',
      }),
    ),
    product: Type.Optional(Type.String()),
    productFrom: Type.Optional(
      Type.Enum([...productSources], {
        description: 'Who said so: an operator, its credential, or the device by its Model Number (/3/0/1)',
      }),
    ),
    tags: Type.Record(Type.String(), Type.String()),
    profile: Type.Optional(Type.Enum([...profileNames], { description: 'As an operator set it' })),
    network: Type.Object(
      { profile: Type.Enum([...profileNames]), from: Type.Enum([...profileSources]) },
      { description: 'The network profile in force, and what chose it' },
    ),
    awakeWindowSeconds: Type.Optional(
      Type.Number({ description: 'How long it listens after an uplink, usual or learned; absent: always' }),
    ),
    wakeIntervalSeconds: Type.Optional(Type.Number({ description: 'Its usual time between wakes, once learned' })),
    powerSaving: Type.Optional(
      Type.Object(
        {
          trackingUpdateSeconds: Type.Optional(Type.Number({ description: 'T3412, /10/0/4' })),
          activeTimeSeconds: Type.Optional(Type.Number({ description: 'T3324, /10/0/5' })),
          pagingCycleSeconds: Type.Optional(Type.Number({ description: 'eDRX, /10/0/8 or /10/0/9' })),
        },
        { description: 'As its modem reported in object 10' },
      ),
    ),
    createdAt: instantSchema,
    firstSeen: Type.Optional(instantSchema),
    lastSeen: Type.Optional(instantSchema),
    retiredAt: Type.Optional(instantSchema),
    quarantinedAt: Type.Optional(
      Type.String({ format: 'date-time', description: 'It registered unasked and waits to be accepted since' }),
    ),
    quirks: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String(),
          deviation: Type.String({ description: 'What the device does' }),
          assumption: Type.String({ description: 'What it was taken to mean' }),
          at: Type.Optional(Type.String({ format: 'date-time', description: 'When it was seen first' })),
          example: Type.Optional(Type.String({ description: 'What the device sent then, hex, its first octets' })),
        }),
        { description: 'How it deviates from the specifications, each once' },
      ),
    ),
    registration: Type.Optional(registrationSchema),
  },
  { title: 'Device', additionalProperties: false },
)
export type DeviceJson = Static<typeof deviceSchema>

const product = Type.String({ minLength: 1, maxLength: longestProduct })
const tagName = Type.String({ pattern: '^[^=\\s]{1,64}$' })
const tagValue = Type.String({ maxLength: 256 })
const profile = Type.Enum([...profileNames])

/** PUT: all of what an operator may say of a device; what is absent is taken away. */
export const devicePutSchema = Type.Object(
  {
    product: Type.Optional(product),
    tags: Type.Optional(Type.Record(tagName, tagValue, { maxProperties: 32 })),
    profile: Type.Optional(profile),
    retired: Type.Optional(Type.Boolean()),
  },
  { title: 'DevicePut', additionalProperties: false },
)

/** PATCH: what is absent stays, null takes away (RFC 7396), tag by tag. */
export const devicePatchSchema = Type.Object(
  {
    product: Type.Optional(Type.Union([product, Type.Null()])),
    tags: Type.Optional(Type.Record(tagName, Type.Union([tagValue, Type.Null()]), { maxProperties: 64 })),
    profile: Type.Optional(Type.Union([profile, Type.Null()])),
    retired: Type.Optional(Type.Boolean()),
    quarantined: Type.Optional(Type.Literal(false, { description: 'It waited to be accepted, and is' })),
  },
  { title: 'DevicePatch', additionalProperties: false },
)
export type DevicePatchJson = Static<typeof devicePatchSchema>

export const deviceQuerySchema = Type.Object(
  {
    product: Type.Optional(Type.String({ maxLength: longestProduct })),
    tag: Type.Optional(
      Type.Array(Type.String({ pattern: tagPattern }), {
        maxItems: 32,
        description: 'name=value; given more than once, all must hold',
      }),
    ),
    status: Type.Optional(Type.Enum([...deviceStatuses])),
    prefix: Type.Optional(Type.String({ maxLength: 255, description: 'Endpoint names that begin with this' })),
    cursor: Type.Optional(Type.String({ maxLength: 255, description: 'The `next` of the page before' })),
    limit: Type.Optional(limitSchema),
  },
  { additionalProperties: false },
)

export const devicePageSchema = Type.Object(
  { devices: Type.Array(deviceSchema), next: Type.Optional(Type.String({ description: 'Cursor of the next page' })) },
  { title: 'DevicePage', additionalProperties: false },
)

export const endpointParamsSchema = Type.Object({ endpoint: endpointSchema })
