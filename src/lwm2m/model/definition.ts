/**
 * What an object definition says of an object and its resources, and the limits it sets to values. Where
 * definitions come from is `ddf.ts`; which of several versions applies to a device is `library.ts`.
 */
import type { Value, ValueType } from '../value.ts'

export interface ResourceDefinition {
  readonly id: number
  readonly name: string
  readonly operations: Operations
  /** Whether it has instances of its own. */
  readonly multiple: boolean
  readonly mandatory: boolean
  /** 'none' for a resource that can only be executed. */
  readonly type: ValueType | 'none'
  /** As the definition writes it: `0..100`, `0-255 bytes`; empty where it sets none. */
  readonly range: string
  readonly limits: Limits
  /** SenML or UCUM symbol; empty where it has none. */
  readonly unit: string
  readonly description: string
}

/** What a server may do; '' belongs to the bootstrap interface alone. */
export type Operations = 'R' | 'W' | 'RW' | 'E' | ''

export interface ObjectDefinition {
  readonly id: number
  readonly name: string
  /** `major.minor`. */
  readonly version: string
  readonly lwm2mVersion: string
  readonly urn: string
  readonly multiple: boolean
  readonly mandatory: boolean
  readonly description: string
  readonly resources: ReadonlyMap<number, ResourceDefinition>
}

interface Span {
  readonly min: number
  readonly max: number
}

/** Where a value, or the length of one in octets, must lie; any of the spans will do. */
export type Limits =
  | { readonly kind: 'none' }
  | { readonly kind: 'value'; readonly spans: readonly Span[] }
  | { readonly kind: 'length'; readonly spans: readonly Span[] }

export const noLimits: Limits = { kind: 'none' }

/**
 * Reads a RangeEnumeration as registered definitions write it: `0..4`, `0-255 bytes`, `16,32,48`,
 * `0..3, 99`, `8 bit`, `2 bytes` of an integer. Prose sets no limit.
 */
export function limitsOf(type: ValueType | 'none', range: string): Limits {
  const kind = type === 'string' || type === 'opaque' || type === 'corelnk' ? 'length' : 'value'
  if (type === 'none' || type === 'boolean' || type === 'objlnk') return noLimits
  const text = range.trim().toLowerCase()
  const width = /^(\d{1,2})[ -]?(bits?|bytes?)$/.exec(text)
  if (width && (width[2]!.startsWith('bit') || kind === 'value')) {
    const count = Number(width[1]) * (width[2]!.startsWith('bit') ? 1 : 8)
    const spans = kind === 'length' ? [{ min: count / 8, max: count / 8 }] : [{ min: 0, max: 2 ** count - 1 }]
    return { kind, spans }
  }
  const spans = spansOf(text.replace(/\s*bytes?$/, ''), kind)
  return spans === undefined ? noLimits : { kind, spans }
}

const number = '-?\\d+(?:\\.\\d+)?'
const spanPattern = new RegExp(`^(${number})\\s*(?:\\.{2,3}|-|–)\\s*(${number})$`)
const numberPattern = new RegExp(`^${number}$`)

function spansOf(text: string, kind: 'value' | 'length'): readonly Span[] | undefined {
  const parts = /^\d+(-\d+){2,}$/.test(text) ? text.split('-') : text.split(',').map((part) => part.trim())
  const spans: Span[] = []
  for (const part of parts) {
    const span = spanPattern.exec(part)
    if (span) spans.push({ min: Number(span[1]), max: Number(span[2]) })
    // A lone number bounds a value from above (/20/x/4010: '255') and states a length.
    else if (numberPattern.test(part))
      spans.push({ min: parts.length === 1 && kind === 'value' ? 0 : Number(part), max: Number(part) })
    else return undefined
  }
  return spans.every((span) => span.min <= span.max) ? spans : undefined
}

/** Whether `value` keeps the limits; a type the limits do not speak of does. */
export function withinLimits(limits: Limits, value: Value): boolean {
  if (limits.kind === 'none') return true
  const measured = measureOf(limits.kind, value)
  return measured === undefined || limits.spans.some((span) => measured >= span.min && measured <= span.max)
}

function measureOf(kind: 'value' | 'length', value: Value): number | bigint | undefined {
  switch (value.type) {
    case 'integer':
    case 'unsigned':
    case 'time':
    case 'float':
      return kind === 'value' ? value.value : undefined
    case 'string':
    case 'corelnk':
      return kind === 'length' ? utf8Length(value.value) : undefined
    case 'opaque':
      return kind === 'length' ? value.value.length : undefined
    case 'boolean':
    case 'objlnk':
      return undefined
  }
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length
}

/** "0 to 100", "16, 32 or 48 octets long"; undefined where there are no limits. */
export function limitsSentence(limits: Limits): string | undefined {
  if (limits.kind === 'none') return undefined
  const spans = limits.spans.map((span) => (span.min === span.max ? `${span.min}` : `${span.min} to ${span.max}`))
  const last = spans.pop()!
  const text = spans.length === 0 ? last : `${spans.join(', ')} or ${last}`
  return limits.kind === 'length' ? `${text} octets long` : text
}
