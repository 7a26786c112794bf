/** Seals secrets for the store with AES-256-GCM: nonce, ciphertext and tag in one blob, bound to its context. */
import { createCipheriv, createDecipheriv, createHash, createSecretKey, randomBytes } from 'node:crypto'
import { concatBytes, hexOf, type Bytes } from '../base/bytes.ts'
import type { Sealer } from '../fleet/credentials/types.ts'

const cipher = 'aes-256-gcm'
/** Drawn anew for each blob: at a few million blobs two are the same with a probability of about 2^-50. */
const nonceOctets = 12
const tagOctets = 16
/** Enough to tell keys apart, and too little to be of use to anybody who guesses. */
const fingerprintOctets = 8

/** `key` has 32 octets and no other use. */
export function sealerWith(key: Bytes): Sealer {
  const secret = createSecretKey(key)
  return {
    seal(plaintext, context) {
      const nonce = randomBytes(nonceOctets)
      const sealing = createCipheriv(cipher, secret, nonce, { authTagLength: tagOctets }).setAAD(context)
      const sealed = sealing.update(plaintext)
      sealing.final()
      return concatBytes(nonce, sealed, sealing.getAuthTag())
    },
    open(sealed, context) {
      const tagAt = sealed.length - tagOctets
      if (tagAt < nonceOctets) return undefined
      const opening = createDecipheriv(cipher, secret, sealed.subarray(0, nonceOctets), { authTagLength: tagOctets })
      opening.setAAD(context).setAuthTag(sealed.subarray(tagAt))
      try {
        const plaintext = opening.update(sealed.subarray(nonceOctets, tagAt))
        opening.final()
        return new Uint8Array(plaintext)
      } catch {
        return undefined // the tag is wrong: OpenSSL has no quieter way to say it
      }
    },
    fingerprint: (value) => hexOf(createHash('sha256').update(value).digest().subarray(0, fingerprintOctets)),
  }
}
