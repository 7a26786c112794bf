/**
 * Fault → what the peer gets for it, how loud the log is. One exhaustive table (ARCHITECTURE §6).
 * Silence is the answer to everything a stranger could have forged (RFC 6347 §4.1.2.7); an alert only
 * ever goes to a peer that has proved its address with a cookie, once per handshake.
 */
import type { LogLevel } from '../base/log.ts'
import type { DtlsFaultName } from './faults.ts'
import type { AlertName } from './wire/alert.ts'

export interface Reaction {
  /** The fatal alert to send, or 'silence'. */
  readonly answer: AlertName | 'silence'
  readonly log: LogLevel
}

const silence = (log: LogLevel = 'debug'): Reaction => ({ answer: 'silence', log })
const alert = (answer: AlertName, log: LogLevel = 'info'): Reaction => ({ answer, log })

export const reactions: Readonly<Record<DtlsFaultName, Reaction>> = {
  'record-malformed': silence(),
  'record-epoch': silence(),
  'record-stray': silence(),
  'record-replayed': silence(),
  'record-forged': silence(),
  'record-unprotected': silence(),
  'record-without-cid': silence(),
  'record-inner-malformed': silence('info'),
  'cid-unknown': silence(),
  'fragment-malformed': silence(),
  'fragment-limit': silence(),
  'hello-malformed': silence(),
  'hello-without-cookie': silence(),
  'hello-refused-by-load': silence('info'),
  'message-malformed': alert('decode_error'),
  'message-unexpected': alert('unexpected_message'),
  'version-unsupported': alert('protocol_version'),
  'compression-unsupported': alert('illegal_parameter'),
  'extension-repeated': alert('illegal_parameter'),
  'extension-malformed': alert('decode_error'),
  // RFC 6066 §4, RFC 8449 §4, RFC 8422 §5.1.2
  'extension-illegal': alert('illegal_parameter'),
  'extension-not-offered': alert('unsupported_extension'),
  'suite-not-offered': alert('illegal_parameter'),
  'no-common-suite': alert('handshake_failure'),
  'no-common-certificate-type': alert('unsupported_certificate'),
  'extended-master-secret-required': alert('handshake_failure'),
  'resumption-mismatch': alert('handshake_failure'),
  'renegotiation-info-wrong': alert('handshake_failure'),
  'renegotiation-attempted': silence('info'), // answered by a no_renegotiation warning, at most once an interval
  'identity-length': alert('decode_error'),
  'point-invalid': alert('illegal_parameter'),
  'certificate-missing': alert('handshake_failure'),
  'certificate-malformed': alert('bad_certificate'),
  'certificate-unsupported': alert('unsupported_certificate'),
  'certificate-expired': alert('certificate_expired'),
  'certificate-untrusted': alert('certificate_unknown'),
  'signature-not-offered': alert('illegal_parameter'),
  'signature-wrong': alert('decrypt_error'),
  'finished-wrong': alert('decrypt_error'),
  // an unknown identity and a wrong key both end here: the same octets at the same moment (RFC 4279 §2)
  'finished-unreadable': alert('decrypt_error'),
  'credential-revoked': alert('access_denied'),
  'credential-unanswered': silence('warn'),
  'flight-unanswered': silence('info'),
  'replaced-by-new-hello': silence(),
  'closed-locally': silence(),
  'evicted-half-open': silence('warn'),
  'peer-alert': silence('info'),
}
