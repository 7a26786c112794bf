/** signature_algorithms (RFC 5246 §7.4.1.4.1): hash and signature pairs a peer can verify. */
import type { Bytes } from '../../../base/bytes.ts'
import { decodeUint16List, encodeUint16List } from './uint16-list.ts'

export const signatureAlgorithmsExtension = 13

/** The pairs we sign and verify with; in TLS 1.2 the number says nothing of the curve. */
export const signatureSchemes = { 0x0403: 'ecdsa-sha256', 0x0503: 'ecdsa-sha384' } as const
export type SignatureScheme = (typeof signatureSchemes)[keyof typeof signatureSchemes]

export function schemeOf(number: number): SignatureScheme | undefined {
  return (signatureSchemes as Readonly<Record<number, SignatureScheme>>)[number]
}

export function numberOfScheme(scheme: SignatureScheme): number {
  return scheme === 'ecdsa-sha256' ? 0x0403 : 0x0503
}

/** Numbers, unknown ones included. */
export function decodeSignatureAlgorithms(body: Bytes): readonly number[] | undefined {
  return decodeUint16List(body)
}

export function encodeSignatureAlgorithms(schemes: readonly SignatureScheme[]): Bytes {
  return encodeUint16List(schemes.map(numberOfScheme))
}
