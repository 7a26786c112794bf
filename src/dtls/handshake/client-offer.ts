/** What a client asks for, how it says so in its hello, and whether the server's answer keeps to it; pure. */
import type { Bytes } from '../../base/bytes.ts'
import { dtlsFault, type DtlsFault } from '../faults.ts'
import type { DtlsOptions, OwnCertificate } from '../options.ts'
import type { Session } from '../sessions.ts'
import type { CipherSuite } from '../suites.ts'
import type { CertificateType } from '../wire/extensions/certificate-type.ts'
import type { NamedGroup } from '../wire/extensions/supported-groups.ts'
import type { CidDialect, OfferedExtensions } from '../wire/hello-extensions.ts'
import type { ServerHello } from '../wire/server-hello.ts'

/** What a client asks for, and what it has to show. */
export interface ClientTerms {
  readonly preSharedKey?: { readonly identity: Bytes; readonly key: Bytes }
  /** Shown where the server asks; trust in the server's is looked up. */
  readonly certificate?: OwnCertificate
  readonly certificateTypes?: readonly CertificateType[]
  readonly suites: readonly CipherSuite[]
  /** The CID we want on records to us is made by the endpoint; this is the number it goes under, or none offered. */
  readonly cidDialect?: CidDialect
  readonly serverName?: string
  readonly extendedMasterSecret?: boolean
  readonly recordSizeLimit?: number
  readonly maxFragmentLength?: 512 | 1024 | 2048 | 4096
  readonly returnRoutability?: boolean
  readonly session?: Omit<Session, 'expires'>
}

/** What a client says of itself in both its hellos. */
export function offeredExtensions(terms: ClientTerms, groups: readonly NamedGroup[], ownCid: Bytes): OfferedExtensions {
  const usesCurves = terms.suites.some((suite) => suite.keyExchange !== 'psk')
  const usesCertificates = terms.suites.some((suite) => suite.keyExchange === 'ecdhe-ecdsa')
  const types = terms.certificateTypes
  return {
    renegotiationInfo: true,
    extendedMasterSecret: terms.extendedMasterSecret ?? true,
    returnRoutability: terms.returnRoutability ?? false,
    ...(terms.serverName === undefined ? {} : { serverName: terms.serverName }),
    ...(terms.recordSizeLimit === undefined ? {} : { recordSizeLimit: terms.recordSizeLimit }),
    ...(terms.maxFragmentLength === undefined ? {} : { maxFragmentLength: terms.maxFragmentLength }),
    ...(usesCurves ? { groups, pointFormats: true } : {}),
    ...(usesCertificates ? { signatureAlgorithms: ['ecdsa-sha256', 'ecdsa-sha384'] as const } : {}),
    ...(types === undefined ? {} : { clientCertificateTypes: types, serverCertificateTypes: types }),
    ...(terms.cidDialect === undefined ? {} : { connectionId: { dialect: terms.cidDialect, cid: ownCid } }),
  }
}

/** Whether a server took up only what was offered (RFC 5246 §7.4.1.4). */
export function checkAnswer(
  server: ServerHello,
  terms: ClientTerms,
  options: Pick<DtlsOptions, 'extendedMasterSecret'>,
): DtlsFault | undefined {
  const { extensions } = server
  if ((terms.extendedMasterSecret ?? true) && options.extendedMasterSecret === 'required') {
    if (extensions.extendedMasterSecret !== true) return dtlsFault('extended-master-secret-required')
  }
  for (const dialect of extensions.connectionIds.keys()) {
    if (dialect !== terms.cidDialect) return dtlsFault('extension-not-offered', `extension ${dialect}`)
  }
  const types = terms.certificateTypes ?? []
  for (const type of [extensions.clientCertificateType, extensions.serverCertificateType]) {
    if (type !== undefined && !types.includes(type)) return dtlsFault('extension-not-offered', type)
  }
  return undefined
}
