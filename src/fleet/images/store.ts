/** What images ask of the store: rows in the database, octets in files. */
import type { Bytes } from '../../base/bytes.ts'
import type { SigningKey } from '../signing-keys/types.ts'
import type { Image, ImageDependency } from './types.ts'

export type ImagesOp =
  { readonly op: 'image.put'; readonly image: Image } | { readonly op: 'image.delete'; readonly sha256: string }

export interface ImagesStore {
  image(sha256: string): Image | undefined
  imageByKey(key: string): Image | undefined
  imageByVersion(product: string | undefined, version: string): readonly Image[]
  images(product: string | undefined): readonly Image[]
}

/** A file whose octets are all there, whether it is kept already or not yet. */
export interface StoredFile {
  readonly size: number
  /** Fewer octets than `length` at its end. */
  read(offset: number, length: number): Promise<Bytes>
  /** Octets `start` up to `end`, a piece at a time. */
  chunks(start: number, end: number): AsyncIterable<Bytes>
}

/** What was found in the octets of an image; `wrong` is a signature that a registered key made of other octets. */
export type Inspection =
  | { readonly format: 'opaque' }
  | { readonly format: 'damaged'; readonly field: string; readonly reason: string }
  | {
      readonly format: 'mcuboot'
      readonly version: string
      readonly securityCounter?: number
      readonly dependencies: readonly ImageDependency[]
      readonly signature:
        | { readonly state: 'verified'; readonly key: string }
        | { readonly state: 'wrong'; readonly key: string }
        | { readonly state: 'unsigned' }
        | { readonly state: 'unchecked'; readonly reason: string }
    }

export interface ImageInspector {
  inspect(file: StoredFile, keys: readonly SigningKey[]): Promise<Inspection>
}

/** Image files by their hash: written whole or not at all, immutable afterwards. */
export interface ImageFiles {
  /**
   * Streams `chunks` to disk, checks the limit, returns the hash and size; nothing is left behind
   * when it throws (EnvironmentError 'firmware.disk-full' or 'firmware.files', UsageError 'firmware.too-large'
   * or 'firmware.empty', and whatever `accept` throws, who sees the whole file before it is kept). A file that is
   * there already is kept, a damaged one replaced.
   */
  add(
    chunks: AsyncIterable<Bytes>,
    limit: number,
    accept?: (file: StoredFile, sha256: string) => Promise<void>,
  ): Promise<{ sha256: string; size: number }>
  /** Undefined where the file is gone. What it does is valid until it ends. */
  open<T>(sha256: string, use: (file: StoredFile) => Promise<T>): Promise<T | undefined>
  /** Octets of an image; a view of a shared cache. Undefined where the file is gone or damaged, or not at hand yet. */
  read(sha256: string, offset: number, length: number): Bytes | undefined
  /** Writes octets `offset` to `offset + length` of an image to `into` from `at` on; false where `read` has none. */
  copy(sha256: string, offset: number, length: number, into: Bytes, at: number): boolean
  /** Reads the whole file from the disk; `detail` says what is wrong with it. */
  verify(sha256: string): Promise<{ readonly intact: boolean; readonly detail?: string }>
  /** Whether the octets are at hand; fetches them first where they are kept elsewhere. Throws EnvironmentError. */
  ready(sha256: string): Promise<boolean>
  /** A file with the octets, for a program that wants a path; undefined where they are gone or damaged. */
  localPath(sha256: string): Promise<string | undefined>
  remove(sha256: string): Promise<void>
}
