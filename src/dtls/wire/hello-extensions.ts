/**
 * The extensions we understand, out of a client's or a server's hello, each as its own type; unknown
 * ones are passed over (RFC 5246 §7.4.1.4). Encodes those that are set, in a fixed order.
 */
import type { Bytes } from '../../base/bytes.ts'
import { isFault } from '../../base/fault.ts'
import { dtlsFault, type DtlsFault } from '../faults.ts'
import {
  clientCertificateTypeExtension,
  decodeCertificateType,
  decodeCertificateTypes,
  encodeCertificateType,
  encodeCertificateTypes,
  serverCertificateTypeExtension,
  type CertificateType,
} from './extensions/certificate-type.ts'
import {
  connectionIdDraftExtension,
  connectionIdExtension,
  connectionIdPrivateExtension,
  decodeConnectionId,
  encodeConnectionId,
} from './extensions/connection-id.ts'
import { decodeEcPointFormats, ecPointFormatsExtension, encodeEcPointFormats } from './extensions/ec-point-formats.ts'
import {
  decodeExtendedMasterSecret,
  encodeExtendedMasterSecret,
  extendedMasterSecretExtension,
} from './extensions/extended-master-secret.ts'
import { decodeExtensionList, illegalValue, type ExtensionMap } from './extensions/extension.ts'
import {
  decodeMaxFragmentLength,
  encodeMaxFragmentLength,
  maxFragmentLengthExtension,
  type MaxFragmentLength,
} from './extensions/max-fragment-length.ts'
import {
  decodeRecordSizeLimit,
  encodeRecordSizeLimit,
  recordSizeLimitExtension,
} from './extensions/record-size-limit.ts'
import {
  decodeRenegotiationInfo,
  encodeRenegotiationInfo,
  renegotiationInfoExtension,
} from './extensions/renegotiation-info.ts'
import {
  decodeReturnRoutability,
  encodeReturnRoutability,
  returnRoutabilityExtension,
} from './extensions/return-routability.ts'
import { decodeServerName, encodeServerName, serverNameExtension } from './extensions/server-name.ts'
import {
  decodeSignatureAlgorithms,
  encodeSignatureAlgorithms,
  signatureAlgorithmsExtension,
  type SignatureScheme,
} from './extensions/signature-algorithms.ts'
import {
  decodeSupportedGroups,
  encodeSupportedGroups,
  supportedGroupsExtension,
  type NamedGroup,
} from './extensions/supported-groups.ts'
import type { Reader } from './reader.ts'

/** Which extension number a CID was agreed under; 53 and 254 go with the old MAC. */
export type CidDialect = 54 | 53 | 254

const cidExtensions: readonly CidDialect[] = [
  connectionIdExtension,
  connectionIdDraftExtension,
  connectionIdPrivateExtension,
]

interface CommonExtensions {
  readonly extendedMasterSecret?: true
  readonly renegotiationInfo?: true
  readonly returnRoutability?: true
  readonly maxFragmentLength?: MaxFragmentLength
  readonly recordSizeLimit?: number
  readonly serverName?: string
  readonly uncompressedPoints?: boolean
  /** By extension number, as the sender wrote them. */
  readonly connectionIds: ReadonlyMap<CidDialect, Bytes>
}

export interface ClientExtensions extends CommonExtensions {
  readonly groups?: readonly number[]
  readonly signatureAlgorithms?: readonly number[]
  readonly clientCertificateTypes?: readonly CertificateType[]
  readonly serverCertificateTypes?: readonly CertificateType[]
}

export interface ServerExtensions extends CommonExtensions {
  readonly clientCertificateType?: CertificateType
  readonly serverCertificateType?: CertificateType
  /** Every number in the hello, to be held against what was offered. */
  readonly numbers: readonly number[]
}

export function decodeClientExtensions(reader: Reader): ClientExtensions | DtlsFault {
  const list = decodeExtensionList(reader)
  if (isFault(list)) return list
  const field = new FieldDecoder(list)
  const extensions = {
    ...decodeCommon(field, list),
    ...field.decode('groups', supportedGroupsExtension, decodeSupportedGroups),
    ...field.decode('signatureAlgorithms', signatureAlgorithmsExtension, decodeSignatureAlgorithms),
    ...field.decode('clientCertificateTypes', clientCertificateTypeExtension, decodeCertificateTypes),
    ...field.decode('serverCertificateTypes', serverCertificateTypeExtension, decodeCertificateTypes),
  }
  return field.fault ?? extensions
}

export function decodeServerExtensions(reader: Reader): ServerExtensions | DtlsFault {
  const list = decodeExtensionList(reader)
  if (isFault(list)) return list
  const field = new FieldDecoder(list)
  const extensions = {
    ...decodeCommon(field, list),
    ...field.decode('clientCertificateType', clientCertificateTypeExtension, decodeCertificateType),
    ...field.decode('serverCertificateType', serverCertificateTypeExtension, decodeCertificateType),
    numbers: [...list.keys()],
  }
  return field.fault ?? extensions
}

function decodeCommon(field: FieldDecoder, list: ExtensionMap): CommonExtensions {
  const connectionIds = new Map<CidDialect, Bytes>()
  for (const dialect of cidExtensions) {
    const cid = field.decode('cid', dialect, decodeConnectionId).cid
    if (cid !== undefined) connectionIds.set(dialect, cid)
  }
  // a malformed record_size_limit or name is fatal, so is every other one: field.fault says so
  return {
    ...field.decode('extendedMasterSecret', extendedMasterSecretExtension, decodeExtendedMasterSecret),
    ...renegotiationOf(field, list),
    ...field.decode('returnRoutability', returnRoutabilityExtension, decodeReturnRoutability),
    ...field.decode('maxFragmentLength', maxFragmentLengthExtension, decodeMaxFragmentLength),
    ...field.decode('recordSizeLimit', recordSizeLimitExtension, decodeRecordSizeLimit),
    ...field.decode('serverName', serverNameExtension, decodeServerName),
    ...field.decode('uncompressedPoints', ecPointFormatsExtension, decodeEcPointFormats),
    connectionIds,
  }
}

function renegotiationOf(field: FieldDecoder, list: ExtensionMap): { renegotiationInfo?: true } {
  const body = list.get(renegotiationInfoExtension)
  if (body === undefined) return {}
  if (decodeRenegotiationInfo(body)) return { renegotiationInfo: true }
  field.fault ??= dtlsFault('renegotiation-info-wrong')
  return {}
}

/** Decodes single extensions into one-field objects and keeps the first fault. */
class FieldDecoder {
  fault: DtlsFault | undefined
  readonly #list: ExtensionMap

  constructor(list: ExtensionMap) {
    this.#list = list
  }

  decode<K extends string, V>(
    key: K,
    number: number,
    decode: (body: Bytes) => V | typeof illegalValue | undefined,
  ): { [P in K]?: V } {
    const body = this.#list.get(number)
    if (body === undefined) return {}
    const value = decode(body)
    if (value === undefined || value === illegalValue) {
      const name = value === undefined ? 'extension-malformed' : 'extension-illegal'
      this.fault ??= dtlsFault(name, `extension ${number}`)
      return {}
    }
    return { [key]: value } as { [P in K]?: V }
  }
}

/** What we write; groups and schemes are ones we know. */
export interface OfferedExtensions {
  readonly extendedMasterSecret?: boolean
  readonly renegotiationInfo?: boolean
  readonly returnRoutability?: boolean
  readonly maxFragmentLength?: MaxFragmentLength
  readonly recordSizeLimit?: number
  readonly serverName?: string
  readonly pointFormats?: boolean
  readonly connectionId?: { readonly dialect: CidDialect; readonly cid: Bytes }
  readonly groups?: readonly NamedGroup[]
  readonly signatureAlgorithms?: readonly SignatureScheme[]
  readonly clientCertificateTypes?: readonly CertificateType[]
  readonly serverCertificateTypes?: readonly CertificateType[]
  readonly clientCertificateType?: CertificateType
  readonly serverCertificateType?: CertificateType
}

/** Numbers and bodies of what `offered` sets. */
export function extensionsOf(offered: OfferedExtensions): readonly (readonly [number, Bytes])[] {
  const list: (readonly [number, Bytes])[] = []
  const add = (number: number, body: Bytes): void => {
    list.push([number, body])
  }
  if (offered.serverName !== undefined) add(serverNameExtension, encodeServerName(offered.serverName))
  if (offered.maxFragmentLength !== undefined) {
    add(maxFragmentLengthExtension, encodeMaxFragmentLength(offered.maxFragmentLength))
  }
  if (offered.groups !== undefined) add(supportedGroupsExtension, encodeSupportedGroups(offered.groups))
  if (offered.pointFormats) add(ecPointFormatsExtension, encodeEcPointFormats())
  if (offered.signatureAlgorithms !== undefined) {
    add(signatureAlgorithmsExtension, encodeSignatureAlgorithms(offered.signatureAlgorithms))
  }
  if (offered.clientCertificateTypes !== undefined) {
    add(clientCertificateTypeExtension, encodeCertificateTypes(offered.clientCertificateTypes))
  }
  if (offered.serverCertificateTypes !== undefined) {
    add(serverCertificateTypeExtension, encodeCertificateTypes(offered.serverCertificateTypes))
  }
  if (offered.clientCertificateType !== undefined) {
    add(clientCertificateTypeExtension, encodeCertificateType(offered.clientCertificateType))
  }
  if (offered.serverCertificateType !== undefined) {
    add(serverCertificateTypeExtension, encodeCertificateType(offered.serverCertificateType))
  }
  if (offered.extendedMasterSecret) add(extendedMasterSecretExtension, encodeExtendedMasterSecret())
  if (offered.recordSizeLimit !== undefined) {
    add(recordSizeLimitExtension, encodeRecordSizeLimit(offered.recordSizeLimit))
  }
  if (offered.connectionId !== undefined) {
    add(offered.connectionId.dialect, encodeConnectionId(offered.connectionId.cid))
  }
  if (offered.returnRoutability) add(returnRoutabilityExtension, encodeReturnRoutability())
  if (offered.renegotiationInfo) add(renegotiationInfoExtension, encodeRenegotiationInfo())
  return list
}
