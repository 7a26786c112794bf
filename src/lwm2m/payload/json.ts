/**
 * JSON of a device (RFC 8259): parsed without losing digits of 64-bit integers, and without throwing.
 * What is in it is the codecs' business.
 */
import { textOf, type Bytes } from '../../base/bytes.ts'
import type { Fault } from '../../base/fault.ts'
import { nestingLimit } from './decoding.ts'

/** Wrapped, so that JSON of any kind can be told from a fault. */
export interface JsonItem {
  readonly item: unknown
}

/** What `JSON.parse` tells a reviver of each number since ECMAScript 2026; older type libraries lack it. */
interface SourceContext {
  readonly source?: string
}

export function parseJson(bytes: Bytes): JsonItem | Fault {
  const text = textOf(bytes)
  if (text === undefined) return { fault: 'json.utf8', detail: 'the JSON is not UTF-8' }
  if (nestingOf(text) > nestingLimit) return { fault: 'json.nesting', detail: `nested deeper than ${nestingLimit}` }
  try {
    const reviver: (key: string, value: unknown, context: SourceContext) => unknown = exactInteger
    // Only long runs of digits need the reviver, and few payloads have one.
    const item: unknown = /\d{16}/.test(text)
      ? JSON.parse(text, reviver as (key: string, value: unknown) => unknown)
      : JSON.parse(text)
    return { item }
  } catch (error) {
    return { fault: 'json.malformed', detail: error instanceof Error ? error.message.slice(0, 80) : String(error) }
  }
}

function exactInteger(_key: string, value: unknown, context: SourceContext): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  return context.source !== undefined && /^-?\d{16,20}$/.test(context.source) ? BigInt(context.source) : value
}

/** How deep brackets are nested outside texts; the parser itself must never meet deeper ones. */
function nestingOf(text: string): number {
  let [depth, deepest, quoted] = [0, 0, false]
  for (let i = 0; i < text.length; i++) {
    const sign = text[i]!
    if (quoted) {
      if (sign === '\\') i++
      else if (sign === '"') quoted = false
    } else if (sign === '"') quoted = true
    else if (sign === '[' || sign === '{') deepest = Math.max(deepest, ++depth)
    else if (sign === ']' || sign === '}') depth--
  }
  return deepest
}

/** A plain JSON object; arrays and null are none. */
export function isJsonObject(item: unknown): item is Readonly<Record<string, unknown>> {
  return typeof item === 'object' && item !== null && !Array.isArray(item)
}

/** JSON has no word for these: they are written as text, which `typedValue` reads back by type. */
export function jsonNumber(value: number): string {
  if (Number.isNaN(value) || !Number.isFinite(value)) return JSON.stringify(String(value))
  return Object.is(value, -0) ? '-0.0' : JSON.stringify(value)
}
