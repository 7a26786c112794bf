/** What deltas ask of the store, and of whoever makes them. */
import type { Delta, Image } from '../images/types.ts'

export type DeltasOp =
  | { readonly op: 'delta.put'; readonly delta: Delta }
  | { readonly op: 'delta.delete'; readonly from: string; readonly to: string }

export interface DeltasStore {
  delta(from: string, to: string): Delta | undefined
  deltaByKey(key: string): Delta | undefined
  /** Those that make the image `to`; of all images where it is undefined. */
  deltas(to: string | undefined): readonly Delta[]
  /** Those from the image. */
  deltasFrom(from: string): readonly Delta[]
}

export interface DeltaMaker {
  /** The command as it was configured, or undefined where none is. */
  readonly command: string | undefined
  /**
   * Runs it and hands the file it made to `keep`; nothing of it is left behind. Throws EnvironmentError
   * 'delta.command' (it failed, or wrote nothing) or 'delta.timeout', and what `keep` throws.
   */
  make<T>(from: Image, to: Image, keep: (octets: AsyncIterable<Uint8Array>) => Promise<T>): Promise<T>
}
