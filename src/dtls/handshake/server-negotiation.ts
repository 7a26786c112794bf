/**
 * What a server makes of a ClientHello: suite, group, signature, certificate types, sizes, CID. Chosen
 * from the credentials we hold and the hello together; pure.
 */
import type { Bytes } from '../../base/bytes.ts'
import { dtlsFault, type DtlsFault } from '../faults.ts'
import type { DtlsOptions } from '../options.ts'
import type { CipherSuite } from '../suites.ts'
import type { ClientHello } from '../wire/client-hello.ts'
import type { CertificateType } from '../wire/extensions/certificate-type.ts'
import { schemeOf, type SignatureScheme } from '../wire/extensions/signature-algorithms.ts'
import { groupOf, numberOfGroup, type NamedGroup } from '../wire/extensions/supported-groups.ts'
import { renegotiationSignal } from '../wire/extensions/renegotiation-info.ts'
import type { CidDialect, OfferedExtensions } from '../wire/hello-extensions.ts'
import { plaintextLimit, version } from '../wire/record.ts'
import type { MaxFragmentLength } from '../wire/extensions/max-fragment-length.ts'

export interface Negotiated {
  readonly suite: CipherSuite
  /** For suites with an ephemeral exchange. */
  readonly group: NamedGroup | undefined
  readonly scheme: SignatureScheme | undefined
  readonly serverCertificateType: CertificateType
  readonly clientCertificateType: CertificateType
  /** It was asked for, so it is told, also where it is X.509 (RFC 7250 §4.2). */
  readonly answersServerCertificateType: boolean
  readonly answersClientCertificateType: boolean
  readonly requestsCertificate: boolean
  readonly extendedMasterSecret: boolean
  readonly secureRenegotiation: boolean
  readonly returnRoutability: boolean
  readonly maxFragmentLength: MaxFragmentLength | undefined
  readonly answersRecordSizeLimit: boolean
  /** Largest plaintext the client takes. */
  readonly recordLimit: number
  /** The CID the client wants to receive, under the number it offered it. */
  readonly peerCid: { readonly dialect: CidDialect; readonly cid: Bytes } | undefined
  readonly serverName: string | undefined
}

/** CIDs peers may ask us to write; a longer one is not worth its air. */
export const peerCidLimit = 32
/** RFC 5246 §7.4.1.4.1 would mean SHA-1; no peer with our suites lacks SHA-256. */
const assumedSchemes: readonly number[] = [0x0403]
const assumedGroups: readonly number[] = [23] // RFC 8422 §4: without the extension the choice is ours

/** RFC 6347 §4.1: version numbers count down; 1.2 serves everyone who names it or a later one. */
export function speaksDtls12(helloVersion: number): boolean {
  return helloVersion <= version.dtls12 && helloVersion >= 0xfe00
}

export function negotiate(hello: ClientHello, options: DtlsOptions): Negotiated | DtlsFault {
  if (!speaksDtls12(hello.version)) return dtlsFault('version-unsupported', hello.version.toString(16))
  if (!hello.compressionMethods.includes(0)) return dtlsFault('compression-unsupported')
  const { extensions } = hello
  if (extensions.uncompressedPoints === false && extensions.groups !== undefined) {
    return dtlsFault('extension-illegal', 'no uncompressed points')
  }
  const extendedMasterSecret = extensions.extendedMasterSecret === true
  if (!extendedMasterSecret && options.extendedMasterSecret === 'required') {
    return dtlsFault('extended-master-secret-required')
  }
  const group = chooseGroup(extensions.groups ?? assumedGroups, options)
  const scheme = (extensions.signatureAlgorithms ?? assumedSchemes).map(schemeOf).find((known) => known !== undefined)
  const serverCertificateType = chooseServerCertificateType(hello, options)
  const clientCertificateType = chooseClientCertificateType(hello, options)
  // only wanted, and there is none it could show that we could read: it comes as nobody
  const requestsCertificate = options.clientAuthentication !== 'none' && clientCertificateType !== undefined
  const lacksCertificate = options.clientAuthentication === 'needed' && clientCertificateType === undefined
  const serves = (suite: CipherSuite): boolean => {
    if (suite.keyExchange !== 'ecdhe-ecdsa') return options.preSharedKeys && (suite.keyExchange === 'psk' || !!group)
    if (options.certificate === undefined || group === undefined || scheme === undefined) return false
    if (extensions.groups?.includes(numberOfGroup(options.certificate.group)) === false) return false
    return serverCertificateType !== undefined && !lacksCertificate
  }
  const suite = chooseSuite(hello.suiteNumbers, options.suites, serves)
  if (suite === undefined) return noSuite(hello, options)
  return {
    suite,
    group,
    scheme,
    serverCertificateType: serverCertificateType ?? 'x509',
    clientCertificateType: clientCertificateType ?? 'x509',
    answersServerCertificateType: extensions.serverCertificateTypes !== undefined,
    answersClientCertificateType: extensions.clientCertificateTypes !== undefined,
    requestsCertificate: suite.keyExchange === 'ecdhe-ecdsa' && requestsCertificate,
    extendedMasterSecret,
    secureRenegotiation: extensions.renegotiationInfo === true || hello.suiteNumbers.includes(renegotiationSignal),
    returnRoutability: options.returnRoutability && extensions.returnRoutability === true,
    // with record_size_limit there, max_fragment_length is as if it were not (RFC 8449 §5)
    maxFragmentLength: extensions.recordSizeLimit === undefined ? extensions.maxFragmentLength : undefined,
    answersRecordSizeLimit: extensions.recordSizeLimit !== undefined,
    recordLimit: Math.min(extensions.recordSizeLimit ?? extensions.maxFragmentLength ?? plaintextLimit, plaintextLimit),
    peerCid: chooseCid(hello, options),
    serverName: extensions.serverName === '' ? undefined : extensions.serverName,
  }
}

/** What the ServerHello says; a short handshake shows no certificates. */
export function answeredExtensions(
  negotiated: Negotiated,
  { recordSizeLimit = plaintextLimit }: Pick<DtlsOptions, 'recordSizeLimit'>,
  ownCid: Bytes,
  isResumed: boolean,
): OfferedExtensions {
  const { suite, peerCid, maxFragmentLength, serverCertificateType, clientCertificateType } = negotiated
  const showsOwn = suite.keyExchange === 'ecdhe-ecdsa' && !isResumed && negotiated.answersServerCertificateType
  const asksForOne = negotiated.requestsCertificate && !isResumed && negotiated.answersClientCertificateType
  return {
    extendedMasterSecret: negotiated.extendedMasterSecret,
    renegotiationInfo: negotiated.secureRenegotiation,
    returnRoutability: negotiated.returnRoutability && peerCid !== undefined,
    ...(maxFragmentLength === undefined ? {} : { maxFragmentLength }),
    ...(negotiated.answersRecordSizeLimit ? { recordSizeLimit } : {}),
    ...(peerCid === undefined ? {} : { connectionId: { dialect: peerCid.dialect, cid: ownCid } }),
    ...(showsOwn ? { serverCertificateType } : {}),
    ...(asksForOne ? { clientCertificateType } : {}),
  }
}

/** The client knows what it can afford, so its order counts; the CBC suites come last whatever it says. */
function chooseSuite(
  offered: readonly number[],
  ours: readonly CipherSuite[],
  serves: (suite: CipherSuite) => boolean,
): CipherSuite | undefined {
  let legacy: CipherSuite | undefined
  for (const number of offered) {
    const suite = ours.find((candidate) => candidate.number === number)
    if (suite === undefined || !serves(suite)) continue
    if (suite.kind === 'aead') return suite
    legacy ??= suite
  }
  return legacy
}

function noSuite(hello: ClientHello, options: DtlsOptions): DtlsFault {
  const offersEcdsa = options.suites.some(
    (suite) => suite.keyExchange === 'ecdhe-ecdsa' && hello.suiteNumbers.includes(suite.number),
  )
  if (!offersEcdsa || options.certificate === undefined) {
    return dtlsFault('no-common-suite', hello.suiteNumbers.map((number) => number.toString(16)).join(' '))
  }
  const typesFit =
    chooseServerCertificateType(hello, options) !== undefined &&
    (options.clientAuthentication !== 'needed' || chooseClientCertificateType(hello, options) !== undefined)
  return dtlsFault(typesFit ? 'no-common-suite' : 'no-common-certificate-type')
}

function chooseGroup(offered: readonly number[], options: DtlsOptions): NamedGroup | undefined {
  for (const number of offered) {
    const group = groupOf(number)
    if (group !== undefined && options.groups.includes(group)) return group
  }
  return undefined
}

function chooseServerCertificateType(hello: ClientHello, options: DtlsOptions): CertificateType | undefined {
  const own = options.certificate
  if (own === undefined) return undefined
  const types = hello.extensions.serverCertificateTypes ?? ['x509']
  return types.find((type) => (type === 'x509' ? own.chain.length > 0 : options.rawPublicKeys))
}

function chooseClientCertificateType(hello: ClientHello, options: DtlsOptions): CertificateType | undefined {
  const types = hello.extensions.clientCertificateTypes ?? ['x509']
  return types.find((type) => (type === 'x509' ? options.authorities.length > 0 : options.rawPublicKeys))
}

function chooseCid(hello: ClientHello, options: DtlsOptions): Negotiated['peerCid'] {
  const dialects: readonly CidDialect[] = options.legacyCid ? [54, 53, 254] : [54]
  for (const dialect of dialects) {
    const cid = hello.extensions.connectionIds.get(dialect)
    if (cid !== undefined) return cid.length <= peerCidLimit ? { dialect, cid } : undefined
  }
  return undefined
}
