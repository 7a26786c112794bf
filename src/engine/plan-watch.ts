/**
 * Watching a device whose update was confirmed: what it says of its version, in whatever it sends, and what
 * becomes of the update and its campaign where it has gone back (`fleet/firmware/late-revert.ts`).
 */
import { milliseconds } from '../base/time.ts'
import { isOutlived, watchAfter, wordsOfLateRevert } from '../fleet/firmware/late-revert.ts'
import type { FirmwareUpdate } from '../fleet/firmware/types.ts'
import type { VersionWatch } from '../fleet/registry/types.ts'
import type { SampleJson } from '../lwm2m/content-json.ts'
import { reportOfSamples } from './firmware-report.ts'
import type { PlanContext } from './plan-context.ts'
import type { Draft } from './state.ts'

/** From its confirmation on. */
export function beginWatch(draft: Draft, update: FirmwareUpdate, { settings }: PlanContext): void {
  const watch = watchAfter(update, draft.now, milliseconds(settings['firmware.watch']))
  if (watch !== undefined) draft.learn({ watch })
}

/** Another update begins, or nothing more can come of it. */
export function endWatch(draft: Draft): void {
  const { watch, ...rest } = draft.next.device?.learned ?? {}
  if (watch !== undefined) draft.relearn(rest)
}

/** Taken along with whatever is committed anyway. */
export function endOutlivedWatch(draft: Draft): void {
  const watch = draft.next.device?.learned?.watch
  if (watch !== undefined && draft.ops.length > 0 && isOutlived(watch, draft.now)) endWatch(draft)
}

export function planWatch(draft: Draft, samples: readonly SampleJson[]): void {
  const watch = draft.next.device?.learned?.watch
  if (watch === undefined) return
  const running = reportOfSamples(watch.target, samples)?.firmwareVersion
  if (running === undefined || running === '' || running === watch.version) return
  endWatch(draft)
  if (!isOutlived(watch, draft.now, running)) reverted(draft, watch)
}

function reverted(draft: Draft, watch: VersionWatch): void {
  const { update, campaign, version, fromVersion } = watch
  const deviceId = draft.next.device!.id
  const reason = wordsOfLateRevert(watch)
  draft.ops.push({ op: 'update.reverted', id: update, at: draft.now, reason })
  if (campaign !== undefined) {
    draft.ops.push({ op: 'campaign.reverted', campaignId: campaign, deviceId, updateId: update })
  }
  draft.event('firmware.reverted-later', { update, version, running: fromVersion, reason })
}
