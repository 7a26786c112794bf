/**
 * CoAP messages as one line of text, for scripted peers. Encodes and decodes by itself, sharing no code
 * with `src/coap`, so that both cannot misread the RFC in the same way.
 *
 *     CON 7 GET [aa] /sensors/temp ?q=1 Observe=0 Block2=1/0/64 "payload"
 *
 * `$name` for a message id, a token or an option value binds what came and stands for it from then on.
 * `{16..32}` is that part of `testBody`; `<cafe>` is hexadecimal; `*` is any payload.
 */
import assert from 'node:assert/strict'

const typeNames = ['CON', 'NON', 'ACK', 'RST']
const methodNames = ['EMPTY', 'GET', 'POST', 'PUT', 'DELETE', 'FETCH', 'PATCH', 'iPATCH']

const optionNumbers: Readonly<Record<string, number>> = {
  'If-Match': 1,
  'Uri-Host': 3,
  ETag: 4,
  'If-None-Match': 5,
  Observe: 6,
  'Uri-Port': 7,
  'Location-Path': 8,
  'Uri-Path': 11,
  'Content-Format': 12,
  'Max-Age': 14,
  'Uri-Query': 15,
  'Hop-Limit': 16,
  Accept: 17,
  'Location-Query': 20,
  Block2: 23,
  Block1: 27,
  Size2: 28,
  'Proxy-Uri': 35,
  'Proxy-Scheme': 39,
  Size1: 60,
  Echo: 252,
  'No-Response': 258,
  'Request-Tag': 292,
}
const uints = new Set([6, 7, 12, 14, 16, 17, 28, 60, 258])
const texts = new Set([3, 8, 11, 15, 20, 35, 39])
const blocks = new Set([23, 27])

/** Octets no two blocks of which look alike. */
export const testBody = Uint8Array.from({ length: 65_536 }, (_, i) => (i * 7 + (i >> 8) * 13 + (i >> 4)) & 0xff)

export type Bindings = Map<string, Uint8Array>

interface Parsed {
  type: number
  id: Uint8Array | string
  code: number
  token: Uint8Array | string
  options: [number, Uint8Array | string][]
  payload: Uint8Array | '*'
}

const bytesOfHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0')).join('')

function uint(value: number): Uint8Array {
  const octets: number[] = []
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest & 0xff)
  return Uint8Array.from(octets)
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

function optionValue(number: number, value: string): Uint8Array | string {
  if (value.startsWith('$')) return value
  if (value.startsWith('0x')) return bytesOfHex(value.slice(2))
  if (blocks.has(number)) {
    const [position, more, size] = value.split('/').map(Number)
    return uint(position! * 16 + more! * 8 + (Math.log2(size!) - 4))
  }
  return texts.has(number) ? text(value) : uint(Number(value))
}

function parse(line: string): Parsed {
  const words = line.match(/"[^"]*"|\S+/g) ?? []
  const [type, id, code] = words
  const dotted = /^(\d)\.(\d\d)$/.exec(code!)
  const parsed: Parsed = {
    type: typeNames.indexOf(type!),
    id: id!.startsWith('$') ? id! : uint16(Number(id)),
    code: dotted ? Number(dotted[1]) * 32 + Number(dotted[2]) : methodNames.indexOf(code!),
    token: new Uint8Array(0),
    options: [],
    payload: new Uint8Array(0),
  }
  if (parsed.type < 0 || parsed.code < 0) throw new TypeError(`not a message: ${line}`)
  for (const word of words.slice(3)) parseWord(parsed, word)
  parsed.options.sort(([a], [b]) => a - b)
  return parsed
}

function parseWord(parsed: Parsed, word: string): void {
  const part = word.slice(1, -1)
  if (word === '*') parsed.payload = '*'
  else if (word.startsWith('[')) parsed.token = part.startsWith('$') ? part : bytesOfHex(part)
  else if (word.startsWith('"')) parsed.payload = text(part)
  else if (word.startsWith('<')) parsed.payload = bytesOfHex(part)
  else if (word.startsWith('{')) {
    const [from, to] = part.split('..').map(Number)
    parsed.payload = testBody.slice(from, to)
  } else if (word.startsWith('/')) {
    for (const segment of word.slice(1).split('/')) parsed.options.push([11, text(segment)])
  } else if (word.startsWith('?')) {
    for (const argument of word.slice(1).split('&')) parsed.options.push([15, text(argument)])
  } else {
    const equals = word.indexOf('=')
    const name = equals < 0 ? word : word.slice(0, equals)
    const number = name.startsWith('#') ? Number(name.slice(1)) : optionNumbers[name]
    if (number === undefined) throw new TypeError(`no option ${name}`)
    parsed.options.push([number, equals < 0 ? new Uint8Array(0) : optionValue(number, word.slice(equals + 1))])
  }
}

const uint16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff)

/** The datagram a line describes. */
export function datagramOf(line: string, bindings: Bindings = new Map()): Uint8Array {
  const parsed = parse(line)
  const value = (of: Uint8Array | string): Uint8Array => {
    if (typeof of !== 'string') return of
    const bound = bindings.get(of)
    if (bound === undefined) throw new TypeError(`${of} is not bound in ${line}`)
    return bound
  }
  const token = value(parsed.token)
  const octets: number[] = [0x40 | (parsed.type << 4) | token.length, parsed.code, ...value(parsed.id), ...token]
  let last = 0
  for (const [number, of] of parsed.options) {
    const bytes = value(of)
    const delta = extended(number - last)
    const length = extended(bytes.length)
    octets.push((delta.nibble << 4) | length.nibble, ...delta.octets, ...length.octets, ...bytes)
    last = number
  }
  if (parsed.payload === '*') throw new TypeError('a message to send needs its payload')
  if (parsed.payload.length > 0) octets.push(0xff, ...parsed.payload)
  return Uint8Array.from(octets)
}

function extended(value: number): { nibble: number; octets: number[] } {
  if (value < 13) return { nibble: value, octets: [] }
  if (value < 269) return { nibble: 13, octets: [value - 13] }
  return { nibble: 14, octets: [(value - 269) >> 8, (value - 269) & 0xff] }
}

function decode(bytes: Uint8Array): Parsed {
  const tokenLength = bytes[0]! & 15
  const parsed: Parsed = {
    type: (bytes[0]! >> 4) & 3,
    id: bytes.slice(2, 4),
    code: bytes[1]!,
    token: bytes.slice(4, 4 + tokenLength),
    options: [],
    payload: new Uint8Array(0),
  }
  let at = 4 + tokenLength
  let number = 0
  const number16 = (nibble: number): number => {
    if (nibble === 13) return 13 + bytes[at++]!
    if (nibble === 14) return 269 + bytes[at++]! * 256 + bytes[at++]!
    return nibble
  }
  while (at < bytes.length) {
    const head = bytes[at++]!
    if (head === 0xff) {
      parsed.payload = bytes.slice(at)
      break
    }
    number += number16(head >> 4)
    const length = number16(head & 15)
    parsed.options.push([number, bytes.slice(at, at + length)])
    at += length
  }
  return parsed
}

/** A datagram as the line that describes it. */
export function lineOf(bytes: Uint8Array): string {
  const parsed = decode(bytes)
  return format(parsed)
}

function format(parsed: Parsed): string {
  const words = [
    typeNames[parsed.type]!,
    typeof parsed.id === 'string' ? parsed.id : String(parsed.id[0]! * 256 + parsed.id[1]!),
    parsed.code < 8 ? methodNames[parsed.code]! : `${parsed.code >> 5}.${String(parsed.code & 31).padStart(2, '0')}`,
  ]
  if (parsed.token.length > 0) words.push(`[${typeof parsed.token === 'string' ? parsed.token : hexOf(parsed.token)}]`)
  for (const [number, value] of parsed.options) words.push(formatOption(number, value))
  if (parsed.payload === '*') words.push('*')
  else if (parsed.payload.length > 0) words.push(formatPayload(parsed.payload))
  return words.join(' ')
}

function formatOption(number: number, value: Uint8Array | string): string {
  const name = Object.entries(optionNumbers).find(([, of]) => of === number)?.[0] ?? `#${number}`
  if (typeof value === 'string') return `${name}=${value}`
  if (texts.has(number))
    return number === 11 ? `/${String.fromCharCode(...value)}` : `${name}=${String.fromCharCode(...value)}`
  const whole = value.reduce((sum, octet) => sum * 256 + octet, 0)
  if (blocks.has(number)) return `${name}=${whole >> 4}/${(whole >> 3) & 1}/${16 << (whole & 7)}`
  if (uints.has(number)) return `${name}=${whole}`
  return value.length === 0 ? name : `${name}=0x${hexOf(value)}`
}

function formatPayload(payload: Uint8Array): string {
  if (payload.every((octet) => octet >= 0x20 && octet < 0x7f && octet !== 0x22))
    return `"${String.fromCharCode(...payload)}"`
  for (let from = 0; from + payload.length <= testBody.length; from += 16) {
    if (payload.every((octet, i) => octet === testBody[from + i])) return `{${from}..${from + payload.length}}`
  }
  return `<${hexOf(payload)}>`
}

/** Asserts that `actual` is the message `line` describes, and binds its names. */
export function assertMessage(actual: Uint8Array, line: string, bindings: Bindings): void {
  const expected = parse(line)
  const came = decode(actual)
  const resolve = (of: Uint8Array | string, from: Uint8Array | string | undefined): Uint8Array | string => {
    if (typeof of !== 'string') return of
    if (!bindings.has(of) && from instanceof Uint8Array) bindings.set(of, from)
    return bindings.get(of) ?? of
  }
  expected.id = resolve(expected.id, came.id)
  expected.token = resolve(expected.token, came.token)
  expected.options = expected.options.map(([number, value], i) => {
    const same = came.options[i]?.[0] === number ? came.options[i][1] : undefined
    return [number, resolve(value, same)]
  })
  if (expected.payload === '*') came.payload = '*'
  assert.equal(format(came), format(expected))
}
