/** Firmware images, the keys they are signed with and the deltas between them, as the API shows and takes them. */
import Type, { type Static } from 'typebox'
import { imageFormats, signatureStates } from '../../fleet/images/types.ts'
import { signingKeyKinds } from '../../fleet/signing-keys/types.ts'
import { sha256Pattern } from './patterns.ts'
import { revisionSchema } from './precondition.ts'
import { instantSchema } from './scalars.ts'

const octets = Type.Integer({ minimum: 0, description: 'Octets' })
const sha256 = Type.String({ description: 'Of the file, lower-case hex' })
const product = Type.String({ minLength: 1, maxLength: 128 })
const securityCounter = Type.Integer({
  minimum: 0,
  maximum: 0xffff_ffff,
  description: 'A boot loader refuses a lower one',
})

const signatureSchema = Type.Object(
  {
    state: Type.Enum([...signatureStates]),
    key: Type.Optional(Type.String({ description: 'Name of the key that verified it' })),
  },
  { additionalProperties: false },
)

export const imageSchema = Type.Object(
  {
    sha256,
    key: Type.String({ description: 'Devices fetch /fw/<key>' }),
    size: octets,
    version: Type.String(),
    product: Type.String(),
    format: Type.Enum([...imageFormats]),
    notes: Type.Optional(Type.String()),
    revision: revisionSchema,
    fromVersions: Type.Optional(Type.String({ description: 'Versions it may be installed over; absent: any' })),
    hardware: Type.Optional(Type.Array(Type.String(), { description: 'Hardware versions it runs on; absent: any' })),
    securityCounter: Type.Optional(securityCounter),
    signature: Type.Optional(signatureSchema),
    dependencies: Type.Optional(
      Type.Array(Type.Object({ image: Type.Integer(), version: Type.String() }), {
        description: 'Other images of the device that have to be this version or newer',
      }),
    ),
    addedAt: instantSchema,
  },
  { title: 'Image', additionalProperties: false },
)
export type ImageJson = Static<typeof imageSchema>

export const imageListSchema = Type.Object(
  { images: Type.Array(imageSchema) },
  { title: 'ImageList', additionalProperties: false },
)

export const imageQuerySchema = Type.Object({ product: Type.Optional(product) }, { additionalProperties: false })

export const imageUploadQuerySchema = Type.Object(
  {
    product,
    version: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, description: 'An MCUboot image tells it itself' }),
    ),
    notes: Type.Optional(Type.String({ maxLength: 2000 })),
    fromVersions: Type.Optional(Type.String({ maxLength: 512, description: 'A range such as >=1.2.0 <2.0.0' })),
    hardware: Type.Optional(Type.String({ maxLength: 2048, description: 'Hardware versions, parted by commas' })),
    securityCounter: Type.Optional(
      Type.Integer({ ...securityCounter, description: 'An MCUboot image with a lower one is refused' }),
    ),
    sha256: Type.Optional(Type.String({ pattern: sha256Pattern, description: 'Other octets are refused' })),
  },
  { additionalProperties: false },
)

export const imageReference = Type.String({
  minLength: 1,
  maxLength: 384,
  description: 'SHA-256, key, version where only one image has it, or product@version',
})

export const imageParamsSchema = Type.Object({ image: imageReference })

export const imageNotesSchema = Type.Object(
  { notes: Type.Union([Type.String({ maxLength: 16_384 }), Type.Null()], { description: 'null takes them away' }) },
  { title: 'ImageNotes', additionalProperties: false },
)

export const verificationSchema = Type.Object(
  {
    image: imageSchema,
    intact: Type.Boolean({ description: 'The stored file has the hash it was added with, and no false signature' }),
    detail: Type.Optional(Type.String({ description: 'What is wrong with it' })),
    signature: Type.Optional(signatureSchema),
  },
  { title: 'Verification', additionalProperties: false },
)

export const signingKeySchema = Type.Object(
  {
    name: Type.String(),
    kind: Type.Enum([...signingKeyKinds]),
    fingerprint: Type.String({ description: 'SHA-256 of the public key, as images name it, hex' }),
    product: Type.Optional(Type.String({ description: "Whose images it signs; absent: everybody's" })),
    pem: Type.String(),
    addedAt: instantSchema,
  },
  { title: 'SigningKey', additionalProperties: false },
)
export type SigningKeyJson = Static<typeof signingKeySchema>

export const signingKeyDraftSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 64 }),
    pem: Type.String({ minLength: 1, maxLength: 8192, description: 'A public key; private ones are refused' }),
    product: Type.Optional(product),
  },
  { title: 'SigningKeyDraft', additionalProperties: false },
)

export const signingKeyListSchema = Type.Object(
  { keys: Type.Array(signingKeySchema, { description: 'By name' }) },
  { title: 'SigningKeyList', additionalProperties: false },
)

export const signingKeyParamsSchema = Type.Object({ name: Type.String({ minLength: 1, maxLength: 64 }) })

export const deltaSchema = Type.Object(
  {
    from: Type.String({ description: 'SHA-256 of the image it is applied to' }),
    to: Type.String({ description: 'SHA-256 of the image it makes' }),
    sha256,
    key: Type.String(),
    size: octets,
    madeBy: Type.String({ description: '`uploaded`, or the command that made it' }),
    addedAt: instantSchema,
  },
  { title: 'Delta', additionalProperties: false },
)
export type DeltaJson = Static<typeof deltaSchema>

export const deltaListSchema = Type.Object(
  { deltas: Type.Array(deltaSchema) },
  { title: 'DeltaList', additionalProperties: false },
)

export const deltaQuerySchema = Type.Object({ to: Type.Optional(imageReference) }, { additionalProperties: false })

export const deltaPairSchema = Type.Object(
  { from: imageReference, to: imageReference },
  { title: 'DeltaPair', additionalProperties: false },
)

export const deltaParamsSchema = Type.Object({ key: Type.String({ pattern: '^[0-9a-f]{12}$' }) })
