/**
 * text/plain and application/octet-stream: one value of one resource or resource instance
 * (LwM2M Core 1.2 §7.4).
 */
import { copyOf, textOf, utf8, type Bytes } from '../../base/bytes.ts'
import type { Fault } from '../../base/fault.ts'
import { textOfValue, valueOfText } from '../value-text.ts'
import type { Entry, Value } from '../value.ts'
import type { Decoding } from './decoding.ts'

/** Blanks, and the zero that ends a text in C. */
const blankEnd = /[\s\0]+$/

export function decodeText(bytes: Bytes, decoding: Decoding): readonly Entry[] | Fault {
  return singleEntry(decoding, () => {
    const text = textOf(bytes)
    if (text === undefined) {
      decoding.quirks.add('value.type-differs')
      return { type: 'opaque', value: copyOf(bytes) }
    }
    const type = knownType(decoding)
    if (type === undefined) return { type: 'string', value: text }
    const value = valueOfText(type, type === 'string' || type === 'corelnk' ? text : text.replace(blankEnd, '').trim())
    if (value === undefined) decoding.quirks.add('value.type-differs')
    return value ?? { type: 'string', value: text }
  })
}

export function decodeOpaque(bytes: Bytes, decoding: Decoding): readonly Entry[] | Fault {
  return singleEntry(decoding, () => {
    const type = knownType(decoding)
    const text = type === 'string' || type === 'corelnk' ? textOf(bytes) : undefined
    if (type !== undefined && type !== 'opaque') decoding.quirks.add('value.type-differs')
    if (text !== undefined && (type === 'string' || type === 'corelnk')) return { type, value: text }
    return { type: 'opaque', value: copyOf(bytes) }
  })
}

function singleEntry(decoding: Decoding, value: () => Value): readonly Entry[] | Fault {
  if (decoding.base.length < 3) return { fault: 'payload.single', detail: 'one value for more than a resource' }
  return [{ path: decoding.base, value: value() }]
}

function knownType({ base, model, quirks }: Decoding): Value['type'] | undefined {
  const type = model.resource(base)?.type
  if (type !== undefined && type !== 'none') return type
  quirks.add('model.unknown-resource')
  return undefined
}

export function encodeText(value: Value): Bytes {
  return utf8(textOfValue(value))
}

/** Octets as they are; a text as UTF-8; undefined for any other type. */
export function encodeOpaque(value: Value): Bytes | undefined {
  if (value.type === 'opaque') return value.value
  return value.type === 'string' || value.type === 'corelnk' ? utf8(value.value) : undefined
}
