/** An association as a handshake of PSK_WITH_AES_128_CCM_8 with a connection id leaves it, without the handshake. */
import { utf8 } from '../src/base/bytes.ts'
import type { Random } from '../src/base/random.ts'
import type { Instant } from '../src/base/time.ts'
import { keyBlockLength } from '../src/dtls/association-keys.ts'
import type { AssociationState } from '../src/dtls/snapshot.ts'
import { suiteOf } from '../src/dtls/suites.ts'
import { plaintextLimit } from '../src/dtls/wire/record.ts'

const suite = suiteOf(0xc0a8)!

export function sleepingEndpoint(number: number): string {
  return `urn:dev:sleeping-${String(number).padStart(7, '0')}`
}

/** The connection id is its number behind shard 0; it has neither said nor heard anything. */
export function sleepingAssociation(random: Random, number: number, now: Instant): AssociationState {
  const terms = {
    role: 'server',
    suite,
    keyBlock: random.bytes(keyBlockLength(suite)),
    principal: { kind: 'psk', identity: utf8(sleepingEndpoint(number)) },
    ownCid: Uint8Array.of(0, 0, 0, number >> 16, number >> 8, number),
    peerCid: new Uint8Array(0),
    cidDialect: 54,
    extendedMasterSecret: true,
    returnRoutability: false,
    recordLimit: plaintextLimit,
  } as const
  const window = { edge: -1n, bitmap: 0n }
  return { terms, writeSequence: 0, window, generation: 1, opened: now, heard: now, forgeries: 0 }
}
