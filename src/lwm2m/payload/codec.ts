/**
 * Payloads in and out: from a content format and octets to entries, and back. Chooses the codec; which
 * format a device gets is `management/format-choice.ts`.
 */
import type { Bytes } from '../../base/bytes.ts'
import { isFault, type Fault } from '../../base/fault.ts'
import { formatPath, isWithin, rootPath, type Path } from '../path.ts'
import { QuirkSet } from '../quirks.ts'
import { refuse, type Refusal } from '../refusal.ts'
import type { Entry } from '../value.ts'
import { decodeCborValue, encodeCborValue } from './cbor-value.ts'
import { format, formatName, formatOf, isLegacyFormat, type FormatNumber } from './content-format.ts'
import type { DecodeContext, Decoded, Decoding } from './decoding.ts'
import { decodeLwm2mCbor, encodeLwm2mCbor } from './lwm2m-cbor.ts'
import { decodeLwm2mJson, encodeLwm2mJson } from './lwm2m-json.ts'
import { decodeSenmlCbor, encodePathsCbor, encodeSenmlCbor } from './senml-cbor.ts'
import { decodeSenmlJson, encodePathsJson, encodeSenmlJson } from './senml-json.ts'
import { decodeOpaque, decodeText, encodeOpaque, encodeText } from './text.ts'
import { decodeTlv } from './tlv.ts'
import { encodeTlv } from './tlv-encode.ts'

/**
 * What `bytes` say of `context.base` and below. Total: any octets in any format give entries or a fault
 * (`format.unsupported`, `payload.*`, and those of the codecs); nothing of a slab is kept.
 */
export function decodePayload(contentFormat: number, bytes: Bytes, context: DecodeContext): Decoded | Fault {
  const known = formatOf(contentFormat)
  if (known === undefined) return { fault: 'format.unsupported', detail: `content format ${contentFormat}` }
  const quirks = new QuirkSet()
  if (isLegacyFormat(contentFormat)) quirks.add('format.legacy')
  const decoding: Decoding = { ...context, quirks }
  const entries = decode(known, bytes, decoding)
  if (isFault(entries)) return entries
  const outside = entries.find((entry) => !isWithin(context.base, entry.path))
  if (outside !== undefined) {
    return {
      fault: 'payload.outside',
      detail: `${formatPath(outside.path)} in an answer for ${formatPath(context.base)}`,
    }
  }
  return { entries, quirks: quirks.list() }
}

function decode(known: FormatNumber, bytes: Bytes, decoding: Decoding): readonly Entry[] | Fault {
  switch (known) {
    case format.text:
      return decodeText(bytes, decoding)
    case format.opaque:
      return decodeOpaque(bytes, decoding)
    case format.cbor:
      return decodeCborValue(bytes, decoding)
    case format.tlv:
      return decodeTlv(bytes, decoding)
    case format.senmlJson:
    case format.senmlEtchJson:
      return decodeSenmlJson(bytes, decoding)
    case format.senmlCbor:
    case format.senmlEtchCbor:
      return decodeSenmlCbor(bytes, decoding)
    case format.json:
      return decodeLwm2mJson(bytes, decoding)
    case format.lwm2mCbor:
      return decodeLwm2mCbor(bytes, decoding)
    case format.link:
      return { fault: 'format.unsupported', detail: 'links where values are expected' }
  }
}

/** `entries`, all at or below `base`, as a payload; a refusal where the format cannot say it. */
export function encodePayload(contentFormat: FormatNumber, base: Path, entries: readonly Entry[]): Bytes | Refusal {
  switch (contentFormat) {
    case format.text:
    case format.opaque:
    case format.cbor:
      return encodeSingle(contentFormat, base, entries)
    case format.tlv:
      return base.length === 0 ? inexpressible(contentFormat, 'several objects') : encodeTlv(base, entries)
    case format.senmlJson:
    case format.senmlCbor:
      // OMA_LwM2M_for_Developers 494: neither form has a way to write an empty multiple resource.
      if (entries.some((entry) => entry.value === undefined)) return inexpressible(contentFormat, 'something empty')
      return contentFormat === format.senmlJson
        ? encodeSenmlJson(base, entries, false)
        : encodeSenmlCbor(base, entries, false)
    case format.senmlEtchJson:
      return encodeSenmlJson(base, entries, true)
    case format.senmlEtchCbor:
      return encodeSenmlCbor(base, entries, true)
    case format.json:
      return encodeLwm2mJson(base, entries)
    case format.lwm2mCbor:
      return encodeLwm2mCbor(entries)
    case format.link:
      return inexpressible(contentFormat, 'values')
  }
}

function encodeSingle(contentFormat: FormatNumber, base: Path, entries: readonly Entry[]): Bytes | Refusal {
  const [entry] = entries
  if (entry?.value === undefined || entries.length !== 1 || base.length < 3 || entry.path.length !== base.length) {
    return inexpressible(contentFormat, 'anything but one value of one resource')
  }
  if (contentFormat === format.text) return encodeText(entry.value)
  if (contentFormat === format.cbor) return encodeCborValue(entry.value)
  return encodeOpaque(entry.value) ?? inexpressible(contentFormat, `a value of type ${entry.value.type}`)
}

function inexpressible(contentFormat: FormatNumber, what: string): Refusal {
  return refuse('value.not-expressible', `The content format ${formatName(contentFormat)} cannot express ${what}.`)
}

/** The paths of a composite request as its payload (LwM2M Core 1.2 §6.3). */
export function encodePaths(contentFormat: FormatNumber, paths: readonly Path[]): Bytes | Refusal {
  if (contentFormat === format.senmlJson || contentFormat === format.senmlEtchJson) return encodePathsJson(paths)
  if (contentFormat === format.senmlCbor || contentFormat === format.senmlEtchCbor) return encodePathsCbor(paths)
  return inexpressible(contentFormat, 'a list of paths')
}

/** The paths of a composite request, as its receiver reads them. */
export function decodePaths(contentFormat: number, bytes: Bytes): readonly Path[] | Fault {
  const decoded = decodePayload(contentFormat, bytes, { base: rootPath, model: { resource: () => undefined } })
  return isFault(decoded) ? decoded : decoded.entries.map((entry) => entry.path)
}
