/** SenML in JSON (RFC 8428 §5), and its ETCH form (RFC 8790), with `vlo` for links (LwM2M Core 1.2 §7.4). */
import { base64UrlOf, bytesOfBase64 } from '../../base/base64.ts'
import { utf8, type Bytes } from '../../base/bytes.ts'
import { isFault, type Fault } from '../../base/fault.ts'
import type { Path } from '../path.ts'
import type { QuirkSet } from '../quirks.ts'
import type { Entry, Value } from '../value.ts'
import { entryLimit, type Decoding } from './decoding.ts'
import { isJsonObject, jsonNumber, parseJson } from './json.ts'
import { entriesOfRecords, linesOfEntries, tooMany, type SenmlLine, type SenmlRecord } from './senml.ts'
import type { RawValue } from './typed-value.ts'

export function decodeSenmlJson(bytes: Bytes, decoding: Decoding): readonly Entry[] | Fault {
  const records = recordsOf(bytes, decoding.quirks)
  return isFault(records) ? records : entriesOfRecords(records, decoding)
}

function recordsOf(bytes: Bytes, quirks: QuirkSet): readonly SenmlRecord[] | Fault {
  const json = parseJson(bytes)
  if (isFault(json)) return json
  if (!Array.isArray(json.item)) return { fault: 'senml.structure', detail: 'SenML is an array of records' }
  if (json.item.length > entryLimit) return tooMany
  const records: SenmlRecord[] = []
  for (const item of json.item) {
    const record = isJsonObject(item) ? recordOf(item, quirks) : malformed('a record')
    if (isFault(record)) return record
    records.push(record)
  }
  return records
}

function recordOf(item: Readonly<Record<string, unknown>>, quirks: QuirkSet): SenmlRecord | Fault {
  const record: SenmlRecord = {}
  for (const [label, value] of Object.entries(item)) {
    switch (label) {
      case 'bn':
        if (typeof value !== 'string') return malformed(label)
        record.baseName = value
        break
      case 'n':
        if (typeof value !== 'string') return malformed(label)
        record.name = value
        break
      case 'bt':
        if (!isNumber(value)) return malformed(label)
        record.baseTime = Number(value)
        break
      case 't':
        if (!isNumber(value)) return malformed(label)
        record.time = Number(value)
        break
      case 'bv':
        if (!isNumber(value)) return malformed(label)
        record.baseValue = value
        break
      case 'bver':
        if (value !== 10) quirks.add('senml.version')
        break
      case 'v':
      case 'vs':
      case 'vb':
      case 'vd':
      case 'vlo': {
        const raw = rawOf(label, value)
        if (raw === undefined) return malformed(label)
        record.value = raw
        break
      }
      default:
        // RFC 8428 §4.4: who does not know a label that ends in _ must not use the pack.
        if (label.endsWith('_')) return malformed(label)
    }
  }
  return record
}

function rawOf(label: string, value: unknown): RawValue | null | undefined {
  if (value === null) return null
  if (label === 'v')
    return isNumber(value) || typeof value === 'string' || typeof value === 'boolean' ? value : undefined
  if (label === 'vb') return typeof value === 'boolean' ? value : undefined
  if (typeof value !== 'string') return undefined
  if (label === 'vd') return bytesOfBase64(value)
  return label === 'vlo' ? { link: value } : value
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

function malformed(label: string): Fault {
  return { fault: 'senml.record', detail: `'${label.slice(0, 20)}' of a SenML record cannot be used` }
}

export function encodeSenmlJson(base: Path, entries: readonly Entry[], etch: boolean): Bytes {
  return utf8(`[${linesOfEntries(base, entries, etch).map(recordText).join(',')}]`)
}

/** The paths of a composite request (LwM2M Core 1.2 §6.3): records with nothing but names. */
export function encodePathsJson(paths: readonly Path[]): Bytes {
  return utf8(`[${paths.map((path) => `{"n":${JSON.stringify(`/${path.join('/')}`)}}`).join(',')}]`)
}

function recordText({ baseName, baseTime, name, value }: SenmlLine): string {
  const members: string[] = []
  if (baseName !== undefined) members.push(`"bn":${JSON.stringify(baseName)}`)
  if (baseTime !== undefined) members.push(`"bt":${baseTime}`)
  if (name !== undefined) members.push(`"n":${JSON.stringify(name)}`)
  if (value !== undefined) members.push(value === null ? '"v":null' : valueText(value))
  return `{${members.join(',')}}`
}

function valueText(value: Value): string {
  switch (value.type) {
    case 'string':
    case 'corelnk':
      return `"vs":${JSON.stringify(value.value)}`
    case 'integer':
    case 'unsigned':
    case 'time':
      return `"v":${value.value}`
    case 'float':
      return Number.isFinite(value.value) ? `"v":${jsonNumber(value.value)}` : `"vs":${jsonNumber(value.value)}`
    case 'boolean':
      return `"vb":${value.value}`
    case 'opaque':
      return `"vd":"${base64UrlOf(value.value)}"`
    case 'objlnk':
      return `"vlo":"${value.object}:${value.instance}"`
  }
}
