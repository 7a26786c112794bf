/**
 * Short texts read from slabs again and again (Uri-Path segments, link targets): decodes UTF-8 in place
 * and gives the same string object for the same octets, so that the hot path makes no garbage. A fixed
 * number of places; a newcomer takes the place of whoever hashed there before. Total on any octets.
 */
import { type Bytes } from '../base/bytes.ts'

const places = 8192
/** Octets of the longest text that is kept. */
const longest = 32

const kept: string[] = new Array<string>(places).fill('')
const lenient = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

/** The text of octets `start` to `end`; what is not UTF-8 becomes U+FFFD. */
export function textAt(buffer: Bytes, start: number, end: number): string {
  const length = end - start
  if (length === 0) return ''
  if (length > longest) return lenient.decode(buffer.subarray(start, end))
  let hash = length
  let union = 0
  for (let at = start; at < end; at++) {
    const octet = buffer[at]!
    union |= octet
    hash = (Math.imul(hash, 31) + octet) | 0
  }
  if (union > 0x7f) return lenient.decode(buffer.subarray(start, end))
  const place = (hash ^ (hash >>> 15)) & (places - 1)
  const candidate = kept[place]!
  if (candidate.length === length && equalsAscii(candidate, buffer, start)) return candidate
  const text = lenient.decode(buffer.subarray(start, end))
  kept[place] = text
  return text
}

function equalsAscii(text: string, buffer: Bytes, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== buffer[start + i]) return false
  return true
}
