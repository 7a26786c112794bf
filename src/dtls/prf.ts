/** The TLS 1.2 pseudorandom function (RFC 5246 §5), and the secrets made with it. */
import { concatBytes, utf8, type Bytes } from '../base/bytes.ts'
import type { DtlsCrypto, HashName, HmacKey } from './crypto.ts'

const masterSecretLabel = utf8('master secret')
const extendedMasterSecretLabel = utf8('extended master secret')
const keyExpansionLabel = utf8('key expansion')
const clientFinishedLabel = utf8('client finished')
const serverFinishedLabel = utf8('server finished')

export const masterSecretLength = 48
/** Of a Finished message (RFC 5246 §7.4.9). */
export const verifyDataLength = 12

/** `length` octets of P_hash(secret, label ‖ seed). */
export function prf(crypto: DtlsCrypto, secret: HmacKey, label: Bytes, seed: Bytes, length: number): Bytes {
  const labelledSeed = concatBytes(label, seed)
  const out = new Uint8Array(length)
  let a = crypto.hmac(secret, labelledSeed)
  for (let at = 0; ; a = crypto.hmac(secret, a)) {
    const block = crypto.hmac(secret, a, labelledSeed)
    const wanted = length - at
    out.set(wanted < block.length ? block.subarray(0, wanted) : block, at)
    at += block.length
    if (at >= length) return out
  }
}

export function masterSecret(
  crypto: DtlsCrypto,
  hash: HashName,
  premaster: Bytes,
  clientRandom: Bytes,
  serverRandom: Bytes,
): Bytes {
  const seed = concatBytes(clientRandom, serverRandom)
  return prf(crypto, crypto.hmacKey(hash, premaster), masterSecretLabel, seed, masterSecretLength)
}

/** RFC 7627 §4: bound to the handshake up to and including ClientKeyExchange. */
export function extendedMasterSecret(crypto: DtlsCrypto, hash: HashName, premaster: Bytes, sessionHash: Bytes): Bytes {
  return prf(crypto, crypto.hmacKey(hash, premaster), extendedMasterSecretLabel, sessionHash, masterSecretLength)
}

export function keyBlock(
  crypto: DtlsCrypto,
  master: HmacKey,
  clientRandom: Bytes,
  serverRandom: Bytes,
  length: number,
): Bytes {
  return prf(crypto, master, keyExpansionLabel, concatBytes(serverRandom, clientRandom), length)
}

export function verifyData(
  crypto: DtlsCrypto,
  master: HmacKey,
  from: 'client' | 'server',
  handshakeHash: Bytes,
): Bytes {
  const label = from === 'client' ? clientFinishedLabel : serverFinishedLabel
  return prf(crypto, master, label, handshakeHash, verifyDataLength)
}

/** RFC 4279 §2: as many zeros as the key is long, then the key. */
export function pskPremaster(psk: Bytes): Bytes {
  return premaster(new Uint8Array(psk.length), psk)
}

/** RFC 5489 §2: the shared secret takes the place of the zeros. */
export function ecdhePskPremaster(shared: Bytes, psk: Bytes): Bytes {
  return premaster(shared, psk)
}

function premaster(first: Bytes, psk: Bytes): Bytes {
  const out = new Uint8Array(4 + first.length + psk.length)
  out[0] = first.length >>> 8
  out[1] = first.length & 0xff
  out.set(first, 2)
  out[2 + first.length] = psk.length >>> 8
  out[3 + first.length] = psk.length & 0xff
  out.set(psk, 4 + first.length)
  return out
}
