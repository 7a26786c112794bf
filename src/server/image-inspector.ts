/**
 * Looks into the octets of an image with the cryptography of Node: hashes them again and checks signatures. What
 * the octets say is read by `fleet/images/mcuboot`; what is to be thought of the findings is for the service.
 */
import { constants, createHash, createPublicKey, createVerify, verify, type KeyObject } from 'node:crypto'
import { hexOf, type Bytes } from '../base/bytes.ts'
import {
  headSize,
  longestTrailer,
  readHeader,
  readTrailer,
  trailerOffset,
  versionText,
  type HashAlgorithm,
  type ImageFault,
  type McubootSignature,
  type McubootTrailer,
  type SignatureScheme,
} from '../fleet/images/mcuboot.ts'
import type { ImageInspector, Inspection, StoredFile } from '../fleet/images/store.ts'
import type { KeyReader } from '../fleet/signing-keys/store.ts'
import type { KeyFacts, SigningKey } from '../fleet/signing-keys/types.ts'

/** A signature over the image itself wants all of it at once; a larger image is not checked. */
const pureLimit = 16 * 1024 * 1024
/** RSASSA-PSS as MCUboot has it. */
const pssSaltLength = 32

export const imageInspector: ImageInspector & KeyReader = { inspect, keyOf }

async function inspect(file: StoredFile, keys: readonly SigningKey[]): Promise<Inspection> {
  const header = readHeader(await file.read(0, headSize), file.size)
  if (header === undefined) return { format: 'opaque' }
  if ('field' in header) return damaged(header)
  const offset = trailerOffset(header)
  // One octet more than there may be tells that something follows.
  const trailer = readTrailer(await file.read(offset, longestTrailer + 1), header)
  if ('field' in trailer) return damaged(trailer)
  const signed = offset + header.protectedSize
  if (trailer.hash !== undefined && !header.encrypted) {
    const digest = await digestOf(file, signed, trailer.hash.algorithm)
    if (hexOf(digest) !== hexOf(trailer.hash.digest)) {
      return damaged({
        field: 'hash',
        reason: `the image has another ${trailer.hash.algorithm} than its hash TLV says`,
      })
    }
  }
  return {
    format: 'mcuboot',
    version: versionText(header.version),
    ...(trailer.securityCounter !== undefined && { securityCounter: trailer.securityCounter }),
    dependencies: trailer.dependencies,
    signature: await judged(file, signed, trailer, keys, header.encrypted),
  }
}

function damaged({ field, reason }: ImageFault): Inspection {
  return { format: 'damaged', field, reason }
}

type McubootFacts = Extract<Inspection, { format: 'mcuboot' }>

async function judged(
  file: StoredFile,
  signed: number,
  trailer: McubootTrailer,
  keys: readonly SigningKey[],
  encrypted: boolean,
): Promise<McubootFacts['signature']> {
  if (trailer.signatures.length === 0) return { state: 'unsigned' }
  let obstacle = 'no key is registered'
  for (const signature of trailer.signatures) {
    for (const key of keys) {
      const publicKey = createPublicKey(key.pem)
      obstacle = obstacle === 'no key is registered' ? 'it is signed with a key that is not registered' : obstacle
      if (!schemeFits(signature.scheme, publicKey) || !isWhose(signature, publicKey)) continue
      if (trailer.isPure && file.size > pureLimit) {
        obstacle = `a signature over the whole image is checked up to ${pureLimit} octets`
      } else if (encrypted && publicKey.asymmetricKeyType !== 'ed25519') {
        obstacle = 'the image is encrypted, and its signature is over what is not'
      } else if (await isValid(file, signed, trailer, signature, publicKey)) {
        return { state: 'verified', key: key.name }
      } else return { state: 'wrong', key: key.name }
    }
  }
  return { state: 'unchecked', reason: obstacle }
}

/** ECDSA and RSA sign the image, Ed25519 its hash unless it is pure (imgtool's `sign` and `sign_digest`). */
async function isValid(
  file: StoredFile,
  signed: number,
  trailer: McubootTrailer,
  { octets }: McubootSignature,
  key: KeyObject,
): Promise<boolean> {
  if (key.asymmetricKeyType === 'ed25519') {
    const message = trailer.isPure ? await file.read(0, signed) : trailer.hash?.digest
    return message !== undefined && verify(null, message, key, octets)
  }
  const check = createVerify(trailer.hash?.algorithm ?? 'sha256')
  for await (const chunk of file.chunks(0, signed)) check.update(chunk)
  if (key.asymmetricKeyType === 'ec') return check.verify(key, withoutPadding(octets))
  return check.verify({ key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: pssSaltLength }, octets)
}

/** `imgtool --pad-sig` fills a DER signature up with zeros. */
function withoutPadding(signature: Bytes): Bytes {
  return signature.subarray(0, 2 + (signature[1] ?? 0))
}

async function digestOf(file: StoredFile, end: number, algorithm: HashAlgorithm): Promise<Bytes> {
  const hash = createHash(algorithm)
  for await (const chunk of file.chunks(0, end)) hash.update(chunk)
  return hash.digest()
}

function schemeFits(scheme: SignatureScheme, key: KeyObject): boolean {
  const kind = kindOf(key)
  return kind !== undefined && (scheme === 'ecdsa' ? kind.startsWith('ecdsa') : kind === scheme)
}

/** A signature that does not say whose it is may be anybody's. */
function isWhose({ keyHash, publicKey }: McubootSignature, key: KeyObject): boolean {
  const octets = octetsOf(key)
  if (publicKey !== undefined) return octets.equals(publicKey)
  if (keyHash === undefined) return true
  const algorithm = ({ 32: 'sha256', 48: 'sha384', 64: 'sha512' } as const)[keyHash.length]
  return algorithm !== undefined && createHash(algorithm).update(octets).digest().equals(keyHash)
}

/** As they are built into the boot loader: PKCS #1 for RSA, SubjectPublicKeyInfo for the rest. */
function octetsOf(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: key.asymmetricKeyType === 'rsa' ? 'pkcs1' : 'spki' })
}

function keyOf(pem: string): KeyFacts | undefined {
  if (/PRIVATE KEY/.test(pem)) return undefined
  try {
    const key = createPublicKey(pem)
    const kind = kindOf(key)
    if (kind === undefined) return undefined
    const fingerprint = createHash('sha256').update(octetsOf(key)).digest('hex')
    return { kind, fingerprint, pem: key.export({ format: 'pem', type: 'spki' }) }
  } catch {
    // Not a key in any way OpenSSL knows, which is all there is to say.
    return undefined
  }
}

function kindOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): SigningKey['kind'] | undefined {
  if (asymmetricKeyType === 'ed25519') return 'ed25519'
  if (asymmetricKeyType === 'ec') {
    return ({ prime256v1: 'ecdsa-p256', secp384r1: 'ecdsa-p384' } as const)[asymmetricKeyDetails?.namedCurve ?? '']
  }
  if (asymmetricKeyType !== 'rsa') return undefined
  return ({ 2048: 'rsa-2048', 3072: 'rsa-3072' } as const)[asymmetricKeyDetails?.modulusLength ?? 0]
}
