/** The credentials of a store without a disk; a store inherits what is asked of them. */
import { equalBytes, type Bytes } from '../base/bytes.ts'
import type { Instant } from '../base/time.ts'
import type { CredentialsOp, CredentialsStore } from '../fleet/credentials/store.ts'
import type {
  Credential,
  CredentialFilter,
  CredentialId,
  CredentialKind,
  CredentialPurpose,
} from '../fleet/credentials/types.ts'
import { MemoryBootstrap } from './memory-bootstrap.ts'

export class MemoryCredentials extends MemoryBootstrap implements CredentialsStore {
  /** In the order of their ids. */
  readonly #rows = new Map<CredentialId, Credential>()
  #check: Bytes | undefined

  credential(id: CredentialId): Credential | undefined {
    return this.#rows.get(id)
  }

  credentialByIdentity(
    kind: CredentialKind,
    identity: Bytes,
    purpose: CredentialPurpose = 'management',
  ): Credential | undefined {
    return this.#all().findLast(
      (row) => row.kind === kind && (row.purpose ?? 'management') === purpose && equalBytes(row.identity, identity),
    )
  }

  credentialByKey(keyFingerprint: string): Credential | undefined {
    return this.#all().findLast((row) => row.keyFingerprint === keyFingerprint)
  }

  credentialsOfEndpoint(endpoint: string, limit: number): readonly Credential[] {
    const found = this.#all().filter((row) => row.endpoint === endpoint && row.kind !== 'certificate-name')
    return found.reverse().slice(0, limit)
  }

  certificateNames(limit: number): readonly Credential[] {
    return this.#live()
      .filter(({ kind }) => kind === 'certificate-name')
      .slice(0, limit)
  }

  credentialsOfRule(rule: CredentialId, limit: number): readonly Credential[] {
    return this.#live()
      .filter((row) => row.rule === rule)
      .slice(0, limit)
  }

  credentials(filter: CredentialFilter, after: CredentialId, limit: number): readonly Credential[] {
    const wanted = Object.entries(filter) as [keyof CredentialFilter, string][]
    return this.#all()
      .filter(
        (row) =>
          row.id > after &&
          wanted.every(([name, value]) => (name === 'purpose' ? (row.purpose ?? 'management') : row[name]) === value),
      )
      .slice(0, limit)
  }

  credentialsOver(at: Instant, limit: number): readonly Credential[] {
    return this.#all()
      .filter(({ state, acceptedUntil }) => state === 'retiring' && acceptedUntil !== undefined && acceptedUntil <= at)
      .sort((a, b) => a.acceptedUntil! - b.acceptedUntil!)
      .slice(0, limit)
  }

  lastCredentialId(): CredentialId {
    return this.#all().at(-1)?.id ?? 0
  }

  storeKeyCheck(): Bytes | undefined {
    return this.#check
  }

  protected applyCredentials(op: CredentialsOp): void {
    switch (op.op) {
      case 'credential.put':
        this.#rows.set(op.credential.id, op.credential)
        return
      case 'credential.used': {
        const row = this.#rows.get(op.id)
        if (row !== undefined) this.#rows.set(op.id, { ...row, lastUsedAt: op.at })
        return
      }
      case 'credential.trim': {
        const gone = this.#all().filter(({ endpoint, state }) => endpoint === op.endpoint && state === 'revoked')
        for (const { id } of gone.slice(0, Math.max(0, gone.length - op.keep))) this.#rows.delete(id)
        return
      }
      case 'store-key.put':
        this.#check = op.check
    }
  }

  #all(): Credential[] {
    return [...this.#rows.values()]
  }

  #live(): Credential[] {
    return this.#all().filter(({ state }) => state !== 'revoked')
  }
}
