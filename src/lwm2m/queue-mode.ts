/**
 * How long a device in queue mode listens after an uplink (LwM2M Core 1.2 §6.5): its network's usual
 * window until the device has shown its own, and how often it wakes. Pure: the samples are the
 * caller's to keep, a few dozen numbers a device.
 */
import { milliseconds, minutes, seconds, type Duration } from '../base/time.ts'

/** All in milliseconds after the last uplink; newest last. */
export interface WakeSamples {
  /** When answers came that say something of the window's end: later than half of the usual window. */
  readonly lateAnswers: readonly number[]
  /** When requests left that were never answered though the window was thought open. */
  readonly misses: readonly number[]
  /** Between one wake's first uplink and the next one's. */
  readonly intervals: readonly number[]
}

export const noWakeSamples: WakeSamples = { lateAnswers: [], misses: [], intervals: [] }

export const lateAnswerLimit = 32
export const missLimit = 8
export const intervalLimit = 16

/** Late answers before they count for more than the profile. */
const answersNeeded = 8
/** Misses in a row before the window is shortened for them. */
const missesNeeded = 3
/** Share of late answers that may come after the learned window closed (devices.md §3, "Stop rule"). */
const earlyShare = 0.1
const shortestWindow = seconds(1)
const longestWindow = minutes(5)
/** Uplinks closer together than this belong to one wake. */
const oneWake = seconds(15)

/** An answer that came `lateness` after the uplink that opened the window. */
export function noteAnswer(samples: WakeSamples, lateness: Duration, usualWindow: Duration): WakeSamples {
  // The device was still listening then: misses before that had another cause.
  const misses = samples.misses.filter((miss) => miss > lateness)
  const sameMisses = misses.length === samples.misses.length
  if (lateness < usualWindow / 2) return sameMisses ? samples : { ...samples, misses }
  return { ...samples, misses, lateAnswers: appended(samples.lateAnswers, lateness, lateAnswerLimit) }
}

/** A request first sent `sentAfter` the uplink got no answer within the window. */
export function noteMiss(samples: WakeSamples, sentAfter: Duration): WakeSamples {
  return { ...samples, misses: appended(samples.misses, sentAfter, missLimit) }
}

/** An uplink `since` the one that began the last wake; undefined where it belongs to the same wake. */
export function noteWake(samples: WakeSamples, since: Duration): WakeSamples | undefined {
  if (since < oneWake) return undefined
  return { ...samples, intervals: appended(samples.intervals, since, intervalLimit) }
}

function appended(list: readonly number[], value: number, limit: number): readonly number[] {
  return [...list, Math.round(value)].slice(-limit)
}

/** How long after an uplink requests may be sent; `usualWindow` is the profile's. */
export function awakeWindow(samples: WakeSamples, usualWindow: Duration): Duration {
  let window: number = usualWindow
  if (samples.lateAnswers.length >= answersNeeded) window = percentile(samples.lateAnswers, earlyShare)
  if (samples.misses.length >= missesNeeded) window = Math.min(window, percentile(samples.misses, 0.5))
  return milliseconds(Math.min(Math.max(window, shortestWindow), longestWindow))
}

/** The usual time between two wakes; undefined until three were seen. */
export function wakeInterval(samples: WakeSamples): Duration | undefined {
  return samples.intervals.length < 3 ? undefined : milliseconds(percentile(samples.intervals, 0.5))
}

/** The share by which the usual time between wakes has to move to be news. */
const newsShare = 0.1

/** Whether what `samples` say differs from what `stored` say by enough to be written down. */
export function isNews(samples: WakeSamples, stored: WakeSamples = noWakeSamples): boolean {
  if (samples.lateAnswers !== stored.lateAnswers || samples.misses !== stored.misses) return true
  const [before, now] = [wakeInterval(stored), wakeInterval(samples)]
  if (before === undefined || now === undefined) return samples.intervals !== stored.intervals
  return Math.abs(now - before) > newsShare * before
}

/** The smallest of `values` that at least `share` of them do not exceed. */
function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!
}
