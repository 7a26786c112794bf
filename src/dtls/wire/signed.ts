/** DigitallySigned (RFC 5246 §4.7), which is also all of CertificateVerify (RFC 5246 §7.4.8). */
import type { Bytes } from '../../base/bytes.ts'
import { numberOfScheme, type SignatureScheme } from './extensions/signature-algorithms.ts'
import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

export interface Signed {
  readonly algorithm: number
  readonly signature: Bytes
}

/** Undefined where it is cut off or something follows. */
export function decodeSigned(reader: Reader): Signed | undefined {
  const algorithm = reader.uint16()
  const signature = reader.vector16()
  return reader.finished ? { algorithm, signature } : undefined
}

export function encodeSigned(writer: Writer, scheme: SignatureScheme, signature: Bytes): Writer {
  return writer.uint16(numberOfScheme(scheme)).vector16(signature)
}
