/** Public keys that firmware images are signed with, as an operator registers them. */
import type { Instant } from '../../base/time.ts'

export const signingKeyKinds = ['ecdsa-p256', 'ecdsa-p384', 'ed25519', 'rsa-2048', 'rsa-3072'] as const

/** What a PEM file says of a public key. */
export interface KeyFacts {
  readonly kind: (typeof signingKeyKinds)[number]
  /** SHA-256 of the public key as MCUboot has it built in, lower-case hex: the key hash in the images. */
  readonly fingerprint: string
  /** SubjectPublicKeyInfo. */
  readonly pem: string
}

/** A public key an operator registered: where there is one for a product, its MCUboot images have to be signed. */
export interface SigningKey extends KeyFacts {
  readonly name: string
  /** Absent: for every product. */
  readonly product?: string
  readonly addedAt: Instant
}
