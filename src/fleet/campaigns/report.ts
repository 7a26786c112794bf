/** What has become of a campaign, in a verdict and in sentences. Pure; the numbers come from the store. */
import { totalsOf, type Totals } from './counts.ts'
import { percentText, shortfallOf } from './gates.ts'
import { retired, runsAlready, untouched } from './selection.ts'
import { goalText } from './way.ts'
import { revertedSince } from './store.ts'
import type { Campaign, CampaignDevice, DeviceCount } from './types.ts'

export type Verdict = 'passed' | 'failed' | 'unfinished'

/** A campaign in a line. */
export interface CampaignBrief {
  readonly campaign: Campaign
  readonly verdict: Verdict
  /** Why it stands where it stands, or has not passed. */
  readonly reason: string | undefined
  readonly totals: Totals
}

export function briefOf(campaign: Campaign, counts: readonly DeviceCount[]): CampaignBrief {
  const [verdict, reason] = [verdictOf(campaign, counts), reasonOf(campaign, counts)]
  return { campaign, verdict, reason, totals: totalsOf(counts) }
}

/** Passed: it came to its end, nothing of it was taken back, and nothing is amiss with what it has reached. */
function verdictOf(campaign: Campaign, counts: readonly DeviceCount[]): Verdict {
  const { state, rollback } = campaign
  if (state === 'halted' || state === 'aborted' || state === 'aborting' || rollback !== undefined) return 'failed'
  if (state !== 'completed') return 'unfinished'
  return shortcomingOf(campaign, counts) === undefined ? 'passed' : 'failed'
}

/** Why it stands where it stands, and why it has not passed though it came to its end. */
function reasonOf(campaign: Campaign, counts: readonly DeviceCount[]): string | undefined {
  const reasons = [campaign.reason ?? campaign.held, shortcomingOf(campaign, counts)]
  return reasons.filter((reason) => reason !== undefined).join('; ') || undefined
}

/** What a campaign that has come to its end lacks, in words; who went back since has failed. */
function shortcomingOf(campaign: Campaign, counts: readonly DeviceCount[]): string | undefined {
  if (campaign.state !== 'completed') return undefined
  if (campaign.rollback !== undefined) return 'its devices were to be taken back'
  if (campaign.rollbackOf !== undefined) return leftText(campaign, counts)
  const { definition, image, pardoned, stage, stages } = campaign
  const asOfNow = counts.map((each): DeviceCount =>
    each.reason === revertedSince ? { ...each, state: 'failed' } : each,
  )
  const { attempted, states } = totalsOf(asOfNow)
  if (states.succeeded === 0 && !counts.some((each) => each.reason === runsAlready(image))) {
    return attempted === 0
      ? `no device was attempted, and none is known to run ${image.version} already: it has shown nothing`
      : `none of ${attempted} attempted devices runs ${image.version}`
  }
  const { length } = definition.stages
  if (stages.length > 0 && stages.length < length) return `it ended in stage ${stages.length} of ${length}`
  const { advance } = definition.stages[stage]!
  return pardoned?.stage === stage ? undefined : shortfallOf(advance, totalsOf(asOfNow, stage))
}

function leftText(campaign: Campaign, counts: readonly DeviceCount[]): string | undefined {
  const left = counts.filter((each) => isLeft(campaign, each)).reduce((sum, { count }) => sum + count, 0)
  if (left === 0) return undefined
  return `${counted(left, 'device')} ${left === 1 ? 'was' : 'were'} not taken back, and may run on what ${left === 1 ? 'it was' : 'they were'} made to install`
}

/** Of a campaign that takes devices back: this one, for all that is known, runs on what it was to be taken back from. */
export function isLeft(
  { image, backTo = [image] }: Pick<Campaign, 'image' | 'backTo'>,
  { state, reason }: Pick<CampaignDevice, 'state' | 'reason'>,
): boolean {
  switch (state) {
    case 'failed':
    case 'timed-out':
    case 'cancelled':
    case 'not-reached':
      return true
    case 'skipped':
      return reason !== untouched && reason !== retired && !backTo.some((home) => reason === runsAlready(home))
    case 'succeeded':
      return reason === revertedSince
    default:
      return false
  }
}

export function summaryOf(
  campaign: Campaign,
  counts: readonly DeviceCount[],
  wayBack: { readonly campaign: Campaign; readonly counts: readonly DeviceCount[] } | undefined,
): readonly string[] {
  const { name, image, state, reason, stage, definition } = campaign
  const { states, eligible, attempted, begun } = totalsOf(counts)
  const lines = [
    `${name} brings ${image.product} ${goalText(campaign)} to ${counted(eligible, 'device')} in ${counted(definition.stages.length, 'stage')}; it is ${state}${state === 'running' || state === 'soaking' ? ` in stage ${stage + 1}` : ''}${reason === undefined ? '' : `: ${reason}`}.`,
    `${counted(begun, 'device')} ${begun === 1 ? 'was' : 'were'} begun; of ${attempted} attempted, ${states.succeeded} succeeded (${percentText(states.succeeded, attempted)}), ${states.failed} failed, ${states['timed-out']} timed out.`,
  ]
  const shortcoming = wayBack === undefined ? shortcomingOf(campaign, counts) : undefined
  if (shortcoming !== undefined) lines.push(`It has not passed: ${shortcoming}.`)
  for (const [text, count] of foremost(counts, ['succeeded']))
    lines.push(`Of those that succeeded, ${count} went ${text}.`)
  for (const [text, count] of foremost(counts, ['failed', 'timed-out'])) lines.push(`${count} failed because ${text}.`)
  const rest = [
    [states.waiting, 'waiting'],
    [states.updating + states.ended, 'being updated'],
    [states.retrying, 'to be tried again'],
    [states['not-reached'], 'not reached before the deadline'],
    [states.cancelled, 'let go'],
    [states.gone, 'deleted meanwhile'],
  ] as const
  const told = rest.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  for (const [text, count] of foremost(counts, ['skipped'])) told.push(`${count} left out, as each ${text}`)
  const back = counts.filter(({ state, reason }) => state === 'succeeded' && reason === revertedSince)
  const backAgain = back.reduce((sum, { count }) => sum + count, 0)
  if (backAgain > 0) {
    lines.push(`${backAgain} of those that succeeded reverted since: they run the version again that they ran before.`)
  }
  if (told.length > 0) lines.push(`Of the others, ${told.join(', ')}.`)
  if (wayBack !== undefined) {
    const back = wayBack.campaign
    const missing = shortcomingOf(back, wayBack.counts)
    const told = missing === undefined ? '' : `, and has not passed: ${missing}`
    lines.push(`Campaign ${back.name} takes the touched devices to ${goalText(back)}; it is ${back.state}${told}.`)
  }
  return lines
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** The most frequent reasons of those states. */
function foremost(
  counts: readonly DeviceCount[],
  states: readonly DeviceCount['state'][],
): readonly (readonly [string, number])[] {
  const sums = new Map<string, number>()
  for (const { state, reason, count } of counts) {
    if (reason !== undefined && states.includes(state)) sums.set(reason, (sums.get(reason) ?? 0) + count)
  }
  return [...sums].sort((a, b) => b[1] - a[1]).slice(0, 5)
}
