/**
 * Everything a peer can get wrong in DTLS, by the exact name of the crime. `reactions.ts` says what the
 * peer gets for it; nothing here does.
 */
import type { Fault } from '../base/fault.ts'

export type DtlsFaultName =
  // records
  | 'record-malformed'
  | 'record-epoch'
  | 'record-stray'
  | 'record-replayed'
  | 'record-forged'
  | 'record-unprotected'
  | 'record-without-cid'
  | 'record-inner-malformed'
  | 'cid-unknown'
  | 'fragment-malformed'
  | 'fragment-limit'
  // before the peer has proved its address
  | 'hello-malformed'
  | 'hello-without-cookie'
  | 'hello-refused-by-load'
  // handshake
  | 'message-malformed'
  | 'message-unexpected'
  | 'version-unsupported'
  | 'compression-unsupported'
  | 'extension-repeated'
  | 'extension-malformed'
  | 'extension-illegal'
  | 'extension-not-offered'
  | 'suite-not-offered'
  | 'no-common-suite'
  | 'no-common-certificate-type'
  | 'extended-master-secret-required'
  | 'resumption-mismatch'
  | 'renegotiation-info-wrong'
  | 'renegotiation-attempted'
  | 'identity-length'
  | 'point-invalid'
  | 'certificate-missing'
  | 'certificate-malformed'
  | 'certificate-unsupported'
  | 'certificate-expired'
  | 'certificate-untrusted'
  | 'signature-not-offered'
  | 'signature-wrong'
  | 'finished-wrong'
  | 'finished-unreadable'
  | 'credential-revoked'
  | 'credential-unanswered'
  | 'flight-unanswered'
  | 'replaced-by-new-hello'
  | 'closed-locally'
  | 'evicted-half-open'
  | 'peer-alert'

export interface DtlsFault extends Fault {
  readonly fault: DtlsFaultName
}

export function dtlsFault(fault: DtlsFaultName, detail?: string): DtlsFault {
  return detail === undefined ? { fault } : { fault, detail }
}
