/**
 * After the health window: a device that shows the version it ran before, within the watch time of a confirmed
 * update, has gone back after all (a boot loader's fallback, somebody with a cable). Pure; asks nothing.
 */
import { after, type Duration, type Instant } from '../../base/time.ts'
import type { VersionWatch } from '../registry/types.ts'
import { targetOf } from './targets.ts'
import type { FirmwareUpdate } from './types.ts'

/**
 * What is watched for after `update` was confirmed; undefined where nothing would show a revert: the device ran the
 * version before, never told what it ran, or the package is software, which anybody may uninstall.
 */
export function watchAfter(update: FirmwareUpdate, now: Instant, time: Duration): VersionWatch | undefined {
  const { id, campaign, target, version, fromVersion, registrationAtOffer } = update
  if (update.state !== 'confirmed' || registrationAtOffer === undefined || time === 0) return undefined
  if (fromVersion === undefined || fromVersion === version) return undefined
  if (targetOf(target)?.activate !== undefined) return undefined
  return {
    update: id,
    ...(campaign === undefined ? {} : { campaign }),
    target,
    version,
    fromVersion,
    since: now,
    until: after(now, time),
  }
}

/** Where to read what runs, once the device has registered anew. */
export function pathToWatch({ target }: VersionWatch): string {
  return targetOf(target)?.running ?? target
}

/** Whether it is over without a revert: its time, or a version that is neither the old nor the new one. */
export function isOutlived({ version, fromVersion, until }: VersionWatch, now: Instant, running?: string): boolean {
  return now >= until || (running !== undefined && running !== version && running !== fromVersion)
}

export function wordsOfLateRevert({ version, fromVersion }: VersionWatch): string {
  return `reverted later: the device runs ${fromVersion} again after ${version} was confirmed`
}
