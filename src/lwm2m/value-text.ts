/**
 * Values as text: the form of text/plain payloads (LwM2M Core 1.2 §7.4 and Appendix C), and the form
 * people write them in, checked against the model's type and range.
 */
import { base64Of, bytesOfBase64 } from '../base/base64.ts'
import { bytesOfHex, hexOf } from '../base/bytes.ts'
import { reservedId } from './path.ts'
import { limitsSentence, withinLimits, type ResourceDefinition } from './model/definition.ts'
import { refuseUnlessForced, type Refusal } from './refusal.ts'
import { largestInteger, largestUnsigned, smallestInteger, type Value, type ValueType } from './value.ts'

/** As a device sends and takes it: booleans 0 and 1, times in seconds, octets in base64. */
export function textOfValue(value: Value): string {
  switch (value.type) {
    case 'string':
    case 'corelnk':
      return value.value
    case 'integer':
    case 'unsigned':
    case 'time':
      return value.value.toString()
    case 'float':
      return decimalOf(value.value)
    case 'boolean':
      return value.value ? '1' : '0'
    case 'opaque':
      return base64Of(value.value)
    case 'objlnk':
      return `${value.object}:${value.instance}`
  }
}

/** Decimal digits that read back as the same number; devices know no other way to write -0. */
function decimalOf(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

/** The value of `type` that `text` is, or undefined where it is none. */
export function valueOfText(type: ValueType, text: string): Value | undefined {
  switch (type) {
    case 'string':
    case 'corelnk':
      return { type, value: text }
    case 'integer':
    case 'unsigned':
    case 'time':
      return wholeNumber(type, text)
    case 'float': {
      const number = floatOf(text)
      return number === undefined ? undefined : { type, value: number }
    }
    case 'boolean':
      if (text === '1' || text === 'true') return { type, value: true }
      return text === '0' || text === 'false' ? { type, value: false } : undefined
    case 'opaque': {
      const bytes = bytesOfBase64(text)
      return bytes && { type, value: bytes }
    }
    case 'objlnk':
      return objectLinkOf(text)
  }
}

/** A whole number of `type` from decimal digits, within the 64 bits the type has. */
function wholeNumber(type: 'integer' | 'unsigned' | 'time', text: string): Value | undefined {
  if (!/^[+-]?\d{1,20}$/.test(text)) return undefined
  return wholeValue(type, BigInt(text))
}

/** `value` as `type`, or undefined where the type's 64 bits cannot hold it. */
export function wholeValue(type: 'integer' | 'unsigned' | 'time', value: bigint): Value | undefined {
  const [min, max] = type === 'unsigned' ? [0n, largestUnsigned] : [smallestInteger, largestInteger]
  return value >= min && value <= max ? { type, value } : undefined
}

export function floatOf(text: string): number | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?$/.test(text)) return Number(text)
  const special: Readonly<Record<string, number>> = { NaN, Infinity, '+Infinity': Infinity, '-Infinity': -Infinity }
  return special[text]
}

/** `10:0`; 65535 is allowed on both sides: the null link. */
export function objectLinkOf(text: string): Value | undefined {
  const match = /^(\d{1,5}):(\d{1,5})$/.exec(text)
  const [object, instance] = [Number(match?.[1]), Number(match?.[2])]
  return object <= reservedId && instance <= reservedId ? { type: 'objlnk', object, instance } : undefined
}

/** What an operator may hand in for one value: from a command line always text, from JSON also the rest. */
export type OperatorValue = string | number | boolean

/**
 * The value an operator means, by the model's type and range. Octets are hexadecimal, times ISO 8601 or
 * seconds, booleans true, false, on, off, 1 or 0. Without a definition the kind of `given` decides; with
 * `force` it also decides where the model would refuse.
 */
export function parseOperatorValue(
  definition: ResourceDefinition | undefined,
  given: OperatorValue,
  force: boolean = false,
): Value | Refusal {
  const type = definition === undefined ? guessedType(given) : definition.type
  const name = definition === undefined ? 'the resource' : `'${definition.name}'`
  const value = type === 'none' ? undefined : operatorValue(type, given)
  if (value === undefined) {
    const guessed = force ? operatorValue(guessedType(given), given) : undefined
    if (guessed !== undefined) return guessed
    if (type === 'none') return refuseUnlessForced('value.type', `${name} takes no value: it can only be executed.`)
    return refuseUnlessForced('value.type', `'${shown(given)}' is not ${typeSentence(type)}, which ${name} takes.`)
  }
  if (definition !== undefined && !force && !withinLimits(definition.limits, value)) {
    const limits = limitsSentence(definition.limits) ?? definition.range
    const unit = definition.limits.kind === 'length' ? '' : unitText(definition.unit)
    return refuseUnlessForced('value.range', `${name} takes ${limits}${unit}, not '${shown(given)}'.`)
  }
  return value
}

/** SenML writes per cent as /100, which nobody says. */
function unitText(unit: string): string {
  if (unit === '') return ''
  return unit === '/100' ? ' %' : ` ${unit}`
}

function operatorValue(type: ValueType, given: OperatorValue): Value | undefined {
  const text = typeof given === 'string' ? given.trim() : String(given)
  switch (type) {
    case 'string':
    case 'corelnk':
      return { type, value: String(given) }
    case 'boolean':
      if (/^(true|on|yes|1)$/i.test(text)) return { type, value: true }
      return /^(false|off|no|0)$/i.test(text) ? { type, value: false } : undefined
    case 'opaque': {
      const bytes =
        typeof given === 'string' ? bytesOfHex(text.replace(/^0x/i, '').replaceAll(/[\s:]/g, '')) : undefined
      return bytes && { type, value: bytes }
    }
    case 'time':
      return valueOfText(type, text) ?? timeOfIso(text)
    default:
      return valueOfText(type, text)
  }
}

/** Whole seconds of an ISO 8601 date and time; one without a zone is UTC. */
export function timeOfIso(text: string): Value | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/i.exec(text)
  if (!match) return undefined
  const milliseconds = Date.parse(`${match[1]}T${match[2] ?? '00:00'}${match[3] ?? 'Z'}`)
  return Number.isNaN(milliseconds) ? undefined : { type: 'time', value: BigInt(Math.floor(milliseconds / 1000)) }
}

function guessedType(given: OperatorValue): ValueType {
  if (typeof given === 'boolean') return 'boolean'
  if (typeof given === 'number') return Number.isInteger(given) ? 'integer' : 'float'
  if (/^[+-]?\d{1,19}$/.test(given)) return 'integer'
  return floatOf(given) === undefined ? 'string' : 'float'
}

const typeSentences: Readonly<Record<ValueType, string>> = {
  string: 'a text',
  integer: 'a whole number of 64 bits',
  unsigned: 'a whole number from 0, of 64 bits',
  float: 'a number',
  boolean: 'true or false',
  opaque: 'octets as hexadecimal digits',
  time: 'a time like 2026-05-17T08:00:00Z or seconds since 1970',
  objlnk: 'a link like 3:0 (object:instance)',
  corelnk: 'links like </3/0>',
}

export function typeSentence(type: ValueType): string {
  return typeSentences[type]
}

function shown(given: OperatorValue): string {
  const text = String(given)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/** For people: octets as hex, times as dates, everything else as a device writes it. */
export function displayOf(value: Value): string {
  if (value.type === 'opaque') return hexOf(value.value)
  if (value.type === 'time') return isoOf(value.value) ?? value.value.toString()
  if (value.type === 'boolean') return String(value.value)
  return textOfValue(value)
}

/** ISO 8601 in UTC, whole seconds; undefined beyond what a date can hold. */
export function isoOf(seconds: bigint): string | undefined {
  if (seconds < -62_135_596_800n || seconds > 253_402_300_799n) return undefined
  return new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z')
}
