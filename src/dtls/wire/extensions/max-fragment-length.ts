/** max_fragment_length (RFC 6066 §4): a code for the largest plaintext either side may put in a record. */
import type { Bytes } from '../../../base/bytes.ts'
import { illegalValue } from './extension.ts'

export const maxFragmentLengthExtension = 1

export type MaxFragmentLength = 512 | 1024 | 2048 | 4096

const lengths: readonly MaxFragmentLength[] = [512, 1024, 2048, 4096]

export function decodeMaxFragmentLength(body: Bytes): MaxFragmentLength | typeof illegalValue | undefined {
  return body.length === 1 ? (lengths[body[0]! - 1] ?? illegalValue) : undefined
}

export function encodeMaxFragmentLength(length: MaxFragmentLength): Bytes {
  return new Uint8Array([lengths.indexOf(length) + 1])
}
