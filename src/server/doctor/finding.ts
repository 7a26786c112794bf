/** What a check of `coapstan doctor` finds. */

export type Verdict = 'good' | 'warning' | 'bad'

export interface Finding {
  /** What was looked at: `native add-on`. */
  readonly subject: string
  readonly verdict: Verdict
  readonly found: string
  /** What to do about it; a verdict other than good has one. */
  readonly remedy?: string
}

export const good = (subject: string, found: string): Finding => ({ subject, verdict: 'good', found })
export const warning = (subject: string, found: string, remedy: string): Finding => ({
  subject,
  verdict: 'warning',
  found,
  remedy,
})
export const bad = (subject: string, found: string, remedy: string): Finding => ({
  subject,
  verdict: 'bad',
  found,
  remedy,
})

const units = ['octets', 'KiB', 'MiB', 'GiB', 'TiB']

/** `4 MiB`, `208 KiB`. */
export function sizeText(octets: number): string {
  let [size, unit] = [octets, 0]
  while (size >= 1024 && unit < units.length - 1) [size, unit] = [size / 1024, unit + 1]
  return `${size >= 100 || Number.isInteger(size) ? Math.round(size) : size.toFixed(1)} ${units[unit]}`
}
