/**
 * CBOR as people read it (RFC 8949 §8, diagnostic notation), from what the package cbor-x decodes: a float
 * without a fraction shows as an integer there.
 */
import { Decoder, Tag } from 'cbor-x'

const decoder = new Decoder({ useRecords: false, mapsAsObjects: false })

/** The value; `undefined` where the octets are not CBOR through and through. */
export function decodeCbor(octets: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: decoder.decode(octets) as unknown }
  } catch {
    return undefined
  }
}

export function diagnosticText(value: unknown, indent = ''): string {
  if (value instanceof Uint8Array) return `h'${Buffer.from(value).toString('hex')}'`
  if (value instanceof Tag) return `${value.tag}(${diagnosticText(value.value, indent)})`
  if (value instanceof Date) return `0("${value.toISOString()}")`
  if (value instanceof Map) {
    return listText('{', '}', [...value], indent, ([key, each], inner) => {
      return `${diagnosticText(key, inner)}: ${diagnosticText(each, inner)}`
    })
  }
  if (Array.isArray(value)) return listText('[', ']', value as unknown[], indent, diagnosticText)
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Number.isNaN(value) ? 'NaN' : String(value)
    default:
      return String(value)
  }
}

const shortest = 60

/** On one line where it is short. */
function listText<T>(
  open: string,
  close: string,
  items: readonly T[],
  indent: string,
  text: (item: T, indent: string) => string,
): string {
  const inner = `${indent}  `
  const texts = items.map((item) => text(item, inner))
  const line = `${open}${texts.join(', ')}${close}`
  if (line.length <= shortest && !line.includes('\n')) return line
  return `${open}\n${texts.map((each) => inner + each).join(',\n')}\n${indent}${close}`
}
