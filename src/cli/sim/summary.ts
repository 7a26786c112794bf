/** What a simulation came to, for people: a table of what was counted, and a picture of where the fleet was when. */
import { timeline, type Series } from '../../picture/timeline.ts'
import type { CampaignEnd, Outcome, Quantiles, Usage } from '../../sim/scenario/outcome.ts'
import type { Scenario } from '../../sim/scenario/scenario.ts'
import { counted, sizeText } from '../style.ts'

export interface SummaryRow {
  readonly what: string
  readonly figures: string
}

/** Those without figures are left out. */
export function summaryRows(outcome: Outcome): readonly SummaryRow[] {
  const { census, counts, devices, handshakes, latencies, network } = outcome
  const rows: [string, string][] = [
    [
      'devices',
      `${devices} ${outcome.mode === 'virtual' ? 'in virtual time' : 'over UDP sockets'}, seed ${outcome.seed}`,
    ],
    ['time', timeText(outcome)],
    ['registered', `${census.registered} at the end; ${counts.registers} Registers, ${counts.updates} Updates`],
    ['reports', `${counts.notifications} confirmed notifications, ${counts.sends} Sends`],
    [
      'handshakes',
      handshakes.completed + handshakes.failed === 0
        ? ''
        : `${handshakes.completed} completed, ${handshakes.failed} failed`,
    ],
    ['refused', refusalText(outcome)],
    ['unanswered', counts.unanswered === 0 ? '' : `${counts.unanswered} requests of devices, all repetitions included`],
    ['datagrams', `${network.sent} sent, ${percent(network.lost, network.sent)} lost, ${network.duplicated} doubled`],
    [
      'rebindings',
      network.rebound === 0 ? '' : `${network.rebound} of addresses, ${network.unroutable} datagrams to old ones`,
    ],
    [
      'firmware',
      counts.firmwareBlocks === 0
        ? ''
        : `${sizeText(counts.firmwareOctets)} in ${counts.firmwareBlocks} blocks, ${counted(counts.resumes, 'resume')}`,
    ],
    [
      'installed',
      counts.installs + counts.reverts === 0
        ? ''
        : `${counts.installs} times; ${counts.reverts} did not come up and went back`,
    ],
    ['new version', counts.firmwareBlocks === 0 ? '' : `runs on ${census.updated} of ${devices} at the end`],
    ['Register took', latencyText(latencies.register)],
    ['Update took', latencyText(latencies.update)],
    ['a block took', latencyText(latencies.block)],
    ...campaignRows('campaign', outcome.campaign),
    ...campaignRows('rollback', outcome.campaign?.rollback),
    ['server', usageText(outcome.server, outcome.wallSeconds)],
    ['generator', usageText(outcome.generator, outcome.wallSeconds)],
  ]
  return rows.filter(([, figures]) => figures !== '').map(([what, figures]) => ({ what, figures }))
}

/** An SVG of the fleet over time; of firmware only where the scenario has some. */
export function pictureOf({ title, firmware }: Pick<Scenario, 'title' | 'firmware'>, outcome: Outcome): string {
  const { census, devices, marks, samples } = outcome
  const last = samples.at(-1)?.at ?? 1
  const shown = [...samples, { ...census, at: last + 1 }]
  const series = (name: string, tone: Series['tone'], value: (sample: (typeof shown)[number]) => number): Series => ({
    name,
    tone,
    points: shown.map((sample) => ({ at: sample.at, value: value(sample) })),
  })
  return timeline({
    title,
    subtitle: `${devices} devices ${outcome.mode === 'virtual' ? 'in virtual time' : 'over UDP'}`,
    from: 0,
    to: last + 1,
    clock: 'elapsed',
    kind: 'lines',
    unit: 'devices',
    series: [
      series('registered', 3, ({ registered }) => registered),
      ...(firmware === undefined
        ? []
        : [
            series('downloading or installing', 'busy', ({ downloading, installing }) => downloading + installing),
            series('on the new version', 'good', ({ updated }) => updated),
          ]),
    ],
    marks: marks.map(({ at, label }) => ({ at, label })),
  })
}

function timeText({ mode, simulatedSeconds, wallSeconds }: Outcome): string {
  const wall = secondsText(wallSeconds)
  return mode === 'virtual' ? `${secondsText(simulatedSeconds)} simulated in ${wall}` : wall
}

function secondsText(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`
  return seconds < 7200 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`
}

function refusalText({ counts, refusals }: Outcome): string {
  if (counts.refused === 0) return ''
  const kinds = Object.entries(refusals).map(([kind, count]) => `${kind} ${count}`)
  return `${counts.refused} messages of devices (${kinds.join(', ')})`
}

function latencyText(quantiles: Quantiles | undefined): string {
  if (quantiles === undefined) return ''
  return `${millisecondsText(quantiles.median)} median, ${millisecondsText(quantiles.p99)} for the slowest percent`
}

function millisecondsText(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  return milliseconds < 120_000 ? `${(milliseconds / 1000).toFixed(1)} s` : `${Math.round(milliseconds / 60_000)} min`
}

function campaignRows(what: string, campaign: CampaignEnd | undefined): [string, string][] {
  if (campaign === undefined) return []
  const { counts, name, reason, state } = campaign
  const { attempted = 0, total: _all, ...states } = counts
  const devices = Object.entries({ attempted, ...states }).filter(([, count]) => count > 0)
  return [
    [what, `${name} is ${state}${reason === undefined ? '' : `: ${reason}`}`],
    ['', devices.map(([name, count]) => `${wordsOf(name)} ${count}`).join(', ')],
  ]
}

/** 'timed-out' and 'timedOut' read the same. */
const wordsOf = (name: string): string =>
  name.replaceAll('-', ' ').replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

function usageText(usage: Usage | undefined, wallSeconds: number): string {
  if (usage === undefined) return ''
  const share = percent(usage.cpuSeconds, wallSeconds)
  return `${usage.cpuSeconds.toFixed(1)} s of CPU (${share} of a core), ${sizeText(usage.residentOctets)} resident`
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '0 %' : `${((100 * part) / whole).toFixed(1)} %`
}
