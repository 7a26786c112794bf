/**
 * The virtual device's log for people: one line for each thing that happens, with the time and an arrow
 * for who spoke. Colours only where the caller says the output is a terminal.
 */
import { styleText } from 'node:util'

export type Verbosity = 'quiet' | 'normal' | 'verbose'

export interface Narrator {
  /** The device sent something. */
  readonly sent: (what: string) => void
  /** The server sent something. */
  readonly received: (what: string) => void
  /** Something happened in the device. */
  readonly happened: (what: string) => void
  /** Something went wrong; shown even when quiet. */
  readonly trouble: (what: string) => void
  /** Only of interest to who looks closely. */
  readonly detail: (what: string) => void
}

type Style = 'cyan' | 'green' | 'magenta' | 'yellow' | 'gray'

export function narrator(
  print: (line: string) => void,
  verbosity: Verbosity,
  colours: boolean,
  clock: () => Date,
): Narrator {
  const paint = (style: Style, text: string): string =>
    colours ? styleText(style, text, { validateStream: false }) : text
  const line =
    (sign: string, style: Style, shown: boolean) =>
    (what: string): void => {
      if (shown) print(`${paint('gray', clock().toTimeString().slice(0, 8))} ${paint(style, sign)} ${what}`)
    }
  const told = verbosity !== 'quiet'
  return {
    sent: line('→', 'cyan', told),
    received: line('←', 'green', told),
    happened: line('•', 'magenta', told),
    trouble: line('!', 'yellow', true),
    detail: line('·', 'gray', verbosity === 'verbose'),
  }
}
