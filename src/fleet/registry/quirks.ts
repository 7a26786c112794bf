/** A device's deviations in words; which there are and what they mean is `lwm2m/quirks.ts`. */
import { quirks, type QuirkName } from '../../lwm2m/quirks.ts'

export interface ExplainedQuirk {
  readonly name: string
  /** What the device does. */
  readonly deviation: string
  /** What it was taken to mean. */
  readonly assumption: string
}

/** A name that an older server has written and nobody knows any more stands for itself. */
export function explainedQuirk(name: string): ExplainedQuirk {
  const [deviation, assumption] = name in quirks ? quirks[name as QuirkName] : [name, '']
  return { name, deviation, assumption }
}
