/** What a recorded handshake holds, and the repeatable randomness it was recorded with. */
import { bytesOfHex, type Bytes } from '../../src/base/bytes.ts'
import { SeededRandom } from '../../src/base/random.ts'
import type { DtlsCrypto } from '../../src/dtls/crypto.ts'
import { nodeCrypto } from '../../src/server/crypto-node.ts'
import { serverCertificate } from './dtls-certificates.ts'

export interface RecordedHandshake {
  /** Name and version of the peer. */
  readonly program: string
  /** Milliseconds since 1970, of the first datagram. */
  readonly at: number
  /** Source octets of the peer. */
  readonly address: string
  readonly suite: string
  /** ECDSA signatures we made, in order: they are the one thing that comes out different each time. */
  readonly signatures: readonly string[]
  /** `up` or `down`, and the octets. */
  readonly datagrams: readonly string[]
}

export const recordedRandom = (): SeededRandom => new SeededRandom(424_242)

/** Ephemeral keys out of a seed, signatures noted down or played back. */
export class RecordedCrypto {
  readonly signatures: Bytes[] = []
  readonly #random = new SeededRandom(171_717)

  recording(): DtlsCrypto {
    const plain = nodeCrypto()
    return this.#crypto((scheme, data) => {
      const signature = plain.sign(serverCertificate.key, scheme, data)
      this.signatures.push(signature)
      return signature
    })
  }

  replaying(signatures: readonly string[]): DtlsCrypto {
    const left = [...signatures]
    return this.#crypto(() => bytesOfHex(left.shift() ?? '') ?? new Uint8Array(0))
  }

  #crypto(sign: (scheme: 'ecdsa-sha256' | 'ecdsa-sha384', data: Bytes) => Bytes): DtlsCrypto {
    // a scalar of zero would be no key; the seed gives none
    const ephemeralPrivateKey = (group: string): Bytes => {
      const scalar = this.#random.bytes(group === 'secp384r1' ? 48 : 32)
      scalar[0]! &= 0x7f
      return scalar
    }
    return nodeCrypto({ ephemeralPrivateKey, sign })
  }
}
