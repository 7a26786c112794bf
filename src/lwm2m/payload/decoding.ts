/**
 * What every payload decoder is handed and hands back, and the limits they share. A decoder refuses
 * broken structure with a fault; a value that is not of the model's type is kept, with a quirk.
 */
import type { Instant } from '../../base/time.ts'
import type { Model } from '../model/library.ts'
import type { Path } from '../path.ts'
import type { QuirkName, QuirkSet } from '../quirks.ts'
import type { Entry } from '../value.ts'

export interface DecodeContext {
  /** What was asked for: the payload speaks of it and of what is below it. The root for composites and Send. */
  readonly base: Path
  readonly model: Model
  /** For times relative to now (RFC 8428 §4.5.3); without it they are taken as missing. */
  readonly now?: Instant
  /** The device's alternate root, which some repeat in names. */
  readonly root?: readonly string[]
}

export interface Decoded {
  readonly entries: readonly Entry[]
  readonly quirks: readonly QuirkName[]
}

/** One payload being decoded. */
export interface Decoding extends DecodeContext {
  readonly quirks: QuirkSet
}

/** Entries of one payload beyond which it is refused. */
export const entryLimit = 16_384
/** Nesting of CBOR and JSON beyond which a payload is refused; LwM2M CBOR needs six. */
export const nestingLimit = 16
