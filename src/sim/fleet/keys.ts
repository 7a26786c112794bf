/**
 * The pre-shared keys of a simulated fleet, and what its devices say in a handshake. The identity is the
 * endpoint name, as with most factories (devices.md §5).
 */
import { utf8, type Bytes } from '../../base/bytes.ts'
import type { Random } from '../../base/random.ts'
import type { ClientTerms } from '../../dtls/handshake/client-offer.ts'
import { defaultSuites } from '../../dtls/suites.ts'

const keyOctets = 16
/** What every client of constrained devices has (RFC 7925 §4.2). */
const suites = defaultSuites.filter(({ name }) => name === 'PSK_WITH_AES_128_CCM_8')

export class FleetKeys {
  readonly #keys = new Map<string, Bytes>()
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** The same for the same endpoint for as long as this lives. */
  keyOf(endpoint: string): Bytes {
    const known = this.#keys.get(endpoint)
    if (known !== undefined) return known
    const key = this.#random.bytes(keyOctets)
    this.#keys.set(endpoint, key)
    return key
  }

  /** The key of an identity a peer showed; undefined for a stranger. */
  find(identity: string): Bytes | undefined {
    return this.#keys.get(identity)
  }

  termsOf(endpoint: string, hasConnectionId: boolean): ClientTerms {
    return {
      preSharedKey: { identity: utf8(endpoint), key: this.keyOf(endpoint) },
      suites,
      ...(hasConnectionId ? { cidDialect: 54 } : {}),
    }
  }
}
