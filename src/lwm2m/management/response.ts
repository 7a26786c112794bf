/**
 * What a device's answer to an operation means: success with its content decoded, failure in words, or
 * content nobody can read. Any code is accepted; its class decides and the unusual is named.
 */
import { hexOf, textOf, type Bytes } from '../../base/bytes.ts'
import { isFault, type Fault } from '../../base/fault.ts'
import type { Instant } from '../../base/time.ts'
import { codeText, isSuccess, response as codes } from '../../coap/codes.ts'
import { contentJson } from '../content-json.ts'
import { describePath } from '../model/names.ts'
import { formatPath, parsePath, rootPath, type Path } from '../path.ts'
import { decodePayload } from '../payload/codec.ts'
import { format, formatOf, isLegacyFormat, type FormatNumber } from '../payload/content-format.ts'
import type { Decoded } from '../payload/decoding.ts'
import { decodeDiscover, type DiscoveredPath } from '../payload/discover.ts'
import { QuirkSet, type QuirkName } from '../quirks.ts'
import type { Entry } from '../value.ts'
import type { DeviceView } from './device-view.ts'
import { explainFailure } from './explanation.ts'
import type { Operation, OperationKind } from './operation.ts'

/** The parts of a response that matter here; `InboundResponse` read once. */
export interface ResponseParts {
  readonly code: number
  readonly contentFormat?: number | undefined
  readonly payload: Bytes
  /** Location-Path segments of a create. */
  readonly location?: readonly string[]
}

export type OperationResult =
  | {
      readonly result: 'success'
      /** `2.05`. */
      readonly code: string
      /** What was read, empty for everything else. */
      readonly entries: readonly Entry[]
      readonly discovered?: readonly DiscoveredPath[]
      /** Of a create, where the device says it. */
      readonly created?: Path
      /** For the API; undefined where the answer has no content. */
      readonly json: unknown
      /** Format the answer came in, to be remembered. */
      readonly format?: FormatNumber
      /** It was numbered as LwM2M drafts did. */
      readonly legacy?: true
      readonly quirks: readonly QuirkName[]
    }
  | {
      readonly result: 'failure'
      readonly code: string
      /** A sentence that begins with the code. */
      readonly reason: string
      readonly quirks: readonly QuirkName[]
    }
  | {
      readonly result: 'undecodable'
      readonly code: string
      readonly reason: string
      readonly fault: Fault
      /** What came, hex, cut at 1024 octets. */
      readonly payload: string
      readonly quirks: readonly QuirkName[]
    }

/** Octets of an unreadable payload that are shown. */
const shownOctets = 1024
/** Characters of a device's diagnostic text that are shown. */
const shownDiagnostic = 200

const expectedCode: Readonly<Record<OperationKind, number>> = {
  read: codes.content,
  write: codes.changed,
  'write-partial': codes.changed,
  execute: codes.changed,
  create: codes.created,
  delete: codes.deleted,
  discover: codes.content,
  'write-attributes': codes.changed,
  observe: codes.content,
  'cancel-observe': codes.content,
  'read-composite': codes.content,
  'write-composite': codes.changed,
  'observe-composite': codes.content,
  'cancel-observe-composite': codes.content,
}

/** `asked` is the Accept of the request, for an answer that does not say what it is. */
export function interpretResponse(
  operation: Operation,
  device: DeviceView,
  parts: ResponseParts,
  now: Instant,
  asked?: FormatNumber,
): OperationResult {
  const quirks = new QuirkSet()
  const code = codeText(parts.code)
  if (!isSuccess(parts.code)) {
    const reason = explainFailure(operation.kind, targetOf(operation, device), parts.code, diagnosticOf(parts))
    return { result: 'failure', code, reason, quirks: quirks.list() }
  }
  if (parts.code !== expectedCode[operation.kind]) quirks.add('response.code')
  switch (operation.kind) {
    case 'read':
    case 'observe':
    case 'cancel-observe':
      return contentResult(operation.path, device, parts, now, asked, quirks)
    case 'read-composite':
    case 'observe-composite':
    case 'cancel-observe-composite':
      return contentResult(rootPath, device, parts, now, asked, quirks)
    case 'discover':
      return discoverResult(device, parts, quirks)
    case 'create': {
      const created = createdPath(operation, device, parts)
      const json = created === undefined ? undefined : { path: formatPath(created) }
      return { result: 'success', code, entries: [], ...(created && { created }), json, quirks: quirks.list() }
    }
    default:
      return { result: 'success', code, entries: [], json: undefined, quirks: quirks.list() }
  }
}

function targetOf(operation: Operation, device: DeviceView): string {
  if ('path' in operation) return describePath(operation.path, device.model)
  const paths = 'paths' in operation ? operation.paths : operation.entries.map((entry) => entry.path)
  return paths.map(formatPath).join(', ')
}

function diagnosticOf(parts: ResponseParts): string {
  if (parts.contentFormat !== undefined && parts.contentFormat !== format.text) return ''
  return (textOf(parts.payload) ?? '')
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, shownDiagnostic)
}

function contentResult(
  base: Path,
  device: DeviceView,
  parts: ResponseParts,
  now: Instant,
  asked: FormatNumber | undefined,
  quirks: QuirkSet,
): OperationResult {
  const code = codeText(parts.code)
  // Cancelling may be answered without the value (RFC 7641 §3.6 leaves it open).
  const decoded = decodeContent(base, device, parts, now, asked, quirks)
  if (isFault(decoded)) return undecodable(parts, decoded, quirks)
  quirks.addAll(decoded.quirks)
  const json = contentJson(base, decoded.entries, device.model)
  // Of answers that do not say what they are only text is as good as certain.
  const number = parts.contentFormat ?? (asked === undefined ? guessedFormat(base, parts.payload) : undefined)
  const used = number === undefined ? undefined : formatOf(number)
  const isKnown = used !== undefined && (parts.contentFormat !== undefined || used === format.text)
  const legacy = isKnown && isLegacyFormat(number!) ? { legacy: true as const } : {}
  const remembered = isKnown ? { format: used, ...legacy } : {}
  return { result: 'success', code, entries: decoded.entries, json, ...remembered, quirks: quirks.list() }
}

/** The content of an answer or a notification, whose format may be missing or another than asked for. */
export function decodeContent(
  base: Path,
  device: DeviceView,
  parts: Pick<ResponseParts, 'contentFormat' | 'payload'>,
  now: Instant,
  asked: FormatNumber | undefined,
  quirks: QuirkSet,
): Decoded | Fault {
  const { model, supported } = device
  const context = { base, model, now, root: supported.root }
  if (parts.contentFormat === undefined && parts.payload.length === 0) {
    quirks.add('response.payload-missing')
    return { entries: [{ path: base }], quirks: [] }
  }
  if (parts.contentFormat === undefined) quirks.add('format.missing')
  else if (asked !== undefined && formatOf(parts.contentFormat) !== asked) quirks.add('format.not-accepted')
  const objectId = base[0]
  if (objectId !== undefined && model.object(objectId) === undefined) quirks.add('model.unknown-object')
  else if (objectId !== undefined && !model.isExact(objectId)) quirks.add('model.other-version')
  return decodePayload(parts.contentFormat ?? asked ?? guessedFormat(base, parts.payload), parts.payload, context)
}

/** By its first octet, where the device does not say: JSON and CBOR begin with brackets of their own. */
function guessedFormat(base: Path, payload: Bytes): FormatNumber {
  const first = payload[0] ?? 0
  if (base.length >= 3 && payload.every((octet) => octet >= 0x20)) return format.text
  if (first === 0x5b) return format.senmlJson
  if (first === 0x7b) return format.json
  if (base.length === 0) return first >> 5 === 5 ? format.lwm2mCbor : format.senmlCbor
  return format.tlv
}

function discoverResult(device: DeviceView, parts: ResponseParts, quirks: QuirkSet): OperationResult {
  const discovered = decodeDiscover(parts.payload, device.supported.root)
  if (isFault(discovered)) return undecodable(parts, discovered, quirks)
  quirks.addAll(discovered.quirks)
  const json = discovered.paths.map(({ path, attributes }) => {
    const name = path.length > 2 ? device.model.resource(path)?.name : device.model.object(path[0]!)?.name
    return { path: formatPath(path), ...(name !== undefined && { name }), attributes }
  })
  const code = codeText(parts.code)
  return { result: 'success', code, entries: [], discovered: discovered.paths, json, quirks: quirks.list() }
}

function undecodable(parts: ResponseParts, fault: Fault, quirks: QuirkSet): OperationResult {
  const what =
    parts.contentFormat === undefined ? 'without a content format' : `in content format ${parts.contentFormat}`
  return {
    result: 'undecodable',
    code: codeText(parts.code),
    reason: `the device answered ${what}, which cannot be read: ${fault.detail ?? fault.fault}`,
    fault,
    payload: hexOf(parts.payload.subarray(0, shownOctets)),
    quirks: quirks.list(),
  }
}

function createdPath(
  operation: Extract<Operation, { kind: 'create' }>,
  device: DeviceView,
  parts: ResponseParts,
): Path | undefined {
  const { root } = device.supported
  const location = parts.location ?? []
  const isBelowRoot = root.length > 0 && root.every((segment, index) => location[index] === segment)
  const path = parsePath((isBelowRoot ? location.slice(root.length) : location).join('/'))
  if (!isFault(path) && path.length === 2) return path
  return operation.instance === undefined ? undefined : [operation.path[0]!, operation.instance]
}
