/**
 * Firmware images in an S3-compatible bucket, under their hashes. The bucket is where they are kept; the data
 * directory has a copy of those that were added or served here, and devices are served from that copy alone. Copies
 * beyond a limit are let go, the longest unused first, once the bucket was seen to have them.
 */
import { createHash } from 'node:crypto'
import type { Bytes } from '../../base/bytes.ts'
import { EnvironmentError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { ImageFiles, StoredFile } from '../../fleet/images/store.ts'
import type { Bucket } from './bucket.ts'
import type { LocalCopies } from './local-copies.ts'

/** Octets asked of the bucket at a time; what a cut connection costs. */
const pieceSize = 8 * 1024 * 1024
/** No image was kept that is larger (knob firmware.image-limit). */
const copyLimit = 4 * 1024 * 1024 * 1024

export interface CopyLimit {
  /** Knob `images.s3.copies`, octets. */
  readonly octets: number
  readonly copies: LocalCopies
  /** Devices are fetching it, or will: it stays, whatever the limit. */
  readonly isNeeded: (sha256: string) => boolean
}

/** Without a limit copies are never let go: by who only reads them, beside somebody who looks after them. */
export function imagesInBucket(local: ImageFiles, bucket: Bucket, log: Log, limit?: CopyLimit): ImageFiles {
  return new BucketImages(local, bucket, log, limit)
}

class BucketImages implements ImageFiles {
  readonly #local: ImageFiles
  readonly #bucket: Bucket
  readonly #log: Log
  readonly #limit: CopyLimit | undefined
  readonly #fetching = new Map<string, Promise<boolean>>()
  #makingRoom: Promise<void> = Promise.resolve()

  constructor(local: ImageFiles, bucket: Bucket, log: Log, limit: CopyLimit | undefined) {
    this.#local = local
    this.#bucket = bucket
    this.#log = log
    this.#limit = limit
  }

  /** In the bucket before it is seen here: what it refuses is kept nowhere. */
  async add(
    chunks: AsyncIterable<Bytes>,
    limit: number,
    accept?: (file: StoredFile, sha256: string) => Promise<void>,
  ): Promise<{ sha256: string; size: number }> {
    const added = await this.#local.add(chunks, limit, async (file, sha256) => {
      await accept?.(file, sha256)
      await this.#bucket.put(nameOf(sha256), file, sha256)
    })
    await this.#makeRoom(added.sha256)
    return added
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
    if (await this.#local.ready(sha256)) {
      await this.#limit?.copies.touch(sha256)
      return true
    }
    const known = this.#fetching.get(sha256)
    if (known !== undefined) return known
    const fetching = this.#fetch(sha256).finally(() => this.#fetching.delete(sha256))
    this.#fetching.set(sha256, fetching)
    const isThere = await fetching
    if (isThere) await this.#makeRoom(sha256)
    return isThere
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

  /** One at a time, and after what has just come; what goes wrong is tried again with the next that comes. */
  #makeRoom(newest: string): Promise<void> {
    this.#makingRoom = this.#makingRoom
      .then(() => this.#letGo(newest))
      .catch((error: unknown) => {
        this.#log.warn({ error: String(error) }, 'copies of firmware images are beyond images.s3.copies')
      })
    return this.#makingRoom
  }

  async #letGo(newest: string): Promise<void> {
    if (this.#limit === undefined) return
    const { octets, copies, isNeeded } = this.#limit
    const found = await copies.list()
    let excess = found.reduce((sum, { size }) => sum + size, 0) - octets
    for (const { sha256, size } of found) {
      if (excess <= 0) return
      if (sha256 === newest) continue
      if (isNeeded(sha256)) await copies.touch(sha256)
      else if (await this.#isKept(sha256, size)) {
        await this.#local.remove(sha256)
        excess -= size
        this.#log.info({ sha256, size }, 'the copy of a firmware image was let go; the bucket has it')
      }
    }
  }

  /** What was added before there was a bucket is nowhere but here. */
  async #isKept(sha256: string, size: number): Promise<boolean> {
    return (await this.#bucket.read(nameOf(sha256), 0, 1))?.size === size
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
