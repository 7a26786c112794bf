/** Which of an endpoint's credentials step back when a new one takes their place: pure functions. */
import type { Instant } from '../../base/time.ts'
import type { Credential, CredentialId } from './types.ts'

export interface Rotation {
  /** To be written before the successor: an endpoint has one active credential. */
  readonly stepBack: readonly Credential[]
  /** What the successor says it replaces. */
  readonly replaces: CredentialId
}

/**
 * `live` are the endpoint's credentials that are not revoked, `active` among them. With an overlap the old one is
 * accepted until its successor has been used and the grace is over; a successor that was never used is no one's to
 * keep and goes at once. Without an overlap all go at once.
 */
export function planRotation(
  active: Credential,
  live: readonly Credential[],
  overlap: boolean,
  now: Instant,
): Rotation {
  if (!overlap) return { stepBack: live.map((one) => revoked(one, now)), replaces: active.id }
  const waiting = live.find(({ id, acceptedUntil }) => id === active.replaces && acceptedUntil === undefined)
  if (active.lastUsedAt === undefined && waiting !== undefined) {
    return { stepBack: [revoked(active, now)], replaces: waiting.id }
  }
  return { stepBack: [{ ...active, state: 'retiring' }], replaces: active.id }
}

export function revoked(credential: Credential, now: Instant): Credential {
  const { acceptedUntil: _, ...rest } = credential
  return { ...rest, state: 'revoked', revokedAt: now }
}

/** The grace of a retiring credential begins once its successor is used, and does not begin again. */
export function withGrace(credential: Credential, until: Instant): Credential {
  if (credential.state === 'revoked' || credential.acceptedUntil !== undefined) return credential
  return { ...credential, state: 'retiring', acceptedUntil: until }
}
