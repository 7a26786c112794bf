/**
 * Payloads as a device writes and reads them, made without a line of `src/lwm2m`: by the codecs of the virtual
 * device, and for the two formats it does not speak by hand and by cbor-x. A misreading of ours is not shared.
 */
import { Decoder, Encoder } from 'cbor-x'
import { decodeLeaves, encodeLeaves, formats as deviceFormats } from '../../src/device/payload/formats.ts'
import type { Leaf, LeafValue, TypeOf } from '../../src/device/payload/leaf.ts'

export const foreignFormats = {
  ...deviceFormats,
  senmlEtchJson: 320,
  senmlEtchCbor: 322,
  lwm2mJson: 11543,
  lwm2mCbor: 11544,
} as const

const decoder = new Decoder({ useRecords: false, mapsAsObjects: false })
const cbor = new Encoder({ useRecords: false, mapsAsObjects: false, tagUint8Array: false, variableMapSize: true })

/** What a device answers to a read of `base`. Throws where the format cannot carry it. */
export function foreignPayload(contentFormat: number, base: readonly number[], leaves: readonly Leaf[]): Uint8Array {
  switch (contentFormat) {
    case foreignFormats.lwm2mJson:
      return lwm2mJson(base, leaves)
    case foreignFormats.lwm2mCbor:
      return lwm2mCbor(leaves)
    case foreignFormats.senmlEtchJson:
      return foreignPayload(foreignFormats.senmlJson, base, leaves)
    case foreignFormats.senmlEtchCbor:
      return foreignPayload(foreignFormats.senmlCbor, base, leaves)
    default: {
      const payload = encodeLeaves(contentFormat, base, leaves)
      if (payload === undefined) throw new TypeError(`no device writes this in format ${contentFormat}`)
      return new Uint8Array(payload)
    }
  }
}

/** LwM2M Core 1.0 §6.4.4. */
function lwm2mJson(base: readonly number[], leaves: readonly Leaf[]): Uint8Array {
  const e = leaves.map(({ path, type, value }) => {
    const name = path.slice(base.length).join('/')
    const named = name === '' ? {} : { n: name }
    if (value instanceof Uint8Array) return { ...named, sv: Buffer.from(value).toString('base64') }
    if (type === 'objlnk') return { ...named, ov: value }
    if (typeof value === 'boolean') return { ...named, bv: value }
    return typeof value === 'number' ? { ...named, v: value } : { ...named, sv: value }
  })
  const bn = leaves.some(({ path }) => path.length > base.length) ? `/${base.join('/')}/` : `/${base.join('/')}`
  return new TextEncoder().encode(JSON.stringify({ bn, e }))
}

type Nested = Map<number, Nested | Leaf['value']>

/** LwM2M Core 1.2 §7.4.7, every id a level of its own. */
function lwm2mCbor(leaves: readonly Leaf[]): Uint8Array {
  const root: Nested = new Map()
  for (const { path, value } of leaves) {
    let level = root
    for (const id of path.slice(0, -1)) {
      const below = level.get(id)
      const next: Nested = below instanceof Map ? below : new Map()
      level.set(id, next)
      level = next
    }
    level.set(path.at(-1)!, value)
  }
  return new Uint8Array(cbor.encode(root))
}

/** What a device finds in a payload written to `base`. Throws where it is none it could read. */
export function foreignLeaves(
  contentFormat: number,
  base: readonly number[],
  payload: Uint8Array,
  typeOf: TypeOf,
): readonly Leaf[] {
  switch (contentFormat) {
    case foreignFormats.lwm2mJson: {
      const { bn, e } = JSON.parse(new TextDecoder().decode(payload)) as { bn: string; e: JsonElement[] }
      return e.map(({ n = '', v, sv, bv, ov }) => leafOf(`${bn}${n}`, v ?? sv ?? bv ?? ov, typeOf))
    }
    case foreignFormats.lwm2mCbor:
      return cborLeaves(decoder.decode(payload) as ReadonlyMap<unknown, unknown>, [], typeOf)
    case foreignFormats.senmlEtchJson:
      return foreignLeaves(foreignFormats.senmlJson, base, payload, typeOf)
    case foreignFormats.senmlEtchCbor:
      return foreignLeaves(foreignFormats.senmlCbor, base, payload, typeOf)
    default: {
      const leaves = decodeLeaves(contentFormat, base, payload, typeOf)
      if (typeof leaves === 'string') throw new TypeError(`a device says: ${leaves}`)
      return leaves
    }
  }
}

interface JsonElement {
  readonly n?: string
  readonly v?: number
  readonly sv?: string
  readonly bv?: boolean
  readonly ov?: string
}

function leafOf(name: string, raw: LeafValue | undefined, typeOf: TypeOf): Leaf {
  const path = name.split('/').slice(1).map(Number)
  const type = typeOf(path[0]!, path[2]!)
  if (type === undefined || raw === undefined) throw new TypeError(`nothing a device has: ${name}`)
  const value = type === 'opaque' ? new Uint8Array(Buffer.from(raw as string, 'base64')) : raw
  return { path, type, value }
}

/** A key is one id, or several in an array. */
function cborLeaves(map: ReadonlyMap<unknown, unknown>, above: readonly number[], typeOf: TypeOf): readonly Leaf[] {
  return [...map].flatMap(([key, item]) => {
    const path = [...above, ...(Array.isArray(key) ? (key as number[]) : [key as number])]
    if (item instanceof Map) return cborLeaves(item, path, typeOf)
    const value =
      item instanceof Date ? item.getTime() / 1000 : item instanceof Uint8Array ? new Uint8Array(item) : item
    return [{ path, type: typeOf(path[0]!, path[2]!)!, value: value as LeafValue }]
  })
}
