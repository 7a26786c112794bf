/**
 * Firmware images as files named by their hash: written whole or not at all, immutable afterwards, read
 * through a bounded cache of windows so that many devices fetching one image cost no file access.
 */
import { createHash } from 'node:crypto'
import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readSync, rmSync, statSync, type Stats } from 'node:fs'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { copyOctets, type Bytes } from '../../base/bytes.ts'
import { EnvironmentError, UsageError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { LruMap } from '../../base/lru.ts'
import type { ImageFiles, StoredFile } from '../../fleet/images/store.ts'
import { storedFile } from './stored-file.ts'
import { WindowCache, type Windows } from './window-cache.ts'

export interface ImageFilesOptions {
  readonly directory: string
  /** Knob `firmware.cache`, octets. */
  readonly cacheLimit: number
  readonly log: Log
}

/** Octets read at a time; a multiple of every block size, so a block never lies in two windows. */
const windowSize = 65_536
/** Images whose soundness is remembered; a few octets each. */
const checkedLimit = 1_024
const unfinished = '.part'

/** An image that was looked at whole once, before the first octet of it is served. */
interface CheckedImage {
  /** False where its octets are not what they were. */
  readonly size: number | false
  /** The file as it was looked at: a bad one is looked at again once that has changed. */
  readonly mark: string
  readonly windows: Windows
}

/** Opens or makes the directory and clears what uploads cut short left there. Throws EnvironmentError 'firmware.files'. */
export function openImageFiles({ directory, cacheLimit, log }: ImageFilesOptions): ImageFiles {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    for (const name of readdirSync(directory)) {
      if (!name.endsWith(unfinished)) continue
      rmSync(join(directory, name), { force: true })
      log.info({ file: name }, 'unfinished firmware upload removed')
    }
  } catch (cause) {
    throw filesError(cause, `the directory of firmware images '${directory}' cannot be used`)
  }
  return new Files(directory, cacheLimit, log)
}

class Files implements ImageFiles {
  readonly #directory: string
  readonly #log: Log
  readonly #cache: WindowCache
  readonly #checked = new LruMap<string, CheckedImage>(checkedLimit, (_sha256, { windows }) =>
    this.#cache.forget(windows),
  )
  #uploads = 0

  constructor(directory: string, cacheLimit: number, log: Log) {
    this.#directory = directory
    this.#log = log
    this.#cache = new WindowCache(Math.max(1, Math.floor(cacheLimit / windowSize)))
  }

  async add(
    chunks: AsyncIterable<Bytes>,
    limit: number,
    accept?: (file: StoredFile, sha256: string) => Promise<void>,
  ): Promise<{ sha256: string; size: number }> {
    const temporary = join(this.#directory, `${process.pid}-${++this.#uploads}${unfinished}`)
    try {
      const { sha256, size } = await writeFile(temporary, chunks, limit)
      if (accept !== undefined) await using(temporary, (file) => accept(file, sha256))
      await rename(temporary, this.#pathOf(sha256))
      await syncDirectory(this.#directory)
      this.#forget(sha256)
      return { sha256, size }
    } catch (cause) {
      await rm(temporary, { force: true })
      throw filesError(cause, 'the firmware image was not kept')
    }
  }

  read(sha256: string, offset: number, length: number): Bytes | undefined {
    const { size, windows } = this.#checkedImage(sha256)
    if (size === false) return undefined
    const end = Math.min(offset + length, size)
    if (offset >= end) return new Uint8Array(0)
    const index = Math.floor(offset / windowSize)
    // A read that no device makes
    if (end > (index + 1) * windowSize) return this.#readFile(sha256, offset, end - offset)
    const window = this.#cache.use(windows, index) ?? this.#window(sha256, windows, index, size)
    return window?.subarray(offset - index * windowSize, end - index * windowSize)
  }

  copy(sha256: string, offset: number, length: number, into: Bytes, at: number): boolean {
    const { size, windows } = this.#checkedImage(sha256)
    if (size === false) return false
    const index = Math.floor(offset / windowSize)
    const window = this.#cache.use(windows, index) ?? this.#window(sha256, windows, index, size)
    const start = offset - index * windowSize
    if (window === undefined || start + length > window.length) return false
    copyOctets(window, start, start + length, into, at)
    return true
  }

  async verify(sha256: string): Promise<{ intact: boolean; detail?: string }> {
    let file: FileHandle
    try {
      file = await open(this.#pathOf(sha256))
    } catch (cause) {
      return { intact: false, detail: `its file cannot be opened: ${messageOf(cause)}` }
    }
    try {
      const hash = createHash('sha256')
      for await (const chunk of file.createReadStream({ autoClose: false })) hash.update(chunk as Buffer)
      const found = hash.digest('hex')
      return found === sha256 ? { intact: true } : { intact: false, detail: `its octets have the hash ${found}` }
    } catch (cause) {
      return { intact: false, detail: `its file cannot be read: ${messageOf(cause)}` }
    } finally {
      await file.close()
    }
  }

  async open<T>(sha256: string, use: (file: StoredFile) => Promise<T>): Promise<T | undefined> {
    try {
      return await using(this.#pathOf(sha256), use)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw filesError(cause, 'the firmware image cannot be read')
    }
  }

  async ready(sha256: string): Promise<boolean> {
    // Who begins now fetches for hours: octets of a file that is gone are not enough.
    const known = this.#checked.peek(sha256)
    if (known !== undefined && this.#found(sha256)?.size !== known.size) this.#forget(sha256)
    return this.read(sha256, 0, 1) !== undefined
  }

  async localPath(sha256: string): Promise<string | undefined> {
    return (await this.verify(sha256)).intact ? this.#pathOf(sha256) : undefined
  }

  async remove(sha256: string): Promise<void> {
    this.#forget(sha256)
    try {
      await rm(this.#pathOf(sha256), { force: true })
      await syncDirectory(this.#directory)
    } catch (cause) {
      throw filesError(cause, 'the firmware image was not removed')
    }
  }

  #window(sha256: string, windows: Windows, index: number, size: number): Bytes | undefined {
    const start = index * windowSize
    const octets = this.#readFile(sha256, start, Math.min(windowSize, size - start))
    if (octets !== undefined) this.#cache.add(windows, index, octets)
    return octets
  }

  #readFile(sha256: string, start: number, length: number): Bytes | undefined {
    try {
      const file = openSync(this.#pathOf(sha256), 'r')
      try {
        const octets = new Uint8Array(length)
        return readSync(file, octets, 0, length, start) === length ? octets : undefined
      } finally {
        closeSync(file)
      }
    } catch (cause) {
      this.#log.error({ sha256, error: messageOf(cause) }, 'a firmware image cannot be read')
      // Let go by another thread, perhaps: whether it is there is looked at anew.
      this.#forget(sha256)
      return undefined
    }
  }

  /**
   * Some 1 ms a MiB, once an image and process: what is served to a device is what was uploaded. What was gone or
   * damaged is found again where an operator has put it back.
   */
  #checkedImage(sha256: string): CheckedImage {
    const known = this.#checked.use(sha256)
    if (known !== undefined && (known.size !== false || known.mark === this.#markOf(sha256))) return known
    const mark = this.#markOf(sha256)
    const checked: CheckedImage = { size: this.#check(sha256), mark, windows: [] }
    this.#checked.set(sha256, checked)
    if (known !== undefined && checked.size !== false) this.#log.info({ sha256 }, 'a firmware image is there again')
    if (checked.size === false) this.#log.error({ sha256 }, 'a firmware image is gone or damaged and is not served')
    return checked
  }

  /** Whatever is done to a file changes it; empty where there is none, or none that can be looked at. */
  #markOf(sha256: string): string {
    const found = this.#found(sha256)
    return found === undefined ? '' : `${found.ino} ${found.size} ${found.ctimeMs}`
  }

  #found(sha256: string): Stats | undefined {
    try {
      return statSync(this.#pathOf(sha256))
    } catch {
      // Why, says `verify`.
      return undefined
    }
  }

  #check(sha256: string): number | false {
    try {
      const file = openSync(this.#pathOf(sha256), 'r')
      try {
        const hash = createHash('sha256')
        const piece = new Uint8Array(windowSize)
        for (let length = readSync(file, piece); length > 0; length = readSync(file, piece)) {
          hash.update(piece.subarray(0, length))
        }
        return hash.digest('hex') === sha256 && fstatSync(file).size
      } finally {
        closeSync(file)
      }
    } catch {
      // Gone or unreadable is as good as damaged to whoever fetches it; `verify` tells them apart.
      return false
    }
  }

  #forget(sha256: string): void {
    const known = this.#checked.peek(sha256)
    if (known === undefined) return
    this.#checked.delete(sha256)
    this.#cache.forget(known.windows)
  }

  #pathOf(sha256: string): string {
    return join(this.#directory, `${sha256}.bin`)
  }
}

async function writeFile(
  path: string,
  chunks: AsyncIterable<Bytes>,
  limit: number,
): Promise<{ sha256: string; size: number }> {
  const file = await open(path, 'wx', 0o600)
  try {
    const hash = createHash('sha256')
    let size = 0
    for await (const chunk of chunks) {
      size += chunk.length
      if (size > limit) {
        throw new UsageError('firmware.too-large', `a firmware image has at most ${limit} octets`, {
          status: 413,
          hint: 'the limit is firmware.image-limit',
        })
      }
      hash.update(chunk)
      await writeAll(file, chunk)
    }
    if (size === 0) throw new UsageError('firmware.empty', 'the firmware image is empty', { status: 422 })
    await file.sync()
    return { sha256: hash.digest('hex'), size }
  } finally {
    await file.close()
  }
}

async function using<T>(path: string, use: (file: StoredFile) => Promise<T>): Promise<T> {
  const handle = await open(path)
  try {
    return await use(storedFile(handle, (await handle.stat()).size))
  } finally {
    await handle.close()
  }
}

async function writeAll(file: FileHandle, chunk: Bytes): Promise<void> {
  for (let written = 0; written < chunk.length;) {
    written += (await file.write(chunk, written, chunk.length - written)).bytesWritten
  }
}

/** The name of a file is durable only once its directory is. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const makeRoom =
  "nothing of it was left behind: make room for the server's data directory ('coapstan firmware remove' lets go of images), then send it again"

/** Errors of the file system in the house's words; those of the upload itself as they are. */
function filesError(cause: unknown, what: string): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (cause instanceof UsageError || typeof code !== 'string' || !('syscall' in (cause as object))) return cause
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    const why = code === 'EFBIG' ? 'the server may not write files that large' : 'the disk is full'
    return new EnvironmentError('firmware.disk-full', `${what}: ${why}`, { retriable: true, cause, hint: makeRoom })
  }
  return new EnvironmentError('firmware.files', `${what}: ${messageOf(cause)}`, { retriable: true, cause })
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
