/** A campaign as lines on a screen: a bar for each stage, rates, when it will be done, why devices fail or wait. */
import { durationText } from '../../base/duration-text.ts'
import type { CampaignJson, CampaignStageJson } from '../../api/contract/campaign.ts'
import { counted, printable, sizeText, type Paint, type Style } from '../style.ts'

const usualBar = 32
/** On a screen of fewer columns than the bar is beside all its counts. */
const narrowBar = 16
const narrow = 100
const reasonsShown = 5

const stateStyles: Readonly<Record<CampaignJson['state'], Style>> = {
  draft: 'dim',
  selecting: 'cyan',
  running: 'cyan',
  soaking: 'cyan',
  'awaiting-approval': 'yellow',
  paused: 'yellow',
  halted: 'red',
  aborting: 'yellow',
  completed: 'green',
  aborted: 'red',
}

type Standing = Pick<CampaignJson, 'state' | 'verdict'>

/** `completed` alone would be read as success. */
export function stateText({ state, verdict }: Standing): string {
  return isShort({ state, verdict }) ? 'completed (not passed)' : state
}

export function stateStyle({ state, verdict }: Standing): Style {
  return isShort({ state, verdict }) ? 'red' : stateStyles[state]
}

function isShort({ state, verdict }: Standing): boolean {
  return state === 'completed' && verdict === 'failed'
}

/** `columns` of the screen; where it is none, any number. */
export function drawn(campaign: CampaignJson, now: number, paint: Paint, columns: number): readonly string[] {
  const { name, reason } = campaign
  const barWidth = columns < narrow ? narrowBar : usualBar
  return [
    `${name}  ${imageText(campaign)}  ${paint(stateStyle(campaign), stateText(campaign))}`,
    ...(reason === undefined ? [] : [`  ${reason}`]),
    ...campaign.stages.map((stage, i) => stageLine(stage, i, campaign, { now, paint, barWidth })),
    paceLine(campaign, now),
    ...reasonLines(campaign, paint),
    ...(campaign.advice === undefined ? [] : [paint('dim', `next: ${campaign.advice}`)]),
  ]
    .filter((line) => line !== '')
    .map((line) => printableLine(line))
}

/** `demo 1.1.0`; of a way back to several versions `demo 1.0.0, 1.1.0`. */
export function imageText({ image, backTo = [image] }: Pick<CampaignJson, 'image' | 'backTo'>): string {
  return `${image.product} ${backTo.map(({ version }) => version).join(', ')}`
}

/** Colours are ours; anything else that steers a terminal is not. */
function printableLine(line: string): string {
  return withoutColours(line, printable)
}

// eslint-disable-next-line no-control-regex -- because colours begin with one
const colour = /(\u001b\[\d+m)/

/** The line with `change` made to its text, its colours left where they are. */
export function withoutColours(line: string, change: (text: string) => string): string {
  return line
    .split(colour)
    .map((part, i) => (i % 2 === 1 ? part : change(part)))
    .join('')
}

function stageLine(
  stage: CampaignStageJson,
  index: number,
  campaign: CampaignJson,
  { now, paint, barWidth }: { readonly now: number; readonly paint: Paint; readonly barWidth: number },
): string {
  const { counts, share, begun, startedAt, passedAt, soaksUntil } = stage
  const before = campaign.stages[index - 1]?.share ?? 0
  const size = Math.max(begun, share - before)
  const failed = counts.failed + counts.timedOut
  const label = `stage ${index + 1}`.padEnd(9)
  const upTo = stage.upTo.padEnd(12)
  if (startedAt === undefined)
    return paint('dim', `${label}${upTo}${' '.repeat(barWidth + 2)} ${counted(size, 'device')}`)
  const bar = barOf(
    [
      [counts.succeeded, 'green'],
      [failed, 'red'],
      [counts.updating + counts.retrying, 'cyan'],
    ],
    size,
    paint,
    barWidth,
  )
  const soaking =
    passedAt === undefined && soaksUntil !== undefined
      ? `, soaks ${durationText(Math.max(0, Date.parse(soaksUntil) - now))} more`
      : ''
  const parts = [
    `${counts.succeeded}/${size} succeeded`,
    ...(failed === 0 ? [] : [paint('red', `${failed} failed`)]),
    ...(counts.updating === 0 ? [] : [`${counts.updating} under way`]),
    ...(counts.retrying === 0 ? [] : [`${counts.retrying} retry`]),
  ]
  return `${label}${upTo}${bar} ${parts.join(', ')}${soaking}${passedAt === undefined ? '' : paint('green', '  passed')}`
}

/** Shares of the whole side by side; each that is there takes one character at least. */
function barOf(parts: readonly (readonly [number, Style])[], whole: number, paint: Paint, barWidth: number): string {
  let left = barWidth
  const cells = parts.map(([count, style]) => {
    const wanted = whole === 0 ? 0 : Math.round((count / whole) * barWidth)
    const width = Math.min(left, count > 0 ? Math.max(1, wanted) : 0)
    left -= width
    return paint(style, (style === 'cyan' ? '░' : style === 'red' ? '▓' : '█').repeat(width))
  })
  return `▕${cells.join('')}${' '.repeat(left)}▏`
}

function paceLine(campaign: CampaignJson, now: number): string {
  const { rate, bytes, expectedAt, holdsUntil, counts, deadlineAt, state } = campaign
  const isMoving = rate.devicesPerHour > 0 && (state === 'running' || counts.updating > 0)
  const parts = [
    ...(isMoving ? [`${Math.round(rate.devicesPerHour)} devices/h`, `${sizeText(rate.bytesPerSecond)}/s`] : []),
    ...(bytes > 0 ? [`${sizeText(bytes)} fetched`] : []),
    ...(counts.waiting > 0 ? [`${counts.waiting} waiting`] : []),
    ...(expectedAt === undefined ? [] : [`done in ${durationText(Math.max(0, Date.parse(expectedAt) - now))}`]),
    ...(holdsUntil === undefined ? [] : [`window opens in ${durationText(Math.max(0, Date.parse(holdsUntil) - now))}`]),
    ...(deadlineAt === undefined || Date.parse(deadlineAt) < now
      ? []
      : [`deadline in ${durationText(Date.parse(deadlineAt) - now)}`]),
  ]
  return parts.join(' · ')
}

function reasonLines({ reasons }: CampaignJson, paint: Paint): readonly string[] {
  const failing = reasons.filter(({ state }) => state === 'failed' || state === 'timed-out')
  const others = reasons.filter(({ state }) => state !== 'failed' && state !== 'timed-out')
  return [
    ...failing
      .slice(0, reasonsShown)
      .map(({ count, reason }) => `  ${paint('red', String(count).padStart(6))} failed: ${reason}`),
    ...others
      .slice(0, reasonsShown)
      .map(({ count, state, reason }) => `  ${String(count).padStart(6)} ${state}: ${reason}`),
  ]
}
