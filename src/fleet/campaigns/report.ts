/** What has become of a campaign, in a verdict and in sentences. Pure; the numbers come from the store. */
import type { Totals } from './counts.ts'
import { percentText } from './gates.ts'
import { runsAlready } from './selection.ts'
import { goalText } from './way.ts'
import { revertedSince } from './store.ts'
import type { Campaign, CampaignDeviceState, DeviceCount } from './types.ts'

export type Verdict = 'passed' | 'failed' | 'unfinished'

/** Passed: it came to its end, nothing of it was taken back, and its image runs somewhere. */
export function verdictOf(campaign: Campaign, totals: Totals, counts: readonly DeviceCount[]): Verdict {
  const { state, rollback } = campaign
  if (state === 'halted' || state === 'aborted' || state === 'aborting' || rollback !== undefined) return 'failed'
  if (state !== 'completed') return 'unfinished'
  return isOfNobody(campaign, totals, counts) ? 'failed' : 'passed'
}

/** Nobody was tried to the end, and nobody runs the image already: that nothing failed says nothing of it. */
function isOfNobody({ image, rollbackOf }: Campaign, { attempted }: Totals, counts: readonly DeviceCount[]): boolean {
  const already = runsAlready(image)
  return (
    rollbackOf === undefined &&
    attempted === 0 &&
    !counts.some(({ state, reason }) => state === 'skipped' && reason === already)
  )
}

export function summaryOf(
  campaign: Campaign,
  totals: Totals,
  counts: readonly DeviceCount[],
  wayBack: Campaign | undefined,
): readonly string[] {
  const { name, image, state, reason, stage, definition } = campaign
  const { states, eligible, attempted, begun } = totals
  const lines = [
    `${name} brings ${image.product} ${goalText(campaign)} to ${counted(eligible, 'device')} in ${counted(definition.stages.length, 'stage')}; it is ${state}${state === 'running' || state === 'soaking' ? ` in stage ${stage + 1}` : ''}${reason === undefined ? '' : `: ${reason}`}.`,
    `${counted(begun, 'device')} ${begun === 1 ? 'was' : 'were'} begun; of ${attempted} attempted, ${states.succeeded} succeeded (${percentText(states.succeeded, attempted)}), ${states.failed} failed, ${states['timed-out']} timed out.`,
  ]
  if (state === 'completed' && isOfNobody(campaign, totals, counts)) {
    lines.push(`No device was attempted, and none is known to run ${image.version} already: it has shown nothing.`)
  }
  for (const [text, count] of foremost(counts, ['succeeded']))
    lines.push(`Of those that succeeded, ${count} went ${text}.`)
  for (const [text, count] of foremost(counts, ['failed', 'timed-out'])) lines.push(`${count} failed because ${text}.`)
  const rest = [
    [states.waiting, 'wait'],
    [states.updating + states.ended, 'are being updated'],
    [states.retrying, 'will be tried again'],
    [states['not-reached'], 'were not reached before the deadline'],
    [states.cancelled, 'were let go'],
    [states.gone, 'were deleted meanwhile'],
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
    lines.push(`Campaign ${wayBack.name} takes the touched devices to ${goalText(wayBack)}; it is ${wayBack.state}.`)
  }
  return lines
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** The most frequent reasons of those states. */
function foremost(
  counts: readonly DeviceCount[],
  states: readonly CampaignDeviceState[],
): readonly (readonly [string, number])[] {
  const sums = new Map<string, number>()
  for (const { state, reason, count } of counts) {
    if (reason !== undefined && states.includes(state)) sums.set(reason, (sums.get(reason) ?? 0) + count)
  }
  return [...sums].sort((a, b) => b[1] - a[1]).slice(0, 5)
}
