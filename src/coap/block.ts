/**
 * The Block1/Block2 option value (RFC 7959 §2.2) and the arithmetic of slices. Knows no body and no
 * exchange; which blocks follow which is the affair of the transfers.
 */

import type { Profile } from '../config/profiles.ts'

/** SZX 7 is reserved on UDP (RFC 7959 §2.2; RFC 8323 gives it a meaning on TCP only). */
export const reservedSizeExponent = 7

export interface Block {
  /** NUM: position in units of the block size. */
  readonly number: number
  /** M: more blocks follow. */
  readonly more: boolean
  /** SZX: the size is 16·2^SZX octets; 7 is reserved. */
  readonly sizeExponent: number
}

export function blockOf(value: number): Block {
  return { number: value >>> 4, more: (value & 8) !== 0, sizeExponent: value & 7 }
}

/** The option value: a uint of up to three octets. */
export function blockValue(number: number, more: boolean, sizeExponent: number): number {
  return number * 16 + (more ? 8 : 0) + sizeExponent
}

export function sizeOf(sizeExponent: number): number {
  return 16 << sizeExponent
}

/** SZX of the largest block of `size` octets or fewer; 0 (16 octets) is the least there is. */
export function exponentOf(size: number): number {
  if (size < 32) return 0
  return Math.min(6, 27 - Math.clz32(size))
}

/** Octets of header, token and options assumed around a block when a datagram limit is to be kept. */
const blockOverhead = 64

/** SZX of the largest block that leaves room for its header in a datagram of `limit` octets. */
export function exponentWithin(limit: number): number {
  return exponentOf(limit - blockOverhead)
}

export interface Slice {
  readonly offset: number
  readonly length: number
  readonly more: boolean
  readonly number: number
  readonly sizeExponent: number
}

/**
 * The part of `size` octets that answers a Block2 request: never more than `asked` allows, never more
 * than `limit` (an SZX) allows; undefined where it begins beyond the end (RFC 7959 §2.4).
 */
export function sliceFor(size: number, asked: Block | undefined, limit: number): Slice | undefined {
  const sizeExponent = asked === undefined ? limit : Math.min(asked.sizeExponent, limit)
  const offset = asked === undefined ? 0 : asked.number * sizeOf(asked.sizeExponent)
  if (offset > 0 && offset >= size) return undefined
  const length = Math.min(sizeOf(sizeExponent), size - offset)
  return { offset, length, more: offset + length < size, number: offset / sizeOf(sizeExponent), sizeExponent }
}

/** What a peer of that profile gets of `size` octets when it asks by this Block2 option, or by none. */
export function servedSlice(
  size: number,
  asked: number | undefined,
  { blockSize, datagramLimit }: Pick<Profile, 'blockSize' | 'datagramLimit'>,
): Slice | undefined {
  const most = exponentWithin(datagramLimit)
  return asked === undefined
    ? sliceFor(size, undefined, Math.min(exponentOf(blockSize), most))
    : sliceFor(size, blockOf(asked), most)
}
