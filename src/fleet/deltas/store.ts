/** What deltas ask of the store, of their files, and of whoever makes them. */
import type { Bytes } from '../../base/bytes.ts'
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

/** The files of images fit. */
export interface DeltaFiles {
  add(
    chunks: AsyncIterable<Bytes>,
    limit: number,
    accept: (file: { readonly size: number }) => Promise<void>,
  ): Promise<{ sha256: string; size: number }>
  remove(sha256: string): Promise<void>
}

export interface DeltaMaker {
  /** As it is configured; undefined where none is. */
  readonly command: string | undefined
  /**
   * Runs it and hands what it made to `keep`; nothing of it is left behind. Throws EnvironmentError
   * 'delta.command' (it failed, or made nothing) or 'delta.timeout', and what `keep` throws.
   */
  make<T>(from: Image, to: Image, keep: (octets: AsyncIterable<Bytes>) => Promise<T>): Promise<T>
}
