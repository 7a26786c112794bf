/**
 * `-o`: the same answer as a table for people, or as JSON, YAML, CSV or bare names for programs. What is
 * followed comes line by line in the same formats.
 */
import { usageFailure } from './failure.ts'
import { printable, type Paint } from './style.ts'
import type { Surroundings } from './surroundings.ts'
import { tableText, type Column } from './table.ts'

export const formats = ['table', 'json', 'yaml', 'csv', 'name'] as const
export type Format = (typeof formats)[number]

export function formatOf(text: string): Format {
  const format = formats.find((one) => one === text)
  if (format === undefined) throw usageFailure(`there is no output format '${text}'`, `there are ${formats.join(', ')}`)
  return format
}

/** Rows of one kind. */
export interface Listing<T> {
  readonly rows: readonly T[]
  readonly columns: readonly Column<T>[]
  /** What a program would call the row: an endpoint name, an id. */
  readonly name: (row: T) => string
  /** For people, where there are no rows. */
  readonly empty: string
  /** What `json` and `yaml` show instead of the rows. */
  readonly whole?: unknown
  /** The table has no line of titles. */
  readonly bare?: boolean
}

/** One thing. */
export interface Detail {
  readonly whole: unknown
  readonly name: string
  /** Those with an empty text are left out. */
  readonly fields: readonly (readonly [label: string, text: string])[]
}

export class Output {
  readonly #format: Format
  readonly #surroundings: Surroundings
  readonly #paint: Paint

  constructor(format: Format, surroundings: Surroundings, paint: Paint) {
    this.#format = format
    this.#surroundings = surroundings
    this.#paint = paint
  }

  get isForPeople(): boolean {
    return this.#format === 'table'
  }

  async list<T>(listing: Listing<T>): Promise<void> {
    const { rows, columns, name, empty, whole = rows, bare = false } = listing
    switch (this.#format) {
      case 'table':
        if (rows.length === 0) this.#surroundings.err.write(`${empty}\n`)
        else this.#write(tableText(rows, columns, { paint: this.#paint, width: this.#width, bare }))
        return
      case 'csv':
        this.#write(csvLine(columns.map(({ title }) => title)))
        for (const row of rows) this.#write(csvRow(columns, row))
        return
      case 'name':
        for (const row of rows) this.#write(`${printable(name(row))}\n`)
        return
      default:
        await this.#structured(whole)
    }
  }

  async detail({ whole, name, fields }: Detail): Promise<void> {
    const known = fields.filter(([, text]) => text !== '')
    const columns: Column<(typeof known)[number]>[] = [
      { title: 'field', text: ([label]) => label, style: () => 'dim' },
      { title: 'value', text: ([, text]) => text },
    ]
    if (this.#format === 'name') this.#write(`${printable(name)}\n`)
    else if (this.#format === 'table') this.#write(tableText(known, columns, { paint: this.#paint, bare: true }))
    else await this.list({ rows: known, columns, name: () => name, empty: '', whole })
  }

  /** One of many that come one after the other. `line` is for people. */
  async next<T>(
    row: T,
    { columns, name, line }: Pick<Listing<T>, 'columns' | 'name'> & { line: string },
  ): Promise<void> {
    switch (this.#format) {
      case 'table':
        return this.#write(`${line}\n`)
      case 'csv':
        return this.#write(csvRow(columns, row))
      case 'name':
        return this.#write(`${printable(name(row))}\n`)
      case 'json':
        return this.#write(`${JSON.stringify(row)}\n`)
      case 'yaml':
        return this.#write(`---\n${await yamlText(row)}`)
    }
  }

  /** A sentence that says it is done; programs get `whole`. */
  async done(whole: unknown, name: string, sentence: string): Promise<void> {
    if (this.#format === 'table') this.#write(`${printable(sentence)}\n`)
    else await this.detail({ whole, name, fields: fieldsOf(whole) })
  }

  get #width(): number | undefined {
    const { out } = this.#surroundings
    return out.isTerminal ? out.columns : undefined
  }

  async #structured(whole: unknown): Promise<void> {
    this.#write(this.#format === 'yaml' ? await yamlText(whole) : `${JSON.stringify(whole, null, 2)}\n`)
  }

  #write(text: string): void {
    this.#surroundings.out.write(text)
  }
}

/** Loaded when it is wanted: most commands never write YAML. */
async function yamlText(value: unknown): Promise<string> {
  const { stringify } = await import('yaml')
  return stringify(value)
}

function csvRow<T>(columns: readonly Column<T>[], row: T): string {
  return csvLine(columns.map((column) => column.csv?.(row) ?? column.text(row)))
}

/** RFC 4180 §2, with a bare newline as every tool here writes it. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\n`
}

function fieldsOf(whole: unknown): [string, string][] {
  if (typeof whole !== 'object' || whole === null) return []
  return Object.entries(whole).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : (JSON.stringify(value) ?? ''),
  ])
}
