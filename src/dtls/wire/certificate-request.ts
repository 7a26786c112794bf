/** CertificateRequest (RFC 5246 §7.4.4): ECDSA only, no list of authorities (it would cost air time). */
import type { Bytes } from '../../base/bytes.ts'
import { encodeSignatureAlgorithms, type SignatureScheme } from './extensions/signature-algorithms.ts'
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

export function encodeCertificateRequest(schemes: readonly SignatureScheme[]): Bytes {
  const writer = new Writer(16).vector8(new Uint8Array([ecdsaSign]))
  return writer.bytes(encodeSignatureAlgorithms(schemes)).uint16(0).done()
}
