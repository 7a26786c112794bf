/**
 * The OMA TLV format (11542, LwM2M Core 1.1 §7.4.5), both ways, over leaves. Type octet: bits 7–6 kind,
 * bit 5 two-octet id, bits 4–3 octets of length (0: the length is in bits 2–0).
 */
import { fits, type DecodeFailure, type Leaf, type LeafValue, type ResourceType, type TypeOf } from './leaf.ts'

const objectInstance = 0
const resourceInstance = 1
const multipleResource = 2
const resource = 3

export function encodeTlv(base: readonly number[], leaves: readonly Leaf[]): Buffer {
  if (base.length === 1) {
    return Buffer.concat(
      groups(leaves, 1).map(([id, group]) => item(objectInstance, id, encodeTlv([...base, id], group))),
    )
  }
  if (base.length === 4) return Buffer.concat(leaves.map(instanceItem))
  return Buffer.concat(groups(leaves, 2).map(([id, group]) => resourceItem(id, group)))
}

function resourceItem(id: number, group: readonly Leaf[]): Buffer {
  const only = group[0]
  if (only !== undefined && only.path.length === 3) return item(resource, id, valueOctets(only.type, only.value))
  return item(multipleResource, id, Buffer.concat(group.map(instanceItem)))
}

function instanceItem(leaf: Leaf): Buffer {
  return item(resourceInstance, leaf.path[3] ?? 0, valueOctets(leaf.type, leaf.value))
}

/** Leaves by the id at `depth` of their paths, in first-seen order. */
function groups(leaves: readonly Leaf[], depth: number): (readonly [number, readonly Leaf[]])[] {
  const byId = new Map<number, Leaf[]>()
  for (const leaf of leaves) {
    const id = leaf.path[depth] ?? 0
    byId.set(id, [...(byId.get(id) ?? []), leaf])
  }
  return [...byId]
}

function item(kind: number, id: number, content: Buffer): Buffer {
  const lengthOctets = content.length < 8 ? 0 : content.length < 0x100 ? 1 : content.length < 0x10000 ? 2 : 3
  const wide = id > 255
  const type = (kind << 6) | (wide ? 0x20 : 0) | (lengthOctets << 3) | (lengthOctets === 0 ? content.length : 0)
  const head = Buffer.alloc(1 + (wide ? 2 : 1) + lengthOctets)
  head.writeUInt8(type, 0)
  head.writeUIntBE(id, 1, wide ? 2 : 1)
  if (lengthOctets > 0) head.writeUIntBE(content.length, head.length - lengthOctets, lengthOctets)
  return Buffer.concat([head, content])
}

function valueOctets(type: ResourceType, value: LeafValue): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value)
  if (typeof value === 'boolean') return Buffer.of(value ? 1 : 0)
  if (type === 'objlnk' && typeof value === 'string') {
    const [objectId, instanceId] = value.split(':').map(Number)
    const octets = Buffer.alloc(4)
    octets.writeUInt16BE(objectId ?? 0, 0)
    octets.writeUInt16BE(instanceId ?? 0, 2)
    return octets
  }
  if (typeof value === 'string') return Buffer.from(value)
  if (type === 'float') {
    const octets = Buffer.alloc(8)
    octets.writeDoubleBE(value)
    return octets
  }
  return integerOctets(value)
}

function integerOctets(value: number): Buffer {
  const width = value >= -0x80 && value < 0x80 ? 1 : value >= -0x8000 && value < 0x8000 ? 2 : 4
  if (value < -0x80000000 || value > 0x7fffffff) {
    const octets = Buffer.alloc(8)
    octets.writeBigInt64BE(BigInt(value))
    return octets
  }
  const octets = Buffer.alloc(width)
  octets.writeIntBE(value, 0, width)
  return octets
}

/** The leaves of a TLV payload written to `base`. An instance may come with or without its Object Instance TLV. */
export function decodeTlv(
  base: readonly number[],
  payload: Uint8Array,
  typeOf: TypeOf,
): readonly Leaf[] | DecodeFailure {
  const leaves: Leaf[] = []
  const failure = readItems(Buffer.from(payload), base, typeOf, leaves)
  return failure ?? leaves
}

function readItems(octets: Buffer, base: readonly number[], typeOf: TypeOf, leaves: Leaf[]): DecodeFailure | undefined {
  for (let at = 0; at < octets.length;) {
    const type = octets[at]!
    const idOctets = (type & 0x20) === 0 ? 1 : 2
    const lengthOctets = (type >> 3) & 3
    const start = at + 1 + idOctets + lengthOctets
    if (start > octets.length) return 'malformed'
    const id = octets.readUIntBE(at + 1, idOctets)
    const length = lengthOctets === 0 ? type & 7 : octets.readUIntBE(at + 1 + idOctets, lengthOctets)
    if (start + length > octets.length) return 'malformed'
    const failure = readItem(type >> 6, id, octets.subarray(start, start + length), base, typeOf, leaves)
    if (failure !== undefined) return failure
    at = start + length
  }
  return undefined
}

function readItem(
  kind: number,
  id: number,
  content: Buffer,
  base: readonly number[],
  typeOf: TypeOf,
  leaves: Leaf[],
): DecodeFailure | undefined {
  const objectId = base[0] ?? 0
  if (kind === objectInstance) {
    if (base.length > 2 || (base.length === 2 && base[1] !== id)) return 'malformed'
    return readItems(content, [objectId, id], typeOf, leaves)
  }
  if (base.length < 2) return 'malformed'
  if (kind === resourceInstance) {
    if (base.length < 3) return 'malformed'
    return pushLeaf([...base.slice(0, 3), id], content, typeOf, leaves)
  }
  if (base.length > 2 && base[2] !== id) return 'malformed'
  const path = [...base.slice(0, 2), id]
  if (kind === multipleResource) return readItems(content, path, typeOf, leaves)
  return pushLeaf(path, content, typeOf, leaves)
}

function pushLeaf(path: readonly number[], content: Buffer, typeOf: TypeOf, leaves: Leaf[]): DecodeFailure | undefined {
  const type = typeOf(path[0]!, path[2]!)
  if (type === undefined) return 'unknown-resource'
  const value = valueOf(type, content)
  if (value === undefined || !fits(type, value)) return 'malformed'
  leaves.push({ path, type, value })
  return undefined
}

function valueOf(type: ResourceType, octets: Buffer): LeafValue | undefined {
  switch (type) {
    case 'string':
      return octets.toString('utf8')
    case 'opaque':
      return new Uint8Array(octets)
    case 'boolean':
      return octets.length === 1 && octets[0]! <= 1 ? octets[0] === 1 : undefined
    case 'objlnk':
      return octets.length === 4 ? `${octets.readUInt16BE(0)}:${octets.readUInt16BE(2)}` : undefined
    case 'float':
      return octets.length === 4 ? octets.readFloatBE(0) : octets.length === 8 ? octets.readDoubleBE(0) : undefined
    case 'integer':
    case 'time':
      if (octets.length === 8) return Number(octets.readBigInt64BE(0))
      return [1, 2, 4].includes(octets.length) ? octets.readIntBE(0, octets.length) : undefined
  }
}
