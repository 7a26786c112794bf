/**
 * From what CBOR and JSON can say (numbers, texts, octets) to typed values, by the model where it knows
 * the resource. Never loses anything: what does not fit is kept as the type it came in, with a quirk.
 */
import { bytesOfBase64 } from '../../base/base64.ts'
import type { Bytes } from '../../base/bytes.ts'
import type { Model } from '../model/library.ts'
import type { Path } from '../path.ts'
import type { QuirkSet } from '../quirks.ts'
import { objectLinkOf, timeOfIso, valueOfText, wholeValue } from '../value-text.ts'
import type { Value, ValueType } from '../value.ts'

/** `link` is a text the format marks as an object link. */
export type RawValue = string | number | bigint | boolean | Bytes | { readonly link: string }

/** The value at `path`; LwM2M JSON 1.0 carries octets as base64 text (`octetsAsText`). */
export function typedValue(
  raw: RawValue,
  path: Path,
  model: Model,
  quirks: QuirkSet,
  octetsAsText: boolean = false,
): Value {
  const definition = model.resource(path)
  if (definition === undefined || definition.type === 'none') {
    quirks.add('model.unknown-resource')
    return inferred(raw)
  }
  if (path.length === 4 ? !definition.multiple : definition.multiple) quirks.add('value.multiple-differs')
  const value = converted(raw, definition.type, quirks, octetsAsText)
  if (value !== undefined) return value
  quirks.add(typeof raw === 'number' && !Number.isInteger(raw) ? 'value.fraction' : 'value.type-differs')
  return inferred(raw)
}

function inferred(raw: RawValue): Value {
  if (typeof raw === 'string') return { type: 'string', value: raw }
  if (typeof raw === 'boolean') return { type: 'boolean', value: raw }
  if (typeof raw === 'bigint')
    return wholeValue('integer', raw) ?? wholeValue('unsigned', raw) ?? floatValue(Number(raw))
  if (typeof raw === 'number') return wholeOf(raw, 'integer') ?? floatValue(raw)
  if (raw instanceof Uint8Array) return { type: 'opaque', value: raw }
  return objectLinkOf(raw.link) ?? { type: 'string', value: raw.link }
}

function floatValue(value: number): Value {
  return { type: 'float', value }
}

function wholeOf(raw: number, type: 'integer' | 'unsigned' | 'time'): Value | undefined {
  // -0 is not a whole number anybody sends on purpose: it stays what it is.
  return Number.isInteger(raw) && !Object.is(raw, -0) ? wholeValue(type, BigInt(raw)) : undefined
}

function converted(raw: RawValue, type: ValueType, quirks: QuirkSet, octetsAsText: boolean): Value | undefined {
  switch (type) {
    case 'string':
    case 'corelnk':
      return typeof raw === 'string' ? { type, value: raw } : undefined
    case 'integer':
    case 'unsigned':
      return convertedWhole(raw, type, quirks)
    case 'time':
      return convertedTime(raw, quirks)
    case 'float':
      if (typeof raw === 'number') return floatValue(raw)
      if (typeof raw === 'bigint') return floatValue(Number(raw))
      return fromText(raw, type, quirks)
    case 'boolean':
      if (typeof raw === 'boolean') return { type, value: raw }
      if (raw !== 0 && raw !== 1) return undefined
      quirks.add('value.type-differs')
      return { type, value: raw === 1 }
    case 'opaque':
      if (raw instanceof Uint8Array) return { type, value: raw }
      return octetsAsText && typeof raw === 'string' ? opaqueOf(raw) : undefined
    case 'objlnk':
      // LwM2M CBOR has no type of its own for links: a text (LwM2M Core 1.2 §7.4).
      if (typeof raw === 'string') return objectLinkOf(raw)
      return typeof raw === 'object' && 'link' in raw ? objectLinkOf(raw.link) : undefined
  }
}

function convertedWhole(raw: RawValue, type: 'integer' | 'unsigned', quirks: QuirkSet): Value | undefined {
  if (typeof raw === 'bigint') return wholeValue(type, raw)
  if (typeof raw === 'number') return wholeOf(raw, type)
  return fromText(raw, type, quirks)
}

/** Fractions of a second are cut: LwM2M's Time has none. */
function convertedTime(raw: RawValue, quirks: QuirkSet): Value | undefined {
  if (typeof raw === 'bigint') return wholeValue('time', raw)
  if (typeof raw === 'number') return Number.isFinite(raw) ? wholeOf(Math.floor(raw) + 0, 'time') : undefined
  return (typeof raw === 'string' ? timeOfIso(raw) : undefined) ?? fromText(raw, 'time', quirks)
}

function fromText(raw: RawValue, type: ValueType, quirks: QuirkSet): Value | undefined {
  const value = typeof raw === 'string' ? valueOfText(type, raw.trim()) : undefined
  if (value !== undefined) quirks.add('value.number-as-text')
  return value
}

function opaqueOf(text: string): Value | undefined {
  const bytes = bytesOfBase64(text)
  return bytes && { type: 'opaque', value: bytes }
}
