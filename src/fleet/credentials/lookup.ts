/**
 * Who a peer is by what it shows, from the store and without waiting. Unknown, revoked and past its grace are one
 * answer; for a PSK identity it takes as long as finding one.
 */
import { noBytes, textOf, type Bytes } from '../../base/bytes.ts'
import { UsageError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Instant } from '../../base/time.ts'
import type { EndpointName } from '../registry/types.ts'
import { endpointOf } from './certificate-names.ts'
import type { ImportPorts } from './import.ts'
import { isAccepted, purposeOf, sealContext } from './rules.ts'
import type { CredentialsStore } from './store.ts'
import type {
  Credential,
  CredentialFound,
  CredentialPurpose,
  CredentialQuestion,
  ProvenIdentity,
  Sealer,
} from './types.ts'

/** Certificate-names there may be: each is tried for a certificate nobody has seen before. */
export const certificateNamesLimit = 256
/** Credentials of one endpoint that are looked at. */
export const credentialsPerEndpoint = 32

const unknown: CredentialFound = { found: 'unknown' }

export interface Admission {
  readonly rule: Credential
  readonly endpoint: EndpointName
}

export class CredentialLookup {
  readonly #store: CredentialsStore
  readonly #sealer: Sealer
  readonly #validateDevice: ImportPorts['validateDevice']
  readonly #log: Log
  /** Opened where there is nothing to open, so that the time tells nothing. */
  readonly #decoy: Bytes

  constructor(parts: {
    store: CredentialsStore
    sealer: Sealer
    validateDevice: ImportPorts['validateDevice']
    log: Log
    decoyKey: Bytes
  }) {
    this.#store = parts.store
    this.#sealer = parts.sealer
    this.#validateDevice = parts.validateDevice
    this.#log = parts.log
    this.#decoy = this.#sealer.seal(parts.decoyKey, noBytes)
  }

  /** Only what is for `purpose` counts: the bootstrap listener and the others do not share credentials. */
  find(question: CredentialQuestion, now: Instant, purpose: CredentialPurpose): CredentialFound {
    switch (question.kind) {
      case 'psk':
        return this.#psk(question.identity, now, purpose)
      case 'raw-public-key':
        return trusted(this.#store.credentialByIdentity('raw-public-key', question.publicKey, purpose), now)
      case 'certificate':
        return this.#certificate(question.principal, now, purpose)
    }
  }

  /**
   * The certificate-name that lets an unknown certificate in, and as whom; undefined where none does, or an
   * operator gave the endpoint a credential of its own.
   */
  admission(names: readonly string[], purpose: CredentialPurpose): Admission | undefined {
    for (const rule of this.#store.certificateNames(certificateNamesLimit)) {
      if (purposeOf(rule) !== purpose) continue
      const endpoint = endpointOf({ pattern: textOf(rule.identity) ?? '', template: rule.endpoint }, names)
      if (endpoint === undefined || !this.#isEndpoint(endpoint)) continue
      const others = this.#store.credentialsOfEndpoint(endpoint, credentialsPerEndpoint)
      const isFree = others.every(
        (other) => other.state === 'revoked' || other.rule !== undefined || purposeOf(other) !== purpose,
      )
      if (isFree) return { rule, endpoint }
    }
    return undefined
  }

  #psk(identity: Bytes, now: Instant, purpose: CredentialPurpose): CredentialFound {
    const credential = this.#store.credentialByIdentity('psk', identity, purpose)
    if (credential?.sealedKey === undefined || !isAccepted(credential, now)) {
      // A row and a seal cost what they cost where they are the right ones.
      this.#store.credential(1)
      this.#sealer.open(this.#decoy, noBytes)
      return unknown
    }
    const key = this.#sealer.open(credential.sealedKey, sealContext(credential))
    if (key !== undefined) return { found: 'key', key, endpoint: credential.endpoint }
    this.#log.error({ credential: credential.id, endpoint: credential.endpoint }, 'a sealed key does not open')
    return unknown
  }

  #certificate(proven: ProvenIdentity, now: Instant, purpose: CredentialPurpose): CredentialFound {
    if (proven.kind !== 'certificate') return unknown
    const credential = this.#store.credentialByIdentity('certificate', proven.fingerprint, purpose)
    if (credential === undefined) {
      const admission = this.admission(proven.names, purpose)
      return admission === undefined ? unknown : { found: 'trusted', endpoint: admission.endpoint }
    }
    return trusted(credential, now)
  }

  #isEndpoint(endpoint: string): boolean {
    try {
      this.#validateDevice(endpoint, { tags: {} })
      return true
    } catch (error) {
      if (error instanceof UsageError) return false
      throw error
    }
  }
}

function trusted(credential: Credential | undefined, now: Instant): CredentialFound {
  if (credential === undefined || !isAccepted(credential, now)) return unknown
  return { found: 'trusted', endpoint: credential.endpoint }
}
