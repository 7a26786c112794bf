/** What completed handshakes change: when a credential was last used, whose grace begins, which certificates are new. */
import type { Instant } from '../../base/time.ts'
import type { EventDraft } from '../events/types.ts'
import { eventOf } from './events.ts'
import { credentialsPerEndpoint, type CredentialLookup } from './lookup.ts'
import { withGrace } from './rotation.ts'
import { purposeOf, purposePart } from './rules.ts'
import type { CredentialsOp, CredentialsStore } from './store.ts'
import type { Credential, CredentialId, CredentialPurpose } from './types.ts'
import type { Use } from './uses.ts'

/** Milliseconds within which a further handshake of the same device is not worth a write. */
const precision = 60_000

export interface UseChanges {
  readonly ops: readonly CredentialsOp[]
  readonly events: readonly EventDraft[]
  /** Completed a handshake while they were being revoked. */
  readonly strangers: readonly Use[]
}

export function changesOf(
  uses: readonly Use[],
  store: CredentialsStore,
  admission: CredentialLookup['admission'],
  graceEnd: Instant,
): UseChanges {
  const puts = new Map<CredentialId, Credential>()
  const touches: CredentialsOp[] = []
  const events: EventDraft[] = []
  const strangers: Use[] = []
  let nextId = store.lastCredentialId() + 1

  const stepBack = (credential: Credential | undefined): void => {
    if (credential === undefined) return
    const changed = withGrace(puts.get(credential.id) ?? credential, graceEnd)
    if (changed !== credential) puts.set(credential.id, changed)
  }

  /** A certificate let in by name gets a row of its own, so that it can be seen, and revoked by itself. */
  const admit = ({ identity, at, purpose }: Use): boolean => {
    const admitted = identity.kind === 'certificate' ? admission(identity.names, purpose) : undefined
    if (identity.kind !== 'certificate' || admitted === undefined) return false
    const { rule, endpoint } = admitted
    // Renewed: the one before is on its way out.
    for (const other of [...store.credentialsOfEndpoint(endpoint, credentialsPerEndpoint), ...puts.values()]) {
      if (other.endpoint === endpoint && purposeOf(other) === purpose) stepBack(other)
    }
    const credential: Credential = {
      id: nextId++,
      endpoint,
      kind: 'certificate',
      ...purposePart(purpose),
      identity: identity.fingerprint,
      ...(rule.product === undefined ? {} : { product: rule.product }),
      tags: rule.tags,
      state: 'active',
      createdAt: at,
      lastUsedAt: at,
      rule: rule.id,
    }
    puts.set(credential.id, credential)
    events.push(eventOf('credential.added', credential, `certificate name ${rule.id}`))
    return true
  }

  for (const use of uses) {
    const { at } = use
    const credential = knownBy(store, use)
    if (credential === undefined || credential.state === 'revoked') {
      const isAdmitted = credential === undefined && admit(use)
      if (!isAdmitted) strangers.push(use)
    } else {
      if ((credential.lastUsedAt ?? 0) + precision <= at) touches.push({ op: 'credential.used', id: credential.id, at })
      if (credential.replaces !== undefined) stepBack(store.credential(credential.replaces))
    }
  }
  // Puts first: they carry the last use as the store had it.
  const ops: CredentialsOp[] = [...puts.values()].map((credential) => ({ op: 'credential.put', credential }))
  return { ops: [...ops, ...touches], events, strangers }
}

function knownBy(
  store: CredentialsStore,
  { identity, purpose }: { identity: Use['identity']; purpose: CredentialPurpose },
): Credential | undefined {
  switch (identity.kind) {
    case 'psk':
      return store.credentialByIdentity('psk', identity.identity, purpose)
    case 'raw-public-key':
      return store.credentialByIdentity('raw-public-key', identity.publicKey, purpose)
    case 'certificate':
      return store.credentialByIdentity('certificate', identity.fingerprint, purpose)
    case 'anonymous':
      return undefined
  }
}
