/**
 * Entries as TLV (LwM2M Core 1.2 §7.4): instances are wrapped where an object was meant, bare
 * resources where an instance was, and a multiple resource is always wrapped, empty ones too.
 */
import { concatBytes, noBytes, utf8, type Bytes } from '../../base/bytes.ts'
import { childOf, type Path } from '../path.ts'
import type { Entry, Value } from '../value.ts'
import { tlvKind } from './tlv.ts'

/** `entries` must lie at or below `base`, in any order. */
export function encodeTlv(base: Path, entries: readonly Entry[]): Bytes {
  switch (base.length) {
    case 0:
      return noBytes
    case 1:
      return concatBytes(...childrenOf(base, entries).map(([id, below]) => instanceTlv(childOf(base, id), below)))
    case 2:
      return resourcesOf(base, entries)
    case 3:
      return resourceTlv(base, entries)
    case 4:
      return concatBytes(...entries.map((entry) => valueTlv(tlvKind.resourceInstance, base[3], entry)))
  }
}

function instanceTlv(path: Path, entries: readonly Entry[]): Bytes {
  return tlv(tlvKind.objectInstance, path[1]!, resourcesOf(path, entries))
}

function resourcesOf(path: Path, entries: readonly Entry[]): Bytes {
  return concatBytes(...childrenOf(path, entries).map(([id, below]) => resourceTlv(childOf(path, id), below)))
}

function resourceTlv(path: Path, entries: readonly Entry[]): Bytes {
  const id = path[2]!
  const single = entries.findLast((entry) => entry.path.length === 3 && entry.value !== undefined)
  if (single !== undefined) return valueTlv(tlvKind.resource, id, single)
  const instances = childrenOf(path, entries).map(([instanceId, below]) =>
    valueTlv(tlvKind.resourceInstance, instanceId, below.at(-1)!),
  )
  return tlv(tlvKind.multipleResource, id, concatBytes(...instances))
}

function valueTlv(kind: number, id: number, entry: Entry): Bytes {
  return tlv(kind, id, entry.value === undefined ? noBytes : encodeTlvValue(entry.value))
}

/** Entries strictly below `path` by the next id, each id in the order of its first entry. */
function childrenOf(path: Path, entries: readonly Entry[]): readonly (readonly [number, Entry[]])[] {
  const children = new Map<number, Entry[]>()
  for (const entry of entries) {
    const id = entry.path.at(path.length)
    if (id === undefined || entry.path.length === path.length) continue
    const known = children.get(id)
    if (known === undefined) children.set(id, [entry])
    else known.push(entry)
  }
  return [...children]
}

function tlv(kind: number, id: number, value: Bytes): Bytes {
  const length = value.length
  const lengthOctets = length < 8 ? 0 : length < 256 ? 1 : length < 65536 ? 2 : 3
  const idOctets = id < 256 ? 1 : 2
  const bytes = new Uint8Array(1 + idOctets + lengthOctets + length)
  bytes[0] = (kind << 6) | (idOctets === 2 ? 0x20 : 0) | (lengthOctets << 3) | (lengthOctets === 0 ? length : 0)
  let at = 1
  for (let shift = idOctets - 1; shift >= 0; shift--) bytes[at++] = (id >> (8 * shift)) & 0xff
  for (let shift = lengthOctets - 1; shift >= 0; shift--) bytes[at++] = (length >> (8 * shift)) & 0xff
  bytes.set(value, at)
  return bytes
}

/** Integers in 1, 2, 4 or 8 octets; floats in 4 where that loses nothing (LwM2M Core 1.2 Appendix C). */
export function encodeTlvValue(value: Value): Bytes {
  switch (value.type) {
    case 'string':
    case 'corelnk':
      return utf8(value.value)
    case 'integer':
    case 'time':
      return wholeBytes(value.value, (width) => BigInt.asIntN(width, value.value) === value.value)
    case 'unsigned':
      return wholeBytes(value.value, (width) => BigInt.asUintN(width, value.value) === value.value)
    case 'float':
      return floatBytes(value.value)
    case 'boolean':
      return Uint8Array.of(value.value ? 1 : 0)
    case 'opaque':
      return value.value
    case 'objlnk':
      return Uint8Array.of(value.object >> 8, value.object & 0xff, value.instance >> 8, value.instance & 0xff)
  }
}

function wholeBytes(value: bigint, fits: (width: number) => boolean): Bytes {
  const octets = [1, 2, 4, 8].find((count) => fits(8 * count)) ?? 8
  const bytes = new Uint8Array(octets)
  for (let i = 0; i < octets; i++) bytes[octets - 1 - i] = Number((value >> BigInt(8 * i)) & 0xffn)
  return bytes
}

function floatBytes(value: number): Bytes {
  const single = Object.is(Math.fround(value), value) || Number.isNaN(value)
  const view = new DataView(new ArrayBuffer(single ? 4 : 8))
  if (single) view.setFloat32(0, value)
  else view.setFloat64(0, value)
  return new Uint8Array(view.buffer)
}
