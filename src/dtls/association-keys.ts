/** The key block cut into keys (RFC 5246 §6.3), as handles for one side of an association. */
import type { Bytes } from '../base/bytes.ts'
import type { AeadKey, BlockKey, DtlsCrypto, HmacKey } from './crypto.ts'
import type { AeadSuite, CipherSuite } from './suites.ts'

export interface AeadKeys {
  readonly kind: 'aead'
  readonly suite: AeadSuite
  readonly key: AeadKey
  /** The part of the nonce that is not sent. */
  readonly iv: Bytes
}

export interface CbcKeys {
  readonly kind: 'cbc'
  readonly key: BlockKey
  readonly mac: HmacKey
}

/** Keys of one direction. */
export type DirectionKeys = AeadKeys | CbcKeys

export type Role = 'client' | 'server'

/** How many octets of key block a suite takes. */
export function keyBlockLength(suite: CipherSuite): number {
  return 2 * (suite.kind === 'aead' ? suite.keyLength + suite.fixedIvLength : suite.macKeyLength + suite.keyLength)
}

/** The keys `writer` seals with and its peer opens with. */
export function directionKeys(crypto: DtlsCrypto, suite: CipherSuite, block: Bytes, writer: Role): DirectionKeys {
  // of each pair the client's half comes first
  const side = writer === 'client' ? 0 : 1
  if (suite.kind === 'aead') {
    const { keyLength, fixedIvLength } = suite
    const key = block.subarray(side * keyLength, (side + 1) * keyLength)
    const ivAt = 2 * keyLength + side * fixedIvLength
    const iv = block.slice(ivAt, ivAt + fixedIvLength)
    return { kind: 'aead', suite, key: crypto.aeadKey(suite.aead, key), iv }
  }
  const { macKeyLength, keyLength } = suite
  const mac = block.subarray(side * macKeyLength, (side + 1) * macKeyLength)
  const keyAt = 2 * macKeyLength + side * keyLength
  const key = block.subarray(keyAt, keyAt + keyLength)
  return { kind: 'cbc', key: crypto.blockKey(key), mac: crypto.hmacKey('sha256', mac) }
}
