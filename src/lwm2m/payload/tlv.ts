/**
 * application/vnd.oma.lwm2m+tlv (LwM2M Core 1.2 §7.4): instances, resources and resource instances as
 * type-length-value, typed by the model alone. Wrapping is read as devices do it, not as they should.
 */
import { copyOf, textOf, type Bytes } from '../../base/bytes.ts'
import { isFault, type Fault } from '../../base/fault.ts'
import { childOf, isWithin, type Path } from '../path.ts'
import type { QuirkSet } from '../quirks.ts'
import type { Entry, Value, ValueType } from '../value.ts'
import { entryLimit, type Decoding } from './decoding.ts'

/** Bits 7–6 of the type octet. */
export const tlvKind = { objectInstance: 0, resourceInstance: 1, multipleResource: 2, resource: 3 } as const
type Kind = (typeof tlvKind)[keyof typeof tlvKind]

interface Tlv {
  readonly kind: Kind
  readonly id: number
  /** A view of the payload. */
  readonly value: Bytes
}

/** Decodes what was asked of `decoding.base`; the root has no TLV form. */
export function decodeTlv(bytes: Bytes, decoding: Decoding): readonly Entry[] | Fault {
  if (decoding.base.length === 0) return { fault: 'tlv.root', detail: 'TLV cannot speak of several objects' }
  return new TlvReader(decoding).read(bytes)
}

class TlvReader {
  readonly #decoding: Decoding
  readonly #quirks: QuirkSet
  readonly #entries: Entry[] = []
  #count = 0

  constructor(decoding: Decoding) {
    this.#decoding = decoding
    this.#quirks = decoding.quirks
  }

  read(bytes: Bytes): readonly Entry[] | Fault {
    const { base } = this.#decoding
    const tlvs = this.#list(bytes)
    if (isFault(tlvs)) return tlvs
    if (tlvs.length === 0) return [{ path: base }]
    for (const tlv of tlvs) {
      const fault = this.#topLevel(base, tlv)
      if (fault !== undefined) return fault
    }
    // A whole resource was sent where one of its instances was asked for: the others are not our business.
    if (base.length === 4) return this.#entries.filter((entry) => isWithin(base, entry.path))
    return this.#entries
  }

  #topLevel(base: Path, tlv: Tlv): Fault | undefined {
    const [objectId, instanceId = 0, resourceId] = base
    if (tlv.kind === tlvKind.objectInstance) {
      // Reading one instance gives its resources bare, though many wrap them (OMA_LwM2M_for_Developers 86, 276).
      if (base.length > 1) this.#quirks.add('tlv.instance-extra')
      return this.#instance([objectId!, tlv.id], tlv.value)
    }
    if (base.length === 1) this.#quirks.add('tlv.instance-missing')
    if (tlv.kind !== tlvKind.resourceInstance) return this.#resource([objectId!, instanceId, tlv.id], tlv)
    if (resourceId === undefined) return { fault: 'tlv.wrapping', detail: 'a resource instance without its resource' }
    if (base.length === 3) this.#quirks.add('tlv.resource-missing')
    this.#value([objectId!, instanceId, resourceId, tlv.id], tlv.value)
    return undefined
  }

  #instance(path: Path, bytes: Bytes): Fault | undefined {
    const tlvs = this.#list(bytes)
    if (isFault(tlvs)) return tlvs
    if (tlvs.length === 0) this.#entries.push({ path })
    for (const tlv of tlvs) {
      if (tlv.kind !== tlvKind.resource && tlv.kind !== tlvKind.multipleResource) {
        return { fault: 'tlv.wrapping', detail: 'something else than resources in an object instance' }
      }
      const fault = this.#resource(childOf(path, tlv.id), tlv)
      if (fault !== undefined) return fault
    }
    return undefined
  }

  #resource(path: Path, tlv: Tlv): Fault | undefined {
    if (tlv.kind === tlvKind.resource) {
      const { base } = this.#decoding
      this.#value(base.length === 4 && isWithin(path, base) ? base : path, tlv.value)
      return undefined
    }
    const instances = this.#list(tlv.value)
    if (isFault(instances)) return instances
    if (instances.length === 0) this.#entries.push({ path })
    for (const instance of instances) {
      if (instance.kind !== tlvKind.resourceInstance) {
        return { fault: 'tlv.wrapping', detail: 'something else than resource instances in a multiple resource' }
      }
      this.#value(childOf(path, instance.id), instance.value)
    }
    return undefined
  }

  #value(path: Path, bytes: Bytes): void {
    const definition = this.#decoding.model.resource(path)
    if (definition === undefined || definition.type === 'none') {
      this.#quirks.add('model.unknown-resource')
      this.#entries.push({ path, value: { type: 'opaque', value: copyOf(bytes) } })
      return
    }
    if (definition.multiple !== (path.length === 4)) this.#quirks.add('value.multiple-differs')
    const value = decodeTlvValue(bytes, definition.type, this.#quirks)
    if (value === undefined) this.#quirks.add('value.type-differs')
    this.#entries.push({ path, value: value ?? { type: 'opaque', value: copyOf(bytes) } })
  }

  #list(bytes: Bytes): readonly Tlv[] | Fault {
    const tlvs: Tlv[] = []
    for (let at = 0; at < bytes.length;) {
      if (++this.#count > entryLimit) return { fault: 'payload.too-many', detail: `more than ${entryLimit} values` }
      const type = bytes[at]!
      const idOctets = type & 0x20 ? 2 : 1
      const lengthOctets = (type >> 3) & 3
      const head = 1 + idOctets + lengthOctets
      if (at + head > bytes.length) return truncated(at)
      if (lengthOctets > 0 && (type & 7) !== 0) this.#quirks.add('tlv.reserved-bits')
      const id = unsignedAt(bytes, at + 1, idOctets)
      const length = lengthOctets === 0 ? type & 7 : unsignedAt(bytes, at + 1 + idOctets, lengthOctets)
      const end = at + head + length
      if (end > bytes.length) return truncated(at)
      tlvs.push({ kind: (type >> 6) as Kind, id, value: bytes.subarray(at + head, end) })
      at = end
    }
    return tlvs
  }
}

function truncated(at: number): Fault {
  return { fault: 'tlv.truncated', detail: `TLV at octet ${at} runs past the end` }
}

function unsignedAt(bytes: Bytes, at: number, octets: number): number {
  let value = 0
  for (let i = 0; i < octets; i++) value = value * 256 + bytes[at + i]!
  return value
}

/** The value of one TLV (LwM2M Core 1.2 Appendix C), or undefined where the octets are none of that type. */
export function decodeTlvValue(bytes: Bytes, type: ValueType, quirks: QuirkSet): Value | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  switch (type) {
    case 'string':
    case 'corelnk': {
      const text = textOf(bytes)
      return text === undefined ? undefined : { type, value: text }
    }
    case 'integer':
    case 'unsigned':
    case 'time': {
      if (bytes.length === 0 || bytes.length > 8) return undefined
      if (![1, 2, 4, 8].includes(bytes.length)) quirks.add('tlv.integer-length')
      let value = 0n
      for (const octet of bytes) value = (value << 8n) | BigInt(octet)
      return { type, value: type === 'unsigned' ? value : BigInt.asIntN(bytes.length * 8, value) }
    }
    case 'float':
      if (bytes.length === 4) return { type, value: view.getFloat32(0) }
      return bytes.length === 8 ? { type, value: view.getFloat64(0) } : undefined
    case 'boolean':
      return bytes.length === 1 && bytes[0]! <= 1 ? { type, value: bytes[0] === 1 } : undefined
    case 'opaque':
      return { type, value: copyOf(bytes) }
    case 'objlnk':
      return bytes.length === 4 ? { type, object: view.getUint16(0), instance: view.getUint16(2) } : undefined
  }
}
