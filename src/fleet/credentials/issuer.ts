/** Makes credentials: checks that name, identity and key are free, draws keys where none is given, seals them. */
import { equalBytes, hexOf, type Bytes } from '../../base/bytes.ts'
import { UsageError } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import type { Instant } from '../../base/time.ts'
import type { EndpointName } from '../registry/types.ts'
import { endpointTaken, keyShared, taken } from './import.ts'
import { keyProblem } from './key-rules.ts'
import { certificateNamesLimit, credentialsPerEndpoint } from './lookup.ts'
import { identityOf, keyOf, nextIdentity, purposeOf, purposePart, sealContext, validateNameRule } from './rules.ts'
import type { CredentialsStore } from './store.ts'
import type { Credential, CredentialDraft, CredentialId, CredentialKind, CredentialPurpose, Sealer } from './types.ts'

/** Octets of a key made by us: AES-128's, as every modem takes it. */
export const newKeyOctets = 16

export interface Issued {
  readonly credential: Credential
  /** Hex; only of a key we made. */
  readonly newKey?: string
}

type Shape = Pick<Credential, 'endpoint' | 'kind' | 'purpose' | 'identity' | 'product' | 'tags' | 'replaces'>

export class Issuer {
  readonly #store: CredentialsStore
  readonly #sealer: Sealer
  readonly #random: Random
  readonly #nextId: () => CredentialId

  constructor(parts: { store: CredentialsStore; sealer: Sealer; random: Random; nextId: () => CredentialId }) {
    this.#store = parts.store
    this.#sealer = parts.sealer
    this.#random = parts.random
    this.#nextId = parts.nextId
  }

  /** The first credential of an endpoint, or a certificate-name. */
  issue(
    { endpoint, kind, purpose = 'management', product, tags = {}, ...draft }: CredentialDraft,
    now: Instant,
  ): Issued {
    const identity = this.#identityOf(kind, draft.identity ?? (kind === 'psk' ? endpoint : undefined))
    if (kind === 'certificate-name') this.#checkRule(draft.identity ?? '', endpoint)
    else this.#checkEndpointFree(endpoint, purpose)
    this.#checkIdentityFree(kind, identity, purpose)
    const about = { tags, ...purposePart(purpose), ...(product === undefined ? {} : { product }) }
    return this.#made({ endpoint, kind, identity, ...about }, draft.key, now)
  }

  /** The successor of `active`; where both are to be accepted for a while, they are told apart by their identities. */
  succeed(active: Credential, wishes: { identity?: string; key?: string }, overlap: boolean, now: Instant): Issued {
    const { endpoint, kind, product, tags } = active
    const identity = this.#nextIdentity(active, wishes.identity, overlap)
    if (equalBytes(identity, active.identity) && overlap) {
      throw new UsageError('credential.same-identity', 'old and new are told apart by their identities', {
        status: 409,
        hint: 'name another identity, or replace the old one at once with --now',
      })
    }
    const purpose = purposeOf(active)
    if (!equalBytes(identity, active.identity)) this.#checkIdentityFree(kind, identity, purpose)
    const about = { tags, ...purposePart(purpose), ...(product === undefined ? {} : { product }) }
    const issued = this.#made({ endpoint, kind, identity, replaces: active.id, ...about }, wishes.key, now)
    if (kind === 'psk' && issued.credential.keyFingerprint === active.keyFingerprint) {
      throw new UsageError('credential.key', 'the new key is the old one', { status: 422 })
    }
    return issued
  }

  #nextIdentity(active: Credential, wanted: string | undefined, overlap: boolean): Bytes {
    if (wanted !== undefined || active.kind !== 'psk') return this.#identityOf(active.kind, wanted)
    if (!overlap) return active.identity
    let identity = nextIdentity(active.identity)
    // One that is or was somebody's is not given out again.
    while (this.#store.credentialByIdentity('psk', identity, purposeOf(active)) !== undefined) {
      identity = nextIdentity(identity)
    }
    return identity
  }

  #identityOf(kind: CredentialKind, text: string | undefined): Bytes {
    if (text !== undefined) return identityOf(kind, text)
    throw new UsageError('credential.identity', `a ${kind} is named by its identity`, { status: 422 })
  }

  #made({ endpoint, kind, identity, ...about }: Shape, hex: string | undefined, now: Instant): Issued {
    const credential: Credential = {
      id: this.#nextId(),
      endpoint,
      kind,
      identity,
      ...about,
      state: 'active',
      createdAt: now,
    }
    if (kind !== 'psk') {
      if (hex === undefined) return { credential }
      throw new UsageError('credential.key', `a ${kind} has no key of ours`, { status: 422 })
    }
    const key = hex === undefined ? this.#drawnKey(endpoint, identity) : keyOf(hex, endpoint, identity)
    const keyFingerprint = this.#sealer.fingerprint(key)
    const owner = this.#store.credentialByKey(keyFingerprint)
    if (owner !== undefined && (owner.endpoint !== endpoint || purposeOf(owner) !== purposeOf(about))) {
      throw keyShared(owner.endpoint)
    }
    const sealedKey = this.#sealer.seal(key, sealContext(credential))
    const whole = { ...credential, sealedKey, keyFingerprint }
    return hex === undefined ? { credential: whole, newKey: hexOf(key) } : { credential: whole }
  }

  #drawnKey(endpoint: EndpointName, identity: Bytes): Bytes {
    for (;;) {
      const key = this.#random.bytes(newKeyOctets)
      if (keyProblem(key, endpoint, identity) === undefined) return key
    }
  }

  #checkRule(pattern: string, template: EndpointName): void {
    validateNameRule(pattern, template)
    if (this.#store.certificateNames(certificateNamesLimit).length < certificateNamesLimit) return
    throw new UsageError('credential.rules-full', `there are ${certificateNamesLimit} certificate names already`, {
      status: 409,
      hint: 'revoke one, or let a pattern with * stand for several',
    })
  }

  #checkEndpointFree(endpoint: EndpointName, purpose: CredentialPurpose): void {
    const rival = this.#store
      .credentialsOfEndpoint(endpoint, credentialsPerEndpoint)
      .find((other) => other.state === 'active' && purposeOf(other) === purpose)
    if (rival !== undefined) throw endpointTaken(endpoint, rival)
  }

  #checkIdentityFree(kind: CredentialKind, identity: Bytes, purpose: CredentialPurpose): void {
    const owner = this.#store.credentialByIdentity(kind, identity, purpose)
    if (owner === undefined || owner.state === 'revoked') return
    throw taken('credential.identity-taken', `the identity is that of ${owner.endpoint}, credential ${owner.id}`)
  }
}
