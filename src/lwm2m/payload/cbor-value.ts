/** application/cbor: one value of one resource or resource instance (LwM2M Core 1.2 §7.4). */
import type { Bytes } from '../../base/bytes.ts'
import { isFault, type Fault } from '../../base/fault.ts'
import type { Entry, Value } from '../value.ts'
import { CborWriter } from './cbor.ts'
import { decodeCbor, rawOfCbor } from './cbor-decode.ts'
import type { Decoding } from './decoding.ts'
import { typedValue } from './typed-value.ts'

export function decodeCborValue(bytes: Bytes, decoding: Decoding): readonly Entry[] | Fault {
  const { base, model, quirks } = decoding
  if (base.length < 3) return { fault: 'payload.single', detail: 'one value for more than a resource' }
  const cbor = decodeCbor(bytes, quirks)
  if (isFault(cbor)) return cbor
  if (cbor.item === null || cbor.item === undefined) return [{ path: base }]
  const raw = rawOfCbor(cbor.item)
  if (raw === undefined) return { fault: 'cbor.value', detail: 'a container where one value is expected' }
  return [{ path: base, value: typedValue(raw, base, model, quirks) }]
}

/**
 * A time is tagged as one (RFC 8949 §3.4.2): that is what LwM2M Core 1.2 Appendix C.2 points at, and Leshan refuses
 * a bare number. Clients that do not look at tags skip it.
 */
export function encodeCborValue(value: Value): Bytes {
  const writer = new CborWriter()
  if (value.type === 'time') writer.tag(epochTime)
  writeCborValue(writer, value)
  return writer.finish()
}

/** The tag of seconds since 1970. */
const epochTime = 1

/** Links are text `object:instance`, times bare seconds, as in LwM2M CBOR. */
export function writeCborValue(writer: CborWriter, value: Value): void {
  switch (value.type) {
    case 'string':
    case 'corelnk':
      writer.text(value.value)
      return
    case 'integer':
    case 'unsigned':
    case 'time':
      writer.integer(value.value)
      return
    case 'float':
      writer.float(value.value)
      return
    case 'boolean':
      writer.boolean(value.value)
      return
    case 'opaque':
      writer.bytes(value.value)
      return
    case 'objlnk':
      writer.text(`${value.object}:${value.instance}`)
  }
}
