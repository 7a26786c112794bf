/**
 * A delta format for trying deltas out, far simpler than those of real devices: it knows what stayed in its place
 * and what did not, so code that moved is new to it. Layout, integers little-endian:
 *
 *   8 octets `coapdlt1` · 32 SHA-256 of the base · 32 SHA-256 of the image it makes · then until the end
 *   u32 so many octets as the base has at this place · u32 so many octets that follow · those octets
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { UsageError } from '../../base/errors.ts'
import { results } from './firmware-machine.ts'
import { slotSize } from './flash.ts'

const magic = Buffer.from('coapdlt1')
const hashSize = 32
const headSize = magic.length + 2 * hashSize
const pieceHeadSize = 8

export type Patched =
  | { readonly ok: true; readonly image: Buffer }
  | { readonly ok: false; readonly result: 2 | 5; readonly reason: string }

export function isDemoDelta(octets: Buffer): boolean {
  return octets.subarray(0, magic.length).equals(magic)
}

/** What makes `image` out of `base`. */
export function makeDemoDelta(base: Buffer, image: Buffer): Buffer {
  const parts = [magic, sha256(base), sha256(image)]
  for (let at = 0; at < image.length;) {
    const from = runEnd(base, image, at, true)
    const to = changedEnd(base, image, from)
    const head = Buffer.alloc(pieceHeadSize)
    head.writeUInt32LE(from - at, 0)
    head.writeUInt32LE(to - from, 4)
    parts.push(head, image.subarray(from, to))
    at = to
  }
  return Buffer.concat(parts)
}

/**
 * Writes to `file` what makes the image in `to` out of the one in `from`, and tells its octets. Throws a UsageError
 * where one of them is missing, and the file system's errors.
 */
export function writeDemoDelta(from: string, to: string, file: string): number {
  const delta = makeDemoDelta(imageIn(from), imageIn(to))
  writeFileSync(file, delta)
  return delta.length
}

function imageIn(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError('IMAGE_FILE', `the image ${file} cannot be read: ${why}`, {
      hint: "'coapstan firmware make-demo-image' makes images",
    })
  }
}

/** The image, or the Result (/5/0/5) that says why there is none: 5 for another base or damage, 2 for one too large. */
export function applyDemoDelta(base: Buffer | undefined, delta: Buffer): Patched {
  const broken = (reason: string): Patched => ({ ok: false, result: results.integrity, reason })
  if (delta.length < headSize) return broken('the delta ends within its head')
  const digest = (index: number): Buffer =>
    delta.subarray(magic.length + index * hashSize, headSize).subarray(0, hashSize)
  if (base === undefined || !sha256(base).equals(digest(0))) return broken('the delta is for another image than runs')
  const parts: Buffer[] = []
  let made = 0
  for (let at = headSize; at < delta.length;) {
    if (at + pieceHeadSize > delta.length) return broken('the delta ends within a piece')
    const [kept, changed] = [delta.readUInt32LE(at), delta.readUInt32LE(at + 4)]
    at += pieceHeadSize
    if (made + kept + changed > slotSize) {
      return { ok: false, result: results.noFlash, reason: `the image is more than its ${slotSize} octets` }
    }
    if (made + kept > base.length || at + changed > delta.length) return broken('the delta reaches behind an end')
    parts.push(base.subarray(made, made + kept), delta.subarray(at, at + changed))
    made += kept + changed
    at += changed
  }
  const image = Buffer.concat(parts)
  return sha256(image).equals(digest(1)) ? { ok: true, image } : broken('the delta makes another image than it says')
}

/** Where the octets from `at` on cease to be the same in both, or cease to differ. */
function runEnd(base: Buffer, image: Buffer, at: number, same: boolean): number {
  while (at < image.length && (at < base.length && base[at] === image[at]) === same) at++
  return at
}

/** Where what changed ends: a few octets that are the same by chance are not worth a piece of their own. */
function changedEnd(base: Buffer, image: Buffer, from: number): number {
  for (let to = from; ;) {
    to = runEnd(base, image, to, false)
    const next = runEnd(base, image, to, true)
    if (next === image.length || next - to > pieceHeadSize) return to
    to = next
  }
}

function sha256(octets: Buffer): Buffer {
  return createHash('sha256').update(octets).digest()
}
