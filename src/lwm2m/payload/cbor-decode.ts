/**
 * CBOR of a device as JavaScript values: our scan first (`cbor-scan.ts`), then the cbor-x library on the
 * plain copy. Maps stay maps, 64-bit integers become bigint, nothing is thrown.
 */
import { Decoder } from 'cbor-x'
import type { Bytes } from '../../base/bytes.ts'
import type { Fault } from '../../base/fault.ts'
import { isFault } from '../../base/fault.ts'
import type { QuirkSet } from '../quirks.ts'
import { plainCbor } from './cbor-scan.ts'
import type { RawValue } from './typed-value.ts'

/** Wrapped, so that an item of any kind can be told from a fault. */
export interface CborItem {
  readonly item: unknown
}

const decoder = new Decoder({ useRecords: false, mapsAsObjects: false })

export function decodeCbor(bytes: Bytes, quirks: QuirkSet): CborItem | Fault {
  const plain = plainCbor(bytes, quirks)
  if (isFault(plain)) return plain
  try {
    return { item: decoder.decode(plain) as unknown }
  } catch (error) {
    return { fault: 'cbor.malformed', detail: error instanceof Error ? error.message : String(error) }
  }
}

/** Exponents of a decimal fraction beyond which it is no number we keep; a double has 308. */
const exponentLimit = 400

/** A CBOR item as a value, or undefined where it is a container or nothing. */
export function rawOfCbor(item: unknown): RawValue | undefined {
  if (typeof item === 'string' || typeof item === 'number' || typeof item === 'bigint' || typeof item === 'boolean') {
    return item
  }
  if (item instanceof Uint8Array) return new Uint8Array(item.buffer, item.byteOffset, item.byteLength)
  return Array.isArray(item) ? decimalFraction(item) : undefined
}

/** RFC 8949 §3.4.4, its tag already dropped: [exponent, mantissa]. */
function decimalFraction(item: readonly unknown[]): number | undefined {
  const [exponent, mantissa] = item
  if (item.length !== 2 || !Number.isInteger(exponent) || Math.abs(Number(exponent)) > exponentLimit) return undefined
  if (typeof mantissa !== 'bigint' && !Number.isInteger(mantissa)) return undefined
  return Number(`${String(mantissa)}e${String(exponent)}`)
}
