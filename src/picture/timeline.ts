/**
 * Something over time as an SVG: lines beside each other, or shares stacked on each other (a campaign's
 * devices by state). With marks for what happened when and bands for how long something lasted. Scales
 * and shapes are d3's; this file decides only what goes where.
 */
import { scaleLinear, scaleUtc } from 'd3-scale'
import { area, curveStepAfter, line } from 'd3-shape'
import { document, escaped, headHeight, legend, px, type Tone, toneClass, widthOf } from './svg.ts'

export interface Series {
  readonly name: string
  readonly tone: Tone
  /** In order of `at`, in ms; of a stacked picture all series name the same instants. */
  readonly points: readonly { readonly at: number; readonly value: number }[]
}

export interface Timeline {
  readonly title: string
  readonly subtitle?: string
  /** ms: since 1970 where `clock` is 'calendar' (shown in UTC), since the start where it is 'elapsed'. */
  readonly from: number
  readonly to: number
  readonly clock: 'calendar' | 'elapsed'
  readonly kind: 'lines' | 'stacked'
  /** 'devices', 'KiB/s': said at the axis. */
  readonly unit: string
  readonly series: readonly Series[]
  /** Instants worth a vertical line: 'paused by its failure gate'. */
  readonly marks?: readonly { readonly at: number; readonly label: string }[]
  /** Spans worth a tint: a soak, a maintenance window. */
  readonly bands?: readonly { readonly from: number; readonly to: number; readonly tone: Tone }[]
}

const width = 860
const plotHeight = 260
const left = 64
const right = width - 24
/** Points a series is drawn with at most: more than the picture has pixels for says nothing more. */
const mostPoints = 800

/** `count` of `points` at most, the last of them kept: every drawn value is one that was there. */
function thinned<Point>(points: readonly Point[]): readonly Point[] {
  if (points.length <= mostPoints) return points
  const stride = Math.ceil(points.length / mostPoints)
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1)
}

/** `90 s`, `12 min`, `3.5 h`, `2 d`: the time since the start at a tick. */
function elapsed(milliseconds: number, span: number): string {
  const round = (value: number): string => String(Math.round(value * 10) / 10)
  if (span <= 180_000) return `${round(milliseconds / 1000)} s`
  if (span <= 3 * 3_600_000) return `${round(milliseconds / 60_000)} min`
  if (span <= 3 * 86_400_000) return `${round(milliseconds / 3_600_000)} h`
  return `${round(milliseconds / 86_400_000)} d`
}

/** `14:05:30`, `14:05`, `11-21 14:00`, `11-21`: the time in UTC at a tick. */
function clockTime(date: Date, span: number): string {
  const text = date.toISOString()
  if (span <= 300_000) return text.slice(11, 19)
  if (span <= 86_400_000) return text.slice(11, 16)
  return span <= 6 * 86_400_000 ? `${text.slice(5, 10)} ${text.slice(11, 16)}` : text.slice(5, 10)
}

/** Steps between ticks that read well as elapsed time, in ms. */
const elapsedSteps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
].map((seconds) => seconds * 1000)

function ticks(picture: Timeline): readonly { readonly at: number; readonly label: string }[] {
  const { from, to, clock } = picture
  const span = to - from
  if (clock === 'calendar') {
    const dates = scaleUtc().domain([from, to]).ticks(7)
    return dates.map((date) => ({ at: date.getTime(), label: clockTime(date, span) }))
  }
  const step = elapsedSteps.find((candidate) => span / candidate <= 8) ?? Math.ceil(span / 7 / 86_400_000) * 86_400_000
  return Array.from({ length: Math.floor(span / step) + 1 }, (_, i) => ({
    at: from + i * step,
    label: elapsed(i * step, span),
  }))
}

/** Each series with the value it stands on: 0 beside each other, the sum of those before where stacked. */
function grounded(picture: Timeline): readonly (Series & { readonly ground: readonly number[] })[] {
  const sums: number[] = []
  return picture.series.map((series) => {
    const ground = series.points.map((_, i) => (picture.kind === 'stacked' ? (sums[i] ?? 0) : 0))
    series.points.forEach((point, i) => (sums[i] = (sums[i] ?? 0) + point.value))
    return { ...series, ground }
  })
}

/** The picture as an SVG document. Draws axes and title also where there is nothing to show yet. */
export function timeline(picture: Timeline): string {
  const top = headHeight(picture) + 8
  const bottom = top + plotHeight
  const layers = grounded(picture)
  const highest = Math.max(
    1,
    ...layers.flatMap(({ points, ground }) => points.map((p, i) => p.value + (ground[i] ?? 0))),
  )
  const x = scaleLinear([picture.from, Math.max(picture.to, picture.from + 1)], [left, right])
  const y = scaleLinear([0, highest], [bottom, top]).nice(5)
  const entries = picture.series.map(({ name, tone }) => ({ label: name, tone }))
  const key = legend(entries, left, bottom + 52, right)
  const height = bottom + 62 + Math.max(0, key.rows - 1) * 18

  return document({ width, height, title: picture.title, subtitle: picture.subtitle }, [
    ...(picture.bands ?? []).map(
      ({ from, to, tone }) =>
        `<rect class="f band ${toneClass(tone)}" x="${px(x(from))}" y="${px(top)}" width="${px(x(to) - x(from))}" height="${plotHeight}"/>`,
    ),
    ...y.ticks(5).map((value) => {
      const at = px(y(value))
      const label = `<text class="faint end" x="${left - 8}" y="${px(y(value) + 4)}">${value.toLocaleString('en')}</text>`
      return `<path class="grid" d="M${left},${at}H${right}"/>${label}`
    }),
    ...layers.map((layer) => drawn(layer, picture.kind, x, y)),
    ...ticks(picture).map(
      ({ at, label }) => `<text class="faint mid" x="${px(x(at))}" y="${bottom + 20}">${escaped(label)}</text>`,
    ),
    ...marks(picture.marks ?? [], x, top, bottom),
    `<text class="faint end" x="${right}" y="${top - 8}">${escaped(picture.unit)}</text>`,
    ...key.lines,
  ])
}

function drawn(
  layer: Series & { readonly ground: readonly number[] },
  kind: Timeline['kind'],
  x: (at: number) => number,
  y: (value: number) => number,
): string {
  const points = thinned(layer.points.map(({ at, value }, i) => ({ at, low: layer.ground[i] ?? 0, value })))
  const tone = toneClass(layer.tone)
  if (kind === 'lines') {
    const shape = line<(typeof points)[number]>(
      (p) => x(p.at),
      (p) => y(p.value),
    ).digits(1)
    return `<path class="line ${tone}" d="${shape([...points]) ?? ''}"/>`
  }
  const shape = area<(typeof points)[number]>()
    .x((p) => x(p.at))
    .y0((p) => y(p.low))
    .y1((p) => y(p.low + p.value))
    .curve(curveStepAfter)
    .digits(1)
  return `<path class="f ${tone}" d="${shape([...points]) ?? ''}"/>`
}

/** Vertical lines with their labels, each label a row lower than a neighbour it would cover. */
function marks(
  found: NonNullable<Timeline['marks']>,
  x: (at: number) => number,
  top: number,
  bottom: number,
): readonly string[] {
  const ends: number[] = []
  return found.map(({ at, label }) => {
    const here = x(at)
    const wide = widthOf(label) + 8
    const toLeft = here + wide > right
    const start = toLeft ? here - wide : here
    let row = ends.findIndex((end) => end <= start)
    if (row === -1) row = ends.length
    ends[row] = start + wide
    const anchor = toLeft ? `class="said end" x="${px(here - 4)}"` : `class="said" x="${px(here + 4)}"`
    return (
      `<path class="mark" d="M${px(here)},${top}V${bottom}"/>` +
      `<text ${anchor} y="${px(top + 14 + row * 15)}">${escaped(label)}</text>`
    )
  })
}
