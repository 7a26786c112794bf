/** Where time goes as a flame graph in SVG: each box a function, its width its share, its callees above it. */
import { document, escaped, headHeight, px, type Tone, toneClass, widthOf } from './svg.ts'

export interface Frame {
  readonly name: string
  /** What the tooltip says beside the share: `src/coap/endpoint.ts:120`. */
  readonly where: string
  readonly tone: Tone
  /** Of this function and everything it called. */
  readonly total: number
  readonly callees: readonly Frame[]
}

export interface Flame {
  readonly title: string
  readonly subtitle?: string
  readonly root: Frame
}

const width = 1100
const rowHeight = 17
const margin = 12
/** Boxes narrower than this say nothing, px. */
const narrowest = 3

/** The picture as an SVG document; widest callees first. */
export function flame(picture: Flame): string {
  const boxes: { readonly frame: Frame; readonly x: number; readonly wide: number; readonly depth: number }[] = []
  const scale = (width - 2 * margin) / Math.max(picture.root.total, 1e-9)
  const lay = (frame: Frame, x: number, depth: number): void => {
    const wide = frame.total * scale
    if (wide < narrowest) return
    boxes.push({ frame, x, wide, depth })
    let left = x
    for (const callee of frame.callees.toSorted((a, b) => b.total - a.total)) {
      lay(callee, left, depth + 1)
      left += callee.total * scale
    }
  }
  lay(picture.root, margin, 0)
  const top = headHeight(picture)
  const rows = 1 + Math.max(...boxes.map(({ depth }) => depth))
  const height = top + rows * rowHeight + margin

  const drawn = boxes.map(({ frame, x, wide, depth }) => {
    const y = height - margin - (depth + 1) * rowHeight
    const share = `${((100 * frame.total) / picture.root.total).toFixed(1)} %`
    const label = wide > widthOf(frame.name.slice(0, 3)) + 8 ? shortened(frame.name, wide - 8) : ''
    return (
      `<g><title>${escaped(`${frame.name} ${share} ${frame.where}`)}</title>` +
      `<rect class="f ${toneClass(frame.tone)}" fill-opacity="0.35" x="${px(x)}" y="${px(y)}" width="${px(wide - 0.6)}" height="${rowHeight - 1}" rx="2"/>` +
      (label === '' ? '' : `<text x="${px(x + 4)}" y="${px(y + 12)}" font-size="11">${escaped(label)}</text>`) +
      '</g>'
    )
  })
  return document({ width, height, title: picture.title, subtitle: picture.subtitle }, drawn)
}

function shortened(text: string, room: number): string {
  const fits = Math.floor(room / widthOf('x'))
  return text.length <= fits ? text : `${text.slice(0, Math.max(0, fits - 1))}…`
}
