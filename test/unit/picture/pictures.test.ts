import { XMLValidator } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import { bars } from '../../../src/picture/bars.ts'
import { flame } from '../../../src/picture/flame.ts'
import { timeline, type Timeline } from '../../../src/picture/timeline.ts'

const campaign: Timeline = {
  title: 'Campaign "<meter> & co"',
  subtitle: '200 devices',
  from: 0,
  to: 600_000,
  clock: 'elapsed',
  kind: 'stacked',
  unit: 'devices',
  series: [
    { name: 'updated', tone: 'good', points: [0, 300_000, 600_000].map((at, i) => ({ at, value: i * 50 })) },
    { name: 'waiting', tone: 'waiting', points: [0, 300_000, 600_000].map((at, i) => ({ at, value: 100 - i * 50 })) },
  ],
  marks: [
    { at: 300_000, label: 'stage 2 begins' },
    { at: 302_000, label: 'paused by its failure gate' },
    { at: 599_000, label: 'resumed' },
  ],
  bands: [{ from: 100_000, to: 200_000, tone: 'warning' }],
}

describe('a timeline', () => {
  it('is a document of its own, with what users named escaped', () => {
    const svg = timeline(campaign)
    expect(XMLValidator.validate(svg)).toBe(true)
    expect(svg).toContain('&lt;meter&gt; &amp; co')
    expect(svg).not.toMatch(/<script|href|url\(/)
  })

  it('stacks each series on the ones before it', () => {
    const paths = [...timeline(campaign).matchAll(/<path class="f (\w+)" d="([^"]+)"/g)]
    expect(paths.map(([, tone]) => tone)).toEqual(['good', 'waiting'])
    const ys = (d: string): number[] => [...d.matchAll(/[,V]([\d.]+)/g)].map(([, y]) => Number(y))
    // Updated and waiting add up to 100 throughout: the upper edge of the stack is the top of the plot.
    expect(Math.min(...ys(paths[1]?.[2] ?? ''))).toBe(66)
    expect(Math.max(...ys(paths[0]?.[2] ?? ''))).toBe(326)
  })

  it('writes a mark beside a neighbour on a row of its own, and to the left at the right edge', () => {
    const rows = [
      ...timeline(campaign).matchAll(/<text class="said(?: (end))?" x="[\d.]+" y="([\d.]+)">(stage|paused|resumed)/g),
    ]
    expect(rows.map(([, end, y, word]) => [word, end, Number(y)])).toEqual([
      ['stage', undefined, 80],
      ['paused', undefined, 95],
      ['resumed', 'end', 80],
    ])
  })

  it.each([
    ['elapsed', 0, 90_000, '15 s'],
    ['elapsed', 0, 7_200_000, '30 min'],
    ['elapsed', 0, 7 * 86_400_000, '1 d'],
    ['calendar', Date.UTC(2026, 10, 21, 8), Date.UTC(2026, 10, 21, 12), '09:00'],
    ['calendar', Date.UTC(2026, 10, 21), Date.UTC(2026, 10, 30), '11-25'],
  ] as const)('names its ticks: %s from %d to %d has %s', (clock, from, to, label) => {
    expect(timeline({ ...campaign, clock, from, to, marks: [], bands: [], series: [] })).toContain(`>${label}<`)
  })

  it('draws no more points than it has pixels for, the last one among them', () => {
    const points = Array.from({ length: 50_000 }, (_, i) => ({ at: i, value: i }))
    const svg = timeline({
      ...campaign,
      kind: 'lines',
      to: 49_999,
      series: [{ name: 'blocks', tone: 0, points }],
      marks: [],
    })
    expect(svg.length).toBeLessThan(20_000)
    expect(svg).toMatch(/L836,[\d.]+"/)
  })
})

describe('bars', () => {
  it('are as long as their values, the longest filling the width', () => {
    const svg = bars({
      title: 'CON GET',
      rows: [
        { label: 'C echo', value: 400, text: '400/s', tone: 'waiting' },
        { label: 'Coapstan', value: 300, text: '300/s', tone: 0 },
        { label: 'nothing', value: 0, text: '0/s', tone: 1 },
      ],
    })
    expect(XMLValidator.validate(svg)).toBe(true)
    const widths = [...svg.matchAll(/<rect class="f \w+" [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width))
    expect((widths[1] ?? 0) / (widths[0] ?? 1)).toBeCloseTo(0.75, 2)
    expect(widths[2]).toBe(0)
  })
})

describe('a flame graph', () => {
  const leaf = (name: string, total: number) => ({ name, where: `src/x.ts:${total}`, tone: 0, total, callees: [] })
  const root = {
    name: 'all',
    where: '',
    tone: 'waiting',
    total: 100,
    callees: [leaf('a <b>', 25), leaf('c', 75)],
  } as const

  it('gives each function its share of the width, the widest callee first, above who called it', () => {
    const svg = flame({ title: 'Where the time goes', root })
    expect(XMLValidator.validate(svg)).toBe(true)
    const boxes = [...svg.matchAll(/<title>(\S+).*?<\/title><rect [^>]*x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"/g)]
    expect(boxes.map(([, name]) => name)).toEqual(['all', 'c', 'a'])
    const [all, c, a] = boxes.map(([, , x, y, width]) => ({ x: Number(x), y: Number(y), width: Number(width) }))
    expect(c!.width / all!.width).toBeCloseTo(0.75, 2)
    expect([c!.x, a!.x > c!.x, c!.y < all!.y, c!.y === a!.y]).toEqual([all!.x, true, true, true])
  })

  it('leaves out what is too narrow to see', () => {
    const many = { ...root, callees: [leaf('wide', 99.9), leaf('thin', 0.1)] }
    expect(flame({ title: 'x', root: many })).not.toContain('thin')
  })
})
