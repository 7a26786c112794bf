/** SenML records (RFC 8428 §4) with their base values put in, for a table. Lenient: it shows what is there. */
import { senmlLabels } from '../../base/senml-labels.ts'
import type { Column } from '../table.ts'

export interface SenmlRow {
  readonly name: string
  readonly value: string
  readonly unit: string
  readonly time: string
}

/** From decoded JSON or CBOR; undefined where it is no pack of records. */
export function senmlRows(pack: unknown): readonly SenmlRow[] | undefined {
  if (!Array.isArray(pack)) return undefined
  const base = { name: '', unit: '', time: 0, value: 0 }
  const rows: SenmlRow[] = []
  for (const each of pack as unknown[]) {
    const record = membersOf(each)
    if (record === undefined) return undefined
    base.name = textOf(record.get('bn'), base.name)
    base.unit = textOf(record.get('bu'), base.unit)
    base.time = Number(record.get('bt') ?? base.time)
    base.value = Number(record.get('bv') ?? base.value)
    const value = valueOf(record, base.value)
    if (value === undefined && !record.has('n')) continue // base values only
    rows.push({
      name: base.name + textOf(record.get('n'), ''),
      value: value ?? '',
      unit: value === undefined ? '' : textOf(record.get('u'), base.unit),
      time: timeText(base.time + Number(record.get('t') ?? 0)),
    })
  }
  return rows
}

export const senmlColumns: readonly Column<SenmlRow>[] = [
  { title: 'NAME', text: ({ name }) => name },
  { title: 'VALUE', text: ({ value }) => value, flexible: true, style: () => 'bold' },
  { title: 'UNIT', text: ({ unit }) => unit },
  { title: 'TIME', text: ({ time }) => time, style: () => 'dim' },
]

function membersOf(record: unknown): Map<string, unknown> | undefined {
  if (record instanceof Map)
    return new Map([...record].map(([label, value]) => [senmlLabels.get(label) ?? String(label), value]))
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return undefined
  return new Map(Object.entries(record))
}

function valueOf(record: ReadonlyMap<string, unknown>, base: number): string | undefined {
  const number = record.get('v')
  if (number !== undefined) return typeof number === 'bigint' ? String(number) : String(Number(number) + base)
  for (const member of ['vs', 'vb', 'vd', 'vlo']) {
    const value = record.get(member)
    if (value instanceof Uint8Array) return `h'${Buffer.from(value).toString('hex')}'`
    if (value !== undefined) return textOf(value, '')
  }
  return undefined
}

function textOf(value: unknown, otherwise: string): string {
  if (value === undefined) return otherwise
  if (typeof value === 'bigint') return value.toString()
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** RFC 8428 §4.5.3: below 2^28 a time counts from now. */
function timeText(time: number): string {
  if (time === 0 || Number.isNaN(time)) return ''
  if (Math.abs(time) < 2 ** 28) return `${time > 0 ? '+' : ''}${time} s`
  const date = new Date(time * 1000)
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString()
}
