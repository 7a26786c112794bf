/**
 * SenML of any device (RFC 8428 §4): records as they come out of JSON or CBOR become samples with whole
 * names and times. Names are the device's own; what they mean is not known here.
 */
import { isFault, type Fault } from '../../base/fault.ts'
import { senmlLabels } from '../../base/senml-labels.ts'
import { instantOf, type Instant } from '../../base/time.ts'

export interface Sample {
  readonly name: string
  /** As in JSON; octets are hex. */
  readonly value: unknown
  readonly unit?: string
  readonly at: Instant
}

/** Characters of one resolved name or unit: a base name is repeated in each sample, and must not make much of little. */
export const nameLimit = 255
/** Samples of one pack. */
export const sampleLimit = 4096

/** RFC 8428 §4.5.3: times below this are relative to now. Seconds. */
const relativeBelow = 2 ** 28

type Record = ReadonlyMap<string, unknown>

/** Samples in the order of the records. `pack` is what the JSON or CBOR decoder gave. */
export function samplesOfPack(pack: unknown, now: Instant): readonly Sample[] | Fault {
  if (!Array.isArray(pack) || pack.length === 0) return malformed('SenML is an array of records')
  const base = { name: '', time: 0, value: 0, unit: undefined as string | undefined }
  const samples: Sample[] = []
  for (const item of pack as readonly unknown[]) {
    const record = recordOf(item)
    if (isFault(record)) return record
    base.name = text(record, 'bn') ?? base.name
    base.time = number(record, 'bt') ?? base.time
    base.value = number(record, 'bv') ?? base.value
    base.unit = text(record, 'bu') ?? base.unit
    const value = valueOf(record, base.value)
    if (value === undefined) continue
    const name = base.name + (text(record, 'n') ?? '')
    if (name === '') return malformed('a record has no name')
    const unit = text(record, 'u') ?? base.unit
    if (name.length > nameLimit) return malformed(`a name has more than ${nameLimit} characters`)
    if ((unit?.length ?? 0) > nameLimit) return malformed(`a unit has more than ${nameLimit} characters`)
    if (samples.length === sampleLimit) return malformed(`there are more than ${sampleLimit} values`)
    const at = instantOfTime(base.time + (number(record, 't') ?? 0), now)
    samples.push({ name, value, at, ...(unit === undefined ? {} : { unit }) })
  }
  return samples.length === 0 ? malformed('no record has a value') : samples
}

function recordOf(item: unknown): Record | Fault {
  const pairs = item instanceof Map ? [...item] : isObject(item) ? Object.entries(item) : undefined
  if (pairs === undefined) return malformed('a record is a map')
  const record = new Map<string, unknown>()
  for (const [key, value] of pairs) {
    const label = senmlLabels.get(typeof key === 'bigint' ? Number(key) : key) ?? String(key)
    // RFC 8428 §4.4: who does not know a label that ends in _ must not use the pack
    if (label.endsWith('_')) return malformed(`label ${label} is not known`)
    if (!isOfItsType(label, value)) return malformed(`${label} is of the wrong type`)
    record.set(label, value)
  }
  return record
}

function isOfItsType(label: string, value: unknown): boolean {
  switch (label) {
    case 'bn':
    case 'n':
    case 'bu':
    case 'u':
    case 'vs':
      return typeof value === 'string'
    case 'bt':
    case 't':
    case 'bv':
    case 'v':
    case 's':
    case 'bs':
      return typeof value === 'number' || typeof value === 'bigint'
    case 'vb':
      return typeof value === 'boolean'
    case 'vd':
      return typeof value === 'string' || value instanceof Uint8Array
    default:
      return true
  }
}

function valueOf(record: Record, baseValue: number): unknown {
  const numeric = record.get('v')
  if (numeric !== undefined) return baseValue === 0 ? numeric : Number(numeric) + baseValue
  return record.get('vs') ?? record.get('vb') ?? record.get('vd') ?? record.get('s')
}

/** RFC 8428 §4.5.3; a time beyond what a date can be counts as now. */
function instantOfTime(seconds: number, now: Instant): Instant {
  const instant = seconds < relativeBelow ? now + seconds * 1000 : seconds * 1000
  return Math.abs(instant) < 8.64e15 ? instantOf(instant) : now
}

function text(record: Record, label: string): string | undefined {
  return record.get(label) as string | undefined
}

function number(record: Record, label: string): number | undefined {
  const value = record.get(label)
  return value === undefined ? undefined : Number(value)
}

function isObject(item: unknown): item is object {
  return typeof item === 'object' && item !== null && !Array.isArray(item)
}

function malformed(detail: string): Fault {
  return { fault: 'senml.structure', detail }
}
