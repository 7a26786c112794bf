/**
 * Credentials between their service and DTLS: lookups and revocations in DTLS' words, and the clockwork that
 * writes down who was here.
 */
import type { Bytes } from '../base/bytes.ts'
import { EnvironmentError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Random } from '../base/random.ts'
import type { Instant } from '../base/time.ts'
import type { Profile } from '../config/profiles.ts'
import type { Settings } from '../config/tunables.ts'
import type { Principal } from '../dtls/principal.ts'
import { identityOf } from '../engine/known-association.ts'
import type { AssociationsOp, BootstrapAssociationsOp } from '../fleet/associations/store.ts'
import { provenBy } from '../fleet/credentials/rules.ts'
import { CredentialsService } from '../fleet/credentials/service.ts'
import type { CredentialsOp, CredentialsStore } from '../fleet/credentials/store.ts'
import type { CredentialPurpose } from '../fleet/credentials/types.ts'
import type { EndpointName } from '../fleet/registry/types.ts'
import { validatePatch } from '../fleet/registry/rules.ts'
import type { Control } from './control.ts'
import type { CredentialDesk } from './desk.ts'
import { sealerWith } from './sealer.ts'
import { deriveKey } from './store-key.ts'

/** Milliseconds; a handshake is written down within as long. */
const tendInterval = 1000

export interface Credentials extends CredentialDesk {
  readonly service: CredentialsService
  /** A handshake was completed. */
  used(principal: Principal, purpose?: CredentialPurpose): void
  /** Whether an identity is accepted at this time. */
  readonly knows: (principal: Principal, purpose?: CredentialPurpose) => boolean
  /** Once the driver runs: writes down who was used, again and again. The function it returns ends that. */
  start(): () => Promise<void>
}

export interface CredentialsOptions {
  readonly store: CredentialsStore
  readonly control: Pick<Control, 'commitNow' | 'revoke'>
  /** Timers and sizes for the device of that name, known or not. */
  readonly profileOf: (endpoint: EndpointName) => Profile
  readonly storeKey: Bytes
  readonly random: Random
  readonly now: () => Instant
  readonly settings: Settings
  readonly log: Log
}

export function openCredentials({
  store,
  control,
  profileOf,
  storeKey,
  random,
  now,
  settings,
  log,
}: CredentialsOptions): Credentials {
  const service = new CredentialsService({
    store,
    // What is revoked leaves nothing behind: its associations go in the same transaction, also those not in memory.
    commands: { commitNow: (ops, events) => control.commitNow([...ops, ...endedBy(ops)], events) },
    sealer: sealerWith(deriveKey(storeKey, 'credentials')),
    random,
    now,
    settings,
    validateDevice: (endpoint, about) => validatePatch(endpoint, about, undefined),
    onRevoked: (identity, purpose) => control.revoke(identity, purpose),
    pause: () => new Promise((resolve) => setImmediate(resolve)),
    log,
  })
  const tend = (): Promise<void> =>
    service.tend().catch((error: unknown) => {
      if (!(error instanceof EnvironmentError)) throw error
      log.warn({ code: error.code, error: error.message }, 'the last use of credentials cannot be written down yet')
    })
  let isDue = false
  return {
    service,
    used(principal, purpose) {
      service.used(principal, purpose)
      // One let in by its name is a credential of its own from here on: its association counts as long as that is there.
      if (principal.kind !== 'certificate' || isDue) return
      isDue = true
      setImmediate(() => {
        isDue = false
        void tend()
      })
    },
    lookup(query, purpose) {
      const found = service.lookup(query, purpose)
      switch (found.found) {
        case 'key':
          return { kind: 'key', key: found.key, holder: found.endpoint, profile: profileOf(found.endpoint) }
        case 'trusted':
          return { kind: 'trusted', holder: found.endpoint, profile: profileOf(found.endpoint) }
        case 'unknown':
          // Takes as long as where there is a device.
          profileOf('')
          return { kind: 'unknown' }
      }
    },
    knows(principal, purpose) {
      if (principal.kind === 'anonymous') return false
      const question = principal.kind === 'certificate' ? { kind: principal.kind, principal } : principal
      return service.lookup(question, purpose).found !== 'unknown'
    },
    accepts({ endpoint, identity }, purpose) {
      if (endpoint === undefined) return false
      return service.acceptedOf(endpoint, purpose).some((one) => identityOf(one) === identity)
    },
    start() {
      const timer = setInterval(() => void tend(), tendInterval)
      return () => {
        clearInterval(timer)
        return tend()
      }
    },
  }
}

function endedBy(ops: readonly CredentialsOp[]): readonly (AssociationsOp | BootstrapAssociationsOp)[] {
  return ops.flatMap((op) => {
    if (op.op !== 'credential.put' || op.credential.state !== 'revoked') return []
    const proven = provenBy(op.credential)
    if (proven === undefined) return []
    const change = { op: 'association.revoke', identity: identityOf(proven) } as const
    return [op.credential.purpose === undefined ? change : ({ op: 'bootstrap.association', change } as const)]
  })
}
