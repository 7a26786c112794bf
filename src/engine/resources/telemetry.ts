/**
 * What a plain CoAP device posts to `/data`, as JSON for its event. SenML is resolved into samples; of any
 * other format only the syntax is known, and the whole value is kept.
 */
import { hexOf, textOf, type Bytes } from '../../base/bytes.ts'
import { isFault, type Fault } from '../../base/fault.ts'
import type { Instant } from '../../base/time.ts'
import { contentFormat, mediaTypeOf } from '../../coap/content-formats.ts'
import { decodeCbor } from '../../lwm2m/payload/cbor-decode.ts'
import { parseJson } from '../../lwm2m/payload/json.ts'
import { QuirkSet, type QuirkName } from '../../lwm2m/quirks.ts'
import { samplesOfPack } from './senml-pack.ts'

/** What `/data` takes, as its link says. */
export const telemetryFormats: readonly number[] = [
  contentFormat.text,
  contentFormat.json,
  contentFormat.cbor,
  contentFormat.senmlJson,
  contentFormat.senmlCbor,
]

export interface Telemetry {
  /** Members of the event. */
  readonly detail: Readonly<Record<string, unknown>>
  readonly quirks: readonly QuirkName[]
}

/** Faults: 'format.unsupported' (4.15), those of the decoders (4.00). Without a Content-Format nothing is guessed. */
export function decodeTelemetry(format: number | undefined, payload: Bytes, now: Instant): Telemetry | Fault {
  if (format === undefined) return { fault: 'format.unsupported', detail: 'Content-Format is missing' }
  if (!telemetryFormats.includes(format)) return { fault: 'format.unsupported' }
  if (payload.length === 0) return { fault: 'format.undecodable', detail: 'the payload is empty' }
  const quirks = new QuirkSet()
  const item = itemOf(format, payload, quirks)
  if (isFault(item)) return item
  const contentFormatName = mediaTypeOf(format)
  if (format !== contentFormat.senmlJson && format !== contentFormat.senmlCbor) {
    return { detail: { contentFormat: contentFormatName, value: jsonOf(item.item) }, quirks: quirks.list() }
  }
  const samples = samplesOfPack(item.item, now)
  if (isFault(samples)) return samples
  return {
    detail: {
      contentFormat: contentFormatName,
      samples: samples.map((sample) => ({ ...sample, value: jsonOf(sample.value) })),
    },
    quirks: quirks.list(),
  }
}

function itemOf(format: number, payload: Bytes, quirks: QuirkSet): { readonly item: unknown } | Fault {
  switch (format) {
    case contentFormat.text: {
      const item = textOf(payload)
      return item === undefined ? { fault: 'format.undecodable', detail: 'the text is not UTF-8' } : { item }
    }
    case contentFormat.json:
    case contentFormat.senmlJson:
      return parseJson(payload)
    default:
      return decodeCbor(payload, quirks)
  }
}

/** As JSON has it: whole numbers beyond 2^53 are decimal strings, octets hex, other keys their text. */
function jsonOf(item: unknown): unknown {
  if (typeof item === 'bigint') return String(item)
  if (typeof item === 'number') return Number.isFinite(item) ? item : String(item)
  if (item instanceof Uint8Array) return hexOf(item)
  if (Array.isArray(item)) return item.map(jsonOf)
  if (item instanceof Map) return fromPairs([...item].map(([key, value]) => [keyOf(key), value]))
  if (typeof item === 'object' && item !== null) return fromPairs(Object.entries(item))
  return item ?? null
}

/** Without `__proto__` meaning anything. */
function fromPairs(pairs: readonly (readonly [string, unknown])[]): unknown {
  return Object.fromEntries(pairs.map(([key, value]) => [key, jsonOf(value)]))
}

function keyOf(key: unknown): string {
  const plain = jsonOf(key)
  return typeof plain === 'string' ? plain : JSON.stringify(plain)
}
