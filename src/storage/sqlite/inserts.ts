/**
 * Rows of one table that wait for others, to be inserted many at a time: what a call into SQLite costs is shared.
 * Knows no table; whoever needs the rows to be there flushes.
 */
import type { Sqlite } from './connection.ts'
import type { Value } from './rows.ts'

/** Rows of one statement; more than these save nothing more. */
const rowsTogether = 16

export class Inserts {
  readonly #referred: Inserts | undefined
  readonly #width: number
  readonly #one: (values: readonly Value[]) => void
  readonly #many: (values: readonly Value[]) => void
  /** The first `#waiting` of them wait; what lies behind those is left over. */
  readonly #values: Value[]
  #waiting = 0

  /** `otherwise`: an ON CONFLICT clause, '' for none. `referred`: the rows that these refer to, inserted before them. */
  constructor(database: Sqlite, table: string, columns: readonly string[], otherwise = '', referred?: Inserts) {
    const row = `(${columns.map(() => '?').join(', ')})`
    const insert = (rows: number): ((values: readonly Value[]) => void) => {
      const values = Array.from({ length: rows }, () => row).join(', ')
      // A commit is rolled back by whatever fails in it. For a statement that could be undone alone SQLite copies each
      // page before it is changed, and that is a sixth of what inserting takes.
      const statement = database.prepare(
        `INSERT OR ROLLBACK INTO ${table} (${columns.join(', ')}) VALUES ${values} ${otherwise}`,
      )
      // Each value an argument: out of an array they would be taken one by one, which costs as much as it saves.
      return (bound) => void statement.run(...bound)
    }
    this.#referred = referred
    this.#width = columns.length
    this.#one = insert(1)
    this.#many = insert(rowsTogether)
    this.#values = Array<Value>(rowsTogether * columns.length).fill(null)
  }

  /** Of one row or of several, in the order of the columns. */
  add(values: readonly Value[]): void {
    for (const value of values) {
      this.#values[this.#waiting++] = value
      if (this.#waiting < this.#values.length) continue
      this.#waiting = 0
      this.#referred?.flush()
      this.#many(this.#values)
    }
  }

  /** What waits is inserted. */
  flush(): void {
    if (this.#waiting === 0) return
    this.#referred?.flush()
    const end = this.#waiting
    this.#waiting = 0
    for (let at = 0; at < end; at += this.#width) this.#one(this.#values.slice(at, at + this.#width))
  }

  /** What waits is forgotten: its transaction is. */
  discard(): void {
    this.#waiting = 0
  }
}
