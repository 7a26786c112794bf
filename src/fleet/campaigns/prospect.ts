/** What may be expected of a campaign, and what its operator would do next. Pure; of the past says `report.ts`. */
import { after, hours, type Duration, type Instant } from '../../base/time.ts'
import type { Totals } from './counts.ts'
import type { Verdict } from './report.ts'
import type { Campaign } from './types.ts'

/** At the pace of the last minutes, soaks included; absent where there is no pace. */
export function expectationOf(
  { state, definition, stage, stages }: Campaign,
  totals: Totals,
  devicesPerHour: number,
  now: Instant,
): { expectedAt?: Instant } {
  if (!['running', 'soaking'].includes(state) || devicesPerHour === 0) return {}
  const left = totals.states.waiting + totals.states.retrying + totals.states.updating + totals.states.ended
  const record = stages.at(-1)
  const soaks = definition.stages.slice(stage).map(({ soak }) => soak)
  const soaked = state === 'soaking' && record?.completedAt !== undefined ? now - record.completedAt : 0
  const soaking = soaks.slice(0, -1).reduce((sum, soak) => sum + soak, 0) - soaked
  const working = (left / devicesPerHour) * hours(1)
  return { expectedAt: after(now, Math.max(0, working + soaking) as Duration) }
}

/** A command; absent where nothing waits for one. */
export function adviceOf(
  { name, state, definition, approvedAt, rollback }: Campaign,
  { totals: { begun }, verdict }: { readonly totals: Totals; readonly verdict: Verdict },
): { advice?: string } {
  switch (state) {
    case 'draft':
      return {
        advice: `coapstan campaign ${definition.approval !== 'none' && approvedAt === undefined ? 'approve' : 'start'} ${name}`,
      }
    case 'awaiting-approval':
      return { advice: `coapstan campaign approve ${name}` }
    case 'paused':
      return { advice: `coapstan campaign resume ${name}` }
    case 'halted':
      return {
        advice:
          begun > 0 && rollback === undefined
            ? `coapstan campaign rollback ${name}`
            : `coapstan campaign abort ${name}`,
      }
    case 'completed':
      return verdict === 'failed' && rollback === undefined ? { advice: `coapstan campaign report ${name}` } : {}
    default:
      return {}
  }
}
