/** Text for a screen: colours where they are welcome, and nothing a device wrote that could steer a terminal. */
import { durationText } from '../base/duration-text.ts'
import { styleText } from 'node:util'
import type { Screen, Surroundings } from './surroundings.ts'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'
export type Paint = (style: Style, text: string) => string

/** NO_COLOR: https://no-color.org */
export function paintFor(
  { out, environment }: { out: Pick<Screen, 'isTerminal'>; environment: Surroundings['environment'] },
  wanted: boolean,
): Paint {
  const on = wanted && out.isTerminal && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb'
  return (style, text) => (on && text !== '' ? styleText(style, text, { validateStream: false }) : text)
}

/** Without control characters, so that what a device calls itself stays on its line. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- because control characters are what it looks for
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '�')
}

const segmenter = new Intl.Segmenter()

function isAscii(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- because ASCII begins with them
  return /^[\u0000-\u007f]*$/.test(text)
}

/** Characters as a reader counts them. */
function charactersOf(text: string): string[] {
  if (isAscii(text)) return text.split('')
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

/** What fills two columns of a terminal: CJK, Hangul, kana, full-width forms (UAX #11 W and F) and emoji. */
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\ufe0f|\p{Emoji_Presentation}/u

/** Columns a terminal needs for the text. */
export function columnsOf(text: string): number {
  if (isAscii(text)) return text.length
  return charactersOf(text).reduce((sum, character) => sum + columnsOfOne(character), 0)
}

/** As much of the beginning, or of the end, as fits into `columns`. */
export function cutTo(text: string, columns: number, side: 'beginning' | 'end' = 'beginning'): string {
  const kept: string[] = []
  const characters = charactersOf(text)
  let left = columns
  for (const character of side === 'beginning' ? characters : characters.reverse()) {
    left -= columnsOfOne(character)
    if (left < 0) break
    kept.push(character)
  }
  return (side === 'beginning' ? kept : kept.reverse()).join('')
}

function columnsOfOne(character: string): number {
  return wide.test(character) ? 2 : 1
}

/** `1 resume`, `3 resumes`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** `3 min ago`, `in 2 h`, `now`. */
export function relativeTime(instant: string | undefined, now: number): string {
  if (instant === undefined) return ''
  const milliseconds = Date.parse(instant) - now
  const text = durationText(Math.abs(milliseconds))
  if (text === '0 s') return 'now'
  return milliseconds < 0 ? `${text} ago` : `in ${text}`
}

/** `97 B`, `12.5 kB`, `1.2 MB` of 1000s. */
export function sizeText(octets: number): string {
  if (octets < 1000) return `${octets} B`
  if (octets < 1_000_000) return `${(octets / 1000).toFixed(1)} kB`
  return `${(octets / 1_000_000).toFixed(1)} MB`
}
