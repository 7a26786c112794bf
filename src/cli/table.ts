/**
 * Aligned columns. As wide as their content; where a screen is narrower, flexible columns give way, the
 * widest first. Knows nothing of what is in them.
 */
import { columnsOf, cutTo, printable, type Paint, type Style } from './style.ts'

export interface Column<T> {
  readonly title: string
  text(row: T): string
  /** What CSV has instead: a value a program can read where `text` is for people. */
  csv?(row: T): string
  style?(row: T): Style | undefined
  /** May be cut to fit the screen. */
  readonly flexible?: boolean
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
  { paint, width, bare = false }: TableOptions,
): string {
  if (rows.length === 0) return ''
  const cells = rows.map((row) => columns.map((column) => printable(column.text(row))))
  const titles = columns.map(({ title }) => title)
  const all = bare ? cells : [titles, ...cells]
  const widths = fittingWidths(
    columns.map((_, i) => Math.max(...all.map((line) => columnsOf(line[i]!)))),
    columns,
    width,
  )
  const lines = cells.map((line, at) =>
    joined(
      line.map((text, i) => {
        const style = columns[i]!.style?.(rows[at]!)
        const cell = padded(text, widths[i]!, columns[i]!.align)
        return style === undefined ? cell : paint(style, cell)
      }),
    ),
  )
  const head = joined(titles.map((title, i) => paint('bold', padded(title, widths[i]!, columns[i]!.align))))
  return (bare ? lines : [head, ...lines]).map((line) => `${line}\n`).join('')
}

function fittingWidths<T>(natural: number[], columns: readonly Column<T>[], limit: number | undefined): number[] {
  if (limit === undefined) return natural
  const widths = [...natural]
  let excess = widths.reduce((sum, width) => sum + width, 0) + gap.length * (widths.length - 1) - limit
  while (excess > 0) {
    let widest = -1
    for (const [i, { flexible }] of columns.entries()) {
      if (flexible && widths[i]! > narrowest && (widest === -1 || widths[i]! > widths[widest]!)) widest = i
    }
    if (widest === -1) break
    widths[widest]!--
    excess--
  }
  return widths
}

function padded(text: string, width: number, align: Column<never>['align']): string {
  const shown = columnsOf(text) > width ? `${cutTo(text, width - 1)}…` : text
  const blanks = ' '.repeat(width - columnsOf(shown))
  return align === 'right' ? blanks + shown : shown + blanks
}

function joined(cells: readonly string[]): string {
  return cells.join(gap).trimEnd()
}
