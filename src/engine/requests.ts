/**
 * Between an operation as it is kept (a kind, a path, JSON) and the message that carries it: checked when
 * it is asked for, built when it is sent, its answer read when it comes. The LwM2M of it is `lwm2m/management`.
 */
import { isFault, type Fault } from '../base/fault.ts'
import { seconds, type Duration, type Instant } from '../base/time.ts'
import { response as codes } from '../coap/codes.ts'
import { option } from '../coap/options.ts'
import { contentFormat } from '../coap/content-formats.ts'
import type { BodySource, OutboundRequest, RequestOutcome } from '../coap/types.ts'
import type { Observation } from '../fleet/observations/types.ts'
import { pathsOf, wayOfAttributes } from '../fleet/observations/rules.ts'
import { imageOfValue, type Operation, type OperationDraft } from '../fleet/operations/types.ts'
import { parseAttributes, attributesOfText, type NotificationAttributes } from '../lwm2m/attributes.ts'
import { samplesJson, type SampleJson } from '../lwm2m/content-json.ts'
import { prepareOperation } from '../lwm2m/management/check.ts'
import type { DeviceView, FormatMemory } from '../lwm2m/management/device-view.ts'
import { forgetAccepted, hasOtherFormat, isOne, rememberFormats } from '../lwm2m/management/format-choice.ts'
import { parseOperation, type Operation as ParsedOperation } from '../lwm2m/management/operation.ts'
import { buildRequest } from '../lwm2m/management/request.ts'
import { decodeContent, interpretResponse } from '../lwm2m/management/response.ts'
import { childOf, formatPath, parsePath, rootPath, type Path } from '../lwm2m/path.ts'
import { formatOf, type FormatNumber } from '../lwm2m/payload/content-format.ts'
import { exampleLimit } from '../fleet/registry/quirks.ts'
import { QuirkSet } from '../lwm2m/quirks.ts'
import { isRefusal, type Refusal } from '../lwm2m/refusal.ts'
import { decodeSend } from '../lwm2m/send.ts'
import type { OperationAnswer } from './answers.ts'

/** What an operation is kept as, whoever asked for it and however it was spelled. */
export type Kept = Pick<Operation, 'kind' | 'path'> & { readonly value?: unknown }

export interface CheckedDraft {
  readonly path: string
  /** Of an observe or write-attributes. */
  readonly attributes?: NotificationAttributes
}

/**
 * The draft with its path in numbers, or why it is refused. A device that is not registered has nothing to
 * check against but the model: then only syntax and types count, and the rest shows when it is sent.
 */
export function checkDraft(draft: OperationDraft, view: DeviceView, isRegistered: boolean): CheckedDraft | Refusal {
  const force = draft.force ?? false
  const operation = isRegistered ? prepareOperation(draft, view, { force }) : parseOperation(draft, view.model, force)
  if (isRefusal(operation)) return operation
  if ('path' in operation) {
    const attributes = 'attributes' in operation ? { attributes: operation.attributes } : {}
    // Kept with the instance a create names: it is read from there when it is sent.
    const named = operation.kind === 'create' ? operation.instance : undefined
    const path = named === undefined ? operation.path : childOf(operation.path, named)
    return { path: formatPath(path), ...attributes }
  }
  const paths = 'paths' in operation ? operation.paths : operation.entries.map(({ path }) => path)
  const attributes = 'attributes' in operation ? { attributes: operation.attributes } : {}
  return { path: paths.map(formatPath).join(' '), ...attributes }
}

/** The value a package stands for where only its shape counts: one octet. */
const anyOpaque = '00'

const shapeOf = (kept: Kept): Kept =>
  imageOfValue(kept.value) === undefined ? kept : { kind: kept.kind, path: kept.path, value: anyOpaque }

/** A package, read from its image as it leaves; the device has `resumeAt` octets of it already. */
export function packageRequestOf(
  kept: Kept,
  view: DeviceView,
  body: BodySource,
  resumeAt: number,
): OutboundRequest | Refusal {
  const request = requestOf(shapeOf(kept), view)
  if (isRefusal(request)) return request
  const { payload: _, ...rest } = request
  return { ...rest, contentFormat: contentFormat.octetStream, body, resumeAt }
}

/** What is sent; refused only where nothing would say it (it was checked when it was asked for). */
export function requestOf(kept: Kept, view: DeviceView): OutboundRequest | Refusal {
  const operation = parseOperation(kept, view.model, true)
  return isRefusal(operation) ? operation : buildRequest(operation, view)
}

/** The operation that establishes an observation of `path`. */
export function observeOperation(path: string): Kept {
  return { kind: isComposite(path) ? 'observe-composite' : 'observe', path }
}

/** With its attributes where they go with the observation (LwM2M 1.2); `kind` as an operator asked for it. */
export function observeRequestOf(
  observation: Observation,
  view: DeviceView,
  kind: Kept['kind'] = observeOperation(observation.path).kind,
): OutboundRequest | Refusal {
  const way = wayOfAttributes(observation, view.version)
  const value = way === 'query' ? { value: observation.attributes?.wanted } : {}
  return requestOf({ kind, path: observation.path, ...value }, view)
}

/** The operation that tells the device when it is to notify; of a composite, of the first path that has not been told. */
export function attributesOperation({ path, attributes }: Pick<Observation, 'path' | 'attributes'>): Kept {
  const next = pathsOf(path)[attributes?.written ?? 0] ?? path
  return { kind: 'write-attributes', path: next, value: attributes?.wanted ?? {} }
}

/** The attributes in the value of a kept operation. */
export function attributesOfValue(value: unknown): NotificationAttributes | undefined {
  const attributes = typeof value === 'string' ? attributesOfText(value) : parseAttributes(value ?? {})
  return isRefusal(attributes) ? undefined : attributes
}

/** What a request said about formats; its answer is read by it. */
export type Asked = Pick<OutboundRequest, 'accept' | 'contentFormat' | 'payload' | 'body' | 'query'>

/** What came of a request; payloads are read here, so nothing of the message has to be kept. */
export function answerOf(
  now: Instant,
  kept: Kept,
  asked: Asked,
  outcome: RequestOutcome,
  view: DeviceView,
): OperationAnswer {
  switch (outcome.outcome) {
    case 'response':
      return answerOfResponse(now, kept, asked, outcome.response, view)
    case 'asleep':
      return { answer: 'unheard', reason: 'device-asleep', quirks: [] }
    case 'timeout':
      if (!outcome.acknowledged) return { answer: 'unheard', reason: 'device-offline', quirks: [] }
      return failed('timed-out', 'the device took the request (empty ACK) and never answered it')
    case 'reset':
      return failed('reset', 'the device refused the message (RST): it may have restarted, or does not serve this path')
    case 'cancelled':
      return failed('cancelled-by-operator', 'it was taken back while it was on its way')
    case 'unusable':
      return failed('undecodable', outcome.reason)
  }
}

function failed(reason: Extract<OperationAnswer, { answer: 'failed' }>['reason'], detail: string): OperationAnswer {
  return { answer: 'failed', reason, detail, quirks: [] }
}

type Response = Extract<RequestOutcome, { outcome: 'response' }>['response']

function answerOfResponse(
  now: Instant,
  kept: Kept,
  asked: Asked,
  response: Response,
  view: DeviceView,
): OperationAnswer {
  const operation = parseOperation(shapeOf(kept), view.model, true)
  if (isRefusal(operation)) return failed('undecodable', operation.message)
  const accept = knownFormat(asked.accept)
  const content = knownFormat(asked.contentFormat)
  if (refusesAccept(response.code, asked) && mayChoose(operation, asked, view)) {
    return { answer: 'ask-again', quirks: [], formats: rememberFormats(view.formats, { choosesItself: true }) }
  }
  const isRefusedFormat = refusesContent(response.code, asked)
  if (isRefusedFormat && content !== undefined) {
    const formats = forgetAccepted(view.formats, content, isForOne(operation))
    if (mayBeSaidOtherwise(operation, asked, { ...view, formats })) return { answer: 'ask-again', quirks: [], formats }
  }
  const parts = {
    code: response.code,
    contentFormat: response.options.uint(option.contentFormat),
    payload: response.payload,
    location: response.options.texts(option.locationPath),
  }
  const result = interpretResponse(operation, view, parts, now, accept)
  const { code } = result
  const quirks = exampled(result.quirks, response)
  switch (result.result) {
    case 'success': {
      const { json, format, legacy } = result
      const formats = rememberFormats(
        view.formats,
        {
          ...(format !== undefined && { answered: format }),
          ...(format === contentFormat.text && view.version === '1.0' && { text: true }),
          ...(legacy && { legacy }),
          ...(content !== undefined && { accepted: content }),
        },
        isForOne(operation),
      )
      return {
        answer: 'acknowledged',
        code,
        ...(json === undefined ? {} : { result: json }),
        ...quirks,
        ...changedFormats(view, formats),
      }
    }
    case 'failure': {
      const formats =
        isRefusedFormat && content !== undefined
          ? forgetAccepted(view.formats, content, isForOne(operation))
          : view.formats
      return {
        answer: 'failed',
        reason: 'rejected',
        detail: result.reason,
        code,
        ...retryAfterOf(response),
        ...quirks,
        ...changedFormats(view, formats),
      }
    }
    case 'undecodable':
      return {
        answer: 'failed',
        reason: 'undecodable',
        detail: result.reason,
        code,
        result: { payload: result.payload },
        ...quirks,
      }
  }
}

/** A copy of what the device sent, where something is odd about it. */
function exampled(quirks: readonly string[], { payload }: Response): Pick<OperationAnswer, 'quirks' | 'example'> {
  return quirks.length === 0 ? { quirks } : { quirks, example: payload.slice(0, exampleLimit) }
}

/** How long a device that refused for the moment asks to be left alone (RFC 7252 §5.10.5). */
function retryAfterOf({ options }: Response): { readonly retryAfter?: Duration } {
  const maxAge = options.uint(option.maxAge)
  return maxAge === undefined ? {} : { retryAfter: seconds(maxAge) }
}

function knownFormat(number: number | undefined): FormatNumber | undefined {
  return number === undefined ? undefined : formatOf(number)
}

function changedFormats(view: DeviceView, formats: FormatMemory): { formats?: FormatMemory } {
  return formats === view.formats ? {} : { formats }
}

/** 4.06 says so; devices that know no Accept, or only some of its values, also say 4.02, and 4.15 to what has no content. */
function refusesAccept(code: number, { contentFormat: content, query }: Asked): boolean {
  if (code === codes.notAcceptable) return true
  if (content !== undefined) return false
  return code === codes.unsupportedContentFormat || (code === codes.badOption && query === undefined)
}

/** 4.15; some say 4.06 though nothing was asked for. */
function refusesContent(code: number, { accept }: Asked): boolean {
  return code === codes.unsupportedContentFormat || (code === codes.notAcceptable && accept === undefined)
}

/** Whether it carries one value. */
function isForOne(operation: ParsedOperation): boolean {
  return (operation.kind === 'write' || operation.kind === 'write-partial') && isOne(operation.path, operation.entries)
}

/** Whether another format is left for what was refused with 4.15. */
function mayBeSaidOtherwise(operation: ParsedOperation, { body, contentFormat: refused }: Asked, view: DeviceView) {
  switch (operation.kind) {
    case 'write':
    case 'write-partial':
      return body === undefined && hasOtherFormat(view, operation.path, operation.entries)
    case 'create':
      // Without an id only TLV will do: see `create` in request.ts.
      return operation.instance !== undefined && hasOtherFormat(view, operation.path, operation.entries)
    case 'read-composite':
    case 'observe-composite':
    case 'cancel-observe-composite':
    case 'write-composite':
      return refused === contentFormat.senmlCbor
    default:
      return false
  }
}

/**
 * Whether it was told what to answer in and need not be. The list of a Discover comes in one format only, and a device
 * that cannot answer a composite in the SenML of the question has shown nothing about reads.
 */
function mayChoose({ kind }: ParsedOperation, { accept }: Asked, { formats }: DeviceView): boolean {
  const hasOneFormat = kind === 'discover' || kind.endsWith('-composite')
  return accept !== undefined && !hasOneFormat && formats.choosesItself !== true
}

export interface Samples {
  readonly samples: readonly SampleJson[]
  readonly quirks: readonly string[]
}

/** The values of a notification of `path`. */
export function samplesOf(
  now: Instant,
  path: string,
  message: { readonly contentFormat: number | undefined; readonly payload: Uint8Array },
  view: DeviceView,
): Samples | Fault {
  const base: Path | Fault = isComposite(path) ? rootPath : parsePath(path)
  if (isFault(base)) return base
  const quirks = new QuirkSet()
  const decoded = decodeContent(base, view, message, now, undefined, quirks)
  if (isFault(decoded)) return decoded
  quirks.addAll(decoded.quirks)
  return { samples: samplesJson(decoded.entries, view.model), quirks: quirks.list() }
}

/** An observation of several paths, whose values name theirs. */
function isComposite(path: string): boolean {
  return path === '/' || path.includes(' ')
}

/** The values of a Send. */
export function sentSamplesOf(
  now: Instant,
  message: { readonly contentFormat: number | undefined; readonly payload: Uint8Array },
  view: DeviceView,
): Samples | Fault {
  const decoded = decodeSend(message.contentFormat, message.payload, view, now)
  return isFault(decoded) ? decoded : { samples: samplesJson(decoded.entries, view.model), quirks: decoded.quirks }
}
