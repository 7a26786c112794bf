/** Shares and gates: how many devices a stage may begin, and when a campaign stops or goes on. Pure arithmetic. */
import type { Totals } from './counts.ts'
import type { FailureGate, Share, Stage } from './types.ts'

/** Devices begun by the end of a stage with this share, of `eligible` ones; a started percent counts whole. */
export function shareOf(upTo: Share, eligible: number): number {
  if ('count' in upTo) return Math.min(upTo.count, eligible)
  return Math.min(eligible, Math.ceil(partOf(upTo.percent, eligible)))
}

/** So many percent of a count: 7 % of 100 is 7.000000000000001 in floating point, and still seven devices. */
function partOf(percent: number, whole: number): number {
  return Number(((percent * whole) / 100).toFixed(6))
}

/** Devices begun by the end of a stage: a percentage of a small fleet may be less than the count before it. */
export function shareUpTo(stages: readonly Pick<Stage, 'upTo'>[], stage: number, eligible: number): number {
  return Math.max(...stages.slice(0, stage + 1).map(({ upTo }) => shareOf(upTo, eligible)))
}

/** What of the devices the failure gate still counts. */
export interface Sample {
  readonly attempted: number
  readonly failed: number
}

export function sampleOf({ attempted, unsuccessful }: Totals, pardoned: Sample = { attempted: 0, failed: 0 }): Sample {
  return {
    attempted: Math.max(0, attempted - pardoned.attempted),
    failed: Math.max(0, unsuccessful - pardoned.failed),
  }
}

/** Why the campaign has to stop; undefined where it may go on. */
export function breachOf(gate: FailureGate, { attempted, failed }: Sample): string | undefined {
  if (gate.count !== undefined && failed >= gate.count) {
    return `${failed} devices failed; the failure gate stops at ${gate.count}`
  }
  if (gate.percent === undefined || attempted < gate.minimumSample) return undefined
  if (failed <= partOf(gate.percent, attempted)) return undefined
  return `${failed} of ${attempted} attempted devices failed (${percentText(failed, attempted)}); the failure gate stops above ${gate.percent} %`
}

/** Why a stage has not succeeded, of what it attempted: the next may not begin. Undefined where it has. */
export function shortfallOf(advance: number, { attempted, states }: Totals): string | undefined {
  if (states.succeeded >= partOf(advance, attempted)) return undefined
  return `${states.succeeded} of ${attempted} attempted devices of the stage succeeded (${percentText(states.succeeded, attempted)}); ${advance} % are wanted`
}

export function percentText(part: number, whole: number): string {
  if (whole === 0) return '0 %'
  const percent = (part / whole) * 100
  return `${Number(percent.toFixed(percent < 10 ? 2 : 1))} %`
}
