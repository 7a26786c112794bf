/**
 * Byte strings: the one type every room uses for octets, and the few operations on it.
 * Knows no protocol. A `Bytes` that came in with a call may be a view of a slab: copy what is kept.
 */

import { Buffer } from 'node:buffer'

export type Bytes = Uint8Array

export const noBytes: Bytes = new Uint8Array(0)

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

export function utf8(text: string): Bytes {
  return encoder.encode(text)
}

/** The text of `bytes`, or undefined where they are not valid UTF-8. */
export function textOf(bytes: Bytes): string | undefined {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return undefined
  }
}

const latin1 = Buffer.prototype.latin1Slice

/** The text of octets `start` to `end`, each of them ASCII: no view is made, in half the time of a decoder. */
export function asciiAt(bytes: Bytes, start: number, end: number): string {
  return latin1.call(bytes, start, end)
}

/** For people and logs, and unambiguous: text without control characters that does not begin with `0x`, else `0x` and hex. */
export function printableOf(bytes: Bytes): string {
  const text = textOf(bytes)
  const isPlain = text !== undefined && !/\p{C}/u.test(text) && !text.startsWith('0x')
  return isPlain ? text : `0x${hexOf(bytes)}`
}

export function equalBytes(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** A copy that outlives the slab `bytes` may be a view of. */
export function copyOf(bytes: Bytes): Bytes {
  return Uint8Array.prototype.slice.call(bytes)
}

const copy = Buffer.prototype.copy

/** Octets `start` to `end` of `from` to `to`, from `at` on: no view is made, and no loop is faster. */
export function copyOctets(from: Bytes, start: number, end: number, to: Bytes, at: number): void {
  copy.call(from, to, at, start, end)
}

export function concatBytes(...parts: readonly Bytes[]): Bytes {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const hexPairs = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'))

/** Lower-case hexadecimal, two digits an octet. */
export function hexOf(bytes: Bytes): string {
  let text = ''
  for (const octet of bytes) text += hexPairs[octet]!
  return text
}

/** The octets of an even number of hex digits, or undefined where the text is anything else. */
export function bytesOfHex(hex: string): Bytes | undefined {
  if (hex.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(hex)) return undefined
  const bytes = new Uint8Array(hex.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
  return bytes
}
