/**
 * What has happened to the devices of a campaign, and what becomes of each by it: who joins, who has succeeded, who is
 * tried again, who goes on to the next hop of its way. Pure.
 */
import { after, between, instantOf, type Instant } from '../../base/time.ts'
import type { DeviceId } from '../registry/types.ts'
import type { Course } from './course.ts'
import type { Asked, EndedUpdate, Found, Picture } from './picture.ts'
import type { DeviceChange } from './store.ts'
import { rankOf, runsAlready, unfitnessOf, unfitnessOfWay } from './selection.ts'
import type { Campaign, CampaignDevice } from './types.ts'
import { hopText, mostHops, wayText } from './way.ts'
import { closesAt } from './windows.ts'

/** True where it took a step. */
export function settle(
  course: Course,
  { campaign, ended, due, newcomers, lost }: Picture,
  { cancelled, since }: Asked,
): boolean {
  for (const each of ended) judge(course, each, cancelled)
  for (const row of lost) course.device(row, { state: 'gone', reason: 'deleted', dueAt: null })
  for (const row of due) {
    if (row.state === 'retrying') course.device(row, { state: 'waiting', reason: null, dueAt: null })
    else if (row.state === 'updating') timeOut(course, row, since)
  }
  if (campaign.state !== 'aborting') for (const found of newcomers) enrol(course, found)
  course.again = course.ops.length > 0
  return course.again
}

/** Time in which nobody listened is nothing to blame a device for: who was begun before has its time from then on. */
function timeOut(course: Course, row: CampaignDevice, since: Instant): void {
  const { startedAt = row.enrolledAt } = row
  const heardOut = after(since, course.next.definition.timeout)
  if (course.now < heardOut) {
    course.device(row, { dueAt: heardOut })
    return
  }
  // Whether it installs we do not know; a way back has to look after it.
  course.device(row, {
    state: 'timed-out',
    reason: 'timed out',
    detail: `not done ${hoursText(between(startedAt, course.now))} after it was begun`,
    touched: true,
    finishedAt: course.now,
    dueAt: null,
  })
  course.cancels.push(row)
}

function judge(course: Course, ended: EndedUpdate, cancelled: ReadonlySet<DeviceId>): void {
  const { row, end, isGoal, transient, isDeltaRefused, reason = 'failed', detail } = ended
  const { definition, state } = course.next
  if (end === 'confirmed') {
    if (isGoal) arrived(course, ended)
    else goOnward(course, ended)
    return
  }
  if (end === 'cancelled') {
    const isOurs = cancelled.has(row.deviceId) || state === 'halted'
    if (isOurs && state !== 'aborting')
      course.device(row, { state: 'waiting', reason: 'let go when the campaign halted', finishedAt: null })
    else
      course.device(row, {
        state: 'cancelled',
        reason: isOurs ? 'let go when the campaign was aborted' : 'cancelled by somebody',
      })
    return
  }
  // On an image between, it is nowhere it should be: that counts.
  if (ended.isMisfit && !row.touched) {
    course.device(row, { state: 'skipped', ...misfitOf(ended) })
    return
  }
  const hop = row.way === undefined ? undefined : hopText(row.way)
  const named = (text: string): string => (hop === undefined ? text : `${hop}: ${text}`)
  const why = { reason: named(reason), detail: detail === undefined ? null : named(detail) }
  const isOpen = state !== 'aborting' && closesAt(course.next) > course.now
  if (isDeltaRefused && isOpen && row.way !== undefined) {
    const way = { ...row.way, isWhole: true, goesOn: true } as const
    course.device(row, { ...comingAgain, way, ...why, reason: 'refused the delta; the whole image comes next' })
    return
  }
  const mayTry = transient && row.attempts < definition.retry.attempts && isOpen
  if (mayTry) course.device(row, { state: 'retrying', dueAt: nextTry(row, course.next, course.now), ...why })
  else course.device(row, { state: 'failed', ...why })
}

function misfitOf({ version, reason = '', detail = reason }: EndedUpdate): DeviceChange {
  return unfitnessOfWay({ misfit: { field: 'hardware', reason: detail } }, { version })!
}

const comingAgain = { state: 'waiting', finishedAt: null, dueAt: null } as const

/** The campaign's image runs. */
function arrived(course: Course, ended: EndedUpdate): void {
  const { row, ranBefore } = ended
  const { way } = row
  if (ranBefore && way === undefined) course.device(row, { state: 'skipped', reason: runsAlready(ended) })
  else {
    const gone = way === undefined ? {} : { way: { legs: way.legs, done: way.legs.length } }
    course.device(row, { state: 'succeeded', reason: way === undefined ? null : wayText(way), detail: null, ...gone })
  }
}

/** An image on the way runs; the next hop is begun as a device is, where its turn comes. */
function goOnward(course: Course, { row, version }: EndedUpdate): void {
  const { image, state } = course.next
  const { legs, done } = row.way ?? { legs: [], done: 0 }
  if (state === 'aborting') course.device(row, { state: 'cancelled', reason: 'let go when the campaign was aborted' })
  else if (done + 1 >= mostHops) course.device(row, { state: 'failed', reason: 'goes to and fro between versions' })
  else {
    const way = { ...row.way, legs, done: done + 1, goesOn: true } as const
    course.device(row, {
      ...comingAgain,
      way,
      detail: null,
      reason: `runs ${version}, ${legs.at(-1)?.version ?? image.version} comes next`,
    })
  }
}

/** Backs off further each time, a little scattered so that those who failed together do not return together. */
export function nextTry(
  row: Pick<CampaignDevice, 'attempts' | 'rank'>,
  { definition: { retry } }: Campaign,
  now: Instant,
): Instant {
  const wait = Math.min(retry.longest, retry.backoff * retry.factor ** (row.attempts - 1))
  const scatter = 1 + 0.1 * (row.rank / 2 ** 32)
  return instantOf(Math.round(now + wait * scatter))
}

export function enrol(course: Course, { facts, path, goal }: Found): void {
  const { id, definition, image } = course.next
  const reason = unfitnessOf(facts, definition.selector, image, course.now)
  // Of who is to be taken back it is not known yet what it runs, only whether there is anything to go back to.
  const isWayKnown = definition.selector.touchedBy === undefined || isHomeless(path)
  const noWay = isWayKnown ? unfitnessOfWay(path, { version: goal ?? image.version }) : undefined
  const unfit = reason === undefined ? noWay : { reason }
  const device: CampaignDevice = {
    campaignId: id,
    deviceId: facts.deviceId,
    endpoint: facts.endpoint,
    rank: rankOf(id, facts.deviceId),
    state: unfit === undefined ? 'waiting' : 'skipped',
    attempts: 0,
    touched: false,
    bytes: 0,
    resumes: 0,
    enrolledAt: course.now,
    ...(unfit === undefined ? {} : { ...unfit, finishedAt: course.now }),
    ...(facts.vitals.version === undefined ? {} : { fromVersion: facts.vitals.version }),
  }
  course.ops.push({ op: 'campaign.enrol', device })
}

function isHomeless(path: Found['path']): boolean {
  return path !== undefined && 'misfit' in path && path.misfit.field === 'version'
}

function hoursText(wait: number): string {
  return wait < 5_400_000 ? `${Math.round(wait / 60_000)} min` : `${Math.round(wait / 3_600_000)} h`
}
