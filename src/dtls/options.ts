/** The endpoint's settings, out of the house's tunables; defaults are theirs. */
import { milliseconds, type Duration } from '../base/time.ts'
import { defaultSettings, type Settings } from '../config/tunables.ts'
import type { Bytes } from '../base/bytes.ts'
import type { Certificate, SigningKey } from './crypto.ts'
import { defaultSuites, legacyCbcSuites, type CipherSuite } from './suites.ts'
import type { NamedGroup } from './wire/extensions/supported-groups.ts'

/** What we show to peers that want a certificate or a raw public key. */
export interface OwnCertificate {
  readonly key: SigningKey
  /** The curve of the key; a peer that lists curves must list it (RFC 8422 §5.1). */
  readonly group: NamedGroup
  /** SubjectPublicKeyInfo, DER; shown as it is where a peer takes raw public keys. */
  readonly publicKey: Bytes
  /** DER, our own first; empty where we only have the raw key. */
  readonly chain: readonly Bytes[]
}

export interface DtlsOptions {
  /** Suites taken, in our order. */
  readonly suites: readonly CipherSuite[]
  readonly groups: readonly NamedGroup[]
  /** Whether pre-shared keys are served at all. */
  readonly preSharedKeys: boolean
  readonly certificate: OwnCertificate | undefined
  /** Whose signatures on certificates count. */
  readonly authorities: readonly Certificate[]
  readonly clientAuthentication: 'needed' | 'wanted' | 'none'
  readonly rawPublicKeys: boolean
  readonly certificateChainLimit: number
  readonly extendedMasterSecret: 'offered' | 'required'
  /** Accept connection_id under its old numbers 53 and 254, with the old MAC. */
  readonly legacyCid: boolean
  /** Octets of the CIDs we hand out; 0 for none. */
  readonly connectionIdLength: number
  /** First octet of the CIDs we hand out. */
  readonly shard: number
  readonly returnRoutability: boolean
  /** Largest plaintext we want in one record, said where the peer asks; undefined to stay silent. */
  readonly recordSizeLimit: number | undefined
  readonly associationLimit: number
  readonly associationsPerIdentity: number
  /** Since the peer was last heard. */
  readonly associationLifetime: Duration
  readonly handshakeLimit: number
  readonly handshakesPerPrefix: number
  /** New handshakes a second. */
  readonly handshakeRate: number
  readonly handshakeRatePerPrefix: number
  readonly handshakeOctets: number
  readonly cookieRotation: Duration
  readonly credentialTimeout: Duration
  /** Write sequence numbers reserved at once; 0 where nothing is kept across a restart. */
  readonly sequenceReservation: number
  readonly recallLimit: number
  readonly recallTimeout: Duration
  /** Sessions kept for resumption; 0 for none. */
  readonly sessionLimit: number
  readonly sessionLifetime: Duration
  /** Records with a wrong MAC opened per association and second. */
  readonly forgeryRate: number
  /** Wrong MACs after which an association is closed. */
  readonly forgeryLimit: number
  /** Key that seals snapshots (32 octets); undefined where associations live in memory only. */
  readonly storeKey: Bytes | undefined
}

export function dtlsOptionsOf(settings: Settings): DtlsOptions {
  return {
    suites: settings['dtls.legacy-cbc'] === 'on' ? [...defaultSuites, ...legacyCbcSuites] : defaultSuites,
    groups: ['secp256r1', 'x25519', 'secp384r1'],
    preSharedKeys: true,
    certificate: undefined,
    authorities: [],
    clientAuthentication: settings['dtls.client-authentication'] as DtlsOptions['clientAuthentication'],
    rawPublicKeys: true,
    certificateChainLimit: settings['dtls.certificate-chain'],
    extendedMasterSecret: settings['dtls.extended-master-secret'] as DtlsOptions['extendedMasterSecret'],
    legacyCid: settings['dtls.legacy-cid'] === 'on',
    connectionIdLength: settings['dtls.connection-id-length'],
    shard: 0,
    returnRoutability: true,
    recordSizeLimit: undefined,
    associationLimit: settings['dtls.associations'],
    associationsPerIdentity: settings['dtls.associations-per-identity'],
    associationLifetime: milliseconds(settings['dtls.association-lifetime']),
    handshakeLimit: settings['dtls.handshakes'],
    handshakesPerPrefix: settings['dtls.handshakes-per-prefix'],
    handshakeRate: settings['dtls.handshake-rate'],
    handshakeRatePerPrefix: settings['dtls.handshake-rate-per-prefix'],
    handshakeOctets: settings['dtls.handshake-octets'],
    cookieRotation: milliseconds(settings['dtls.cookie-rotation']),
    credentialTimeout: milliseconds(settings['dtls.credential-timeout']),
    sequenceReservation: settings['dtls.sequence-reservation'],
    recallLimit: settings['dtls.recalls'],
    recallTimeout: milliseconds(settings['dtls.credential-timeout']),
    sessionLimit: settings['dtls.sessions'],
    sessionLifetime: milliseconds(settings['dtls.session-lifetime']),
    forgeryRate: settings['dtls.forgery-rate'],
    forgeryLimit: settings['dtls.forgery-limit'],
    storeKey: undefined,
  }
}

export const defaultDtlsOptions: DtlsOptions = dtlsOptionsOf(defaultSettings)
