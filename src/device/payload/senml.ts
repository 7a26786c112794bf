/**
 * SenML in JSON (110) and CBOR (112), RFC 8428, as LwM2M 1.1 §7.4.4 uses it: one record a leaf, the name
 * is base name plus name. Both notations share one record type here; CBOR has integer labels (RFC 8428 §6).
 */
import { Decoder, Encoder } from 'cbor-x'
import {
  fits,
  idsOf,
  pathText,
  type DecodeFailure,
  type Leaf,
  type LeafValue,
  type ResourceType,
  type TypeOf,
} from './leaf.ts'

/** One record before it is JSON or CBOR; `vlo` is the object link of LwM2M. */
type Field = 'bn' | 'n' | 'v' | 'vs' | 'vb' | 'vd' | 'vlo'
type SenmlRecord = Map<Field, LeafValue>

const cborLabels: Readonly<Record<Field, number | string>> = { bn: -2, n: 0, v: 2, vs: 3, vb: 4, vd: 8, vlo: 'vlo' }
const fieldOfLabel = new Map(Object.entries(cborLabels).map(([field, label]) => [label, field as Field]))
const fields = Object.keys(cborLabels) as Field[]

const encoder = new Encoder({ useRecords: false, mapsAsObjects: false, tagUint8Array: false, variableMapSize: true })
const decoder = new Decoder({ useRecords: false, mapsAsObjects: false })

export function encodeSenmlJson(base: readonly number[], leaves: readonly Leaf[]): Buffer {
  const rows = recordsOf(base, leaves).map((record) =>
    Object.fromEntries(
      [...record].map(([field, value]) => [
        field,
        value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : value,
      ]),
    ),
  )
  return Buffer.from(JSON.stringify(rows))
}

export function encodeSenmlCbor(base: readonly number[], leaves: readonly Leaf[]): Buffer {
  const rows = recordsOf(base, leaves).map(
    (record) => new Map([...record].map(([field, value]) => [cborLabels[field], value])),
  )
  return Buffer.from(encoder.encode(rows))
}

function recordsOf(base: readonly number[], leaves: readonly Leaf[]): SenmlRecord[] {
  return leaves.map((leaf, index) => {
    const record: SenmlRecord = new Map()
    const rest = leaf.path.slice(base.length).join('/')
    if (index === 0) record.set('bn', rest === '' ? pathText(base) : base.length === 0 ? '/' : `${pathText(base)}/`)
    if (rest !== '') record.set('n', rest)
    record.set(fieldFor(leaf.type), leaf.value)
    return record
  })
}

function fieldFor(type: ResourceType): Field {
  switch (type) {
    case 'string':
      return 'vs'
    case 'boolean':
      return 'vb'
    case 'opaque':
      return 'vd'
    case 'objlnk':
      return 'vlo'
    case 'integer':
    case 'float':
    case 'time':
      return 'v'
  }
}

export function decodeSenmlJson(payload: Uint8Array, typeOf: TypeOf): readonly Leaf[] | DecodeFailure {
  return leavesOf(jsonRecords(payload), typeOf)
}

export function decodeSenmlCbor(payload: Uint8Array, typeOf: TypeOf): readonly Leaf[] | DecodeFailure {
  return leavesOf(cborRecords(payload), typeOf)
}

/** The names of records without values: what a Read-Composite asks for (LwM2M Core 1.1 §6.3.8). */
export function decodeSenmlPaths(
  notation: 'json' | 'cbor',
  payload: Uint8Array,
): readonly (readonly number[])[] | 'malformed' {
  const paths: (readonly number[])[] = []
  let baseName = ''
  for (const record of notation === 'json' ? jsonRecords(payload) : cborRecords(payload)) {
    if (record === undefined) return 'malformed'
    baseName = String(record.get('bn') ?? baseName)
    const name = baseName + String(record.get('n') ?? '')
    const path = name.startsWith('/') ? idsOf(name.slice(1).split('/')) : undefined
    if (path === undefined) return 'malformed'
    paths.push(path)
  }
  return paths
}

/** One undefined for each record, or for the whole, that is not what it should be. */
type Records = readonly (SenmlRecord | undefined)[]

function jsonRecords(payload: Uint8Array): Records {
  let rows: unknown
  try {
    rows = JSON.parse(Buffer.from(payload).toString('utf8'))
  } catch {
    return [undefined]
  }
  if (!Array.isArray(rows)) return [undefined]
  return rows.map((row: unknown) => {
    if (typeof row !== 'object' || row === null) return undefined
    const present = new Map<string, unknown>(Object.entries(row))
    return recordOf(fields.map((field) => [field, field === 'vd' ? octetsOf(present.get(field)) : present.get(field)]))
  })
}

function cborRecords(payload: Uint8Array): Records {
  let rows: unknown
  try {
    rows = decoder.decode(payload)
  } catch {
    return [undefined]
  }
  if (!Array.isArray(rows)) return [undefined]
  return rows.map((row: unknown) => {
    if (!(row instanceof Map)) return undefined
    const known: [Field, unknown][] = []
    for (const [label, value] of row) {
      const field = fieldOfLabel.get(label)
      if (field !== undefined) known.push([field, value])
    }
    return recordOf(known)
  })
}

function octetsOf(value: unknown): unknown {
  return typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64url')) : value
}

/** The record of these members, or undefined where one has a value SenML has no room for. */
function recordOf(members: readonly (readonly [Field, unknown])[]): SenmlRecord | undefined {
  const record: SenmlRecord = new Map()
  for (const [field, value] of members) {
    if (value === undefined) continue
    if (typeof value === 'bigint') record.set(field, Number(value))
    else if (value instanceof Uint8Array) record.set(field, new Uint8Array(value))
    else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      record.set(field, value)
    else return undefined
  }
  return record
}

function leavesOf(records: Records, typeOf: TypeOf): readonly Leaf[] | DecodeFailure {
  const leaves: Leaf[] = []
  let baseName = ''
  for (const record of records) {
    if (record === undefined) return 'malformed'
    baseName = String(record.get('bn') ?? baseName)
    const name = baseName + String(record.get('n') ?? '')
    const path = name.startsWith('/') ? idsOf(name.slice(1).split('/')) : undefined
    const value = record.get('v') ?? record.get('vs') ?? record.get('vb') ?? record.get('vd') ?? record.get('vlo')
    if (value === undefined) continue // a record that only sets the base (RFC 8428 §4.6)
    if (path === undefined || path.length < 3) return 'malformed'
    const type = typeOf(path[0]!, path[2]!)
    if (type === undefined) return 'unknown-resource'
    if (!record.has(fieldFor(type)) || !fits(type, value)) return 'malformed'
    leaves.push({ path, type, value })
  }
  return leaves
}
