/**
 * The copies of images that are kept elsewhere: how much of the disk they take, and which was used longest ago. When
 * one was used is the time of its file. Knows nothing of what the octets are.
 */
import { readdir, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'

export interface LocalCopy {
  readonly sha256: string
  /** Octets. */
  readonly size: number
  /** Milliseconds since 1970. */
  readonly usedAt: number
}

export class LocalCopies {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Longest unused first. */
  async list(): Promise<readonly LocalCopy[]> {
    const names = await readdir(this.#directory)
    const found = names.flatMap((name) => /^([0-9a-f]{64})\.bin$/.exec(name)?.[1] ?? [])
    const copies = await Promise.all(found.map((sha256) => this.#copy(sha256)))
    return copies.flatMap((copy) => copy ?? []).sort((a, b) => a.usedAt - b.usedAt)
  }

  /** It is used now. */
  async touch(sha256: string): Promise<void> {
    const now = new Date()
    // One that has gone meanwhile is not used.
    await utimes(this.#pathOf(sha256), now, now).catch(() => undefined)
  }

  async #copy(sha256: string): Promise<LocalCopy | undefined> {
    try {
      const { size, mtimeMs } = await stat(this.#pathOf(sha256))
      return { sha256, size, usedAt: mtimeMs }
    } catch {
      // Removed since the directory was read.
      return undefined
    }
  }

  #pathOf(sha256: string): string {
    return join(this.#directory, `${sha256}.bin`)
  }
}
