/**
 * Rows of a table in the order in which they expire: one line for each lifetime and kind, in each of which the order
 * of arrival is that of expiry, so that every step is O(1). Knows rows by number and nothing of what is in them.
 */

/** A row; 0 is none. */
type Row = number

/** Rows of one lifetime and kind. */
export interface Line {
  readonly lifetime: number
  readonly evictable: boolean
  head: Row
  tail: Row
}

/** Lifetimes are rounded up to this, so that few different ones share few lines. */
const lifetimeStep = 4096

export class ExpiryLines {
  readonly lines: Line[] = []
  readonly #numberOf = new Map<number, number>()
  #lineOf = new Uint16Array(0)
  #next = new Int32Array(0)
  #previous = new Int32Array(0)

  /** Makes room for rows below `size`. */
  grow(size: number): void {
    this.#lineOf = copied(new Uint16Array(size), this.#lineOf)
    this.#next = copied(new Int32Array(size), this.#next)
    this.#previous = copied(new Int32Array(size), this.#previous)
  }

  lineOf(row: Row): Line {
    return this.lines[this.#lineOf[row]!]!
  }

  /** The row that arrived next in the same line. */
  next(row: Row): Row {
    return this.#next[row]!
  }

  /** Puts the row behind all others of its lifetime and kind. */
  link(row: Row, lifetime: number, evictable: boolean): Line {
    const number = this.#numberFor(lifetime, evictable)
    const line = this.lines[number]!
    this.#lineOf[row] = number
    this.#next[row] = 0
    this.#previous[row] = line.tail
    if (line.tail === 0) line.head = row
    else this.#next[line.tail] = row
    line.tail = row
    return line
  }

  unlink(row: Row): void {
    const line = this.lineOf(row)
    const next = this.#next[row]!
    const previous = this.#previous[row]!
    if (previous === 0) line.head = next
    else this.#next[previous] = next
    if (next === 0) line.tail = previous
    else this.#previous[next] = previous
  }

  #numberFor(lifetime: number, evictable: boolean): number {
    const steps = Math.ceil(lifetime / lifetimeStep)
    const key = steps * 2 + (evictable ? 1 : 0)
    const known = this.#numberOf.get(key)
    if (known !== undefined) return known
    const number = this.lines.push({ lifetime: steps * lifetimeStep, evictable, head: 0, tail: 0 }) - 1
    this.#numberOf.set(key, number)
    return number
  }
}

/** `from` at the beginning of `into`. */
export function copied<T extends { set(from: T): void }>(into: T, from: T): T {
  into.set(from)
  return into
}
