/** Credentials and handshakes as the contract shows them. A summary has no secret left to hide. */
import type { CredentialSummary, ImportReport } from '../fleet/credentials/types.ts'
import type { Handshake } from '../fleet/handshakes/types.ts'
import type { CredentialJson, ImportReportJson } from './contract/credential.ts'
import type { HandshakeJson } from './contract/handshake.ts'
import { isoOf } from './present.ts'

export function presentCredential(credential: CredentialSummary): CredentialJson {
  const { id, endpoint, kind, purpose, identity, key, product, tags, state, createdAt, replaces, rule } = credential
  const { lastUsedAt, acceptedUntil, revokedAt } = credential
  return {
    id,
    endpoint,
    kind,
    purpose: purpose ?? 'management',
    identity,
    ...(key !== undefined && { key: { ...key } }),
    ...(product !== undefined && { product }),
    tags: { ...tags },
    state,
    createdAt: isoOf(createdAt),
    ...(lastUsedAt !== undefined && { lastUsedAt: isoOf(lastUsedAt) }),
    ...(acceptedUntil !== undefined && { acceptedUntil: isoOf(acceptedUntil) }),
    ...(revokedAt !== undefined && { revokedAt: isoOf(revokedAt) }),
    ...(replaces !== undefined && { replaces }),
    ...(rule !== undefined && { rule }),
  }
}

export function presentImport({ problems, ...counts }: ImportReport): ImportReportJson {
  return { ...counts, problems: problems.map((problem) => ({ ...problem })) }
}

export function presentHandshake({ at, duration, ...handshake }: Handshake): HandshakeJson {
  return { ...handshake, at: isoOf(at), durationMilliseconds: Math.round(duration) }
}
