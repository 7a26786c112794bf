/**
 * Whether a device can be reached now, and if not, when it is expected: one pure function over its
 * registration, what was learned of its rhythm, and what its modem says of its sleep. Used by the API,
 * the command line, alerts and the decision to send; nothing of the result is stored.
 */
import { after, instantOf, milliseconds, minutes, never, seconds, type Duration, type Instant } from '../base/time.ts'
import type { PowerSaving } from './power-saving.ts'

export interface ReachabilityFacts {
  /** Absent while the device is not registered. */
  readonly registration?: { readonly expiresAt: Instant; readonly lifetime: Duration; readonly queueMode: boolean }
  /** How long an ended registration still counts. */
  readonly grace: Duration
  /** Last authenticated uplink of any kind; absent for a device never heard of. */
  readonly lastUplink?: Instant
  /** How long it listens after an uplink (`queue-mode.ts`, else its profile). */
  readonly awakeWindow: Duration | 'always'
  /** Usual time between wakes, once learned. */
  readonly wakeInterval?: Duration
  readonly powerSaving?: PowerSaving
}

export type Reachability =
  /** Send now, but nothing at or after `until`. */
  | { readonly state: 'awake'; readonly until: Instant }
  | { readonly state: 'asleep'; readonly nextExpected: Instant }
  /** It should have been heard of at `expectedAt`. */
  | { readonly state: 'overdue'; readonly expectedAt: Instant }
  /** Not registered, or its lifetime and grace are over. */
  | { readonly state: 'offline'; readonly since?: Instant }

/** A modem stays connected this long after the last octet before its active time begins. */
const connectedTail = seconds(20)
/** A wake may be late by this share of its interval before it is missed. */
const tolerance = 0.5
const leastTolerance = minutes(1)

export function reachability(facts: ReachabilityFacts, now: Instant): Reachability {
  const { registration, lastUplink, grace } = facts
  if (registration === undefined) return { state: 'offline', ...(lastUplink !== undefined && { since: lastUplink }) }
  const end = after(registration.expiresAt, grace)
  if (now >= end) return { state: 'offline', since: end }
  if (now >= registration.expiresAt) return { state: 'overdue', expectedAt: registration.expiresAt }
  const heard = lastUplink ?? instantOf(registration.expiresAt - registration.lifetime)
  const expected = expectedAt(facts, registration, heard)
  const awakeUntil = registration.queueMode ? after(heard, listeningWindow(facts)) : never
  if (now < awakeUntil) return { state: 'awake', until: earlier(awakeUntil, end) }
  const late = milliseconds(Math.max(leastTolerance, tolerance * (expected - heard)))
  if (now >= after(expected, late)) return { state: 'overdue', expectedAt: expected }
  return { state: 'asleep', nextExpected: expected }
}

/** How long after an uplink the device can be reached; infinite where its receiver is never off. */
export function listeningWindow({
  awakeWindow,
  powerSaving,
}: Pick<ReachabilityFacts, 'awakeWindow' | 'powerSaving'>): Duration {
  const window = awakeWindow === 'always' ? milliseconds(Number.POSITIVE_INFINITY) : awakeWindow
  const active = powerSaving?.trackingUpdate === undefined ? undefined : powerSaving.activeTime
  // In PSM the radio is off once the active time is over, whatever the device's stack thinks.
  return active === undefined ? window : milliseconds(Math.min(window, active + connectedTail))
}

/** The earliest of: its rhythm, its modem's tracking area update, the end of its lifetime. */
function expectedAt(
  { wakeInterval, powerSaving }: ReachabilityFacts,
  registration: { readonly expiresAt: Instant },
  heard: Instant,
): Instant {
  const interval = wakeInterval ?? powerSaving?.trackingUpdate
  return interval === undefined ? registration.expiresAt : earlier(after(heard, interval), registration.expiresAt)
}

function earlier(a: Instant, b: Instant): Instant {
  return a < b ? a : b
}
