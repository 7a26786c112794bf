/**
 * The one port to cryptographic primitives. Keys are opaque handles made once; sealing and opening work
 * on ranges of slabs, so that an add-on can do them in place. Nothing here throws because of a peer.
 */
import type { Bytes } from '../base/bytes.ts'
import type { Instant } from '../base/time.ts'
import type { SignatureScheme } from './wire/extensions/signature-algorithms.ts'
import type { NamedGroup } from './wire/extensions/supported-groups.ts'

export type HashName = 'sha256' | 'sha384'

export type AeadName =
  | 'aes-128-ccm-8'
  | 'aes-128-ccm'
  | 'aes-256-ccm-8'
  | 'aes-256-ccm'
  | 'aes-128-gcm'
  | 'aes-256-gcm'
  | 'chacha20-poly1305'

declare const hmacKey: unique symbol
declare const aeadKey: unique symbol
declare const blockKey: unique symbol
declare const signingKey: unique symbol

/** Handles; only the implementation that made one knows what is inside. */
export interface HmacKey {
  readonly [hmacKey]: true
}
export interface AeadKey {
  readonly [aeadKey]: true
}
export interface BlockKey {
  readonly [blockKey]: true
}
export interface SigningKey {
  readonly [signingKey]: true
}

/** One side of an ephemeral Diffie-Hellman exchange. */
export interface EphemeralKey {
  /** Uncompressed point, or the u-coordinate for x25519. */
  readonly publicKey: Bytes
  /** The shared secret, or undefined where the peer's point is not a valid one (off the curve, infinity, zero). */
  agree(peer: Bytes): Bytes | undefined
}

export interface Certificate {
  readonly der: Bytes
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Bytes
  readonly commonName: string | undefined
  /** DNS names and URIs of subjectAltName. */
  readonly alternativeNames: readonly string[]
  readonly notBefore: Instant
  readonly notAfter: Instant
  readonly hasRsaKey: boolean
  /** basicConstraints says it may issue certificates. */
  readonly isAuthority: boolean
  /** Intermediate authorities basicConstraints allows below it; infinite where it does not say. */
  readonly pathLength: number
  /** Whether it has a critical extension that means nothing to us (RFC 5280 §4.2). */
  readonly isStrange: boolean
  /** Whether keyUsage and extendedKeyUsage let its holder prove itself in that role (RFC 5280 §4.2.1.3, §4.2.1.12). */
  mayProve(role: 'client' | 'server'): boolean
  /** Whether `issuer` is named as the issuer and its key made the signature. */
  isIssuedBy(issuer: Certificate): boolean
}

export interface DtlsCrypto {
  hash(name: HashName, data: Bytes): Bytes
  hmacKey(name: HashName, key: Bytes): HmacKey
  /** HMAC over the parts one after the other. */
  hmac(key: HmacKey, first: Bytes, second?: Bytes, third?: Bytes): Bytes
  /** Whether both are the same; the time depends on the lengths only. */
  equal(a: Bytes, b: Bytes): boolean

  aeadKey(name: AeadName, key: Bytes): AeadKey
  /** Ciphertext and tag of octets `start` to `end` go to `out` from `at`; returns the end of what was written. */
  seal(
    key: AeadKey,
    nonce: Bytes,
    additional: Bytes,
    buffer: Bytes,
    start: number,
    end: number,
    out: Bytes,
    at: number,
  ): number
  /** The reverse: returns the end of the plaintext in `out`, or -1 where the tag is wrong. */
  open(
    key: AeadKey,
    nonce: Bytes,
    additional: Bytes,
    buffer: Bytes,
    start: number,
    end: number,
    out: Bytes,
    at: number,
  ): number

  /** AES-128-CBC without padding, for the legacy suites; the length is a multiple of 16. */
  blockKey(key: Bytes): BlockKey
  encryptBlocks(key: BlockKey, iv: Bytes, data: Bytes): Bytes
  decryptBlocks(key: BlockKey, iv: Bytes, data: Bytes): Bytes

  ephemeralKey(group: NamedGroup): EphemeralKey
  sign(key: SigningKey, scheme: SignatureScheme, data: Bytes): Bytes
  /** Whether `signature` over `data` is of the key in `publicKey` (SubjectPublicKeyInfo); false for a key of another kind. */
  verify(publicKey: Bytes, scheme: SignatureScheme, data: Bytes, signature: Bytes): boolean
  /** Undefined where it cannot be parsed or its key is of no kind we use. */
  certificate(der: Bytes): Certificate | undefined
}
