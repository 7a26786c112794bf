/**
 * Firmware images in an S3-compatible bucket, under their hashes. The bucket is where they are kept; the data
 * directory has a copy of those that were added or served here, and devices are served from that copy alone.
 */
import { createHash } from 'node:crypto'
import type { Bytes } from '../../base/bytes.ts'
import { EnvironmentError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { ImageFiles, StoredFile } from '../../fleet/images/store.ts'
import type { Bucket } from './bucket.ts'

/** Octets asked of the bucket at a time; what a cut connection costs. */
const pieceSize = 8 * 1024 * 1024
/** No image was kept that is larger (knob firmware.image-limit). */
const copyLimit = 4 * 1024 * 1024 * 1024

export function imagesInBucket(local: ImageFiles, bucket: Bucket, log: Log): ImageFiles {
  return new BucketImages(local, bucket, log)
}

class BucketImages implements ImageFiles {
  readonly #local: ImageFiles
  readonly #bucket: Bucket
  readonly #log: Log
  readonly #fetching = new Map<string, Promise<boolean>>()

  constructor(local: ImageFiles, bucket: Bucket, log: Log) {
    this.#local = local
    this.#bucket = bucket
    this.#log = log
  }

  /** In the bucket before it is seen here: what it refuses is kept nowhere. */
  add(
    chunks: AsyncIterable<Bytes>,
    limit: number,
    accept?: (file: StoredFile, sha256: string) => Promise<void>,
  ): Promise<{ sha256: string; size: number }> {
    return this.#local.add(chunks, limit, async (file, sha256) => {
      await accept?.(file, sha256)
      await this.#bucket.put(nameOf(sha256), file, sha256)
    })
  }

  /** What is not here yet is fetched meanwhile; the device asks again. */
  read(sha256: string, offset: number, length: number): Bytes | undefined {
    const octets = this.#local.read(sha256, offset, length)
    if (octets === undefined) {
      this.ready(sha256).catch((error: unknown) => {
        this.#log.error({ sha256, error: String(error) }, 'a firmware image cannot be fetched from the bucket')
      })
    }
    return octets
  }

  copy(sha256: string, offset: number, length: number, into: Bytes, at: number): boolean {
    return this.#local.copy(sha256, offset, length, into, at)
  }

  async ready(sha256: string): Promise<boolean> {
    if (await this.#local.ready(sha256)) return true
    const known = this.#fetching.get(sha256)
    if (known !== undefined) return known
    const fetching = this.#fetch(sha256).finally(() => this.#fetching.delete(sha256))
    this.#fetching.set(sha256, fetching)
    return fetching
  }

  async open<T>(sha256: string, use: (file: StoredFile) => Promise<T>): Promise<T | undefined> {
    return (await this.ready(sha256)) ? this.#local.open(sha256, use) : undefined
  }

  async localPath(sha256: string): Promise<string | undefined> {
    return (await this.ready(sha256)) ? this.#local.localPath(sha256) : undefined
  }

  /** Of what the bucket has: the copy here is made again from it. */
  async verify(sha256: string): Promise<{ intact: boolean; detail?: string }> {
    const hash = createHash('sha256')
    let isThere = false
    for await (const chunk of this.#pieces(sha256)) {
      isThere = true
      hash.update(chunk)
    }
    if (!isThere) return { intact: false, detail: 'it is not in the bucket' }
    const found = hash.digest('hex')
    return found === sha256 ? { intact: true } : { intact: false, detail: `in the bucket it has the hash ${found}` }
  }

  async remove(sha256: string): Promise<void> {
    await this.#bucket.remove(nameOf(sha256))
    await this.#local.remove(sha256)
  }

  /** False where the bucket does not have it. */
  async #fetch(sha256: string): Promise<boolean> {
    const pieces = this.#pieces(sha256)
    const first = await pieces.next()
    if (first.done === true) return false
    await this.#local.add(following(first.value, pieces), copyLimit, async (_file, found) => {
      if (found === sha256) return
      throw new EnvironmentError('images.bucket', `the bucket has other octets under ${nameOf(sha256)}`, {
        retriable: false,
      })
    })
    return true
  }

  /** None where the bucket does not have it. */
  async *#pieces(sha256: string): AsyncGenerator<Bytes> {
    for (let offset = 0; ;) {
      const piece = await this.#bucket.read(nameOf(sha256), offset, pieceSize)
      if (piece === undefined) return
      yield piece.octets
      offset += piece.octets.length
      if (offset >= piece.size || piece.octets.length === 0) return
    }
  }
}

async function* following(first: Bytes, rest: AsyncIterable<Bytes>): AsyncGenerator<Bytes> {
  yield first
  yield* rest
}

function nameOf(sha256: string): string {
  return `${sha256}.bin`
}
