/**
 * Encoded answers kept for repetition, packed into pages of equal cells: no object per answer, nothing
 * for the garbage collector to walk. Knows neither peers nor exchanges; who puts must free.
 */
import type { Bytes } from '../base/bytes.ts'

/** Octets of a cell, by class; longer answers get memory of their own. */
const cellSizes = [16, 32, 64, 128, 256, 512] as const
const cellsPerPage = 1024
/** Longer answers at a time; one more is not kept. */
const looseLimit = 8192

/** Where an answer is; 0 is none. */
export type AnswerHandle = number

export class AnswerStore {
  /** Page n holds the cells n·1024 to n·1024 + 1023; page 0 is never used, so that 0 is no handle. */
  readonly #pages: Bytes[] = [new Uint8Array(0)]
  readonly #pageClass: number[] = [0]
  readonly #free: AnswerHandle[][] = cellSizes.map(() => [])
  /** Negative handles. */
  readonly #loose = new Map<AnswerHandle, Bytes>()
  #lastLoose = 0
  #count = 0

  get size(): number {
    return this.#count
  }

  /** Keeps a copy of octets `start` to `end`; 0 where the limit for long answers is reached. */
  put(buffer: Bytes, start: number, end: number): AnswerHandle {
    const length = end - start
    const cellClass = classFor(length)
    if (cellClass < 0) return this.#putLoose(buffer, start, end)
    let handle = this.#free[cellClass]!.pop()
    if (handle === undefined) handle = this.#addPage(cellClass)
    const page = this.#pages[handle >> 10]!
    let at = (handle & (cellsPerPage - 1)) * cellSizes[cellClass]!
    if (length <= 64) for (let i = start; i < end; i++) page[at++] = buffer[i]!
    else page.set(buffer.subarray(start, end), at)
    this.#count++
    return handle
  }

  /** The memory the answer lies in; it begins at `offsetOf`. */
  pageOf(handle: AnswerHandle): Bytes {
    return handle < 0 ? this.#loose.get(handle)! : this.#pages[handle >> 10]!
  }

  offsetOf(handle: AnswerHandle): number {
    return handle < 0 ? 0 : (handle & (cellsPerPage - 1)) * cellSizes[this.#pageClass[handle >> 10]!]!
  }

  free(handle: AnswerHandle): void {
    if (handle === 0) return
    this.#count--
    if (handle < 0) this.#loose.delete(handle)
    else this.#free[this.#pageClass[handle >> 10]!]!.push(handle)
  }

  #putLoose(buffer: Bytes, start: number, end: number): AnswerHandle {
    if (this.#loose.size >= looseLimit) return 0
    this.#count++
    this.#loose.set(--this.#lastLoose, buffer.slice(start, end))
    return this.#lastLoose
  }

  /** A fresh page of cells; one of them is taken. */
  #addPage(cellClass: number): AnswerHandle {
    const first = this.#pages.length << 10
    this.#pages.push(new Uint8Array(cellsPerPage * cellSizes[cellClass]!))
    this.#pageClass.push(cellClass)
    const free = this.#free[cellClass]!
    for (let cell = cellsPerPage - 1; cell > 0; cell--) free.push(first + cell)
    return first
  }
}

function classFor(length: number): number {
  if (length <= 16) return 0
  return length > 512 ? -1 : 28 - Math.clz32(length - 1)
}
