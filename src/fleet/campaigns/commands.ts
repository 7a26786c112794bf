/** What operators do to a campaign: which of it is possible in which state, and what it leaves in the audit. */
import { UsageError } from '../../base/errors.ts'
import type { Instant } from '../../base/time.ts'
import { totalsOf } from './counts.ts'
import { breachOf, sampleOf } from './gates.ts'
import { Course, type CampaignStep } from './course.ts'
import type { Home, Picture, WayBack } from './picture.ts'
import { beginStage } from './rules.ts'
import { goalText } from './way.ts'
import {
  isOver,
  type Author,
  type Campaign,
  type CampaignDefinition,
  type CampaignId,
  type CampaignImage,
} from './types.ts'

export type CampaignAction = 'approve' | 'start' | 'pause' | 'resume' | 'abort'

/** A campaign as it begins: a draft, or under way at once where it takes devices back. */
export function newCampaign(
  id: CampaignId,
  name: string,
  image: CampaignImage,
  definition: CampaignDefinition,
  now: Instant,
): Campaign {
  return { id, name, image, definition, state: 'draft', stage: 0, stages: [], createdAt: now }
}

/** Throws UsageError 'campaign.state' or 'campaign.approval' (409). */
export function act({ campaign, counts }: Picture, action: CampaignAction, author: Author, now: Instant): CampaignStep {
  const course = new Course(campaign, now)
  switch (action) {
    case 'approve':
      approve(course, author)
      break
    case 'start':
      start(course, author)
      break
    case 'pause':
      pause(course, author)
      break
    case 'resume':
      resume(course, counts, author)
      break
    case 'abort':
      abort(course, author)
      break
  }
  return course
}

function approve(course: Course, { by, why }: Author): void {
  const { state, stage, definition, approvedAt } = course.next
  if (state === 'awaiting-approval') {
    beginStage(course, stage + 1, by, why ?? 'approved')
    return
  }
  if (state !== 'draft' || definition.approval === 'none' || approvedAt !== undefined) {
    throw refused(course.next, 'approve', 'nothing waits for approval')
  }
  course.change({ approvedAt: course.now })
  course.note('approved', why, by)
}

function start(course: Course, { by, why }: Author): void {
  const { state, definition, approvedAt, name } = course.next
  if (state !== 'draft') throw refused(course.next, 'start', 'it was started before')
  if (definition.approval !== 'none' && approvedAt === undefined) {
    throw new UsageError('campaign.approval', `campaign ${name} has to be approved before it is started`, {
      status: 409,
      hint: `coapstan campaign approve ${name}`,
    })
  }
  begin(course, by, why)
}

function begin(course: Course, by: string, why?: string): void {
  course.change({ startedAt: course.now })
  course.to('selecting', 'started', why, by)
}

function pause(course: Course, { by, why }: Author): void {
  const { state } = course.next
  switch (state) {
    case 'selecting':
    case 'running':
    case 'soaking':
    case 'awaiting-approval':
      course.to('paused', 'paused', why, by)
      course.change({ resumeTo: state })
      return
    default:
      throw refused(course.next, 'pause', state === 'paused' ? 'it is paused already' : 'it is not under way')
  }
}

function resume(course: Course, counts: Picture['counts'], { by, why }: Author): void {
  const { state, resumeTo, stage, pardoned, rollback } = course.next
  if (state === 'paused') {
    course.to(resumeTo ?? 'running', 'resumed', why, by)
    return
  }
  if (state !== 'halted') throw refused(course.next, 'resume', 'it is neither paused nor halted')
  if (rollback !== undefined) throw refused(course.next, 'resume', 'its devices are taken back; begin another campaign')
  const totals = totalsOf(counts)
  const gate = course.next.definition.failure
  // What is known is pardoned; whoever resumes has looked at it. The gate counts afresh from here.
  const known = { attempted: totals.attempted, failed: totals.unsuccessful, stage }
  const isBreach = breachOf(gate, sampleOf(totals, pardoned)) !== undefined
  course.change({ pardoned: isBreach ? known : { ...(pardoned ?? { attempted: 0, failed: 0 }), stage } })
  course.to('running', 'resumed', why, by)
}

function abort(course: Course, { by, why }: Author): void {
  const { state } = course.next
  if (isOver(state) || state === 'aborting') throw refused(course.next, 'abort', `it is ${state} already`)
  if (state === 'draft') course.to('aborted', 'aborted', why, by)
  else course.to('aborting', 'abort asked for', why, by)
}

/**
 * The campaign that takes the devices of `campaign` back: every device that was told to install, at once, by
 * nobody's window, and before anybody else's campaign. Stops only where most of it fails.
 */
export function wayBackOf(
  campaign: Campaign,
  { image, backTo }: Home,
  id: CampaignId,
  name: string,
  now: Instant,
): Campaign {
  const { definition } = campaign
  const back: CampaignDefinition = {
    selector: { tags: {}, touchedBy: campaign.id },
    stages: [{ upTo: { percent: 100 }, soak: 0 as Campaign['definition']['timeout'], advance: 0 }],
    failure: { percent: 50, minimumSample: Math.max(20, definition.failure.minimumSample) },
    limits: definition.limits,
    require: {},
    retry: definition.retry,
    timeout: definition.timeout,
    approval: 'none',
    onBreach: 'pause',
    lateJoiners: false,
    priority: Math.min(1000, definition.priority + 100),
  }
  return {
    ...newCampaign(id, name, image, back, now),
    rollbackOf: campaign.id,
    ...(backTo === undefined ? {} : { backTo }),
  }
}

/**
 * Begins the way back: the new campaign is under way at once, and the old one, unless it is over, stays
 * where it is. Throws UsageError 'campaign.rollback' (409).
 */
export function rollBack(
  picture: Picture,
  author: Author,
  ids: () => CampaignId,
  name: string,
  now: Instant,
): CampaignStep & { readonly created: Campaign } {
  const { campaign, wayBack } = picture
  const home = homeOf(campaign, wayBack)
  const course = new Course(campaign, now)
  const created = startedWayBack(course, home, author, ids(), name)
  return Object.assign(course, { created })
}

/** The same by the campaign's own policy. */
export function startedWayBack(course: Course, home: Home, author: Author, id: CampaignId, name: string): Campaign {
  const { now } = course
  const back = new Course(wayBackOf(course.next, home, id, name, now), now)
  back.note('created', `takes back the devices of ${course.next.name}`, author.by)
  begin(back, author.by, author.why)
  course.change({ rollback: id })
  const told = [`campaign ${name} takes the touched devices to ${goalText(home)}`, ...(home.without ?? [])]
  course.note('rollback began', told.join('; '), author.by)
  if (['selecting', 'running', 'soaking', 'awaiting-approval', 'paused'].includes(course.next.state)) {
    course.to('halted', 'halted', 'rolled back', author.by)
  }
  course.ops.push(...back.ops)
  course.again = true
  return back.next
}

function homeOf(campaign: Campaign, wayBack: WayBack | undefined): Home {
  const { name, state, rollback, startedAt } = campaign
  if (startedAt === undefined) throw refused(campaign, 'rollback', 'it was never started')
  if (rollback !== undefined)
    throw refused(campaign, 'rollback', 'its devices are being taken back, or are back already')
  if (wayBack !== undefined && 'image' in wayBack) return wayBack
  throw new UsageError(
    'campaign.rollback',
    `campaign ${name} (${state}) cannot be rolled back: ${wayBack?.obstacle ?? 'no device was touched'}`,
    {
      status: 409,
      hint: `name the image to go back to: coapstan campaign rollback ${name} --image <image>`,
    },
  )
}

function refused({ name, state }: Campaign, action: string, why: string): UsageError {
  return new UsageError('campaign.state', `campaign ${name} is ${state}; it cannot ${action}: ${why}`, {
    status: 409,
    hint: `'coapstan campaign show ${name}' shows it`,
    members: { state },
  })
}
