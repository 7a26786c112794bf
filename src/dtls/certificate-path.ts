/** Whether a chain a peer showed leads to one of our authorities (RFC 5280 §6, as far as devices need it). */
import { equalBytes, utf8, type Bytes } from '../base/bytes.ts'
import type { Instant } from '../base/time.ts'
import type { Role } from './association-keys.ts'
import type { Certificate, DtlsCrypto } from './crypto.ts'
import { dtlsFault, type DtlsFault } from './faults.ts'
import { certificateNamesLimit, type Principal } from './principal.ts'

/**
 * The peer's own certificate, or why the chain is none. RFC 5246 §7.4.2 wants each certificate behind the one it
 * vouches for; devices send them in any order, and ones nobody needs, so the way is looked for among them.
 */
export function verifyCertificatePath(
  crypto: DtlsCrypto,
  now: Instant,
  chain: readonly Bytes[],
  authorities: readonly Certificate[],
  role: Role,
): Certificate | DtlsFault {
  if (chain.length === 0) return dtlsFault('certificate-missing')
  const own = crypto.certificate(chain[0]!)
  if (own === undefined) return dtlsFault('certificate-malformed')
  if (!isValidAt(own, now)) return dtlsFault('certificate-expired')
  if (!own.mayProve(role)) return dtlsFault('certificate-unsupported', `it is not for a ${role}`)
  const unused = new Set(chain.slice(1).map((der) => crypto.certificate(der)))
  let last = own
  // `below` it stand so many authorities of the way
  for (let below = 0; ; below++) {
    if (last.isStrange) return dtlsFault('certificate-unsupported', 'a critical extension nobody here knows')
    if (authorities.some((authority) => vouches(authority, last, now, below))) return own
    const issuers = [...unused].filter((other) => other !== undefined && issued(other, last, below))
    const issuer = issuers.find((other) => isValidAt(other!, now))
    if (issuer === undefined) return dtlsFault(issuers.length > 0 ? 'certificate-expired' : 'certificate-untrusted')
    unused.delete(issuer)
    last = issuer
  }
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
function vouches(authority: Certificate, certificate: Certificate, now: Instant, below: number): boolean {
  if (!isValidAt(authority, now)) return false
  return equalBytes(authority.der, certificate.der) || issued(authority, certificate, below)
}

function issued(issuer: Certificate, certificate: Certificate, below: number): boolean {
  return issuer.isAuthority && issuer.pathLength >= below && certificate.isIssuedBy(issuer)
}

function isValidAt(certificate: Certificate, now: Instant): boolean {
  return now >= certificate.notBefore && now <= certificate.notAfter
}
