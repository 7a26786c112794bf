/**
 * Typed values of resources and what a payload says about paths (LwM2M Core 1.2 Appendix C). Knows no
 * content format: the codecs in `payload/` turn octets into entries and back.
 */
import { equalBytes, type Bytes } from '../base/bytes.ts'
import type { Instant } from '../base/time.ts'
import { samePath, type Path } from './path.ts'

export type Value =
  | { readonly type: 'string'; readonly value: string }
  /** Signed, 64 bits. */
  | { readonly type: 'integer'; readonly value: bigint }
  /** Unsigned, 64 bits. */
  | { readonly type: 'unsigned'; readonly value: bigint }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'opaque'; readonly value: Bytes }
  /** Whole seconds since 1970-01-01T00:00Z. */
  | { readonly type: 'time'; readonly value: bigint }
  /** 65535:65535 is the null link. */
  | { readonly type: 'objlnk'; readonly object: number; readonly instance: number }
  /** RFC 6690 links as text. */
  | { readonly type: 'corelnk'; readonly value: string }

export type ValueType = Value['type']

/**
 * One thing a payload says about one path. With a value, the path is a resource (single) or a resource
 * instance (of a multiple one). Without, what is there is empty: an object without instances, an
 * instance without resources, a multiple resource without instances.
 */
export interface Entry {
  readonly path: Path
  readonly value?: Value
  /** When the device says that it was so; absent where it does not say. */
  readonly at?: Instant
}

export const smallestInteger = -(2n ** 63n)
export const largestInteger = 2n ** 63n - 1n
export const largestUnsigned = 2n ** 64n - 1n

export function sameValue(a: Value, b: Value): boolean {
  if (a.type === 'objlnk') return b.type === 'objlnk' && a.object === b.object && a.instance === b.instance
  if (b.type === 'objlnk') return false
  if (a.type === 'opaque') return b.type === 'opaque' && equalBytes(a.value, b.value)
  return a.type === b.type && Object.is(a.value, b.value)
}

export function sameEntry(a: Entry, b: Entry): boolean {
  if (!samePath(a.path, b.path) || a.at !== b.at) return false
  if (a.value === undefined || b.value === undefined) return a.value === b.value
  return sameValue(a.value, b.value)
}
