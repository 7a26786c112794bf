/** SenML in CBOR (RFC 8428 §6), and its ETCH form (RFC 8790), with `vlo` for links (LwM2M Core 1.2 §7.4.7). */
import type { Bytes } from '../../base/bytes.ts'
import { isFault, type Fault } from '../../base/fault.ts'
import { formatPath, type Path } from '../path.ts'
import type { QuirkSet } from '../quirks.ts'
import type { Entry, Value } from '../value.ts'
import { CborWriter } from './cbor.ts'
import { decodeCbor, rawOfCbor } from './cbor-decode.ts'
import { entryLimit, type Decoding } from './decoding.ts'
import { entriesOfRecords, linesOfEntries, tooMany, type SenmlLine, type SenmlRecord } from './senml.ts'
import type { RawValue } from './typed-value.ts'

/** RFC 8428 §6 table 4. */
const label = {
  baseVersion: -1,
  baseName: -2,
  baseTime: -3,
  baseValue: -5,
  name: 0,
  value: 2,
  stringValue: 3,
  booleanValue: 4,
  time: 6,
  dataValue: 8,
} as const

/** Text labels of the JSON form, which some use in CBOR as well; `vlo` has no number. */
const textLabels: Readonly<Record<string, number>> = {
  bver: label.baseVersion,
  bn: label.baseName,
  bt: label.baseTime,
  bv: label.baseValue,
  n: label.name,
  v: label.value,
  vs: label.stringValue,
  vb: label.booleanValue,
  t: label.time,
  vd: label.dataValue,
}

export function decodeSenmlCbor(bytes: Bytes, decoding: Decoding): readonly Entry[] | Fault {
  const records = recordsOf(bytes, decoding.quirks)
  return isFault(records) ? records : entriesOfRecords(records, decoding)
}

function recordsOf(bytes: Bytes, quirks: QuirkSet): readonly SenmlRecord[] | Fault {
  const cbor = decodeCbor(bytes, quirks)
  if (isFault(cbor)) return cbor
  if (!Array.isArray(cbor.item)) return { fault: 'senml.structure', detail: 'SenML is an array of records' }
  if (cbor.item.length > entryLimit) return tooMany
  const records: SenmlRecord[] = []
  for (const item of cbor.item) {
    const record = item instanceof Map ? recordOf(item, quirks) : malformed('a record')
    if (isFault(record)) return record
    records.push(record)
  }
  return records
}

function recordOf(item: ReadonlyMap<unknown, unknown>, quirks: QuirkSet): SenmlRecord | Fault {
  const record: SenmlRecord = {}
  for (const [written, value] of item) {
    let key = written
    if (typeof written === 'string' && written !== 'vlo') {
      key = textLabels[written]
      if (key !== undefined) quirks.add('senml.label')
      // RFC 8428 §4.4: who does not know a label that ends in _ must not use the pack.
      else if (written.endsWith('_')) return malformed(written)
    }
    if (!take(record, key, value, quirks)) return malformed(String(written))
  }
  return record
}

/** False where the value is not of the label's type. */
function take(record: SenmlRecord, key: unknown, value: unknown, quirks: QuirkSet): boolean {
  switch (key) {
    case label.baseName:
      if (typeof value !== 'string') return false
      record.baseName = value
      return true
    case label.name:
      if (typeof value !== 'string') return false
      record.name = value
      return true
    case label.baseTime:
    case label.time: {
      const time = rawOfCbor(value)
      if (typeof time !== 'number' && typeof time !== 'bigint') return false
      record[key === label.time ? 'time' : 'baseTime'] = Number(time)
      return true
    }
    case label.baseValue: {
      const base = rawOfCbor(value)
      if (typeof base !== 'number' && typeof base !== 'bigint') return false
      record.baseValue = base
      return true
    }
    case label.baseVersion:
      // The number goes with the spelling: 10 is the version of RFC 8428.
      if (value !== 10) quirks.add('senml.version')
      return true
    case label.value:
    case label.stringValue:
    case label.booleanValue:
    case label.dataValue:
    case 'vlo': {
      const raw = value === null || value === undefined ? null : valueOf(key, value)
      if (raw === undefined) return false
      record.value = raw
      return true
    }
    default:
      return true
  }
}

/** Whatever the label promises, a value of a plain type is understood. */
function valueOf(key: number | 'vlo', value: unknown): RawValue | undefined {
  const raw = rawOfCbor(value)
  return key === 'vlo' && typeof raw === 'string' ? { link: raw } : raw
}

function malformed(text: string): Fault {
  return { fault: 'senml.record', detail: `'${text.slice(0, 20)}' of a SenML record cannot be used` }
}

export function encodeSenmlCbor(base: Path, entries: readonly Entry[], etch: boolean): Bytes {
  const lines = linesOfEntries(base, entries, etch)
  const writer = new CborWriter().array(lines.length)
  for (const line of lines) writeRecord(writer, line)
  return writer.finish()
}

/** The paths of a composite request (LwM2M Core 1.2 §6.3): records with nothing but names. */
export function encodePathsCbor(paths: readonly Path[]): Bytes {
  const writer = new CborWriter().array(paths.length)
  for (const path of paths) writer.map(1).integer(label.name).text(formatPath(path))
  return writer.finish()
}

/** Labels ascend from -3 (RFC 8949 §4.2.1 sorts by octets; SenML readers take any order). */
function writeRecord(writer: CborWriter, { baseName, baseTime, name, value }: SenmlLine): void {
  writer.map([baseName, baseTime, name, value].filter((member) => member !== undefined).length)
  if (baseName !== undefined) writer.integer(label.baseName).text(baseName)
  if (baseTime !== undefined) writeTime(writer.integer(label.baseTime), baseTime)
  if (name !== undefined) writer.integer(label.name).text(name)
  if (value === null) writer.integer(label.value).null()
  else if (value !== undefined) writeValue(writer, value)
}

function writeTime(writer: CborWriter, time: number): void {
  if (Number.isSafeInteger(time)) writer.integer(time)
  else writer.float(time)
}

function writeValue(writer: CborWriter, value: Value): void {
  switch (value.type) {
    case 'string':
    case 'corelnk':
      writer.integer(label.stringValue).text(value.value)
      return
    case 'integer':
    case 'unsigned':
    case 'time':
      writer.integer(label.value).integer(value.value)
      return
    case 'float':
      writer.integer(label.value).float(value.value)
      return
    case 'boolean':
      writer.integer(label.booleanValue).boolean(value.value)
      return
    case 'opaque':
      writer.integer(label.dataValue).bytes(value.value)
      return
    case 'objlnk':
      writer.text('vlo').text(`${value.object}:${value.instance}`)
  }
}
