/**
 * Aligned columns. As wide as their content; where a screen is narrower, columns without any content go, then
 * flexible ones give way, the widest first. Knows nothing of what is in them.
 */
import { columnsOf, cutTo, printable, type Paint, type Style } from './style.ts'

export interface Column<T> {
  readonly title: string
  text(row: T): string
  /** What CSV has instead: a value a program can read where `text` is for people. */
  csv?(row: T): string
  style?(row: T): Style | undefined
  /**
   * May be cut to fit the screen: at its end, or in the middle where names begin alike and differ at the end. The last
   * one may go on in the next line instead, where what is in it is worth more than straight lines.
   */
  readonly flexible?: true | 'middle' | 'wraps'
  readonly align?: 'right'
}

const gap = '  '
/** Nothing is cut below this. */
const narrowest = 8

export interface TableOptions {
  readonly paint: Paint
  /** Columns a line may have; undefined: any. */
  readonly width?: number | undefined
  /** No line of titles. */
  readonly bare?: boolean
}

/** Lines, each with its newline; none for no rows. */
export function tableText<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  { paint, width = Number.POSITIVE_INFINITY, bare = false }: TableOptions,
): string {
  if (rows.length === 0) return ''
  const shown = fitted(
    columns.map((column) => drawnOf(column, rows, bare)),
    width,
  )
  const lines = rows.map((row, at) =>
    joined(
      shown.map((drawn) => {
        const style = drawn.column.style?.(row)
        const cell = padded(drawn.texts[at]!, drawn)
        return style === undefined ? cell : paint(style, cell)
      }),
    ),
  )
  const head = joined(shown.map((drawn) => paint('bold', padded(drawn.column.title, drawn))))
  return (bare ? lines : [head, ...lines]).map((line) => `${line}\n`).join('')
}

interface Drawn<T> {
  readonly column: Column<T>
  /** Of each row. */
  readonly texts: readonly string[]
  width: number
}

function drawnOf<T>(column: Column<T>, rows: readonly T[], bare: boolean): Drawn<T> {
  const texts = rows.map((row) => printable(column.text(row)))
  const titleWidth = bare ? 0 : columnsOf(column.title)
  if (column.flexible === 'wraps') return { column, texts, width: titleWidth }
  return { column, texts, width: texts.reduce((most, text) => Math.max(most, columnsOf(text)), titleWidth) }
}

function fitted<T>(all: readonly Drawn<T>[], limit: number): readonly Drawn<T>[] {
  if (excessOf(all, limit) <= 0) return all
  const shown = all.filter(({ texts }) => texts.some((text) => text !== ''))
  const flexible = shown.filter(({ column }) => column.flexible === true || column.flexible === 'middle')
  for (let excess = excessOf(shown, limit); excess > 0; excess--) {
    const widest = flexible.reduce<Drawn<T> | undefined>(
      (most, one) => (most === undefined || one.width > most.width ? one : most),
      undefined,
    )
    if (widest === undefined || widest.width <= narrowest) break
    widest.width--
  }
  return shown
}

/** Columns by which a line is longer than `limit`. */
function excessOf(drawn: readonly Drawn<never>[], limit: number): number {
  return drawn.reduce((sum, { width }) => sum + width, 0) + gap.length * (drawn.length - 1) - limit
}

function padded(text: string, { column, width }: Drawn<never>): string {
  const shown = columnsOf(text) <= width ? text : cut(text, column.flexible, width)
  const blanks = ' '.repeat(Math.max(0, width - columnsOf(shown)))
  return column.align === 'right' ? blanks + shown : shown + blanks
}

function cut(text: string, flexible: Column<never>['flexible'], width: number): string {
  if (flexible === 'wraps') return text
  return flexible === 'middle' ? cutInside(text, width) : cutEnd(text, width)
}

function cutEnd(text: string, width: number): string {
  return `${cutTo(text, width - 1)}…`
}

/** Beginning and end, of the end rather more: names of a fleet begin alike. */
function cutInside(text: string, width: number): string {
  const head = cutTo(text, Math.floor((width - 1) / 2))
  return `${head}…${cutTo(text, width - 1 - columnsOf(head), 'end')}`
}

function joined(cells: readonly string[]): string {
  return cells.join(gap).trimEnd()
}
