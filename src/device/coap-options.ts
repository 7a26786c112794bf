/**
 * CoAP options as the device needs them, taken from a parsed packet of the package `coap` before the
 * package turns their octets into texts (an ETag or a Location-Path of several segments would not survive).
 */
import type { CoapPacket } from 'coap'

export interface Block {
  readonly num: number
  readonly more: boolean
  /** Octets, 16–1024. */
  readonly size: number
}

/** Options by name, in the order they came; unknown ones by their number as text. */
export type RawOptions = readonly (readonly [name: string, value: Buffer])[]

export function rawOptionsOf(packet: CoapPacket): RawOptions {
  return (packet.options ?? []).map((option) => [String(option.name), Buffer.from(option.value)])
}

export function first(options: RawOptions, name: string): Buffer | undefined {
  return options.find(([each]) => each === name)?.[1]
}

export function texts(options: RawOptions, name: string): readonly string[] {
  return options.filter(([each]) => each === name).map(([, value]) => value.toString('utf8'))
}

export function uintOf(value: Buffer | undefined): number | undefined {
  if (value === undefined || value.length > 4) return undefined
  return value.length === 0 ? 0 : value.readUIntBE(0, value.length)
}

/** RFC 7959 §2.2; undefined where there is no such option or its value is not allowed. */
export function blockOf(value: Buffer | undefined): Block | undefined {
  const number = value !== undefined && value.length <= 3 ? uintOf(value) : undefined
  if (number === undefined || (number & 7) === 7) return undefined
  return { num: number >>> 4, more: (number & 8) !== 0, size: 16 << (number & 7) }
}

export function blockOctets({ num, more, size }: Block): Buffer {
  const number = (num << 4) | (more ? 8 : 0) | Math.log2(size / 16)
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(number)
  return octets.subarray(number > 0xffff ? 1 : number > 0xff ? 2 : 3)
}

const criticalKnown = new Set([
  'Uri-Host',
  'Uri-Port',
  'Uri-Path',
  'Uri-Query',
  'Accept',
  'Block1',
  'Block2',
  'If-None-Match',
])

/** RFC 7252 §5.4.1: a critical option it does not know makes a request a Bad Option. */
export function hasUnknownCritical(options: RawOptions): boolean {
  return options.some(([name]) => !criticalKnown.has(name) && isCritical(name))
}

function isCritical(name: string): boolean {
  const number = Number(name)
  if (Number.isInteger(number)) return number % 2 === 1
  // Names the package gives to critical options that the device does not implement.
  return ['If-Match', 'Proxy-Uri', 'Proxy-Scheme', 'OSCORE', 'Q-Block1', 'Q-Block2'].includes(name)
}
