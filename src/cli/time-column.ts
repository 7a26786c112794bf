/** A column of instants: how long ago for people, the instant itself for programs. */
import { relativeTime } from './style.ts'
import type { Column } from './table.ts'

/** `now` in milliseconds since 1970; rows without an instant have an empty cell. */
export function timeColumn<T>(title: string, instantOf: (row: T) => string | undefined, now: number): Column<T> {
  return { title, text: (row) => relativeTime(instantOf(row), now), csv: (row) => instantOf(row) ?? '' }
}
