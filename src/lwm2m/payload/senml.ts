/**
 * SenML (RFC 8428) whichever way it is written down: base fields, names and times resolved into entries,
 * and entries laid out as records. JSON and CBOR spellings are `senml-json.ts` and `senml-cbor.ts`.
 */
import type { Fault } from '../../base/fault.ts'
import { isFault } from '../../base/fault.ts'
import { instantOf, type Instant } from '../../base/time.ts'
import { cutPath, formatPath, isWithin, type Path } from '../path.ts'
import type { Entry, Value } from '../value.ts'
import { entryLimit, type Decoding } from './decoding.ts'
import { pathOfName } from './names.ts'
import { typedValue, type RawValue } from './typed-value.ts'

/** One record, its labels in words. Absent members are absent in the payload. */
export interface SenmlRecord {
  baseName?: string
  /** Seconds. */
  baseTime?: number
  baseValue?: number | bigint
  name?: string
  /** Seconds. */
  time?: number
  /** null is written to delete (RFC 8790 §3.2.2, SenML-ETCH) and read as "nothing there". */
  value?: RawValue | null
}

/** Times below are relative to now (RFC 8428 §4.5.3). */
const absoluteTimeFrom = 2 ** 28

/** Resolves records in their order. */
export function entriesOfRecords(records: readonly SenmlRecord[], decoding: Decoding): readonly Entry[] | Fault {
  const entries: Entry[] = []
  let [baseName, baseTime] = ['', 0]
  let baseValue: number | bigint = 0
  for (const record of records) {
    baseName = record.baseName ?? baseName
    baseTime = record.baseTime ?? baseTime
    baseValue = record.baseValue ?? baseValue
    const isBaseOnly = record.name === undefined && record.value === undefined
    if (isBaseOnly && (records.length > 1 || record.baseName === undefined)) continue
    const path = pathOfName(baseName + (record.name ?? ''), decoding)
    if (isFault(path)) return path
    if (entries.length === entryLimit) return tooMany
    const at = instantOfTime(baseTime + (record.time ?? 0), decoding.now)
    const timed = at === undefined ? {} : { at }
    const raw = record.value ?? undefined
    if (raw === undefined) entries.push({ path, ...timed })
    else if (path.length < 3) return { fault: 'senml.level', detail: `a value for ${formatPath(path)}` }
    else entries.push({ path, value: typedValue(sum(baseValue, raw), path, decoding.model, decoding.quirks), ...timed })
  }
  return entries
}

export const tooMany: Fault = { fault: 'payload.too-many', detail: `more than ${entryLimit} values` }

/** RFC 8428 §4.1: a base value is added to every number. */
function sum(base: number | bigint, raw: RawValue): RawValue {
  if (Number(base) === 0 || (typeof raw !== 'number' && typeof raw !== 'bigint')) return raw
  const isWhole = (value: number | bigint): boolean => typeof value === 'bigint' || Number.isSafeInteger(value)
  return isWhole(base) && isWhole(raw) ? BigInt(base) + BigInt(raw) : Number(base) + Number(raw)
}

/** Latest time a date can hold, seconds. */
const latestTime = 8.64e12

export function instantOfTime(time: number, now: Instant | undefined): Instant | undefined {
  if (time === 0 || Number.isNaN(time)) return undefined
  if (time >= absoluteTimeFrom) return instantOf(Math.round(Math.min(time, latestTime) * 1000))
  return now === undefined ? undefined : instantOf(Math.round(now + Math.max(time, -latestTime) * 1000))
}

/** A record to be written; `value` null says "delete", absent says "this path". */
export interface SenmlLine {
  readonly baseName?: string
  readonly baseTime?: number
  readonly name?: string
  readonly value?: Value | null
}

/** Entries below `base` as records: the common part of the names once, times where they change. */
export function linesOfEntries(base: Path, entries: readonly Entry[], emptyIsNull: boolean): readonly SenmlLine[] {
  const shared = sharedBase(base, entries)
  let time = 0
  return entries.map((entry, index) => {
    const name = shared === undefined ? formatPath(entry.path) : entry.path.slice(shared.length).join('/')
    const at = entry.at === undefined ? 0 : entry.at / 1000
    const line: SenmlLine = {
      ...(index === 0 && shared !== undefined && { baseName: shared.name }),
      ...(at !== time && { baseTime: at }),
      ...(name !== '' && { name }),
      ...(entry.value === undefined ? emptyIsNull && { value: null } : { value: entry.value }),
    }
    time = at
    return line
  })
}

/** `/3/0/` for several below one path, `/3/0/14` where that is the only name; none for several objects. */
function sharedBase(base: Path, entries: readonly Entry[]): { name: string; length: number } | undefined {
  const [only] = entries
  if (entries.length === 1 && only !== undefined) return { name: formatPath(only.path), length: only.path.length }
  if (base.length === 0 || entries.length === 0) return undefined
  const shared = base.length > 2 ? cutPath(base, 2) : base
  if (entries.some((entry) => entry.path.length <= shared.length || !isWithin(shared, entry.path))) return undefined
  return { name: `${formatPath(shared)}/`, length: shared.length }
}
