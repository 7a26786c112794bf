/**
 * A key for a device that is being bootstrapped: the one it was given before where that was never used, else a new
 * one that takes over once it has been used. Decides; whoever asked commits the ops with its own.
 */
import { bytesOfHex, type Bytes } from '../../base/bytes.ts'
import type { Instant } from '../../base/time.ts'
import type { EventDraft } from '../events/types.ts'
import type { EndpointName } from '../registry/types.ts'
import { eventOf } from './events.ts'
import type { Issuer } from './issuer.ts'
import { planRotation } from './rotation.ts'
import { sealContext } from './rules.ts'
import type { CredentialsOp } from './store.ts'
import type { Credential, Sealer } from './types.ts'

/** A key for a device that is bootstrapped, and what has to be committed with whatever tells it. */
export interface ProvisionedKey {
  readonly credential: Pick<Credential, 'id' | 'identity'>
  readonly key: Bytes
  readonly ops: readonly CredentialsOp[]
  readonly events: readonly EventDraft[]
}

/** Revoked credentials an endpoint keeps where bootstrapping makes new ones. */
const revokedKept = 8

/**
 * `live` are the endpoint's credentials for management that are not revoked. Undefined where it proves itself by a
 * certificate or a public key: no other key is put beside that.
 */
export function provisionKey(
  endpoint: EndpointName,
  about: { readonly product?: string; readonly tags: Readonly<Record<string, string>> },
  live: readonly Credential[],
  now: Instant,
  { issuer, sealer }: { readonly issuer: Issuer; readonly sealer: Sealer },
): ProvisionedKey | undefined {
  const active = live.find(({ state }) => state === 'active')
  if (active !== undefined && active.kind !== 'psk') return undefined
  const known = active?.lastUsedAt === undefined ? keyIn(active, sealer) : undefined
  if (active !== undefined && known !== undefined) return { credential: active, key: known, ops: [], events: [] }
  const issued =
    active === undefined
      ? issuer.issue({ endpoint, kind: 'psk', ...about }, now)
      : issuer.succeed(active, {}, true, now)
  const rotation = active === undefined ? undefined : planRotation(active, live, true, now)
  const credential = rotation === undefined ? issued.credential : { ...issued.credential, replaces: rotation.replaces }
  const puts = [...(rotation?.stepBack ?? []), credential].map(
    (one) => ({ op: 'credential.put', credential: one }) as const,
  )
  return {
    credential,
    key: bytesOfHex(issued.newKey!)!,
    ops: [...puts, { op: 'credential.trim', endpoint, keep: revokedKept }],
    events: [eventOf(active === undefined ? 'credential.added' : 'credential.rotated', credential, 'bootstrap')],
  }
}

function keyIn(credential: Credential | undefined, sealer: Sealer): Bytes | undefined {
  return credential?.sealedKey === undefined ? undefined : sealer.open(credential.sealedKey, sealContext(credential))
}
