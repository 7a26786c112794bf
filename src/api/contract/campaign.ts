/** Campaigns as the API shows and takes them. Durations are texts such as 30s, 4h, 14d; shares are percentages. */
import Type, { type Static } from 'typebox'
import { campaignDeviceStates, campaignStates } from '../../fleet/campaigns/types.ts'
import { campaignDraftSchema, durationText, imageReference, percentage } from './campaign-draft.ts'
import { revisionSchema } from './precondition.ts'
import { endpointSchema, idSchema, instantSchema, limitSchema } from './scalars.ts'

const count = Type.Integer({ minimum: 0 })
const octets = Type.Integer({ minimum: 0, description: 'Octets' })

/** Devices by state; `attempted` is succeeded, failed and timedOut together. */
const countsSchema = Type.Object(
  {
    total: count,
    waiting: count,
    updating: count,
    retrying: count,
    succeeded: count,
    failed: count,
    timedOut: count,
    cancelled: count,
    gone: count,
    notReached: count,
    skipped: count,
    attempted: count,
  },
  { title: 'CampaignCounts', additionalProperties: false },
)
export type CampaignCountsJson = Static<typeof countsSchema>

const stageSchema = Type.Object(
  {
    upTo: Type.String({ description: '10 devices, 5 %' }),
    share: Type.Integer({ minimum: 0, description: 'Devices begun by its end, this and earlier stages together' }),
    begun: Type.Integer({ minimum: 0, description: 'Devices this stage has begun' }),
    counts: countsSchema,
    soak: durationText,
    advance: percentage,
    startedAt: Type.Optional(instantSchema),
    completedAt: Type.Optional(instantSchema),
    soaksUntil: Type.Optional(instantSchema),
    passedAt: Type.Optional(instantSchema),
  },
  { additionalProperties: false },
)
export type CampaignStageJson = Static<typeof stageSchema>

const campaignImageSchema = Type.Object(
  {
    sha256: Type.String(),
    key: Type.String(),
    product: Type.String(),
    version: Type.String(),
    size: octets,
    fromVersions: Type.Optional(Type.String({ description: 'What it goes over' })),
    hardware: Type.Optional(Type.Array(Type.String(), { description: 'Hardware versions (/3/0/18) it runs on' })),
  },
  { additionalProperties: false },
)

const reasonCountSchema = Type.Object(
  { state: Type.Enum([...campaignDeviceStates]), reason: Type.String(), count },
  { additionalProperties: false },
)

export const verdicts = ['passed', 'failed', 'unfinished'] as const
const verdictSchema = Type.Enum([...verdicts], {
  description:
    'passed: it completed, enough of its last stage succeeded, its image runs somewhere, and nothing was taken back; a way back: all are back',
})

export const campaignSchema = Type.Object(
  {
    id: idSchema,
    name: Type.String(),
    revision: revisionSchema,
    state: Type.Enum([...campaignStates]),
    verdict: verdictSchema,
    reason: Type.Optional(Type.String({ description: 'Why it stands where it stands, or has not passed' })),
    /** What an operator would do next, as a command; absent where nothing waits for one. */
    advice: Type.Optional(Type.String()),
    warnings: Type.Optional(
      Type.Array(Type.String(), { description: 'What may not have been meant; told when it is made' }),
    ),
    image: campaignImageSchema,
    definition: campaignDraftSchema,
    stage: Type.Integer({ minimum: 1, description: 'The one being rolled out, from 1' }),
    stages: Type.Array(stageSchema),
    counts: countsSchema,
    reasons: Type.Array(reasonCountSchema, { description: 'What devices wait for, and why they ended so' }),
    rate: Type.Object(
      {
        devicesPerHour: Type.Number({ minimum: 0 }),
        bytesPerSecond: Type.Number({ minimum: 0 }),
      },
      { additionalProperties: false, description: 'Over the last minutes' },
    ),
    bytes: Type.Integer({ minimum: 0, description: 'Octets fetched by its devices' }),
    expectedAt: Type.Optional(instantSchema),
    holdsUntil: Type.Optional(instantSchema),
    approved: Type.Boolean(),
    rollbackOf: Type.Optional(Type.String({ description: 'Name of the campaign whose devices it takes back' })),
    backTo: Type.Optional(
      Type.Array(campaignImageSchema, {
        description: 'Of a way back to several versions: each device goes to the one it came from',
      }),
    ),
    rollback: Type.Optional(Type.String({ description: 'Name of the campaign that takes its devices back' })),
    createdAt: instantSchema,
    startedAt: Type.Optional(instantSchema),
    deadlineAt: Type.Optional(instantSchema),
    finishedAt: Type.Optional(instantSchema),
  },
  { title: 'Campaign', additionalProperties: false },
)
export type CampaignJson = Static<typeof campaignSchema>

const campaignSummarySchema = Type.Object(
  {
    id: idSchema,
    name: Type.String(),
    state: Type.Enum([...campaignStates]),
    verdict: verdictSchema,
    reason: Type.Optional(Type.String()),
    image: campaignImageSchema,
    stage: Type.Integer({ minimum: 1 }),
    stages: Type.Integer({ minimum: 1 }),
    counts: countsSchema,
    createdAt: instantSchema,
    startedAt: Type.Optional(instantSchema),
    finishedAt: Type.Optional(instantSchema),
  },
  { title: 'CampaignSummary', additionalProperties: false },
)
export type CampaignSummaryJson = Static<typeof campaignSummarySchema>

export const campaignListSchema = Type.Object(
  { campaigns: Type.Array(campaignSummarySchema, { description: 'Newest first' }), next: Type.Optional(idSchema) },
  { title: 'CampaignList', additionalProperties: false },
)

export const campaignListQuerySchema = Type.Object(
  { before: Type.Optional(idSchema), limit: Type.Optional(limitSchema) },
  { additionalProperties: false },
)

export const campaignParamsSchema = Type.Object({
  campaign: Type.String({ minLength: 1, maxLength: 64, description: 'Name or number' }),
})

/** Why, and by whom: kept with the campaign. */
export const campaignActionSchema = Type.Object(
  {
    why: Type.Optional(Type.String({ maxLength: 500 })),
    by: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  },
  { title: 'CampaignAction', additionalProperties: false },
)

export const campaignStartSchema = Type.Object(
  {
    ...campaignActionSchema.properties,
    force: Type.Optional(
      Type.Boolean({ description: 'Also where it is for no device now, or its image is not at hand' }),
    ),
  },
  { title: 'CampaignStart', additionalProperties: false },
)

export const campaignRollbackSchema = Type.Object(
  {
    why: Type.Optional(Type.String({ maxLength: 500 })),
    by: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    image: Type.Optional(imageReference),
  },
  { title: 'CampaignRollback', additionalProperties: false },
)

export const campaignDeviceSchema = Type.Object(
  {
    deviceId: idSchema,
    endpoint: endpointSchema,
    stage: Type.Optional(Type.Integer({ minimum: 1 })),
    state: Type.Enum([...campaignDeviceStates]),
    reason: Type.Optional(Type.String()),
    detail: Type.Optional(Type.String()),
    attempts: count,
    way: Type.Optional(
      Type.Object(
        {
          legs: Type.Array(
            Type.Object(
              { version: Type.String(), kind: Type.Enum(['whole', 'delta']), size: octets },
              { additionalProperties: false },
            ),
          ),
          done: Type.Integer({ minimum: 0, description: 'Of them so many are confirmed' }),
        },
        { additionalProperties: false, description: 'Absent where it goes straight to one whole image' },
      ),
    ),
    touched: Type.Boolean({ description: 'It was told to install the image' }),
    updateId: Type.Optional(idSchema),
    fromVersion: Type.Optional(Type.String()),
    toVersion: Type.Optional(Type.String()),
    result: Type.Optional(Type.Integer({ description: '/5/0/5 at the end' })),
    bytes: octets,
    resumes: count,
    enrolledAt: instantSchema,
    startedAt: Type.Optional(instantSchema),
    finishedAt: Type.Optional(instantSchema),
    dueAt: Type.Optional(instantSchema),
  },
  { title: 'CampaignDevice', additionalProperties: false },
)
export type CampaignDeviceJson = Static<typeof campaignDeviceSchema>

export const campaignDeviceQuerySchema = Type.Object(
  {
    state: Type.Optional(Type.Enum([...campaignDeviceStates])),
    after: Type.Optional(idSchema),
    limit: Type.Optional(limitSchema),
  },
  { additionalProperties: false },
)

export const campaignDevicePageSchema = Type.Object(
  { devices: Type.Array(campaignDeviceSchema), next: Type.Optional(idSchema) },
  { title: 'CampaignDevicePage', additionalProperties: false },
)

const wayPlanSchema = Type.Object(
  {
    way: Type.String({ description: 'whole; by delta, from 1.0.0; over 1.1.0 (whole) to 1.2.0 (whole)' }),
    devices: count,
    bytes: Type.Integer({ minimum: 0, description: 'Octets each of them is handed' }),
    hops: Type.Integer({ minimum: 1, description: 'Installations of each' }),
  },
  { additionalProperties: false },
)

const profilePlanSchema = Type.Object(
  {
    profile: Type.String({ description: 'Network profile' }),
    devices: count,
    blockSize: octets,
    perDevice: durationText,
    bytesOnAir: Type.Integer({ minimum: 0, description: 'Octets one device sends and receives, headers included' }),
  },
  { additionalProperties: false },
)

/** What a campaign would do; nothing is kept of it. */
export const campaignPlanSchema = Type.Object(
  {
    name: Type.String(),
    image: campaignImageSchema,
    found: Type.Integer({ minimum: 0, description: 'Devices the selector looked at' }),
    eligible: count,
    excluded: Type.Array(
      Type.Object(
        { reason: Type.String(), count, examples: Type.Array(endpointSchema) },
        { additionalProperties: false },
      ),
    ),
    unknown: Type.Object(
      { count, examples: Type.Array(endpointSchema) },
      { additionalProperties: false, description: 'Endpoints of the selection that nobody knows' },
    ),
    ways: Type.Array(wayPlanSchema),
    bytes: Type.Integer({ minimum: 0, description: 'Octets handed over altogether' }),
    stages: Type.Array(
      Type.Object(
        { upTo: Type.String(), share: count, devices: count, soak: durationText },
        { additionalProperties: false },
      ),
    ),
    profiles: Type.Array(profilePlanSchema),
    duration: Type.Object(
      { shortest: durationText, expected: durationText },
      { additionalProperties: false, description: 'From start to end, soaks and windows included' },
    ),
    warnings: Type.Array(Type.String()),
    text: Type.Array(Type.String(), { description: 'The same for people, a line each' }),
    definition: campaignDraftSchema,
  },
  { title: 'CampaignPlan', additionalProperties: false },
)
export type CampaignPlanJson = Static<typeof campaignPlanSchema>

const entrySchema = Type.Object(
  {
    at: instantSchema,
    what: Type.String(),
    by: Type.String(),
    why: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)

/** Devices over time, all stages together; `from` and `to` bound the picture. */
const timelineSchema = Type.Object(
  {
    from: instantSchema,
    to: instantSchema,
    points: Type.Array(
      Type.Object(
        { at: instantSchema, begun: count, succeeded: count, failed: count },
        { additionalProperties: false, description: 'Sums up to then' },
      ),
    ),
  },
  { additionalProperties: false },
)

export const campaignReportSchema = Type.Object(
  {
    verdict: verdictSchema,
    summary: Type.Array(Type.String(), { description: 'What happened, a sentence each' }),
    campaign: campaignSchema,
    failures: Type.Array(campaignDeviceSchema, {
      description: 'Devices that failed or timed out, of a way back those not taken back: the first so many',
    }),
    entries: Type.Array(entrySchema, { description: 'What was done to it, by whom and why' }),
    timeline: timelineSchema,
    rollback: Type.Optional(campaignSummarySchema),
  },
  { title: 'CampaignReport', additionalProperties: false },
)
export type CampaignReportJson = Static<typeof campaignReportSchema>
