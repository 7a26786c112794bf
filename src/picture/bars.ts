/**
 * Numbers beside each other as horizontal bars: bench rows, failures by reason, where the time goes.
 */
import { scaleLinear } from 'd3-scale'
import { document, escaped, headHeight, px, type Tone, toneClass, widthOf } from './svg.ts'

export interface Bars {
  readonly title: string
  readonly subtitle?: string
  readonly rows: readonly {
    readonly label: string
    readonly value: number
    /** What is written at the bar's end: `417 636/s (0.73 × C echo)`. */
    readonly text: string
    readonly tone: Tone
  }[]
}

const width = 860
const rowHeight = 28

/** The picture as an SVG document; bars begin at 0, the longest fills the width. */
export function bars(picture: Bars): string {
  const top = headHeight(picture) + 4
  const left = 20 + Math.max(60, ...picture.rows.map(({ label }) => widthOf(label))) + 12
  const textRoom = Math.max(0, ...picture.rows.map(({ text }) => widthOf(text))) + 16
  const right = Math.max(left + 80, width - 20 - textRoom)
  const length = scaleLinear([0, Math.max(1e-9, ...picture.rows.map(({ value }) => value))], [0, right - left])
  const height = top + picture.rows.length * rowHeight + 16

  const drawn = picture.rows.map(({ label, value, text, tone }, i) => {
    const middle = top + i * rowHeight + rowHeight / 2
    const end = left + length(Math.max(0, value))
    return [
      `<text class="end" x="${px(left - 10)}" y="${px(middle + 4)}">${escaped(label)}</text>`,
      `<rect class="f ${toneClass(tone)}" x="${px(left)}" y="${px(middle - 9)}" width="${px(end - left)}" height="18" rx="3"/>`,
      `<text class="faint" x="${px(end + 8)}" y="${px(middle + 4)}">${escaped(text)}</text>`,
    ].join('')
  })
  return document({ width, height, title: picture.title, subtitle: picture.subtitle }, drawn)
}
