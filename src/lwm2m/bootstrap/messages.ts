/**
 * The messages of a bootstrap as CoAP requests (LwM2M Core 1.2 §6.1.7, Transport §6.4.2): Discover, Read, Write,
 * Delete and Finish. Knows no order among them.
 */
import type { Bytes } from '../../base/bytes.ts'
import { method } from '../../coap/codes.ts'
import type { OutboundRequest } from '../../coap/types.ts'
import { entriesOfJson, type WriteJson } from '../content-json.ts'
import type { DeviceModel } from '../model/library.ts'
import { pathOf, rootPath, type Path } from '../path.ts'
import { encodePayload } from '../payload/codec.ts'
import { format, type FormatNumber } from '../payload/content-format.ts'
import { isRefusal, type Refusal } from '../refusal.ts'
import type { Entry } from '../value.ts'

/** One instance with its resources by id; octets are hex. */
export interface InstanceContent {
  readonly object: number
  readonly instance: number
  readonly resources: Readonly<Record<string, WriteJson>>
}

export function discoverMessage(): OutboundRequest {
  return { code: method.get, path: [], accept: format.link }
}

export function readMessage(object: number, accept: FormatNumber): OutboundRequest {
  return { code: method.get, path: [String(object)], accept }
}

export function deleteMessage(path: Path): OutboundRequest {
  return { code: method.delete, path: path.map(String) }
}

export function finishMessage(): OutboundRequest {
  return { code: method.post, path: ['bs'] }
}

/** One instance alone, or all of one object in one message. */
export function writeMessage(
  instances: readonly InstanceContent[],
  whole: boolean,
  contentFormat: FormatNumber,
  model: DeviceModel,
): OutboundRequest | Refusal {
  const [first] = instances
  const path = pathOf(whole ? [first!.object] : [first!.object, first!.instance])
  const payload = payloadOf(path, instances, contentFormat, model)
  if (isRefusal(payload)) return payload
  return { code: method.put, path: path.map(String), contentFormat, payload }
}

/** Everything in one payload (Bootstrap-Pack, LwM2M Core 1.2 §6.1.7.7). */
export function packPayload(
  instances: readonly InstanceContent[],
  contentFormat: FormatNumber,
  model: DeviceModel,
): Bytes | Refusal {
  return payloadOf(rootPath, instances, contentFormat, model)
}

function payloadOf(
  base: Path,
  instances: readonly InstanceContent[],
  contentFormat: FormatNumber,
  model: DeviceModel,
): Bytes | Refusal {
  const entries = entriesOf(instances, model)
  return isRefusal(entries) ? entries : encodePayload(contentFormat, base, entries)
}

/** The typed values of the instances; refused where the model rules one out. */
export function entriesOf(instances: readonly InstanceContent[], model: DeviceModel): readonly Entry[] | Refusal {
  const entries: Entry[] = []
  for (const { object, instance, resources } of instances) {
    const found = entriesOfJson(pathOf([object, instance]), resources, model)
    if (isRefusal(found)) return found
    entries.push(...found)
  }
  return entries
}
