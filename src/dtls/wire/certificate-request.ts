/** CertificateRequest (RFC 5246 §7.4.4): keys for ECDSA only, no list of authorities (it would cost air time). */
import type { Bytes } from '../../base/bytes.ts'
import { numberOfScheme, type SignatureScheme } from './extensions/signature-algorithms.ts'
import { encodeUint16List } from './extensions/uint16-list.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

const ecdsaSign = 64

export interface CertificateRequest {
  readonly acceptsEcdsa: boolean
  readonly signatureAlgorithms: readonly number[]
}

export function decodeCertificateRequest(body: Bytes): CertificateRequest | undefined {
  const reader = new Reader(body)
  const types = reader.vector8()
  const schemes = new Reader(reader.vector16())
  reader.vector16() // names of authorities: we have one certificate anyway
  if (!reader.finished || schemes.remaining % 2 !== 0) return undefined
  const signatureAlgorithms: number[] = []
  while (schemes.remaining > 0) signatureAlgorithms.push(schemes.uint16())
  return { acceptsEcdsa: types.includes(ecdsaSign), signatureAlgorithms }
}

/** rsa_pkcs1_sha256 and rsa_pkcs1_sha384: what authorities with RSA keys sign with. */
const rsaSchemes = [0x0401, 0x0501]

/**
 * The schemes are those of its own signature and of the signatures on the certificates it shows, so `underRsa`, where
 * an authority of ours has an RSA key, lists those too.
 */
export function encodeCertificateRequest(schemes: readonly SignatureScheme[], underRsa: boolean): Bytes {
  const writer = new Writer(24).vector8(new Uint8Array([ecdsaSign]))
  const numbers = [...schemes.map(numberOfScheme), ...(underRsa ? rsaSchemes : [])]
  return writer.bytes(encodeUint16List(numbers)).uint16(0).done()
}
