/**
 * What a scenario file may say: the schema its YAML is held against, and the meaning of each member. What
 * is absent is filled in by `read.ts`; the campaign is the command line's to check.
 */
import Type, { type Static, type TSchema } from 'typebox'
import { personalities, type PersonalityName } from '../devices/personalities.ts'
import { linkQualities, type NetworkName } from '../link-quality.ts'
import { durationSchema, shareSchema, sizeSchema } from './scalars.ts'

/** Devices of one scenario at most: what the store is made for, ten times. */
export const deviceLimit = 1_000_000
/** Octets: every device of a simulated fleet fetches them. */
export const largestImage = 16 * 1024 * 1024

const optional = <S extends TSchema>(schema: S) => Type.Optional(schema)

function closed<P extends Record<string, TSchema>>(properties: P) {
  return Type.Object(properties, { additionalProperties: false })
}

const mixNames = Object.keys(personalities) as PersonalityName[]
const networkNames = Object.keys(linkQualities) as NetworkName[]

function optionalEach<N extends string, S extends TSchema>(names: readonly N[], schema: S) {
  return closed(
    Object.fromEntries(names.map((name) => [name, Type.Optional(schema)])) as Record<N, ReturnType<typeof optional<S>>>,
  )
}

const networkSchema = closed({
  /** Of datagrams, each way. */
  loss: optional(shareSchema),
  /** Mean length of a run of losses; 1 makes every loss independent. */
  'loss-run': optional(Type.Number({ minimum: 1, maximum: 100 })),
  /** Median round trip. */
  latency: optional(durationSchema),
  /** Sigma of its lognormal distribution. */
  jitter: optional(Type.Number({ minimum: 0, maximum: 3 })),
  duplicates: optional(shareSchema),
  reordered: optional(shareSchema),
  /** Every device is behind a translator that forgets it after so much silence. */
  nat: optional(durationSchema),
  /** How long radios listen after they were last active. */
  awake: optional(durationSchema),
  /** How often sleepy Thread children ask their parent. */
  poll: optional(durationSchema),
})

const faultsSchema = closed({
  'faulty-image': optional(
    closed({
      share: shareSchema,
      /** It does not come up, and the device goes back to the old one; or it is damaged when it has been fetched. */
      shows: optional(Type.Enum(['boot', 'integrity'])),
    }),
  ),
  'power-cut': optional(closed({ share: shareSchema, at: shareSchema })),
  'slow-blocks': optional(closed({ share: shareSchema, pause: durationSchema })),
  'nat-rebinding': optional(closed({ share: shareSchema, every: durationSchema })),
  /** A region without power, and everybody back at about the same time. */
  'power-return': optional(
    closed({ share: shareSchema, after: durationSchema, off: durationSchema, within: durationSchema }),
  ),
})

const expectationsSchema = closed({
  /** Devices registered at the end, at least. */
  registered: optional(shareSchema),
  /** Devices that run the new version at the end, at least and at most. */
  updated: optional(shareSchema),
  'updated-at-most': optional(shareSchema),
  /** State the campaign ends in. */
  campaign: optional(Type.String({ minLength: 1 })),
  /** A rollback took every device back that could be. */
  'rolled-back': optional(Type.Boolean()),
})

export const scenarioSchema = closed({
  name: Type.String({ pattern: '^[a-z][a-z0-9-]{0,39}$' }),
  title: optional(Type.String({ maxLength: 100 })),
  description: optional(Type.String({ maxLength: 2000 })),
  seed: optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295 })),
  devices: Type.Integer({ minimum: 1, maximum: deviceLimit }),
  /** Ends by then, whatever has come of it. */
  duration: durationSchema,
  /** Power comes on everywhere over this time. */
  boot: optional(durationSchema),
  /** Against a running server: intervals, lifetimes and reboots of devices are so many times shorter. */
  compress: optional(Type.Number({ minimum: 1, maximum: 1000 })),
  mix: optional(optionalEach(mixNames, Type.Number({ minimum: 0 }))),
  networks: optional(optionalEach(networkNames, networkSchema)),
  security: optional(closed({ dtls: optional(Type.Boolean()), 'connection-id': optional(shareSchema) })),
  /** Paths the server observes on every device. */
  observe: optional(Type.Array(Type.String({ pattern: '^(/\\d{1,5}){1,3}$' }), { maxItems: 8 })),
  faults: optional(faultsSchema),
  firmware: optional(
    closed({
      size: sizeSchema,
      from: optional(Type.String({ pattern: '^[0-9A-Za-z.+-]{1,15}$' })),
      to: optional(Type.String({ pattern: '^[0-9A-Za-z.+-]{1,15}$' })),
    }),
  ),
  /** As `coapstan campaign create` takes it; image and devices are filled in. */
  campaign: optional(Type.Record(Type.String(), Type.Unknown())),
  /** The campaign begins so long after the first device was switched on. */
  'campaign-after': optional(durationSchema),
  expect: optional(expectationsSchema),
})

/** As written. */
export type ScenarioText = Static<typeof scenarioSchema>
export type NetworkText = Static<typeof networkSchema>
export type FaultsText = Static<typeof faultsSchema>
