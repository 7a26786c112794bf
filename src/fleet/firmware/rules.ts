/**
 * The update of one device as a pure function over what is observed of the object that takes the package
 * (LwM2M Core 1.2 App. E.6): states, results, versions and registrations. It trusts no single notification:
 * they get lost, State may jump to Idle, Result may stay 0. Only the new version, seen after a registration
 * that is newer than the install command and for as long as its health window, confirms an update; the old
 * version in its place is a revert (fleet-ota.md §9.3).
 */
import { after, between, type Instant } from '../../base/time.ts'
import { cancel } from './cancelling.ts'
import { Course, type FirmwareRules, type FirmwareStep } from './course.ts'
import { finished, type FinishedOperation } from './endings.ts'
import { judge } from './judgement.ts'
import type { Leg } from '../images/types.ts'
import { pauseAfter } from './progress.ts'
import { countUplink, endProof } from './proof.ts'
import { deferred } from './results.ts'
import { defaultTarget } from './targets.ts'
import type { FirmwareReport, FirmwareUpdate, Journey, UpdateOptions, UpdateState } from './types.ts'

export type FirmwareInput =
  /** The device has registered anew, or had been registered when the update began. */
  | { readonly input: 'registered'; readonly registrationId: string }
  /** From a read, a notification or a Send: what it says and nothing else. */
  | { readonly input: 'report'; readonly report: FirmwareReport }
  /** An operation of origin firmware has ended; what a read answered comes as a report besides. */
  | { readonly input: 'operation-finished'; readonly operation: FinishedOperation }
  /** The device has fetched `length` octets at `offset` of the image, or taken them from us. */
  | {
      readonly input: 'block-served' | 'block-pushed'
      readonly offset: number
      readonly length: number
      readonly size: number
      /** Absent where the device takes all at once. */
      readonly blockSize?: number
      /** The beginning of a range the device asked for: it says where it is, whatever we believe. */
      readonly isBeginning?: boolean
    }
  /** Any message of the device, whatever it says. */
  | { readonly input: 'heard' }
  | { readonly input: 'cancel' }
  /** The device was deleted. */
  | { readonly input: 'gone' }
  /** Another update takes over while this one was being cancelled. */
  | { readonly input: 'superseded' }
  /** Time has passed: `dueAt` may be over. */
  | { readonly input: 'tick' }

const finalStates: ReadonlySet<UpdateState> = new Set(['confirmed', 'failed', 'cancelled', 'gone'])

export function isFinished({ state }: Pick<FirmwareUpdate, 'state'>): boolean {
  return finalStates.has(state)
}

/** Once told to install, a device cannot be stopped: it answers Cancel with 4.05. */
export function isCancellable(update: FirmwareUpdate): boolean {
  return !isFinished(update) && update.state !== 'updating' && update.state !== 'proving'
}

/** What an update is asked for with. */
export interface UpdateWish {
  readonly image: Omit<Leg, 'delta'>
  /** The object instance that takes the package, one of `targetOf`; `/5/0` unless told. */
  readonly target?: string
  readonly options?: UpdateOptions
  readonly journey?: Journey
}

/** A new update; give it 'registered' at once where the device is registered. */
export function newUpdate(
  id: number,
  device: { readonly id: number; readonly endpoint: string },
  { image, target = defaultTarget, options, journey }: UpdateWish,
  now: Instant,
): FirmwareUpdate {
  return {
    id,
    deviceId: device.id,
    endpoint: device.endpoint,
    sha256: image.sha256,
    version: image.version,
    size: options?.delta?.size ?? image.size,
    target,
    state: 'pending',
    ...(options === undefined ? {} : { options }),
    ...(journey === undefined ? {} : { journey }),
    fetched: 0,
    resumes: 0,
    createdAt: now,
    changedAt: now,
  }
}

/** One input, one step. Total: every input is taken in every state, a finished update stays as it is. */
export function step(update: FirmwareUpdate, input: FirmwareInput, now: Instant, rules: FirmwareRules): FirmwareStep {
  const course = new Course(update, now, rules)
  if (isFinished(update)) return course
  switch (input.input) {
    case 'registered':
      registered(course, input.registrationId)
      break
    case 'report':
      judge(course, input.report)
      break
    case 'operation-finished':
      finished(course, input.operation)
      break
    case 'block-served':
    case 'block-pushed':
      moved(course, input)
      break
    case 'heard':
      if (update.state === 'proving') countUplink(course)
      break
    case 'cancel':
      if (isCancellable(update) && update.state !== 'cancelling') cancel(course)
      break
    case 'superseded':
      if (update.state === 'cancelling') course.finish('cancelled', 'another update took over')
      break
    case 'gone':
      course.finish('gone', 'the device was deleted')
      break
    case 'tick':
      tick(course)
      break
  }
  return course
}

/** Whatever was reported before is of yesterday; looking again repairs lost notifications. */
function registered(course: Course, registrationId: string): void {
  course.change({ registration: registrationId, seen: {} })
  // The version first: with it at hand the state can be judged when it comes.
  course.look()
  // It is back; from now on it may only be asleep, and its version is read when it wakes.
  const { registrationAtUpdate, state } = course.next
  if (state === 'updating' && registrationId !== registrationAtUpdate) course.change({ dueAt: course.stallsAt })
  if (course.next.state !== 'pending') return
  course.ask('observe', course.target.state)
  course.ask('observe', course.target.result)
}

export type Moved = Extract<FirmwareInput, { input: 'block-served' | 'block-pushed' }>

function moved(course: Course, { input, offset, length, size, blockSize, isBeginning = false }: Moved): void {
  const { state, changedAt, fetched, resumes, registration = '', registrationAtOffer } = course.next
  if (state !== 'pending' && state !== 'offered' && state !== 'downloading') return
  const isBroken = state !== 'downloading' || registration !== registrationAtOffer
  const isElsewhere = isBeginning && offset !== fetched
  // Who takes all at once and begins in the middle was interrupted; one range after the other makes no break.
  const isRest = isBeginning && blockSize === undefined
  const isResumed = offset > 0 && (isBroken || isElsewhere || isRest || between(changedAt, course.now) > pauseAfter)
  course.toDownloading()
  course.change({
    // A device that begins anew or goes back shows it; one that goes on keeps what it has.
    fetched: Math.min(
      course.next.size,
      offset === 0 || isElsewhere ? offset + length : Math.max(fetched, offset + length),
    ),
    resumes: resumes + (isResumed ? 1 : 0),
    ...(blockSize === undefined ? {} : { blockSize }),
    // Also where it fetches before its answer to the offer came, or goes on by itself after a restart.
    registrationAtOffer: registration,
  })
  // Should the notification of Downloaded be lost, this finds out. The end of a push is an answer of its own.
  if (input === 'block-served' && offset + length >= size) course.ask('read', course.target.path)
}

function tick(course: Course): void {
  const { dueAt, state, version } = course.next
  if (dueAt === undefined || course.now < dueAt) return
  switch (state) {
    case 'pending':
      // The wait after a setback is over: how does it stand now?
      course.waitNoMore()
      course.look()
      return
    case 'proving':
      endProof(course)
      return
    case 'cancelling':
      course.finish('cancelled', 'the device was not heard of again: it may still hold the image')
      return
    case 'downloaded':
      if (isHeldByWindow(course)) return openWindow(course)
      return stalled(course)
    case 'updating':
      if (course.now < heardBy(course)) return course.change({ dueAt: heardBy(course) })
      if (course.seen.firmwareVersion === version) {
        const what = `the device shows ${version} but did not register again after the install command`
        course.fail('not-registered-again', what)
      } else {
        const grace = describe(course.rules.rebootGrace)
        course.fail('silent', `${version} was not seen within ${grace} of the install command`)
      }
      return
    default:
      stalled(course)
  }
}

function stalled(course: Course): void {
  course.fail('stalled', `no progress for ${describe(course.rules.stall)} while ${course.next.state}`)
}

/** It has downloaded, and a window it waited for has come. A device that defers (Result 11) is not pressed. */
function isHeldByWindow({ next, seen }: Course): boolean {
  return next.options?.installWithin !== undefined && next.installCommand !== 'asked' && seen.result !== deferred
}

function openWindow(course: Course): void {
  course.change({ dueAt: course.stallsAt })
  // A command that went unanswered is given again only once it is known how the device stands.
  if (course.next.installCommand === 'unsure') course.ask('read', course.target.path)
  else course.install()
}

/** It may have tried to register while nobody listened. */
function heardBy({ rules }: Course): Instant {
  return after(rules.listeningSince, rules.rebootGrace)
}

function describe(wait: number): string {
  const minutes = Math.round(wait / 60_000)
  if (minutes < 120) return `${minutes} minutes`
  return minutes < 2880 ? `${Math.round(minutes / 60)} hours` : `${Math.round(minutes / 1440)} days`
}
