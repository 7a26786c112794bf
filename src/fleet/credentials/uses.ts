/** Handshakes that were completed and are not written down yet: the last one of each identity, within a limit. */
import { hexOf } from '../../base/bytes.ts'
import type { Instant } from '../../base/time.ts'
import type { ProvenIdentity } from './types.ts'

export interface Use {
  readonly identity: ProvenIdentity
  readonly at: Instant
}

/** Identities; of more in one interval the rest is written down at their next handshake. */
const usesLimit = 20_000

export class Uses {
  #uses = new Map<string, Use>()

  note(identity: ProvenIdentity, at: Instant): void {
    const key = keyOf(identity)
    if (key !== undefined && (this.#uses.has(key) || this.#uses.size < usesLimit)) this.#uses.set(key, { identity, at })
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
    for (const { identity, at } of [...uses, ...newer.values()]) this.note(identity, at)
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
