/** A device's deviations as they are kept, and in words; which there are and what they mean is `lwm2m/quirks.ts`. */
import type { Instant } from '../../base/time.ts'
import { quirks, type QuirkName } from '../../lwm2m/quirks.ts'

export interface SeenQuirk {
  readonly name: string
  /** When it was seen first; absent where an older server noted it. */
  readonly at?: Instant
  /** What the device sent then, hex, its first octets. */
  readonly example?: string
}

/** Octets of an example that are kept. */
export const exampleLimit = 64

export interface ExplainedQuirk extends SeenQuirk {
  /** What the device does. */
  readonly deviation: string
  /** What it was taken to mean. */
  readonly assumption: string
}

/** A name that an older server has written and nobody knows any more stands for itself. */
export function explainedQuirk(quirk: SeenQuirk): ExplainedQuirk {
  const { name } = quirk
  const [deviation, assumption] = name in quirks ? quirks[name as QuirkName] : [name, '']
  return { ...quirk, deviation, assumption }
}
