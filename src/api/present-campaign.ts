/** From campaigns as the fleet knows them to the JSON of the contract. */
import type { Instant } from '../base/time.ts'
import { draftOf, durationText, shareText } from '../fleet/campaigns/definition.ts'
import type { Totals } from '../fleet/campaigns/counts.ts'
import type { CampaignBrief } from '../fleet/campaigns/report.ts'
import { campaignRevision } from '../fleet/campaigns/revision.ts'
import type { CampaignPlan, CampaignReport } from '../fleet/campaigns/service.ts'
import type { CampaignStatus } from '../fleet/campaigns/status.ts'
import type { Campaign, CampaignDevice, CampaignImage } from '../fleet/campaigns/types.ts'
import type { CampaignDraftJson } from './contract/campaign-draft.ts'
import type {
  CampaignCountsJson,
  CampaignDeviceJson,
  CampaignJson,
  CampaignPlanJson,
  CampaignReportJson,
  CampaignStageJson,
  CampaignSummaryJson,
} from './contract/campaign.ts'
import { instants, isoOf, present } from './present.ts'

export function presentCampaign(status: CampaignStatus): CampaignJson {
  const { campaign, counts, totals, pace, advice } = status
  const { id, name, state, image, stage } = campaign
  const byReason = new Map<string, CampaignJson['reasons'][number]>()
  for (const { state: of, reason: why, count } of counts) {
    if (why === undefined) continue
    const key = `${of} ${why}`
    byReason.set(key, { state: of, reason: why, count: count + (byReason.get(key)?.count ?? 0) })
  }
  return {
    id,
    name,
    revision: campaignRevision(campaign),
    state,
    verdict: status.verdict,
    ...present({ reason: status.reason, advice }),
    ...(status.warnings !== undefined && { warnings: [...status.warnings] }),
    image: presentImage(image),
    definition: presentDefinition(campaign),
    stage: stage + 1,
    stages: status.stages.map((each, i) => presentStage(campaign, each, i)),
    counts: presentTotals(totals),
    reasons: [...byReason.values()].sort((a, b) => b.count - a.count),
    rate: {
      devicesPerHour: Math.round(pace.devicesPerHour * 10) / 10,
      bytesPerSecond: Math.round(pace.bytesPerSecond),
    },
    bytes: status.bytes,
    approved: campaign.approvedAt !== undefined,
    ...present({ rollbackOf: status.rollbackOf?.name, rollback: status.rollback?.name }),
    ...(campaign.backTo !== undefined && { backTo: campaign.backTo.map(presentImage) }),
    createdAt: isoOf(campaign.createdAt),
    ...instants({
      expectedAt: status.expectedAt,
      holdsUntil: status.holdsUntil,
      startedAt: campaign.startedAt,
      deadlineAt: status.deadlineAt,
      finishedAt: campaign.finishedAt,
    }),
  }
}

export function presentCampaignSummary({ campaign, verdict, reason, totals }: CampaignBrief): CampaignSummaryJson {
  const { id, name, state, image, stage, definition, createdAt, startedAt, finishedAt } = campaign
  return {
    id,
    name,
    state,
    verdict,
    ...present({ reason }),
    image: presentImage(image),
    stage: stage + 1,
    stages: definition.stages.length,
    counts: presentTotals(totals),
    createdAt: isoOf(createdAt),
    ...instants({ startedAt, finishedAt }),
  }
}

function presentImage({ hardware, ...image }: CampaignImage): CampaignJson['image'] {
  return { ...image, ...(hardware !== undefined && { hardware: [...hardware] }) }
}

function presentDefinition({ name, image, definition }: Campaign): CampaignDraftJson {
  return draftOf(name, image.sha256, definition) as CampaignDraftJson
}

function presentStage(
  { definition, stages }: Campaign,
  { share, totals }: CampaignStatus['stages'][number],
  index: number,
): CampaignStageJson {
  const { upTo, soak, advance } = definition.stages[index]!
  const { startedAt, completedAt, passedAt } = stages[index] ?? {}
  const soaksUntil = completedAt === undefined ? undefined : ((completedAt + soak) as Instant)
  return {
    upTo: shareText(upTo),
    share,
    begun: totals.begun,
    counts: presentTotals(totals),
    soak: durationText(soak),
    advance,
    ...instants({ startedAt, completedAt, soaksUntil, passedAt }),
  }
}

function presentTotals({ total, states, attempted }: Totals): CampaignCountsJson {
  return {
    total,
    waiting: states.waiting,
    updating: states.updating + states.ended,
    retrying: states.retrying,
    succeeded: states.succeeded,
    failed: states.failed,
    timedOut: states['timed-out'],
    cancelled: states.cancelled,
    gone: states.gone,
    notReached: states['not-reached'],
    skipped: states.skipped,
    attempted,
  }
}

export function presentCampaignDevice(device: CampaignDevice): CampaignDeviceJson {
  const { deviceId, endpoint, stage, state, attempts, touched, bytes, resumes } = device
  const { reason, detail, updateId, fromVersion, toVersion, result, way } = device
  return {
    deviceId,
    endpoint,
    ...(stage !== undefined && { stage: stage + 1 }),
    state,
    ...present({ reason, detail }),
    attempts,
    ...(way !== undefined && { way: { legs: way.legs.map((leg) => ({ ...leg })), done: way.done } }),
    touched,
    ...present({ updateId, fromVersion, toVersion, result }),
    bytes,
    resumes,
    enrolledAt: isoOf(device.enrolledAt),
    ...instants({ startedAt: device.startedAt, finishedAt: device.finishedAt, dueAt: device.dueAt }),
  }
}

export function presentCampaignPlan({
  name,
  image,
  definition,
  tally,
  forecast,
  text,
}: CampaignPlan): CampaignPlanJson {
  const { sha256, key, product, version, size, fromVersions, hardware } = image
  return {
    name,
    image: presentImage({ sha256, key, product, version, size, ...present({ fromVersions, hardware }) }),
    found: tally.found,
    eligible: tally.eligible,
    excluded: [...tally.excluded].map(([reason, { count, examples }]) => ({ reason, count, examples: [...examples] })),
    unknown: { count: tally.unknown.count, examples: [...tally.unknown.examples] },
    ways: forecast.ways.map((each) => ({ ...each })),
    bytes: forecast.bytes,
    stages: forecast.stages.map(({ upTo, share, devices, soak }) => ({
      upTo,
      share,
      devices,
      soak: durationText(soak),
    })),
    profiles: forecast.profiles.map(({ profile, devices, blockSize, perDevice, bytesOnAir }) => ({
      profile,
      devices,
      blockSize,
      perDevice: durationText(perDevice),
      bytesOnAir,
    })),
    duration: { shortest: durationText(forecast.shortest), expected: durationText(forecast.expected) },
    warnings: [...forecast.warnings],
    text: [...text],
    definition: draftOf(name, sha256, definition) as CampaignDraftJson,
  }
}

export function presentCampaignReport(report: CampaignReport): CampaignReportJson {
  const { verdict, summary, status, failures, entries, progress, rollback } = report
  const [first, last] = [progress[0], progress.at(-1)]
  const created = status.campaign.createdAt
  return {
    verdict,
    summary: [...summary],
    campaign: presentCampaign(status),
    failures: failures.map(presentCampaignDevice),
    entries: entries.map(({ at, what, by, why }) => ({ at: isoOf(at), what, by, ...present({ why }) })),
    timeline: {
      from: isoOf(first?.at ?? created),
      to: isoOf(last?.at ?? created),
      points: progress.map(({ at, begun, succeeded, failed }) => ({ at: isoOf(at), begun, succeeded, failed })),
    },
    ...(rollback !== undefined && { rollback: presentCampaignSummary(rollback) }),
  }
}
