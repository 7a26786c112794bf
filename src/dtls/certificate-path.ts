/** Whether a chain a peer showed leads to one of our authorities (RFC 5280 §6, as far as devices need it). */
import { equalBytes, utf8, type Bytes } from '../base/bytes.ts'
import type { Instant } from '../base/time.ts'
import type { Certificate, DtlsCrypto } from './crypto.ts'
import { dtlsFault, type DtlsFault } from './faults.ts'
import { certificateNamesLimit, type Principal } from './principal.ts'

/** The peer's own certificate, or why the chain is none. */
export function verifyCertificatePath(
  crypto: DtlsCrypto,
  now: Instant,
  chain: readonly Bytes[],
  authorities: readonly Certificate[],
): Certificate | DtlsFault {
  const certificates: Certificate[] = []
  for (const der of chain) {
    const certificate = crypto.certificate(der)
    if (certificate === undefined) return dtlsFault('certificate-malformed')
    if (now < certificate.notBefore || now > certificate.notAfter) return dtlsFault('certificate-expired')
    certificates.push(certificate)
  }
  const own = certificates[0]
  if (own === undefined) return dtlsFault('certificate-missing')
  for (let i = 0; i < certificates.length; i++) {
    const certificate = certificates[i]!
    if (authorities.some((authority) => vouches(authority, certificate, now))) return own
    const issuer = certificates[i + 1]
    if (issuer === undefined || !issuer.isAuthority || !certificate.isIssuedBy(issuer)) break
  }
  return dtlsFault('certificate-untrusted')
}

/** Who a certificate says its holder is. */
export function certificatePrincipal(crypto: DtlsCrypto, certificate: Certificate): Principal {
  const names: string[] = []
  let octets = 0
  for (const name of [certificate.commonName, ...certificate.alternativeNames]) {
    if (name === undefined || names.includes(name)) continue
    octets += utf8(name).length + 1
    if (octets > certificateNamesLimit) break
    names.push(name)
  }
  return { kind: 'certificate', fingerprint: crypto.hash('sha256', certificate.der), names }
}

/** An authority issued it, or it is itself pinned as one. */
function vouches(authority: Certificate, certificate: Certificate, now: Instant): boolean {
  if (now < authority.notBefore || now > authority.notAfter) return false
  if (equalBytes(authority.der, certificate.der)) return true
  return authority.isAuthority && certificate.isIssuedBy(authority)
}
