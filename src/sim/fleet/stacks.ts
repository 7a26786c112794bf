/** The stack all devices of a fleet share: plain, or with a tunnel below it for each of them. */
import type { Random } from '../../base/random.ts'
import type { DtlsCrypto } from '../../dtls/crypto.ts'
import { SecuredStack, type AssociationWitness } from '../devices/secured-stack.ts'
import { DeviceStack } from '../devices/stack.ts'
import type { Timeline } from '../timeline.ts'
import type { Individual } from './individual.ts'
import type { FleetKeys } from './keys.ts'

export interface StackParts {
  readonly timeline: Timeline
  readonly random: Random
  readonly individuals: readonly Individual[]
  readonly endpointOf: (index: number) => string
  /** Undefined: plain CoAP. */
  readonly security: { readonly crypto: DtlsCrypto; readonly keys: FleetKeys } | undefined
}

/** What became of handshakes, counted. */
export class HandshakeCounts implements AssociationWitness {
  completed = 0
  failed = 0
  /** Associations the server ended, or devices took for lost. */
  lost = 0

  opened(): void {
    this.completed++
  }

  handshakeFailed(): void {
    this.failed++
  }

  ended(): void {
    this.lost++
  }

  givenUp(): void {
    this.lost++
  }
}

export function stackOf(parts: StackParts, witness: HandshakeCounts): DeviceStack {
  const { endpointOf, individuals, random, security, timeline } = parts
  const devices = individuals.length
  if (security === undefined) return new DeviceStack(timeline, random, devices)
  return new SecuredStack({
    timeline,
    random,
    devices,
    crypto: security.crypto,
    termsOf: (index) => security.keys.termsOf(endpointOf(index), individuals[index]!.hasConnectionId),
    witness,
  })
}
