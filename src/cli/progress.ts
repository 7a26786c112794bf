/**
 * Something that takes its time: a line that is redrawn on a terminal, plain lines elsewhere. Nothing is
 * shown of what is over within two seconds.
 */
import { columnsOf, cutTo } from './style.ts'
import type { Surroundings } from './surroundings.ts'

/** Milliseconds before a person begins to wonder. */
const patience = 2000
/** Milliseconds between two frames. */
const frameTime = 120
const frames = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'.split('')
const clearLine = '\r\u001b[2K'

/** Runs `work` with a spinner beside `text`, asked for anew at each frame, once it takes long. */
export async function withSpinner<T>(
  { err, now, every }: Surroundings,
  text: () => string,
  work: () => Promise<T>,
): Promise<T> {
  const began = now()
  let shown = false
  let frame = 0
  const stop = every(frameTime, () => {
    if (now() - began < patience) return
    if (err.isTerminal) err.write(`${clearLine}${frames[frame++ % frames.length]} ${fitted(text(), err.columns - 2)}`)
    else if (!shown) err.write(`${text()}\n`)
    shown = true
  })
  try {
    return await work()
  } finally {
    stop()
    if (shown && err.isTerminal) err.write(clearLine)
  }
}

export interface Step {
  readonly label: string
  /** 0–1, where it is known how far it is. */
  readonly fraction?: number
  /** Said after the bar. */
  readonly tail?: string
}

/** Characters of the bar. */
const barWidth = 24
/** Parts of the whole at which a plain line is worth writing. */
const plainSteps = 10

/** A bar for what has an end: on a terminal one line, elsewhere a line for each new label or tenth. */
export class ProgressBar {
  readonly #surroundings: Surroundings
  #plain = ''
  #drawn = false

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
  }

  show(step: Step): void {
    const { err } = this.#surroundings
    if (err.isTerminal) {
      err.write(clearLine + fitted(barText(step), err.columns))
      this.#drawn = true
      return
    }
    const { label, fraction } = step
    const plain = `${label} ${fraction === undefined ? '' : Math.floor(fraction * plainSteps)}`
    if (plain !== this.#plain) err.write(`${plainText(step)}\n`)
    this.#plain = plain
  }

  /** A line that stays. */
  milestone(text: string): void {
    this.clear()
    this.#surroundings.err.write(`${text}\n`)
  }

  /** Takes the bar away, before something else is written. */
  clear(): void {
    if (this.#drawn) this.#surroundings.err.write(clearLine)
    this.#drawn = false
  }
}

/** `Downloading 43 % ▕██████████▍             ▏ 512 B blocks, 1 resume` */
function barText(step: Step): string {
  const { label, fraction, tail = '' } = step
  return fraction === undefined
    ? plainText(step)
    : `${label} ${percent(fraction)} ${drawnBar(fraction)} ${tail}`.trimEnd()
}

function plainText({ label, fraction, tail }: Step): string {
  const part = fraction === undefined ? label : `${label} ${percent(fraction)}`
  return tail === undefined || tail === '' ? part : `${part} (${tail})`
}

function percent(fraction: number): string {
  return `${Math.floor(fraction * 100)} %`
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

function drawnBar(fraction: number): string {
  const filled = Math.floor(Math.min(Math.max(fraction, 0), 1) * barWidth * 8)
  const bar = '█'.repeat(Math.floor(filled / 8)) + eighths[filled % 8]!
  return `▕${bar.padEnd(barWidth)}▏`
}

function fitted(text: string, columns: number): string {
  return columnsOf(text) < columns ? text : `${cutTo(text, columns - 2)}…`
}

/** Runs `work` with a bar of where it is, asked for anew at each frame, once it takes long. */
export async function withBar<T>(surroundings: Surroundings, step: () => Step, work: () => Promise<T>): Promise<T> {
  const { now, every } = surroundings
  const began = now()
  const bar = new ProgressBar(surroundings)
  const stop = every(frameTime, () => {
    if (now() - began >= patience) bar.show(step())
  })
  try {
    return await work()
  } finally {
    stop()
    bar.clear()
  }
}
