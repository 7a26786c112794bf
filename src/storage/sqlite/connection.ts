/**
 * A connection to SQLite, over `node:sqlite`: statements with the types of what they take and give, transactions, and
 * what kind of failure an error is. Knows no file of ours and no table.
 */
import { DatabaseSync, type DatabaseSyncOptions, type SQLOutputValue } from 'node:sqlite'

/** `Row` is a promise of whoever wrote the SQL. */
export interface Statement<Parameters extends unknown[] = unknown[], Row = unknown> {
  get(...parameters: Parameters): Row | undefined
  all(...parameters: Parameters): Row[]
  run(...parameters: Parameters): { readonly changes: number | bigint }
}

export class Sqlite {
  readonly #database: DatabaseSync

  constructor(file: string, options: Pick<DatabaseSyncOptions, 'readOnly' | 'timeout'> = {}) {
    this.#database = new DatabaseSync(file, options)
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction
  }

  exec(sql: string): void {
    this.#database.exec(sql)
  }

  prepare<Parameters extends unknown[] = unknown[], Row = unknown>(sql: string): Statement<Parameters, Row> {
    return this.#database.prepare(sql) as unknown as Statement<Parameters, Row>
  }

  /** Its integers come as `bigint`: those of 64 bits are no `number`. */
  prepareExact<Parameters extends unknown[], Row>(sql: string): Statement<Parameters, Row> {
    const statement = this.#database.prepare(sql)
    statement.setReadBigInts(true)
    return statement as unknown as Statement<Parameters, Row>
  }

  /** Gives the first column alone. */
  prepareColumn<Parameters extends unknown[] = unknown[], Value = unknown>(
    sql: string,
  ): Pick<Statement<Parameters, Value>, 'get' | 'all'> {
    const statement = this.#database.prepare(sql)
    statement.setReturnArrays(true)
    const rows = statement as unknown as Statement<Parameters, [Value]>
    return {
      get: (...parameters) => rows.get(...parameters)?.[0],
      all: (...parameters) => rows.all(...parameters).map(([value]) => value),
    }
  }

  /** What SQLite says of it; undefined where it says nothing. */
  pragma(text: string): SQLOutputValue | undefined {
    return this.prepareColumn<[], SQLOutputValue>(`PRAGMA ${text}`).get()
  }

  /** All of `work` or nothing of it; the write lock is taken before it begins. */
  transaction(work: () => void): void {
    this.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.exec('COMMIT')
    } catch (cause) {
      // SQLite itself rolls back on some errors (a full disk among them) and not on others.
      if (this.inTransaction) this.exec('ROLLBACK')
      throw cause
    }
  }

  /** Once is enough. */
  close(): void {
    if (this.#database.isOpen) this.#database.close()
  }
}

type Failure = 'busy' | 'full' | 'damaged' | 'refused' | 'other'

/** By SQLite's primary result code (sqlite.org/rescode.html); 'refused': the statement or its values make no sense. */
const failures: Readonly<Record<number, Failure>> = {
  1: 'refused', // ERROR
  5: 'busy',
  11: 'damaged', // CORRUPT
  13: 'full',
  19: 'refused', // CONSTRAINT
  20: 'refused', // MISMATCH
  26: 'damaged', // NOTADB
}

/** What went wrong; undefined where it was not SQLite that failed. */
export function failureOf(cause: unknown): Failure | undefined {
  if (!(cause instanceof Error) || !('errcode' in cause)) return undefined
  // The primary code is the low octet of an extended one.
  return failures[Number(cause.errcode) & 0xff] ?? 'other'
}
