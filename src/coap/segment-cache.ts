/**
 * Short texts read from slabs again and again (Uri-Path segments): decodes UTF-8 in place and gives the
 * same string object for the same octets, so that the hot path makes no garbage and looks at each octet once. A fixed
 * number of places; a newcomer takes the place of whoever hashed there before. Total on any octets.
 */
import { asciiAt, type Bytes } from '../base/bytes.ts'

const places = 8192
/** Octets of a place: the length of its text, then the text, all of them ASCII. */
const placeSize = 32
/** Octets at the end of a text that choose its place: names of things of one kind differ there. */
const telling = 6

const kept = new Uint8Array(places * placeSize)
const texts: string[] = new Array<string>(places).fill('')
const lenient = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

/** The text of octets `start` to `end`; what is not UTF-8 becomes U+FFFD. */
export function textAt(buffer: Bytes, start: number, end: number): string {
  const length = end - start
  if (length === 0) return ''
  if (length >= placeSize) return lenient.decode(buffer.subarray(start, end))
  const place = placeOf(buffer, start, end)
  return holds(place, buffer, start, end) ? texts[place]! : newlyKept(place, buffer, start, end)
}

function placeOf(buffer: Bytes, start: number, end: number): number {
  let hash = end - start
  // FNV-1a: with a smaller factor half the numbers of a fleet of a thousand shared places
  for (let at = Math.max(start, end - telling); at < end; at++) hash = Math.imul(hash ^ buffer[at]!, 0x01000193)
  return (hash ^ (hash >>> 15)) & (places - 1)
}

function holds(place: number, buffer: Bytes, start: number, end: number): boolean {
  let at = place * placeSize
  if (kept[at] !== end - start) return false
  while (start < end) if (kept[++at] !== buffer[start++]) return false
  return true
}

function newlyKept(place: number, buffer: Bytes, start: number, end: number): string {
  for (let at = start; at < end; at++) if (buffer[at]! > 0x7f) return lenient.decode(buffer.subarray(start, end))
  const text = asciiAt(buffer, start, end)
  texts[place] = text
  let at = place * placeSize
  kept[at] = end - start
  while (start < end) kept[++at] = buffer[start++]!
  return text
}
