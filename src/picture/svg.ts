/**
 * What every picture shares: escaping, the palette, the card it is drawn on, the legend. Knows SVG text
 * and nothing of what is drawn. The pictures stand alone: no script, no font of their own, no reference
 * outside; they follow the reader's light or dark setting.
 */

/** `text` as it may stand between tags and inside quoted attributes. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** A coordinate: a tenth of a pixel is enough, and keeps the files small. */
export const px = (value: number): string => String(Math.round(value * 10) / 10)

export interface Meaning {
  readonly label: string
  /** What the colour says: 'good' green, 'bad' red, 'busy' blue, 'waiting' grey; a number picks from the neutral row. */
  readonly tone: Tone
}

export type Tone = 'good' | 'bad' | 'busy' | 'waiting' | 'warning' | number

const neutralTones = 6

/** The CSS class that paints in `tone`. */
export const toneClass = (tone: Tone): string => (typeof tone === 'number' ? `n${tone % neutralTones}` : tone)

const light = {
  card: '#ffffff',
  ink: '#1f2933',
  faint: '#66788a',
  grid: '#e4e9ee',
  good: '#2f9e62',
  bad: '#d64545',
  busy: '#3b7dd8',
  waiting: '#b4bfca',
  warning: '#d9922e',
  n0: '#3b7dd8',
  n1: '#2f9e62',
  n2: '#d9922e',
  n3: '#8a5bd1',
  n4: '#d64545',
  n5: '#4aa3a2',
}
const dark: typeof light = {
  card: '#161b22',
  ink: '#e6edf3',
  faint: '#8b98a5',
  grid: '#2a323c',
  good: '#3fb97a',
  bad: '#f06a6a',
  busy: '#5b9bf0',
  waiting: '#55606c',
  warning: '#e8ab4f',
  n0: '#5b9bf0',
  n1: '#3fb97a',
  n2: '#e8ab4f',
  n3: '#a983e6',
  n4: '#f06a6a',
  n5: '#62bdbb',
}

/** Plain rules, no custom properties: also viewers that know only the CSS of SVG 1.1 show the light picture. */
const coloured = (colours: typeof light): string =>
  [
    `.card{fill:${colours.card}}text{fill:${colours.ink}}.faint{fill:${colours.faint}}`,
    `.grid{stroke:${colours.grid}}.mark{stroke:${colours.faint}}.said{stroke:${colours.card}}`,
    ...tones.map((tone) => `.f.${tone}{fill:${colours[tone]}}.line.${tone}{stroke:${colours[tone]}}`),
  ].join('')

const tones = ['good', 'bad', 'busy', 'waiting', 'warning', 'n0', 'n1', 'n2', 'n3', 'n4', 'n5'] as const

const style = [
  'svg{font:12px system-ui,-apple-system,"Segoe UI",sans-serif}',
  '.title{font-size:15px;font-weight:600}.end{text-anchor:end}.mid{text-anchor:middle}',
  '.grid{fill:none}.line{fill:none;stroke-width:2;stroke-linejoin:round}.mark{stroke-dasharray:3 3}.band{fill-opacity:.14}',
  // Words within the drawing stay legible where a line runs through them.
  '.said{paint-order:stroke;stroke-width:4px;stroke-linejoin:round}',
  coloured(light),
  `@media(prefers-color-scheme:dark){${coloured(dark)}}`,
].join('')

export interface Card {
  readonly width: number
  readonly height: number
  readonly title: string
  readonly subtitle?: string | undefined
}

/** Where the drawing begins below title and subtitle, in px. */
export const headHeight = (card: Pick<Card, 'subtitle'>): number => (card.subtitle === undefined ? 40 : 58)

/** The whole document: card, title, subtitle and `body`. The title is what a screen reader says. */
export function document(card: Card, body: readonly string[]): string {
  const { width, height, title, subtitle } = card
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title><style>${style}</style>`,
    `<rect class="card" width="${width}" height="${height}" rx="8"/>`,
    `<text class="title" x="20" y="28">${escaped(title)}</text>`,
    ...(subtitle === undefined ? [] : [`<text class="faint" x="20" y="47">${escaped(subtitle)}</text>`]),
    ...body,
    '</svg>\n',
  ].join('\n')
}

/** About how wide `text` is at 12 px, in px: enough to lay out a legend without measuring fonts. */
export const widthOf = (text: string): number => text.length * 6.6

/** Coloured squares with their labels from `x`, one row at `y`; wraps at `right`. Answers the lines and the rows it took. */
export function legend(
  entries: readonly Meaning[],
  x: number,
  y: number,
  right: number,
): { readonly lines: readonly string[]; readonly rows: number } {
  let [left, row] = [x, 0]
  const lines = entries.map(({ label, tone }) => {
    const width = 18 + widthOf(label) + 14
    if (left > x && left + width > right) [left, row] = [x, row + 1]
    const top = y + row * 18
    const line =
      `<rect class="f ${toneClass(tone)}" x="${px(left)}" y="${px(top - 9)}" width="11" height="11" rx="2"/>` +
      `<text x="${px(left + 17)}" y="${px(top)}">${escaped(label)}</text>`
    left += width
    return line
  })
  return { lines, rows: entries.length === 0 ? 0 : row + 1 }
}
