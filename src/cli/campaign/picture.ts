/** A campaign over time as an SVG: who was begun, who succeeded and failed, with what was done to it as marks. */
import type { CampaignReportJson } from '../../api/contract/campaign.ts'
import { timeline, type Series } from '../../picture/timeline.ts'
import { imageText } from './drawing.ts'

/** Entries worth a mark; the others would only crowd the picture. */
const marked = /^(halted|paused|resumed|aborted|rollback began|completed|stage \d+ began)$/

export function pictureOf({ campaign, timeline: progress, entries }: CampaignReportJson): string {
  const { name, counts } = campaign
  const [from, to] = [Date.parse(progress.from), Date.parse(progress.to)]
  const series = (
    title: string,
    tone: Series['tone'],
    value: (point: (typeof progress.points)[number]) => number,
  ): Series => ({
    name: title,
    tone,
    points: progress.points.map((point) => ({ at: Date.parse(point.at), value: value(point) })),
  })
  return timeline({
    title: `${name}: ${imageText(campaign)}`,
    subtitle: `${counts.total - counts.skipped} devices, ${counts.succeeded} succeeded, ${counts.failed + counts.timedOut} failed`,
    from,
    to,
    clock: 'calendar',
    kind: 'lines',
    unit: 'devices',
    series: [
      series('begun', 'busy', ({ begun }) => begun),
      series('succeeded', 'good', ({ succeeded }) => succeeded),
      series('failed', 'bad', ({ failed }) => failed),
    ],
    marks: entries
      .filter(({ what, at }) => marked.test(what) && Date.parse(at) >= from && Date.parse(at) <= to)
      .map(({ at, what }) => ({ at: Date.parse(at), label: what })),
    bands: campaign.stages.flatMap(({ completedAt, soaksUntil, passedAt }) =>
      completedAt === undefined || soaksUntil === undefined || completedAt === soaksUntil
        ? []
        : [
            {
              from: Date.parse(completedAt),
              to: Math.min(to, Date.parse(passedAt ?? soaksUntil)),
              tone: 'waiting' as const,
            },
          ],
    ),
  })
}
