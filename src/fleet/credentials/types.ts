/**
 * Credentials: what a device proves to be itself with, and the endpoint name that stands for. Secrets are
 * sealed octets here; who seals them is not known.
 */
import type { Bytes } from '../../base/bytes.ts'
import type { Instant } from '../../base/time.ts'
import type { EndpointName } from '../registry/types.ts'

/** Ours, never reused. */
export type CredentialId = number

export const credentialKinds = ['psk', 'raw-public-key', 'certificate', 'certificate-name'] as const
export type CredentialKind = (typeof credentialKinds)[number]

/** retiring: rotated, and still accepted until its successor has been used and the grace after that is over. */
export const credentialStates = ['active', 'retiring', 'revoked'] as const
/** What a credential is for: the LwM2M server, or the bootstrap server before it. */
export const credentialPurposes = ['management', 'bootstrap'] as const
export type CredentialPurpose = (typeof credentialPurposes)[number]

export type CredentialState = (typeof credentialStates)[number]

export interface Credential {
  readonly id: CredentialId
  /**
   * The name it stands for; one active credential an endpoint and purpose. Of a certificate-name it is what a name
   * becomes: `*` in it is what the `*` of the pattern stood for.
   */
  readonly endpoint: EndpointName
  readonly kind: CredentialKind
  /** Accepted by the bootstrap listener only; absent: by the others only. */
  readonly purpose?: 'bootstrap'
  /**
   * psk: the identity, any octets · raw-public-key: SubjectPublicKeyInfo, DER · certificate: SHA-256 of it ·
   * certificate-name: a pattern for a name in a certificate of our authorities, UTF-8. Of one purpose, kind and identity at
   * most one is not revoked, and it is the newest.
   */
  readonly identity: Bytes
  /** psk: the key as the store keeps it. */
  readonly sealedKey?: Bytes
  /** psk: names the key without telling it, so that no two devices share one. */
  readonly keyFingerprint?: string
  /** What the device is, for when it is seen first. */
  readonly product?: string
  readonly tags: Readonly<Record<string, string>>
  readonly state: CredentialState
  readonly createdAt: Instant
  /** The last completed handshake, to the minute. */
  readonly lastUsedAt?: Instant
  /** retiring: known once the successor has been used. */
  readonly acceptedUntil?: Instant
  readonly revokedAt?: Instant
  /** The credential it was rotated from. */
  readonly replaces?: CredentialId
  /** certificate: the certificate-name that let it in; absent where an operator named its fingerprint. */
  readonly rule?: CredentialId
}

/** A credential for people: everything but its secret. */
export interface CredentialSummary extends Omit<Credential, 'identity' | 'sealedKey' | 'keyFingerprint'> {
  /** Text where it is text, else `0x` and hex. */
  readonly identity: string
  readonly key?: MaskedKey
}

export interface MaskedKey {
  /** The first two hex digits; absent where the key cannot be opened. */
  readonly begins?: string
  /** Octets. */
  readonly length?: number
  readonly fingerprint: string
}

export interface CredentialFilter {
  readonly endpoint?: EndpointName
  readonly state?: CredentialState
  readonly kind?: CredentialKind
  readonly purpose?: CredentialPurpose
  readonly product?: string
}

/** What a peer has proved to be; the same shape as a principal of DTLS. */
export type ProvenIdentity =
  | { readonly kind: 'psk'; readonly identity: Bytes }
  | { readonly kind: 'raw-public-key'; readonly publicKey: Bytes }
  | { readonly kind: 'certificate'; readonly fingerprint: Bytes; readonly names: readonly string[] }
  | { readonly kind: 'anonymous' }

/** What a handshake asks; the queries of DTLS have this shape. */
export type CredentialQuestion =
  | { readonly kind: 'psk'; readonly identity: Bytes }
  | { readonly kind: 'raw-public-key'; readonly publicKey: Bytes }
  /** Its chain ends at one of our authorities, and the peer holds its key. */
  | { readonly kind: 'certificate'; readonly principal: ProvenIdentity }

/** Whoever is not found, revoked or past its grace is unknown: nobody outside can tell which. */
export type CredentialFound =
  | { readonly found: 'key'; readonly key: Bytes; readonly endpoint: EndpointName }
  | { readonly found: 'trusted'; readonly endpoint: EndpointName }
  | { readonly found: 'unknown' }

/** Seals secrets for the store. What was sealed in one context opens in no other. */
export interface Sealer {
  seal(plaintext: Bytes, context: Bytes): Bytes
  /** Undefined where it was sealed with another key, in another context, or is damaged. */
  open(sealed: Bytes, context: Bytes): Bytes | undefined
  /** The same for the same secret; tells nothing of a secret nobody can guess. */
  fingerprint(secret: Bytes): string
}

/** What the credentials of an endpoint say of it. */
export interface CredentialStanding {
  /** One is accepted now. */
  readonly known: boolean
  /** One that is accepted now has been used. */
  readonly proven: boolean
  /** One that is accepted now is for bootstrapping. */
  readonly bootstraps: boolean
  readonly product?: string
  readonly tags: Readonly<Record<string, string>>
}

/** What an operator says of a new credential, as text. */
export interface CredentialDraft {
  readonly endpoint: EndpointName
  readonly kind: CredentialKind
  /** management where it is absent. */
  readonly purpose?: CredentialPurpose
  /** Of a psk the endpoint name where it is absent. */
  readonly identity?: string
  /** psk: hex; made by us where it is absent. */
  readonly key?: string
  readonly product?: string
  readonly tags?: Readonly<Record<string, string>>
}

/** One line of a file that cannot be taken. */
export interface RowProblem {
  /** From 1, as an editor counts. */
  readonly line: number
  readonly endpoint?: string
  readonly code: string
  readonly message: string
}

export interface ImportReport {
  readonly rows: number
  readonly added: number
  /** Product or tags are other than before. */
  readonly updated: number
  /** Known as it is. */
  readonly unchanged: number
  /** Known and revoked since: not taken again. */
  readonly skipped: number
  readonly failed: number
  /** The first of them. */
  readonly problems: readonly RowProblem[]
  /** Whether anything was written: not in a dry run, and not where one line keeps out all. */
  readonly committed: boolean
}
