/**
 * One step of a campaign as a pure function of a picture of it: gathers its devices, judges updates that have
 * ended, begins others, and stops or goes on by its gates. A step does one thing, so that what it decides by
 * is never older than its last commit; `again` asks for the next one at once.
 */
import { after, type Instant } from '../../base/time.ts'
import type { DeviceId } from '../registry/types.ts'
import { admit, roomOf, type Starting } from './admission.ts'
import { totalsOf, type Totals } from './counts.ts'
import { Course, type CampaignStep } from './course.ts'
import { breachOf, sampleOf, shareUpTo, shortfallOf } from './gates.ts'
import type { Asked, Picture } from './picture.ts'
import { enrol, settle } from './settling.ts'
import type { DeviceChange } from './store.ts'
import type { Campaign, CampaignDevice, Stage } from './types.ts'
import { hopText } from './way.ts'
import { closesAt, deviceZone, holdsBeginnings, windowAt } from './windows.ts'

export function step(picture: Picture, asked: Asked, now: Instant): CampaignStep {
  const course = new Course(picture.campaign, now)
  switch (picture.campaign.state) {
    case 'draft':
    case 'completed':
    case 'aborted':
      return course
    case 'selecting':
      gather(course, picture)
      return course
    default:
  }
  if (settle(course, picture, asked)) return course
  const totals = totalsOf(picture.counts)
  if (picture.campaign.state === 'aborting') abort(course, picture, totals, asked)
  else if (stopAtBreach(course, totals)) return course
  else if (picture.campaign.state === 'halted') halt(course, picture, totals, asked)
  else if (picture.campaign.state === 'paused') return course
  else if (closesAt(picture.campaign) <= now) close(course, picture, totals)
  else goOn(course, picture, totals, asked)
  return course
}

// ——— gathering ———

function gather(course: Course, { page, counts, stillComing }: Picture): void {
  if (page === undefined) return
  for (const found of page.devices) enrol(course, found)
  if (page.cursor !== undefined) {
    course.change({ cursor: page.cursor })
    course.again = true
    return
  }
  const { cursor: _, ...rest } = course.next
  course.next = rest
  const fits =
    stillComing > 0 ||
    totalsOf(counts).eligible > 0 ||
    course.ops.some((op) => op.op === 'campaign.enrol' && op.device.state === 'waiting')
  if (!fits) course.to('completed', 'completed', 'no device fits')
  else beginStage(course, 0)
}

// ——— stopping ———

function stopAtBreach(course: Course, totals: Totals): boolean {
  if (course.next.state === 'halted') return false
  const breach = breachOf(course.next.definition.failure, sampleOf(totals, course.next.pardoned))
  if (breach === undefined) return false
  course.to('halted', 'halted', breach)
  return true
}

/** What does not install yet is taken back; then the devices that were touched, where that was the policy. */
function halt(course: Course, { updating, wayBack }: Picture, _totals: Totals, { cancelled, starting }: Asked): void {
  takeBack(course, updating, cancelled)
  const { definition, rollback } = course.next
  if (definition.onBreach !== 'rollback' || rollback !== undefined) return
  if (course.cancels.length > 0 || starting.size > 0 || wayBack === undefined) return
  if ('obstacle' in wayBack) {
    const { reason = 'halted' } = course.next
    const breach = reason.replace(/; no rollback began by itself: .*$/s, '')
    const told = `${breach}; no rollback began by itself: ${wayBack.obstacle}`
    if (reason !== told) {
      course.change({ reason: told })
      course.note('rollback not begun', wayBack.obstacle)
    }
  } else course.rollback = wayBack
}

function abort(course: Course, { updating, letGo }: Picture, totals: Totals, { cancelled, starting }: Asked): void {
  takeBack(course, updating, cancelled)
  for (const row of letGo) {
    course.device(row, {
      state: 'cancelled',
      reason: 'let go when the campaign was aborted',
      dueAt: null,
      finishedAt: course.now,
    })
  }
  course.again = letGo.length > 0
  const left = totals.states.waiting + totals.states.retrying + totals.states.updating + totals.states.ended
  if (left === 0 && starting.size === 0) course.to('aborted', 'aborted', course.next.reason)
}

function takeBack(course: Course, updating: readonly CampaignDevice[], cancelled: ReadonlySet<DeviceId>): void {
  course.cancels.push(...updating.filter(({ deviceId }) => !cancelled.has(deviceId)))
}

// ——— stages ———

/** The deadline has come: who waits is not reached, who is under way may end. */
function close(course: Course, { letGo }: Picture, totals: Totals): void {
  for (const row of letGo) {
    course.device(row, { ...closing(row), dueAt: null, finishedAt: course.now })
  }
  course.again = letGo.length > 0
  const { waiting, retrying, updating, ended } = totals.states
  if (waiting + retrying + updating + ended === 0) course.to('completed', 'completed', 'the deadline has come')
}

function closing({ state, way }: CampaignDevice): DeviceChange {
  if (state === 'retrying') return { state: 'failed' }
  if (way === undefined || way.done === 0) return { state: 'not-reached' }
  return { state: 'failed', reason: 'the deadline came between two hops', detail: hopText(way) ?? null }
}

function goOn(course: Course, picture: Picture, totals: Totals, asked: Asked): void {
  const { campaign } = picture
  const record = campaign.stages.at(-1)
  const stage = campaign.definition.stages[campaign.stage]
  if (record === undefined || stage === undefined) return
  switch (campaign.state) {
    case 'running':
      if (isStageDone(picture, stage, totals, asked, course.now)) completeStage(course, picture, stage)
      else begin(course, picture, totals, asked)
      return
    case 'soaking':
      if (after(record.completedAt ?? record.startedAt, stage.soak) <= course.now) passStage(course)
      return
    default:
  }
}

function isStageDone(
  { campaign, stillComing }: Picture,
  stage: Stage,
  totals: Totals,
  { starting }: Asked,
  now: Instant,
): boolean {
  const isShut = isStageShut(campaign, stage, now)
  const { updating, ended, retrying } = totals.states
  // Devices that were let go and wait for another begin hold a stage up no longer than its time.
  if ((isShut ? updating + ended + retrying : totals.active) > 0 || starting.size > 0) return false
  const isLast = campaign.stage === campaign.definition.stages.length - 1
  if (isLast && (campaign.definition.lateJoiners || stillComing > 0)) return false
  return (
    isShut ||
    totals.states.waiting === 0 ||
    totals.begun >= shareUpTo(campaign.definition.stages, campaign.stage, totals.eligible)
  )
}

/** It has had its time. */
function isStageShut(campaign: Campaign, { within }: Stage, now: Instant): boolean {
  const began = campaign.stages.at(-1)?.startedAt
  return within !== undefined && began !== undefined && after(began, within) <= now
}

function completeStage(course: Course, { counts, campaign }: Picture, stage: Stage): void {
  const own = totalsOf(counts, campaign.stage)
  const isLast = campaign.stage === campaign.definition.stages.length - 1
  const isWaived = isLast || campaign.pardoned?.stage === campaign.stage
  const shortfall = isWaived ? undefined : shortfallOf(stage.advance, own)
  if (shortfall !== undefined) {
    course.to('halted', 'halted', shortfall)
    return
  }
  course.change({ stages: [...campaign.stages.slice(0, -1), { ...campaign.stages.at(-1)!, completedAt: course.now }] })
  if (stage.soak > 0) course.to('soaking', `stage ${campaign.stage + 1} soaks`)
  else passStage(course)
}

function passStage(course: Course): void {
  const { stage, stages, definition } = course.next
  course.change({ stages: [...stages.slice(0, -1), { ...stages.at(-1)!, passedAt: course.now }] })
  if (stage === definition.stages.length - 1) course.to('completed', 'completed')
  else if (definition.approval === 'stage') {
    course.to('awaiting-approval', `stage ${stage + 2} awaits approval`, `stage ${stage + 2} waits to be approved`)
  } else beginStage(course, stage + 1)
}

export function beginStage(course: Course, stage: number, by?: string, why?: string): void {
  const { stages } = course.next
  course.change({ stage, stages: [...stages, { startedAt: course.now }] })
  course.to('running', `stage ${stage + 1} began`, undefined, by)
  if (why !== undefined) course.note(`stage ${stage + 1} approved`, why, by)
}

function begin(course: Course, picture: Picture, totals: Totals, { starting }: Asked): void {
  const { campaign, candidates } = picture
  // The clock was set back while the server was down: what is saved up counts from now, and not once that day comes.
  if (campaign.credit !== undefined && campaign.credit.at > course.now) {
    course.change({ credit: { ...campaign.credit, at: course.now } })
    return
  }
  const room = beginningRoom(campaign, totals, starting, course.now)
  if (room.parallel === 0) return
  const admission = admit(campaign, candidates, room, picture, starting, course.now)
  for (const { row, change } of admission.changes) course.device(row, change)
  course.starts = admission.starts
  course.questions = admission.questions
  const { credit, held } = admission
  if (credit !== undefined && (course.starts.length > 0 || credit.wants !== campaign.credit?.wants)) {
    // Spent before it is used: a crash in between wastes some of it and never overdraws.
    course.change({ credit })
  }
  if (held !== undefined && held !== campaign.held) course.change({ held })
  else if (campaign.held !== undefined && course.starts.length > 0) course.release()
}

/** No room at all outside the window, after the stage's time, or in a state that begins nobody. */
export function beginningRoom(
  campaign: Campaign,
  totals: Totals,
  starting: ReadonlyMap<DeviceId, Starting>,
  now: Instant,
): { readonly parallel: number; readonly share: number } {
  const { window, stages } = campaign.definition
  const isShut = holdsBeginnings(window) && window.zone !== deviceZone && !windowAt(window, now).open
  if (campaign.state !== 'running' || isShut || closesAt(campaign) <= now) return { parallel: 0, share: 0 }
  const room = roomOf(campaign, totals, starting, now)
  const { updating, ended, retrying } = totals.states
  const isSpent = room.share === 0 && totals.active === updating + ended + retrying
  if (isSpent) return { parallel: 0, share: 0 }
  // Those it has begun may still be tried again.
  return isStageShut(campaign, stages[campaign.stage]!, now) ? { ...room, share: 0 } : room
}
