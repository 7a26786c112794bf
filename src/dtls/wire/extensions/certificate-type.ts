/** client_certificate_type and server_certificate_type (RFC 7250 §3): X.509 or a raw public key. */
import type { Bytes } from '../../../base/bytes.ts'
import { Reader } from '../reader.ts'
import { Writer } from '../writer.ts'

export const clientCertificateTypeExtension = 19
export const serverCertificateTypeExtension = 20

export type CertificateType = 'x509' | 'raw-public-key'

const typeOf = (number: number): CertificateType | undefined =>
  number === 0 ? 'x509' : number === 2 ? 'raw-public-key' : undefined
const numberOf = (type: CertificateType): number => (type === 'x509' ? 0 : 2)

/** A client's list, most wanted first, types unknown to us left out; undefined where malformed. */
export function decodeCertificateTypes(body: Bytes): readonly CertificateType[] | undefined {
  const reader = new Reader(body)
  const numbers = reader.vector8()
  if (!reader.finished || numbers.length === 0) return undefined
  return [...numbers].map(typeOf).filter((type) => type !== undefined)
}

export function encodeCertificateTypes(types: readonly CertificateType[]): Bytes {
  return new Writer(4).vector8(new Uint8Array(types.map(numberOf))).done()
}

/** A server's choice. */
export function decodeCertificateType(body: Bytes): CertificateType | undefined {
  return body.length === 1 ? typeOf(body[0]!) : undefined
}

export function encodeCertificateType(type: CertificateType): Bytes {
  return new Uint8Array([numberOf(type)])
}
