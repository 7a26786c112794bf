/** Handshakes that were completed and are not written down yet: the last one of each identity, within a limit. */
import { hexOf } from '../../base/bytes.ts'
import type { Instant } from '../../base/time.ts'
import type { CredentialPurpose, ProvenIdentity } from './types.ts'

export interface Use {
  readonly identity: ProvenIdentity
  readonly purpose: CredentialPurpose
  readonly at: Instant
}

/** Identities; of more in one interval the rest is written down at their next handshake. */
const usesLimit = 20_000

export class Uses {
  #uses = new Map<string, Use>()

  note(use: Use): void {
    const key = keyOf(use.identity)
    if (key === undefined) return
    const name = `${use.purpose} ${key}`
    if (this.#uses.has(name) || this.#uses.size < usesLimit) this.#uses.set(name, use)
  }

  /** When it was last used, where that is not written down yet. */
  of(identity: ProvenIdentity, purpose: CredentialPurpose): Instant | undefined {
    return this.#uses.get(`${purpose} ${keyOf(identity)}`)?.at
  }

  take(): readonly Use[] {
    const uses = [...this.#uses.values()]
    this.#uses = new Map()
    return uses
  }

  /** Puts back what could not be written; what was noted since is newer. */
  restore(uses: readonly Use[]): void {
    const newer = this.#uses
    this.#uses = new Map()
    for (const use of [...uses, ...newer.values()]) this.note(use)
  }
}

function keyOf(identity: ProvenIdentity): string | undefined {
  switch (identity.kind) {
    case 'psk':
      return `p${hexOf(identity.identity)}`
    case 'raw-public-key':
      return `r${hexOf(identity.publicKey)}`
    case 'certificate':
      return `c${hexOf(identity.fingerprint)}`
    case 'anonymous':
      return undefined
  }
}
