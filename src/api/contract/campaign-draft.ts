/** What an operator defines of a campaign, as the API takes it. Durations are texts such as 30s, 4h, 14d. */
import Type, { type Static } from 'typebox'
import { approvals, breachActions, windowHolds } from '../../fleet/campaigns/types.ts'
import { campaignNamePattern, durationPattern, timeOfDayPattern } from './patterns.ts'
import { endpointSchema } from './scalars.ts'

export const durationText = Type.String({
  pattern: durationPattern,
  description: '90s, 15m, 4h, 14d',
})
export const percentage = Type.Number({ minimum: 0, maximum: 100, description: 'Percent, fractions allowed' })
export const imageReference = Type.String({
  minLength: 1,
  maxLength: 384,
  description: 'Version, product@version, key or SHA-256',
})

const selectSchema = Type.Object(
  {
    product: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: 'That of the image unless told' })),
    tags: Type.Optional(Type.Record(Type.String(), Type.String())),
    version: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, description: 'What devices run now: 1.0.3, <1.2.0, 1.0.x || 1.1.x' }),
    ),
    seenWithin: Type.Optional(durationText),
    endpoints: Type.Optional(Type.Array(endpointSchema, { minItems: 1, maxItems: 100_000 })),
  },
  { additionalProperties: false, description: 'Which devices; all that is said must hold' },
)

const stageDraftSchema = Type.Object(
  {
    count: Type.Optional(Type.Integer({ minimum: 1, description: 'Devices begun by the end of this stage' })),
    percent: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 100, description: 'The same as a share of all, fractions allowed' }),
    ),
    soak: Type.Optional(durationText),
    advance: Type.Optional(percentage),
    within: Type.Optional(durationText),
  },
  { additionalProperties: false },
)

const failureSchema = Type.Object(
  {
    percent: Type.Optional(percentage),
    minimumSample: Type.Optional(Type.Integer({ minimum: 1 })),
    count: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { additionalProperties: false, description: 'Stops the campaign: more failures than this of the attempted' },
)

const limitsSchema = Type.Object(
  {
    parallel: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    bytesPerSecond: Type.Optional(Type.Integer({ minimum: 1 })),
    perCell: Type.Optional(Type.Integer({ minimum: 1 })),
    perPrefix: Type.Optional(Type.Integer({ minimum: 1 })),
    prefixBits: Type.Optional(Type.Integer({ minimum: 1, maximum: 128 })),
  },
  { additionalProperties: false, description: 'Devices at one time: altogether, in a radio cell, behind a router' },
)

const windowSchema = Type.Object(
  {
    from: Type.Optional(Type.String({ pattern: timeOfDayPattern, description: '22:00' })),
    to: Type.Optional(Type.String({ pattern: timeOfDayPattern, description: '04:30' })),
    days: Type.Optional(
      Type.Array(Type.Enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']), { minItems: 1, maxItems: 7 }),
    ),
    cron: Type.Optional(Type.String({ maxLength: 100, description: 'When it opens: 0 22 * * 1-5' })),
    length: Type.Optional(durationText),
    zone: Type.Optional(Type.String({ maxLength: 64, description: 'Europe/Berlin, UTC, or device' })),
    holds: Type.Optional(
      Type.Enum([...windowHolds], { description: 'install: downloads go on at any time; begin unless told' }),
    ),
  },
  { additionalProperties: false, description: 'from and to with days, or cron and length; in this time zone' },
)

/** What an operator defines; in YAML, JSON and flags alike. Only `name` and `image` are required. */
export const campaignDraftSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 64, pattern: campaignNamePattern }),
    image: imageReference,
    select: Type.Optional(selectSchema),
    stages: Type.Optional(Type.Array(stageDraftSchema, { minItems: 1, maxItems: 32 })),
    advance: Type.Optional(percentage),
    failure: Type.Optional(failureSchema),
    limits: Type.Optional(limitsSchema),
    window: Type.Optional(windowSchema),
    require: Type.Optional(
      Type.Object(
        {
          battery: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, description: '/3/0/9, percent' })),
          signal: Type.Optional(Type.Integer({ minimum: -200, maximum: 0, description: '/4/0/2, dBm' })),
        },
        { additionalProperties: false },
      ),
    ),
    retry: Type.Optional(
      Type.Object(
        {
          attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })),
          backoff: Type.Optional(durationText),
          factor: Type.Optional(Type.Number({ minimum: 1, maximum: 100 })),
          longest: Type.Optional(durationText),
        },
        { additionalProperties: false },
      ),
    ),
    deltas: Type.Optional(
      Type.Boolean({ description: 'The devices take deltas; whole images go to those that refuse one' }),
    ),
    timeout: Type.Optional(durationText),
    deadline: Type.Optional(durationText),
    approval: Type.Optional(Type.Enum([...approvals])),
    onBreach: Type.Optional(Type.Enum([...breachActions])),
    rollbackTo: Type.Optional(imageReference),
    lateJoiners: Type.Optional(Type.Boolean()),
    priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
  },
  { title: 'CampaignDraft', additionalProperties: false },
)
export type CampaignDraftJson = Static<typeof campaignDraftSchema>

/** The same with who wants it and why, which is kept. */
export const campaignOrderSchema = Type.Object(
  {
    ...campaignDraftSchema.properties,
    why: Type.Optional(Type.String({ maxLength: 500 })),
    by: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  },
  { title: 'CampaignOrder', additionalProperties: false },
)
