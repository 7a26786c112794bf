/** From the runs of a benchmark to its rows: medians, ratios to the yardsticks, a table or JSON lines. */
import { styleText } from 'node:util'
import type { Measured } from './load.ts'

export interface Row {
  readonly bench: string
  readonly case: string
  readonly subject: string
  /** Median of the runs. */
  readonly perSecond: number
  readonly ratioToDgram?: number
  readonly ratioToEcho?: number
  /** Median of the answers for each second of processor time, and its ratio to the C echo's. */
  readonly perCpuSecond: number
  readonly cpuRatioToEcho?: number
  /** The same for each second of the thread that used most: what there would be with a core for each thread. */
  readonly perThreadSecond: number
  /** Microseconds of processor time for each answer, by name of thread: those that have any to speak of. */
  readonly threads: Readonly<Record<string, number>>
  readonly runs: number
  /** Median latency seen by the generator, and its 99th percentile, microseconds. */
  readonly p50: number
  readonly p99: number
  /** Worst run: slowest and fastest as a share of the median. */
  readonly spread: number
  /** Share of requests that were lost or refused. */
  readonly failed: number
  /** Share of the time the generator waited; near 0 it was the limit. */
  readonly generatorIdle: number
  readonly residentMiB?: number
}

/** One run of one subject. */
export interface Run extends Measured {
  /** Answers for each second of processor time the subject used: what a busy machine does not falsify. */
  readonly perCpuSecond: number
  /** The same for each second its busiest thread used. */
  readonly perThreadSecond: number
  /** Microseconds of processor time for each answer, by name of thread. */
  readonly threads: Readonly<Record<string, number>>
}

/** All runs of one subject under one load. */
export interface Runs {
  readonly case: string
  readonly subject: string
  readonly measured: readonly Run[]
  readonly residentMiB?: number
}

/** Rows in the order of `runs`; ratios are to the yardsticks measured under the same load. */
export function rowsOf(bench: string, runs: readonly Runs[], dgram: string, echo: string): Row[] {
  return runs.map((one) => {
    const yardstick = (subject: string, of: 'perSecond' | 'perCpuSecond'): number | undefined => {
      const found = runs.find((other) => other.subject === subject && other.case === one.case)
      return found && median(found.measured.map((run) => run[of]))
    }
    const perSecond = median(one.measured.map((run) => run.perSecond))
    const perCpuSecond = median(one.measured.map((run) => run.perCpuSecond))
    const rates = one.measured.map((run) => run.perSecond / perSecond)
    const toDgram = yardstick(dgram, 'perSecond')
    const toEcho = yardstick(echo, 'perSecond')
    const cpuToEcho = yardstick(echo, 'perCpuSecond')
    return {
      bench,
      case: one.case,
      subject: one.subject,
      perSecond: Math.round(perSecond),
      ...(toDgram !== undefined && { ratioToDgram: rounded(perSecond / toDgram) }),
      ...(toEcho !== undefined && { ratioToEcho: rounded(perSecond / toEcho) }),
      perCpuSecond: Math.round(perCpuSecond),
      ...(cpuToEcho !== undefined && { cpuRatioToEcho: rounded(perCpuSecond / cpuToEcho) }),
      perThreadSecond: Math.round(median(one.measured.map((run) => run.perThreadSecond))),
      threads: medianThreads(one.measured),
      runs: one.measured.length,
      p50: rounded(median(one.measured.map((run) => run.p50))),
      p99: rounded(median(one.measured.map((run) => run.p99))),
      spread: rounded(Math.max(...rates) - Math.min(...rates)),
      failed: Math.max(
        ...one.measured.map((run) => (run.lost + run.refused) / Math.max(1, run.answered + run.lost + run.refused)),
      ),
      generatorIdle: rounded(median(one.measured.map((run) => run.idle))),
      ...(one.residentMiB !== undefined && { residentMiB: Math.round(one.residentMiB) }),
    }
  })
}

function medianThreads(runs: readonly Run[]): Record<string, number> {
  const names = new Set(runs.flatMap(({ threads }) => Object.keys(threads)))
  const times = [...names].map(
    (name) => [name, rounded(median(runs.map(({ threads }) => threads[name] ?? 0)))] as const,
  )
  return Object.fromEntries(times.filter(([, microseconds]) => microseconds >= 0.05))
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function rounded(value: number): number {
  return Number(value.toPrecision(3))
}

export function table(rows: readonly Row[]): string {
  const ratio = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(2))
  const heads = [
    'case',
    'subject',
    'per s',
    '× dgram',
    '× C echo',
    'per CPU s',
    '× C echo',
    'per thread s',
    'p50 µs',
    'p99 µs',
    'spread',
    'failed',
    'RSS MiB',
    'idle',
  ]
  const count = (value: number): string => value.toLocaleString('en-GB').replaceAll(',', ' ')
  const cells = rows.map((row) => [
    row.case,
    row.subject,
    count(row.perSecond),
    ratio(row.ratioToDgram),
    ratio(row.ratioToEcho),
    count(row.perCpuSecond),
    ratio(row.cpuRatioToEcho),
    count(row.perThreadSecond),
    row.p50.toFixed(0),
    row.p99.toFixed(0),
    `${(100 * row.spread).toFixed(0)} %`,
    row.failed === 0 ? '0' : `${(100 * row.failed).toFixed(2)} %`,
    row.residentMiB === undefined ? '–' : `${row.residentMiB}`,
    `${(100 * row.generatorIdle).toFixed(0)} %`,
  ])
  const widths = heads.map((head, column) => Math.max(head.length, ...cells.map((row) => row[column]!.length)))
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ')
  return [styleText('bold', line(heads)), ...cells.map(line)].join('\n')
}
