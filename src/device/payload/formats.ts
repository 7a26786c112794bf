/**
 * The content formats the virtual device speaks, by number (IANA CoAP Content-Formats), and which of
 * them can carry what: a single value or a whole object. Everything else is 4.06 to a reader, 4.15 to a writer.
 */
import type { DecodeFailure, Leaf, TypeOf } from './leaf.ts'
import { decodeSenmlCbor, decodeSenmlJson, decodeSenmlPaths, encodeSenmlCbor, encodeSenmlJson } from './senml.ts'
import { decodeSingleCbor, decodeText, encodeSingleCbor, encodeText } from './single-value.ts'
import { decodeTlv, encodeTlv } from './tlv.ts'

export const formats = {
  text: 0,
  linkFormat: 40,
  opaque: 42,
  cbor: 60,
  senmlJson: 110,
  senmlCbor: 112,
  tlv: 11542,
} as const

const names = new Map<number, string>([
  [formats.text, 'text'],
  [formats.linkFormat, 'link-format'],
  [formats.opaque, 'opaque'],
  [formats.cbor, 'cbor'],
  [formats.senmlJson, 'senml-json'],
  [formats.senmlCbor, 'senml-cbor'],
  [formats.tlv, 'tlv'],
])

export const formatName = (format: number): string => names.get(format) ?? `format ${format}`

/** A value alone goes as text, octets alone as they are, anything larger as SenML CBOR. */
export function defaultFormat(base: readonly number[], leaves: readonly Leaf[]): number {
  const only = leaves[0]
  if (leaves.length !== 1 || only === undefined || only.path.length !== base.length) return formats.senmlCbor
  return only.type === 'opaque' ? formats.opaque : formats.text
}

/** The payload for `leaves` read at `base`, or undefined where `format` cannot carry them (4.06). */
export function encodeLeaves(format: number, base: readonly number[], leaves: readonly Leaf[]): Buffer | undefined {
  if (format === formats.tlv) return encodeTlv(base, leaves)
  if (format === formats.senmlJson) return encodeSenmlJson(base, leaves)
  if (format === formats.senmlCbor) return encodeSenmlCbor(base, leaves)
  const only = leaves[0]
  if (leaves.length !== 1 || only === undefined || only.path.length !== base.length) return undefined
  if (format === formats.text) return encodeText(only.type, only.value)
  if (format === formats.cbor) return encodeSingleCbor(only.type, only.value)
  if (format === formats.opaque && only.value instanceof Uint8Array) return Buffer.from(only.value)
  return undefined
}

/** The leaves of `payload` written to `base`; 'unsupported' is a format the device does not read (4.15). */
export function decodeLeaves(
  format: number,
  base: readonly number[],
  payload: Uint8Array,
  typeOf: TypeOf,
): readonly Leaf[] | DecodeFailure | 'unsupported' {
  if (format === formats.tlv) return decodeTlv(base, payload, typeOf)
  if (format === formats.senmlJson) return within(base, decodeSenmlJson(payload, typeOf))
  if (format === formats.senmlCbor) return within(base, decodeSenmlCbor(payload, typeOf))
  if (format !== formats.text && format !== formats.cbor && format !== formats.opaque) return 'unsupported'
  if (base.length < 3) return 'malformed'
  const type = typeOf(base[0]!, base[2]!)
  if (type === undefined) return 'unknown-resource'
  if (format === formats.opaque) {
    return type === 'opaque' ? [{ path: base, type, value: new Uint8Array(payload) }] : 'malformed'
  }
  const value = format === formats.text ? decodeText(type, payload) : decodeSingleCbor(type, payload)
  return value === undefined ? 'malformed' : [{ path: base, type, value }]
}

/** The paths a composite read asks for; 'unsupported' where the format is not SenML (4.15). */
export function decodePaths(
  format: number | undefined,
  payload: Uint8Array,
): readonly (readonly number[])[] | 'malformed' | 'unsupported' {
  if (format === formats.senmlJson) return decodeSenmlPaths('json', payload)
  if (format === formats.senmlCbor) return decodeSenmlPaths('cbor', payload)
  return 'unsupported'
}

/** A write may only touch what lies under the path it was sent to. */
function within(base: readonly number[], leaves: readonly Leaf[] | DecodeFailure): readonly Leaf[] | DecodeFailure {
  if (typeof leaves === 'string') return leaves
  return leaves.every((leaf) => base.every((id, index) => leaf.path[index] === id)) ? leaves : 'malformed'
}
