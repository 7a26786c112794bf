/** Certificate in both shapes: an X.509 chain (RFC 5246 §7.4.2), or one raw public key (RFC 7250 §3). */
import type { Bytes } from '../../base/bytes.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

/** DER certificates, the peer's own first; empty where it has none; undefined where malformed or too many. */
export function decodeCertificateChain(body: Bytes, limit: number): readonly Bytes[] | undefined {
  const reader = new Reader(body)
  const list = new Reader(reader.vector24())
  if (!reader.finished) return undefined
  const chain: Bytes[] = []
  while (list.remaining > 0) {
    const certificate = list.vector24()
    if (list.failed || certificate.length === 0 || chain.length === limit) return undefined
    chain.push(certificate)
  }
  return list.failed ? undefined : chain
}

export function encodeCertificateChain(chain: readonly Bytes[]): Bytes {
  const list = new Writer(1024)
  for (const certificate of chain) list.vector24(certificate)
  return new Writer(1024).vector24(list.done()).done()
}

/** A SubjectPublicKeyInfo; zero octets where the peer has none; undefined where malformed. */
export function decodeRawPublicKey(body: Bytes): Bytes | undefined {
  const reader = new Reader(body)
  const spki = reader.vector24()
  return reader.finished ? spki : undefined
}

export function encodeRawPublicKey(spki: Bytes): Bytes {
  return new Writer(3 + spki.length).vector24(spki).done()
}
