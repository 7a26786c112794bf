/** What credentials ask of the store. */
import type { Bytes } from '../../base/bytes.ts'
import type { Instant } from '../../base/time.ts'
import type { EndpointName } from '../registry/types.ts'
import type { Credential, CredentialFilter, CredentialId, CredentialKind, CredentialPurpose } from './types.ts'

export type CredentialsOp =
  /** Inserts, or replaces what may change: product, tags, state and instants. */
  | { readonly op: 'credential.put'; readonly credential: Credential }
  | { readonly op: 'credential.used'; readonly id: CredentialId; readonly at: Instant }
  /** Forgets the oldest revoked ones of the endpoint beyond its newest `keep` revoked ones. */
  | { readonly op: 'credential.trim'; readonly endpoint: EndpointName; readonly keep: number }
  /** What tells later that the store key is still the same. */
  | { readonly op: 'store-key.put'; readonly check: Bytes }

export interface CredentialsStore {
  credential(id: CredentialId): Credential | undefined
  /** The newest of that purpose (management unless told), kind and identity, revoked or not. */
  credentialByIdentity(kind: CredentialKind, identity: Bytes, purpose?: CredentialPurpose): Credential | undefined
  /** The newest psk with that key, revoked or not. */
  credentialByKey(keyFingerprint: string): Credential | undefined
  /** Newest first; certificate-names are nobody's. */
  credentialsOfEndpoint(endpoint: EndpointName, limit: number): readonly Credential[]
  /** Those not revoked, oldest first. */
  certificateNames(limit: number): readonly Credential[]
  /** Not revoked and let in by this certificate-name, oldest first. */
  credentialsOfRule(rule: CredentialId, limit: number): readonly Credential[]
  /** A page in the order they were added, with ids above `after`. */
  credentials(filter: CredentialFilter, after: CredentialId, limit: number): readonly Credential[]
  /** Retiring, and accepted until `at` or earlier; earliest first. */
  credentialsOver(at: Instant, limit: number): readonly Credential[]
  lastCredentialId(): CredentialId
  storeKeyCheck(): Bytes | undefined
}
