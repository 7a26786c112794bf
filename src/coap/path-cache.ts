/**
 * Paths read from slabs again and again: gives the same segments for the same octets, so that the hot path makes no
 * garbage and looks at each octet once. Keeps paths of ASCII only, and none with '.' or '..' in it: what is found here
 * is beyond doubt. A fixed number of places; a newcomer takes the place of whoever hashed there before.
 */
import type { Bytes } from '../base/bytes.ts'

export type Path = readonly string[]

const places = 8192
/** Octets of a place: the length of its options, then the options. */
const placeSize = 48
/** Octets at the end of a path that choose its place: names of things of one kind differ there. */
const telling = 6

const kept = new Uint8Array(places * placeSize)
const paths = new Array<Path>(places).fill([])

/** The path whose Uri-Path options are octets `start` to `end`, heads included, where it was kept. */
export function pathAt(buffer: Bytes, start: number, end: number): Path | undefined {
  const place = placeOf(buffer, start, end)
  let at = place * placeSize
  if (kept[at] !== end - start) return undefined
  for (let from = start; from < end; from++) if (kept[++at] !== buffer[from]) return undefined
  return paths[place]
}

/** Keeps what the options say, unless they are too long. */
export function keepPath(buffer: Bytes, start: number, end: number, path: Path): void {
  if (end - start >= placeSize) return
  const place = placeOf(buffer, start, end)
  paths[place] = path
  kept.set(buffer.subarray(start, end), place * placeSize + 1)
  kept[place * placeSize] = end - start
}

function placeOf(buffer: Bytes, start: number, end: number): number {
  let hash = end - start
  // FNV-1a: with a smaller factor half the numbers of a fleet of a thousand shared places
  for (let at = Math.max(start, end - telling); at < end; at++) hash = Math.imul(hash ^ buffer[at]!, 0x01000193)
  return (hash ^ (hash >>> 15)) & (places - 1)
}
