/**
 * Operations as CoAP requests (LwM2M Transport 1.2 §6.4.2–6.4.4). Checked beforehand (`check.ts`); what
 * can still be refused here is content no format can express.
 */
import { utf8 } from '../../base/bytes.ts'
import { method } from '../../coap/codes.ts'
import type { OutboundRequest } from '../../coap/types.ts'
import { attributeQuery } from '../attributes.ts'
import { childOf, rootPath, type Path } from '../path.ts'
import { encodePaths, encodePayload } from '../payload/codec.ts'
import { format, type FormatNumber } from '../payload/content-format.ts'
import { isRefusal, type Refusal } from '../refusal.ts'
import type { DeviceView } from './device-view.ts'
import { formatForComposite, formatToAccept, formatToWrite, isOne, numberFor } from './format-choice.ts'
import type { Operation } from './operation.ts'

export interface RequestOptions {
  /** Content-Format of what is sent; else the device's history and registration decide. */
  readonly contentFormat?: FormatNumber
  /** Accept of what is read; 'any' sends none, as after a 4.06. */
  readonly accept?: FormatNumber | 'any'
}

/** Token, `notAfter` and the like are the caller's to add. */
export function buildRequest(
  operation: Operation,
  device: DeviceView,
  options: RequestOptions = {},
): OutboundRequest | Refusal {
  switch (operation.kind) {
    case 'read':
      return { code: method.get, path: uriPath(device, operation.path), ...accept(device, operation.path, options) }
    case 'discover': {
      const depth = operation.depth === undefined ? {} : { query: [`depth=${operation.depth}`] }
      return { code: method.get, path: uriPath(device, operation.path), ...depth, accept: format.link }
    }
    case 'observe': {
      const query = attributeQuery(operation.attributes)
      const attributes = query.length === 0 ? {} : { query }
      return {
        code: method.get,
        path: uriPath(device, operation.path),
        ...attributes,
        observe: 0,
        ...accept(device, operation.path, options),
      }
    }
    case 'cancel-observe':
      return {
        code: method.get,
        path: uriPath(device, operation.path),
        observe: 1,
        ...accept(device, operation.path, options),
      }
    case 'write':
      return withContent(method.put, operation.path, operation, device, options)
    case 'write-partial':
      // One value has no parts, and many devices take every POST to a resource as an Execute.
      return withContent(
        isOne(operation.path, operation.entries) ? method.put : method.post,
        operation.path,
        operation,
        device,
        options,
      )
    case 'create':
      return create(operation, device, options)
    case 'execute': {
      const text = operation.arguments
      const content = text === '' ? {} : { contentFormat: format.text, payload: utf8(text) }
      return { code: method.post, path: uriPath(device, operation.path), ...content }
    }
    case 'delete':
      return { code: method.delete, path: uriPath(device, operation.path) }
    case 'write-attributes':
      return { code: method.put, path: uriPath(device, operation.path), query: attributeQuery(operation.attributes) }
    case 'read-composite':
      return composite(operation.paths, device, options, {})
    case 'observe-composite': {
      const query = attributeQuery(operation.attributes)
      return composite(operation.paths, device, options, { observe: 0, ...(query.length === 0 ? {} : { query }) })
    }
    case 'cancel-observe-composite':
      return composite(operation.paths, device, options, { observe: 1 })
    case 'write-composite':
      return writeComposite(operation, device, options)
  }
}

/** The device's root before the ids (LwM2M Transport 1.2 §6.4.1). */
export function uriPath(device: DeviceView, path: Path): readonly string[] {
  return [...device.supported.root, ...path.map(String)]
}

function accept(device: DeviceView, path: Path, options: RequestOptions): { accept?: number } {
  const chosen = options.accept ?? formatToAccept(device, path)
  return chosen === undefined || chosen === 'any' ? {} : { accept: numberFor(device, chosen) }
}

function withContent(
  code: number,
  path: Path,
  { entries }: Extract<Operation, { kind: 'write' | 'write-partial' }>,
  device: DeviceView,
  options: RequestOptions,
): OutboundRequest | Refusal {
  const chosen = options.contentFormat ?? formatToWrite(device, path, entries)
  const payload = encodePayload(chosen, path, entries)
  if (isRefusal(payload)) return payload
  return { code, path: uriPath(device, path), contentFormat: numberFor(device, chosen), payload }
}

/**
 * With an id, the payload wraps the new instance; without, it holds bare resources and the device
 * chooses (LwM2M Core 1.2 §6.3).
 */
function create(
  operation: Extract<Operation, { kind: 'create' }>,
  device: DeviceView,
  options: RequestOptions,
): OutboundRequest | Refusal {
  const { path, instance, entries } = operation
  const base = instance === undefined ? childOf(path, 0) : path
  const content = entries.length === 0 ? [{ path: childOf(path, instance ?? 0) }] : entries
  const chosen = options.contentFormat ?? formatToWrite(device, path, content)
  // SenML and LwM2M CBOR always name the instance, so only TLV and JSON can leave the choice to the device.
  const usable = instance === undefined && !relativeFormats.includes(chosen) ? format.tlv : chosen
  const payload = encodePayload(usable, base, content)
  if (isRefusal(payload)) return payload
  return { code: method.post, path: uriPath(device, path), contentFormat: numberFor(device, usable), payload }
}

const relativeFormats: readonly FormatNumber[] = [format.tlv]

function composite(
  paths: readonly Path[],
  device: DeviceView,
  options: RequestOptions,
  observe: { readonly observe?: 0 | 1; readonly query?: readonly string[] },
): OutboundRequest | Refusal {
  const contentFormat = options.contentFormat ?? formatForComposite(device, false)
  const payload = encodePaths(contentFormat, paths)
  if (isRefusal(payload)) return payload
  const chosen = options.accept ?? (device.formats.choosesItself ? 'any' : contentFormat)
  const wanted = chosen === 'any' ? {} : { accept: chosen }
  return { code: method.fetch, path: uriPath(device, rootPath), ...observe, contentFormat, ...wanted, payload }
}

function writeComposite(
  { entries }: Extract<Operation, { kind: 'write-composite' }>,
  device: DeviceView,
  options: RequestOptions,
): OutboundRequest | Refusal {
  const deletes = entries.some((entry) => entry.value === undefined)
  const contentFormat = options.contentFormat ?? formatForComposite(device, deletes)
  const payload = encodePayload(contentFormat, rootPath, entries)
  return isRefusal(payload) ? payload : { code: method.ipatch, path: uriPath(device, rootPath), contentFormat, payload }
}
