/**
 * The cryptographic port over `node:crypto`. The only file that knows which calls OpenSSL needs and in
 * which order; protocol, layouts and decisions are in `src/dtls`.
 */
import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  hash,
  sign,
  timingSafeEqual,
  verify,
  X509Certificate,
  type CipherCCMTypes,
  type CipherChaCha20Poly1305Types,
  type CipherGCMTypes,
  type KeyObject,
} from 'node:crypto'
import { concatBytes, type Bytes } from '../base/bytes.ts'
import { instantOf } from '../base/time.ts'
import type { Role } from '../dtls/association-keys.ts'
import type {
  AeadKey,
  AeadName,
  BlockKey,
  Certificate,
  DtlsCrypto,
  EphemeralKey,
  HashName,
  HmacKey,
  SigningKey,
} from '../dtls/crypto.ts'
import type { SignatureScheme } from '../dtls/wire/extensions/signature-algorithms.ts'
import type { NamedGroup } from '../dtls/wire/extensions/supported-groups.ts'
import { constraintsOf } from './certificate-constraints.ts'

type CipherCall = CipherCCMTypes | CipherGCMTypes | CipherChaCha20Poly1305Types

/** What is behind an `AeadKey`. */
interface NodeAeadKey {
  readonly cipher: CipherCall
  readonly key: KeyObject
  readonly options: { readonly authTagLength: number }
  /** CCM wants to know the length ahead. */
  readonly isCcm: boolean
}

const ciphers: Readonly<Record<AeadName, readonly [CipherCall, tagLength: number]>> = {
  'aes-128-ccm-8': ['aes-128-ccm', 8],
  'aes-128-ccm': ['aes-128-ccm', 16],
  'aes-256-ccm-8': ['aes-256-ccm', 8],
  'aes-256-ccm': ['aes-256-ccm', 16],
  'aes-128-gcm': ['aes-128-gcm', 16],
  'aes-256-gcm': ['aes-256-gcm', 16],
  'chacha20-poly1305': ['chacha20-poly1305', 16],
}

export interface NodeCryptoOptions {
  /** Private keys for Diffie-Hellman, where a run must be repeatable; the system's generator without it. */
  readonly ephemeralPrivateKey?: (group: NamedGroup) => Bytes
  /** Signatures, where a run must be repeatable; ECDSA is randomised without it. */
  readonly sign?: (scheme: SignatureScheme, data: Bytes) => Bytes
}

export function nodeCrypto(options: NodeCryptoOptions = {}): DtlsCrypto {
  return {
    hash: (name, data) => hash(name, data, 'buffer'),
    hmacKey: (name, key) => handle<HmacKey>({ name, key: createSecretKey(key) }),
    hmac: hmacOf,
    equal: (a, b) => a.length === b.length && timingSafeEqual(a, b),
    aeadKey: aeadKeyOf,
    seal,
    open,
    blockKey: (key) => handle<BlockKey>(createSecretKey(key)),
    encryptBlocks: (key, iv, data) =>
      createCipheriv('aes-128-cbc', inside<KeyObject>(key), iv).setAutoPadding(false).update(data),
    decryptBlocks: (key, iv, data) =>
      createDecipheriv('aes-128-cbc', inside<KeyObject>(key), iv).setAutoPadding(false).update(data),
    ephemeralKey: (group) => ephemeralKeyOf(group, options.ephemeralPrivateKey?.(group)),
    sign: (key, scheme, data) =>
      options.sign?.(scheme, data) ?? sign(hashOfScheme(scheme), data, inside<KeyObject>(key)),
    verify: verifySignature,
    certificate: certificateOf,
  }
}

/** A private key for `DtlsCrypto.sign`, its curve, and its public half as SubjectPublicKeyInfo. */
export interface OwnKey {
  readonly key: SigningKey
  readonly group: NamedGroup
  readonly publicKey: Bytes
}

/** Throws `TypeError` where the text is no key on P-256 or P-384. */
export function signingKeyOf(pem: string): OwnKey {
  const key = createPrivateKey(pem)
  const curve = key.asymmetricKeyDetails?.namedCurve
  const group = curve === 'prime256v1' ? 'secp256r1' : curve === 'secp384r1' ? curve : undefined
  if (group === undefined) throw new TypeError('an EC private key on P-256 or P-384 is needed')
  return { key: handle(key), group, publicKey: createPublicKey(key).export({ type: 'spki', format: 'der' }) }
}

// a handle is the thing itself under a type that tells nobody what it is
const handle = <T>(value: unknown): T => value as T
const inside = <T>(value: unknown): T => value as T

interface NodeHmacKey {
  readonly name: HashName
  readonly key: KeyObject
}

function hmacOf(key: HmacKey, first: Bytes, second?: Bytes, third?: Bytes): Bytes {
  const { name, key: secret } = inside<NodeHmacKey>(key)
  const hmac = createHmac(name, secret).update(first)
  if (second !== undefined) hmac.update(second)
  if (third !== undefined) hmac.update(third)
  return hmac.digest()
}

function aeadKeyOf(name: AeadName, key: Bytes): AeadKey {
  const [cipher, authTagLength] = ciphers[name]
  const made: NodeAeadKey = {
    cipher,
    key: createSecretKey(key),
    options: { authTagLength },
    isCcm: name.includes('ccm'),
  }
  return handle<AeadKey>(made)
}

function seal(
  key: AeadKey,
  nonce: Bytes,
  additional: Bytes,
  buffer: Bytes,
  start: number,
  end: number,
  out: Bytes,
  at: number,
): number {
  const { cipher, key: secret, options, isCcm } = inside<NodeAeadKey>(key)
  // the types name one cipher family each; the calls are the same for all three
  const sealer = createCipheriv(cipher as CipherCCMTypes, secret, nonce, options)
  sealer.setAAD(additional, isCcm ? { plaintextLength: end - start } : (undefined as never))
  out.set(sealer.update(buffer.subarray(start, end)), at)
  sealer.final()
  out.set(sealer.getAuthTag(), at + end - start)
  return at + end - start + options.authTagLength
}

function open(
  key: AeadKey,
  nonce: Bytes,
  additional: Bytes,
  buffer: Bytes,
  start: number,
  end: number,
  out: Bytes,
  at: number,
): number {
  const { cipher, key: secret, options, isCcm } = inside<NodeAeadKey>(key)
  const tagAt = end - options.authTagLength
  if (tagAt < start) return -1
  const opener = createDecipheriv(cipher as CipherCCMTypes, secret, nonce, options)
  opener.setAuthTag(buffer.subarray(tagAt, end))
  opener.setAAD(additional, isCcm ? { plaintextLength: tagAt - start } : (undefined as never))
  try {
    const plaintext = opener.update(buffer.subarray(start, tagAt))
    opener.final()
    out.set(plaintext, at)
    return at + tagAt - start
  } catch {
    return -1 // the tag is wrong: OpenSSL has no quieter way to say it
  }
}

const hashOfScheme = (scheme: SignatureScheme): HashName => (scheme === 'ecdsa-sha256' ? 'sha256' : 'sha384')

function verifySignature(publicKey: Bytes, scheme: SignatureScheme, data: Bytes, signature: Bytes): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
    return key.asymmetricKeyType === 'ec' && verify(hashOfScheme(scheme), data, key, signature)
  } catch {
    return false // neither a key nor a signature in any form OpenSSL knows
  }
}

function ephemeralKeyOf(group: NamedGroup, privateKey: Bytes | undefined): EphemeralKey {
  return group === 'x25519' ? x25519Key(privateKey) : ecdhKey(group, privateKey)
}

function ecdhKey(group: 'secp256r1' | 'secp384r1', privateKey: Bytes | undefined): EphemeralKey {
  const ecdh = createECDH(group === 'secp256r1' ? 'prime256v1' : 'secp384r1')
  if (privateKey === undefined) ecdh.generateKeys()
  else ecdh.setPrivateKey(privateKey)
  const pointLength = group === 'secp256r1' ? 65 : 97
  return {
    publicKey: ecdh.getPublicKey(),
    agree(peer) {
      // only uncompressed points were agreed (RFC 8422 §5.4.1); OpenSSL checks that it lies on the curve
      if (peer.length !== pointLength || peer[0] !== 4) return undefined
      try {
        return ecdh.computeSecret(peer)
      } catch {
        return undefined
      }
    },
  }
}

// DER around the 32 octets of a key (RFC 8410 §4, §7)
const x25519PublicPrefix = new Uint8Array([0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00])
const x25519PrivatePrefix = new Uint8Array([
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20,
])

function x25519Key(given: Bytes | undefined): EphemeralKey {
  const privateKey =
    given === undefined
      ? generateKeyPairSync('x25519').privateKey
      : createPrivateKey({ key: Buffer.from(concatBytes(x25519PrivatePrefix, given)), format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return {
    publicKey: spki.subarray(x25519PublicPrefix.length),
    agree(peer) {
      if (peer.length !== 32) return undefined
      try {
        const key = Buffer.from(concatBytes(x25519PublicPrefix, peer))
        const shared = diffieHellman({ privateKey, publicKey: createPublicKey({ key, format: 'der', type: 'spki' }) })
        return shared.every((octet) => octet === 0) ? undefined : shared // RFC 7748 §6.1
      } catch {
        return undefined
      }
    },
  }
}

function certificateOf(der: Bytes): Certificate | undefined {
  try {
    return new NodeCertificate(der)
  } catch {
    return undefined
  }
}

/** RFC 5280 §4.2.1.12: serverAuth, clientAuth, anyExtendedKeyUsage. */
const purposeOf: Readonly<Record<Role, string>> = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' }
const anyPurpose = '2.5.29.37.0'

class NodeCertificate implements Certificate {
  readonly der: Bytes
  readonly publicKey: Bytes
  readonly commonName: string | undefined
  readonly alternativeNames: readonly string[]
  readonly notBefore
  readonly notAfter
  readonly hasRsaKey: boolean
  readonly isAuthority: boolean
  readonly pathLength: number
  readonly isStrange: boolean
  readonly #maySign: boolean
  readonly #x509: X509Certificate

  constructor(der: Bytes) {
    const x509 = new X509Certificate(der)
    this.#x509 = x509
    this.der = x509.raw
    this.publicKey = x509.publicKey.export({ type: 'spki', format: 'der' })
    this.hasRsaKey = x509.publicKey.asymmetricKeyType === 'rsa'
    // The text of `subject` has escapes and puts the parts of one name in one line
    this.commonName = [x509.toLegacyObject().subject.CN].flat()[0]
    this.alternativeNames = alternativeNamesOf(x509.subjectAltName ?? '')
    this.notBefore = instantOf(x509.validFromDate.getTime())
    this.notAfter = instantOf(x509.validToDate.getTime())
    this.isAuthority = x509.ca
    const { maySign, pathLength, isStrange } = constraintsOf(this.der)
    this.#maySign = maySign
    this.pathLength = pathLength
    this.isStrange = isStrange
  }

  mayProve(role: Role): boolean {
    // What node:crypto calls keyUsage are the purposes of extendedKeyUsage
    const purposes = this.#x509.keyUsage as readonly string[] | undefined
    return (
      this.#maySign && (purposes === undefined || [purposeOf[role], anyPurpose].some((one) => purposes.includes(one)))
    )
  }

  isIssuedBy(issuer: Certificate): boolean {
    if (!(issuer instanceof NodeCertificate)) return false
    try {
      return this.#x509.checkIssued(issuer.#x509) && this.#x509.verify(issuer.#x509.publicKey)
    } catch {
      return false // a signature algorithm OpenSSL does not know
    }
  }
}

/** Out of OpenSSL's text: `DNS:a.example, URI:urn:dev:1, email:"quoted, with comma"`. */
function alternativeNamesOf(text: string): readonly string[] {
  const names: string[] = []
  // sticky: every entry is stepped over as a whole, so that no value can pose as another entry
  for (const [, kind, value] of text.matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/gy)) {
    if (kind !== 'DNS' && kind !== 'URI') continue
    const name = value!.startsWith('"') ? String(JSON.parse(value!)) : value!
    if (name !== '') names.push(name)
  }
  return names
}
