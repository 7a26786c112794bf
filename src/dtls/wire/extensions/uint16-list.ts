/** A list of 16-bit numbers behind its length in octets, as two extensions have it. */
import type { Bytes } from '../../../base/bytes.ts'
import { Reader } from '../reader.ts'
import { Writer } from '../writer.ts'

/** Undefined where the list is empty, odd or not the whole body. */
export function decodeUint16List(body: Bytes): readonly number[] | undefined {
  const reader = new Reader(body)
  const length = reader.uint16()
  if (length === 0 || length % 2 !== 0 || length !== reader.remaining) return undefined
  const numbers: number[] = []
  while (reader.remaining > 0) numbers.push(reader.uint16())
  return numbers
}

export function encodeUint16List(numbers: readonly number[]): Bytes {
  const writer = new Writer(2 + 2 * numbers.length).uint16(2 * numbers.length)
  for (const number of numbers) writer.uint16(number)
  return writer.done()
}
