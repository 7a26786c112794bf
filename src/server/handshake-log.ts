/** From what DTLS reports of a handshake to what people are shown: addresses, names, and a fault in words. */
import { hexOf, printableOf } from '../base/bytes.ts'
import type { Instant } from '../base/time.ts'
import type { DtlsFaultName } from '../dtls/faults.ts'
import type { Principal } from '../dtls/principal.ts'
import type { HandshakeReport } from '../dtls/sink.ts'
import { identityOf } from '../engine/known-association.ts'
import type { RemoteEndpoint } from '../engine/ports.ts'
import type { CredentialPurpose } from '../fleet/credentials/types.ts'
import type { Handshake } from '../fleet/handshakes/types.ts'

export function handshakeOf(
  at: Instant,
  report: HandshakeReport,
  remote: RemoteEndpoint | undefined,
  knows: (principal: Principal, purpose: CredentialPurpose) => boolean,
  purpose: CredentialPurpose = 'management',
): Omit<Handshake, 'id'> {
  const { outcome, principal, suite, ownCid, resumed, duration, retransmissions, reason } = report
  return {
    at,
    address: remote?.address ?? '',
    port: remote?.port ?? 0,
    outcome,
    ...(principal === undefined ? {} : { identity: nameOf(principal) }),
    ...(suite === undefined ? {} : { suite }),
    ...(ownCid === undefined || ownCid.length === 0 ? {} : { connectionId: hexOf(ownCid) }),
    resumed,
    duration,
    retransmissions,
    ...(reason === undefined ? {} : { fault: reason, reason: inWords(report, reason, knows, purpose) }),
  }
}

/** As an operator knows it: a certificate by the first name in it, another principal as the store has it. */
function nameOf(principal: Principal): string {
  switch (principal.kind) {
    case 'psk':
      return printableOf(principal.identity)
    case 'certificate':
      return principal.names[0] ?? identityOf(principal)
    default:
      return identityOf(principal)
  }
}

/** Peers cannot tell an unknown identity from a wrong key; an operator has to. */
function inWords(
  { principal, detail }: HandshakeReport,
  fault: DtlsFaultName,
  knows: (principal: Principal, purpose: CredentialPurpose) => boolean,
  purpose: CredentialPurpose,
): string {
  const isAboutKey = fault === 'finished-unreadable' || fault === 'flight-unanswered'
  if (isAboutKey && principal?.kind === 'psk') {
    const other = purpose === 'management' ? 'bootstrap' : 'management'
    if (!knows(principal, purpose)) {
      return knows(principal, other) ? elsewhere[other] : 'no credential has this identity, or it was revoked'
    }
    if (fault === 'finished-unreadable') return 'it holds another key than ours'
    return 'it fell silent half-way: datagrams are lost, or it holds another key than ours'
  }
  const sentence = sentences[fault] ?? fault.replaceAll('-', ' ')
  return detail === undefined ? sentence : `${sentence} (${detail})`
}

/** What its credential is for, where that is not this listener. */
const elsewhere: Readonly<Record<CredentialPurpose, string>> = {
  bootstrap: 'its credential is for bootstrapping alone, and this is no bootstrap listener',
  management: 'its credential is for management, and this is the bootstrap listener',
}

/** Those that end a handshake; an operator reads them, so each says where to look. */
const sentences: Partial<Readonly<Record<DtlsFaultName, string>>> = {
  'hello-malformed': 'its first message cannot be read',
  'message-malformed': 'it sent a message that cannot be read',
  'message-unexpected': 'it sent a message out of turn',
  'fragment-malformed': 'it sent a fragment that fits nowhere',
  'fragment-limit': 'its messages are larger than dtls.handshake-octets',
  'version-unsupported': 'it does not speak DTLS 1.2',
  'no-common-suite': 'no cipher suite is known to both sides; see dtls.legacy-cbc, and coaps.certificate for ECDSA',
  'no-common-certificate-type': 'no type of certificate is known to both sides; see coaps.authorities for X.509',
  'extended-master-secret-required':
    'it does not know extended master secrets, which dtls.extended-master-secret requires',
  'identity-length': 'its identity is empty or too long',
  'certificate-missing': 'it showed no certificate, which dtls.client-authentication requires',
  'certificate-malformed': 'its certificate cannot be read',
  'certificate-unsupported': 'its certificate has a key of a kind not served',
  'certificate-expired': 'its certificate is not valid at this time',
  'certificate-untrusted': 'its certificate is of no authority in coaps.authorities, or stands for no endpoint here',
  'signature-wrong': 'it does not hold the key of its certificate',
  'finished-wrong': 'what it saw of the handshake is not what we saw',
  'finished-unreadable': 'what it says under the new keys cannot be read',
  'credential-revoked': 'its credential was revoked meanwhile',
  'credential-unanswered': 'the credential was not found in time',
  'flight-unanswered': 'it fell silent half-way: datagrams are lost, or it refused and did not say so',
  'replaced-by-new-hello': 'it began anew',
  'evicted-half-open': 'it took longest while too many were under way; see dtls.handshakes',
  'closed-locally': 'the server stopped',
  'peer-alert': 'it gave up and said why',
}
