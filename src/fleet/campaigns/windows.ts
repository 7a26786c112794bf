/**
 * When updates may be begun: maintenance windows, in a time zone or by each device's own clock, and the deadline.
 * Knows no device.
 */
import { Cron } from 'croner'
import { after, instantOf, type Instant } from '../../base/time.ts'
import type { Opening } from '../firmware/types.ts'
import type { Vitals } from '../registry/types.ts'
import type { Campaign, Window } from './types.ts'

/** A device's own clock, as it told: /3/0/15 and /3/0/14. */
export interface DeviceClock {
  readonly zone?: string
  readonly offset?: string
}

/** The zone that stands for each device's own. */
export const deviceZone = 'device'

export interface WindowState {
  readonly open: boolean
  /** When that changes; absent where it never does. */
  readonly until?: Instant
}

export function windowAt(window: Window, now: Instant, clock: DeviceClock = {}): WindowState {
  const cron = cronOf(window, clock)
  // Whatever opened later than this is open still.
  const opened = cron.nextRun(new Date(now - window.length))
  if (opened !== null && opened.getTime() <= now) {
    return { open: true, until: lastClosing(cron, instantOf(opened.getTime()), window) }
  }
  return opened === null ? { open: false } : { open: false, until: instantOf(opened.getTime()) }
}

/** More openings are not looked for: they are kept with each update. A device that misses as many has failed. */
export const mostOpenings = 16

/** When it is open between two instants. */
export function openingsOf(window: Window, now: Instant, end: Instant, clock: DeviceClock = {}): readonly Opening[] {
  const openings: Opening[] = []
  for (let at = now; at < end && openings.length < mostOpenings;) {
    const { open, until } = windowAt(window, at, clock)
    if (until === undefined) break
    if (open) openings.push({ from: at, until })
    at = until
  }
  return openings
}

/** Whether it is for beginnings, too. */
export function holdsBeginnings(window: Window | undefined): window is Window {
  return window !== undefined && window.holds !== 'install'
}

/** What a device says of its clock. */
export function clockOf({ timezone, utcOffset }: Vitals): DeviceClock {
  return {
    ...(timezone === undefined ? {} : { zone: timezone }),
    ...(utcOffset === undefined ? {} : { offset: utcOffset }),
  }
}

/** A window that opens again before it has closed goes on; a few are joined, for a look ahead. */
function lastClosing(cron: Cron, opened: Instant, { length }: Window): Instant {
  let closes = after(opened, length)
  for (let joined = 0; joined < 3; joined++) {
    const again = cron.nextRun(new Date(closes - length))
    if (again === null || again.getTime() > closes) break
    closes = after(instantOf(again.getTime()), length)
  }
  return closes
}

/** Whether `expression` is a cron expression of five fields, and `zone` a time zone. */
export function isWindow({ cron, zone }: Pick<Window, 'cron' | 'zone'>): 'good' | 'cron' | 'zone' {
  try {
    timeZoneOf(zone === deviceZone ? 'UTC' : zone)
  } catch {
    return 'zone'
  }
  try {
    return new Cron(cron, { mode: '5-part', timezone: 'UTC' }).nextRun(new Date(0)) === null ? 'cron' : 'good'
  } catch {
    return 'cron'
  }
}

/** Throws RangeError. */
function timeZoneOf(zone: string): string {
  return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone
}

/** What was parsed is parsed once; there are few windows and few time zones. */
const crons = new Map<string, Cron>()
const cronLimit = 512

function cronOf({ cron, zone }: Window, clock: DeviceClock): Cron {
  const where = zone === deviceZone ? zoneOfDevice(clock) : zone
  const key = `${cron}|${where}`
  let found = crons.get(key)
  if (found === undefined) {
    if (crons.size >= cronLimit) crons.clear()
    const place = typeof where === 'number' ? { utcOffset: where } : { timezone: where }
    found = new Cron(cron, { mode: '5-part', ...place })
    crons.set(key, found)
  }
  return found
}

/** An IANA name, or minutes east of UTC; UTC where the device tells neither in a form that can be read. */
function zoneOfDevice({ zone, offset }: DeviceClock): string | number {
  if (zone !== undefined) {
    try {
      return timeZoneOf(zone)
    } catch {
      // It calls its zone by a name of its own; the offset may do.
    }
  }
  // ISO 8601, as /3/0/14 has it: +02:00, +0200, +02.
  const match = /^(?:UTC)?([+-])(\d{2}):?(\d{2})?$/.exec(offset ?? '')
  if (match === null) return 'UTC'
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0)
  return minutes > 14 * 60 ? 'UTC' : minutes * (match[1] === '-' ? -1 : 1)
}

/** From then on no device is begun any more. */
export function closesAt({ definition, startedAt }: Campaign): Instant {
  if (definition.deadline === undefined || startedAt === undefined) return instantOf(Number.POSITIVE_INFINITY)
  return after(startedAt, definition.deadline)
}
