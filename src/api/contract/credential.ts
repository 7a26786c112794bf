/** Credentials as the API shows and takes them: a key goes in and never comes out again. */
import Type, { type Static } from 'typebox'
import { credentialKinds, credentialPurposes, credentialStates } from '../../fleet/credentials/types.ts'
import { longestProduct } from '../../fleet/registry/types.ts'
import { endpointSchema, idSchema, instantSchema, limitSchema } from './scalars.ts'

const kind = Type.Enum([...credentialKinds])
const purpose = Type.Enum([...credentialPurposes])
const tags = Type.Record(Type.String(), Type.String(), { maxProperties: 32 })
const product = Type.String({ minLength: 1, maxLength: longestProduct })

const maskedKeySchema = Type.Object(
  {
    begins: Type.Optional(Type.String({ description: 'The first two hex digits' })),
    length: Type.Optional(Type.Integer({ description: 'Octets' })),
    fingerprint: Type.String({ description: 'The first 16 hex digits of the SHA-256 of the key' }),
  },
  { title: 'MaskedKey', additionalProperties: false },
)

export const credentialSchema = Type.Object(
  {
    id: idSchema,
    endpoint: endpointSchema,
    kind,
    purpose: Type.Enum([...credentialPurposes], {
      description: 'Which listener accepts it: that of the bootstrap server, or the others',
    }),
    identity: Type.String({
      description:
        'psk: text, or 0x and hex · raw-public-key: SubjectPublicKeyInfo, hex · certificate: SHA-256, hex · certificate-name: pattern',
    }),
    key: Type.Optional(maskedKeySchema),
    product: Type.Optional(Type.String()),
    tags: Type.Record(Type.String(), Type.String()),
    state: Type.Enum([...credentialStates]),
    createdAt: instantSchema,
    lastUsedAt: Type.Optional(instantSchema),
    acceptedUntil: Type.Optional(instantSchema),
    revokedAt: Type.Optional(instantSchema),
    replaces: Type.Optional(idSchema),
    rule: Type.Optional(Type.Integer({ description: 'certificate: the certificate-name that let it in' })),
  },
  { title: 'Credential', additionalProperties: false },
)
export type CredentialJson = Static<typeof credentialSchema>

const identity = Type.String({
  minLength: 1,
  maxLength: 2000,
  description:
    'psk: text, or 0x and hex · raw-public-key: hex or PEM · certificate: its SHA-256 · certificate-name: a pattern with at most one *',
})
const key = Type.String({ minLength: 1, maxLength: 200, description: 'psk: hex, 16 to 64 octets; made where absent' })

export const credentialDraftSchema = Type.Object(
  {
    endpoint: endpointSchema,
    kind: Type.Optional(kind),
    purpose: Type.Optional(purpose),
    identity: Type.Optional(identity),
    key: Type.Optional(key),
    product: Type.Optional(product),
    tags: Type.Optional(tags),
  },
  { title: 'CredentialDraft', additionalProperties: false },
)
export type CredentialDraftJson = Static<typeof credentialDraftSchema>

export const rotationSchema = Type.Object(
  {
    identity: Type.Optional(identity),
    key: Type.Optional(key),
    immediately: Type.Optional(Type.Boolean({ description: 'No overlap: all the endpoint had is revoked at once' })),
  },
  { title: 'Rotation', additionalProperties: false },
)

export const newCredentialSchema = Type.Object(
  {
    credential: credentialSchema,
    newKey: Type.Optional(Type.String({ description: 'Hex; only of a key the server made, and told this once' })),
  },
  { title: 'NewCredential', additionalProperties: false },
)
export type NewCredentialJson = Static<typeof newCredentialSchema>

export const credentialParamsSchema = Type.Object({
  credential: Type.String({ minLength: 1, maxLength: 255, description: 'An endpoint name, or a number' }),
})

export const credentialQuerySchema = Type.Object(
  {
    endpoint: Type.Optional(endpointSchema),
    state: Type.Optional(Type.Enum([...credentialStates])),
    kind: Type.Optional(kind),
    purpose: Type.Optional(purpose),
    product: Type.Optional(Type.String({ maxLength: longestProduct })),
    after: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    limit: Type.Optional(limitSchema),
  },
  { additionalProperties: false },
)

export const credentialPageSchema = Type.Object(
  {
    credentials: Type.Array(credentialSchema, { description: 'In the order they were added' }),
    next: Type.Optional(Type.Integer({ description: 'The `after` of the next page' })),
  },
  { title: 'CredentialPage', additionalProperties: false },
)

export const revocationSchema = Type.Object(
  { revoked: Type.Array(credentialSchema) },
  { title: 'Revocation', additionalProperties: false },
)

export const importQuerySchema = Type.Object(
  {
    dryRun: Type.Optional(Type.Boolean({ description: 'Only say what would be' })),
    partial: Type.Optional(Type.Boolean({ description: 'Take the rows that can be taken; else it is all or nothing' })),
  },
  { additionalProperties: false },
)

const count = Type.Integer({ minimum: 0 })

export const importReportSchema = Type.Object(
  {
    rows: count,
    added: count,
    updated: Type.Integer({ minimum: 0, description: 'Product or tags are other than before' }),
    unchanged: count,
    skipped: Type.Integer({ minimum: 0, description: 'Revoked since they were first taken' }),
    failed: count,
    problems: Type.Array(
      Type.Object(
        {
          line: Type.Integer({ minimum: 1 }),
          endpoint: Type.Optional(Type.String()),
          code: Type.String(),
          message: Type.String(),
        },
        { title: 'RowProblem', additionalProperties: false },
      ),
      { description: 'The first of them' },
    ),
    committed: Type.Boolean(),
  },
  { title: 'ImportReport', additionalProperties: false },
)
export type ImportReportJson = Static<typeof importReportSchema>
