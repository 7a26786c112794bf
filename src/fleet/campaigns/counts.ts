/** Sums of a campaign's devices, by state. The store keeps the counts; nothing here looks at devices. */
import { waitsForWindow, type CampaignDeviceState, type DeviceCount } from './types.ts'

export interface Totals {
  /** All it has taken in, those skipped included. */
  readonly total: number
  /** All but the skipped, and those deleted before they were begun: what percentages are of. */
  readonly eligible: number
  /** A stage has begun them, once at least. */
  readonly begun: number
  readonly states: Readonly<Record<CampaignDeviceState, number>>
  /** Of the updating ones those that only wait for their window. */
  readonly held: number
  /** Succeeded, failed and timed out: tried to the end. */
  readonly attempted: number
  /** Failed and timed out. */
  readonly unsuccessful: number
  /** Begun, and not at their end. */
  readonly active: number
}

const none: Readonly<Record<CampaignDeviceState, number>> = {
  waiting: 0,
  updating: 0,
  ended: 0,
  retrying: 0,
  succeeded: 0,
  failed: 0,
  'timed-out': 0,
  cancelled: 0,
  gone: 0,
  'not-reached': 0,
  skipped: 0,
}

/** Of all stages, or of one. */
export function totalsOf(counts: readonly DeviceCount[], stage?: number): Totals {
  const states = { ...none }
  let [total, begun, unbegunGone, waitingAgain, held] = [0, 0, 0, 0, 0]
  for (const each of counts) {
    if (stage !== undefined && each.stage !== stage) continue
    states[each.state] += each.count
    total += each.count
    if (each.state === 'updating' && each.reason === waitsForWindow) held += each.count
    if (each.stage === undefined && each.state === 'gone') unbegunGone += each.count
    if (each.stage === undefined || each.state === 'skipped') continue
    begun += each.count
    if (each.state === 'waiting') waitingAgain += each.count
  }
  const unsuccessful = states.failed + states['timed-out']
  return {
    total,
    eligible: total - states.skipped - unbegunGone,
    begun,
    states,
    held,
    attempted: states.succeeded + unsuccessful,
    unsuccessful,
    active: states.updating + states.ended + states.retrying + waitingAgain,
  }
}
