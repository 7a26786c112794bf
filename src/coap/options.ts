/**
 * The option registry (RFC 7252 §5.10 and the RFCs after it): numbers, names, formats, lengths and
 * repeatability, and what the number itself says (critical, unsafe, no cache key). Decodes nothing.
 */

export const option = {
  ifMatch: 1,
  uriHost: 3,
  etag: 4,
  ifNoneMatch: 5,
  observe: 6,
  uriPort: 7,
  locationPath: 8,
  oscore: 9,
  uriPath: 11,
  contentFormat: 12,
  maxAge: 14,
  uriQuery: 15,
  hopLimit: 16,
  accept: 17,
  qBlock1: 19,
  locationQuery: 20,
  edhoc: 21,
  block2: 23,
  block1: 27,
  size2: 28,
  qBlock2: 31,
  proxyUri: 35,
  proxyScheme: 39,
  size1: 60,
  echo: 252,
  noResponse: 258,
  requestTag: 292,
} as const

export type OptionFormat = 'empty' | 'opaque' | 'uint' | 'string'

export interface OptionDefinition {
  readonly number: number
  readonly name: string
  readonly format: OptionFormat
  /** Octets; a value outside is treated like an option we do not know (RFC 7252 §5.4.3). */
  readonly min: number
  readonly max: number
  readonly repeatable: boolean
  /** False where we know the name only: a critical one is refused like any unknown one. */
  readonly understood: boolean
}

/** number, name, format, min, max, traits: r repeatable, – not understood. */
type Row = readonly [number, string, OptionFormat, number, number, '' | 'r' | '-' | 'r-']

const rows: readonly Row[] = [
  // RFC 7252 §5.10
  [option.ifMatch, 'If-Match', 'opaque', 0, 8, 'r'],
  [option.uriHost, 'Uri-Host', 'string', 1, 255, ''],
  [option.etag, 'ETag', 'opaque', 1, 8, 'r'],
  [option.ifNoneMatch, 'If-None-Match', 'empty', 0, 0, ''],
  [option.uriPort, 'Uri-Port', 'uint', 0, 2, ''],
  [option.locationPath, 'Location-Path', 'string', 0, 255, 'r'],
  [option.uriPath, 'Uri-Path', 'string', 0, 255, 'r'],
  [option.contentFormat, 'Content-Format', 'uint', 0, 2, ''],
  [option.maxAge, 'Max-Age', 'uint', 0, 4, ''],
  [option.uriQuery, 'Uri-Query', 'string', 0, 255, 'r'],
  [option.accept, 'Accept', 'uint', 0, 2, ''],
  [option.locationQuery, 'Location-Query', 'string', 0, 255, 'r'],
  [option.proxyUri, 'Proxy-Uri', 'string', 1, 1034, ''],
  [option.proxyScheme, 'Proxy-Scheme', 'string', 1, 255, ''],
  [option.size1, 'Size1', 'uint', 0, 4, ''],
  // RFC 7641 §2
  [option.observe, 'Observe', 'uint', 0, 3, ''],
  // RFC 7959 §2.1, §4
  [option.block2, 'Block2', 'uint', 0, 3, ''],
  [option.block1, 'Block1', 'uint', 0, 3, ''],
  [option.size2, 'Size2', 'uint', 0, 4, ''],
  // RFC 8768 §3: one octet; what is longer or shorter is kept, so that it can be refused
  [option.hopLimit, 'Hop-Limit', 'uint', 0, 4, ''],
  // RFC 9175 §2.2, §3.2
  [option.echo, 'Echo', 'opaque', 1, 40, ''],
  [option.requestTag, 'Request-Tag', 'opaque', 0, 8, 'r'],
  // RFC 7967 §2
  [option.noResponse, 'No-Response', 'uint', 0, 1, ''],
  // Known by name only: RFC 8613 §2, RFC 9177 §4, RFC 9668 §3.1
  [option.oscore, 'OSCORE', 'opaque', 0, 255, '-'],
  [option.qBlock1, 'Q-Block1', 'uint', 0, 3, '-'],
  [option.qBlock2, 'Q-Block2', 'uint', 0, 3, 'r-'],
  [option.edhoc, 'EDHOC', 'empty', 0, 0, '-'],
]

export const optionDefinitions: readonly OptionDefinition[] = Object.freeze(
  rows
    .map(([number, name, format, min, max, traits]) =>
      Object.freeze({
        number,
        name,
        format,
        min,
        max,
        repeatable: traits.includes('r'),
        understood: !traits.includes('-'),
      }),
    )
    .sort((a, b) => a.number - b.number),
)

const byNumber: ReadonlyMap<number, OptionDefinition> = new Map(
  optionDefinitions.map((definition) => [definition.number, definition]),
)

export function definitionOf(number: number): OptionDefinition | undefined {
  return byNumber.get(number)
}

/** The registered name, else the number. */
export function optionName(number: number): string {
  return byNumber.get(number)?.name ?? String(number)
}

/** RFC 7252 §5.4.6: odd numbers must be understood. */
export function isCritical(number: number): boolean {
  return (number & 1) === 1
}

/** RFC 7252 §5.4.6: a proxy that does not know it must not forward it. */
export function isUnsafe(number: number): boolean {
  return (number & 2) === 2
}

/** RFC 7252 §5.4.6: not part of what tells two requests apart. */
export function isNoCacheKey(number: number): boolean {
  return (number & 0x1e) === 0x1c
}

/** One past the largest number in the tables below. */
export const tableSize = 293

/** 0 not understood, 1 once, 2 repeatable; by option number. */
export const occurrence = new Uint8Array(tableSize)
/** Least and greatest length in octets; by option number. */
export const minLength = new Uint16Array(tableSize)
export const maxLength = new Uint16Array(tableSize)
/** 1 where the value must be UTF-8; by option number. */
export const isText = new Uint8Array(tableSize)

for (const definition of optionDefinitions) {
  if (!definition.understood) continue
  occurrence[definition.number] = definition.repeatable ? 2 : 1
  minLength[definition.number] = definition.min
  maxLength[definition.number] = definition.max
  isText[definition.number] = definition.format === 'string' ? 1 : 0
}
