/** Credentials over a store in memory, with a seeded generator and the sealer that is shipped. */
import { hexOf, type Bytes } from '../../../../src/base/bytes.ts'
import { silentLog } from '../../../../src/base/log.ts'
import { SeededRandom } from '../../../../src/base/random.ts'
import { days, type Instant } from '../../../../src/base/time.ts'
import { CredentialsService } from '../../../../src/fleet/credentials/service.ts'
import type { CredentialsOp, CredentialsStore } from '../../../../src/fleet/credentials/store.ts'
import type { CredentialPurpose, ProvenIdentity } from '../../../../src/fleet/credentials/types.ts'
import type { EventDraft } from '../../../../src/fleet/events/types.ts'
import { validatePatch } from '../../../../src/fleet/registry/rules.ts'
import { sealerWith } from '../../../../src/server/sealer.ts'
import { MemoryStore } from '../../../../src/sim/memory-store.ts'
import { start } from '../fixtures.ts'

export const grace = days(2)
export const sealer = sealerWith(new Uint8Array(32).fill(9))

/** A key nobody would guess, another one for each `seed`. */
export function keyHex(seed: number, octets = 16): string {
  return hexOf(new SeededRandom(seed + 1000).bytes(octets))
}

export interface CredentialsWorld {
  readonly service: CredentialsService
  readonly store: CredentialsStore
  readonly events: EventDraft[]
  readonly commits: (readonly CredentialsOp[])[]
  readonly revoked: ProvenIdentity[]
  /** What the next commit throws. */
  failure: Error | undefined
  now: Instant
}

type WholeStore = CredentialsStore & { commit(ops: readonly CredentialsOp[]): void }

export function credentialsWorld(store: WholeStore = new MemoryStore()): CredentialsWorld {
  const world: CredentialsWorld = {
    service: credentialsOver(
      () => world.now,
      store,
      (ops, events) => {
        const { failure } = world
        world.failure = undefined
        if (failure !== undefined) throw failure
        store.commit(ops)
        world.commits.push(ops)
        world.events.push(...events)
      },
      (identity) => world.revoked.push(identity),
    ),
    store,
    events: [],
    commits: [],
    revoked: [],
    failure: undefined,
    now: start,
  }
  return world
}

export function credentialsOver(
  now: () => Instant,
  store: WholeStore = new MemoryStore(),
  commit: (ops: readonly CredentialsOp[], events: readonly EventDraft[]) => void = (ops) => store.commit(ops),
  onRevoked: (identity: ProvenIdentity, purpose: CredentialPurpose) => void = () => undefined,
): CredentialsService {
  return new CredentialsService({
    store,
    commands: { commitNow: (ops, events = []) => commit(ops, events) },
    sealer,
    random: new SeededRandom(1),
    now,
    settings: { 'credentials.grace': grace },
    validateDevice: (endpoint, about) => validatePatch(endpoint, about, undefined),
    onRevoked,
    pause: async () => undefined,
    log: silentLog,
  })
}

export const psk = (identity: Bytes): ProvenIdentity & { kind: 'psk' } => ({ kind: 'psk', identity })
