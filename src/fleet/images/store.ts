/** What images ask of the store: rows in the database, octets in files. */
import type { Bytes } from '../../base/bytes.ts'
import type { Image } from './types.ts'

export type ImagesOp =
  { readonly op: 'image.put'; readonly image: Image } | { readonly op: 'image.delete'; readonly sha256: string }

export interface ImagesStore {
  image(sha256: string): Image | undefined
  imageByKey(key: string): Image | undefined
  imageByVersion(product: string | undefined, version: string): readonly Image[]
  images(product: string | undefined): readonly Image[]
}

/** Image files by their hash: written whole or not at all, immutable afterwards. */
export interface ImageFiles {
  /**
   * Streams `chunks` to disk, checks the limit, returns the hash and size; nothing is left behind
   * when it throws (EnvironmentError 'firmware.disk-full' or 'firmware.files', UsageError 'firmware.too-large'
   * or 'firmware.empty'). A file that is there already is kept, a damaged one replaced.
   */
  add(chunks: AsyncIterable<Bytes>, limit: number): Promise<{ sha256: string; size: number }>
  /** Octets of an image; a view of a shared cache. Undefined where the file is gone or damaged. */
  read(sha256: string, offset: number, length: number): Bytes | undefined
  /** Reads the whole file from the disk; `detail` says what is wrong with it. */
  verify(sha256: string): Promise<{ readonly intact: boolean; readonly detail?: string }>
  remove(sha256: string): Promise<void>
}
