/**
 * Windows of files in memory, within one limit for all files: found by their place in their file without a key
 * being made, and the one used longest ago let go when there are too many. Reads nothing itself.
 */
import type { Bytes } from '../../base/bytes.ts'

/** The windows of one file by their number; the cache's own. */
export type Windows = (Window | undefined)[]

interface Window {
  readonly octets: Bytes
  readonly of: Windows
  readonly index: number
  /** Neighbours in the order of use. */
  newer: Window | undefined
  older: Window | undefined
}

export class WindowCache {
  readonly #limit: number
  #size = 0
  #newest: Window | undefined
  #oldest: Window | undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#size
  }

  /** The window, now the one used last. */
  use(windows: Windows, index: number): Bytes | undefined {
    const window = windows[index]
    if (window !== undefined && window !== this.#newest) {
      this.#unlink(window)
      this.#link(window)
    }
    return window?.octets
  }

  /** Keeps `octets` as a window that was not there. */
  add(windows: Windows, index: number, octets: Bytes): void {
    const window: Window = { octets, of: windows, index, newer: undefined, older: undefined }
    windows[index] = window
    this.#link(window)
    this.#size++
    if (this.#size > this.#limit) this.#drop(this.#oldest!)
  }

  /** The file is no more. */
  forget(windows: Windows): void {
    for (const window of windows) if (window !== undefined) this.#drop(window)
  }

  #drop(window: Window): void {
    window.of[window.index] = undefined
    this.#unlink(window)
    this.#size--
  }

  #link(window: Window): void {
    window.older = this.#newest
    window.newer = undefined
    if (this.#newest === undefined) this.#oldest = window
    else this.#newest.newer = window
    this.#newest = window
  }

  #unlink(window: Window): void {
    if (window.older === undefined) this.#oldest = window.newer
    else window.older.newer = window.newer
    if (window.newer === undefined) this.#newest = window.older
    else window.newer.older = window.older
  }
}
