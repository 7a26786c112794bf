/**
 * The update of one device as a pure function over what is observed of object 5 (LwM2M Core 1.2 App. E.6):
 * states, results, versions and registrations. It trusts no single notification: they get lost, State may
 * jump to Idle, Result may stay 0. Only the new version, seen after a registration that is newer than the
 * install command, confirms an update; the old version in its place is a revert (fleet-ota.md §9.3).
 */
import { between, seconds, type Instant } from '../../base/time.ts'
import type { Operation } from '../operations/types.ts'
import {
  Course,
  firmwareVersionPath,
  objectPath,
  packageUriPath,
  resultPath,
  statePath,
  updatePath,
  type FirmwareRules,
  type FirmwareStep,
} from './course.ts'
import { judge } from './judgement.ts'
import type { Image } from '../images/types.ts'
import type { FirmwareReport, FirmwareUpdate, UpdateState } from './types.ts'

export type FirmwareInput =
  /** The device has registered anew, or had been registered when the update began. */
  | { readonly input: 'registered'; readonly registrationId: string }
  /** From a read, a notification or a Send: what it says and nothing else. */
  | { readonly input: 'report'; readonly report: FirmwareReport }
  /** An operation of origin firmware has ended; what a read answered comes as a report besides. */
  | { readonly input: 'operation-finished'; readonly operation: FinishedOperation }
  /** The device has fetched `length` octets at `offset` of the image. */
  | {
      readonly input: 'block-served'
      readonly offset: number
      readonly length: number
      readonly size: number
      readonly blockSize: number
    }
  | { readonly input: 'cancel' }
  /** Time has passed: `confirmBy` may be over. */
  | { readonly input: 'tick' }

export type FinishedOperation = Pick<Operation, 'kind' | 'path' | 'state'> &
  Partial<Pick<Operation, 'value' | 'code' | 'reason'>>

const finalStates: ReadonlySet<UpdateState> = new Set(['confirmed', 'failed', 'cancelled'])

export function isFinished({ state }: Pick<FirmwareUpdate, 'state'>): boolean {
  return finalStates.has(state)
}

/** Once told to install, a device cannot be stopped: it answers Cancel with 4.05. */
export function isCancellable(update: FirmwareUpdate): boolean {
  return !isFinished(update) && update.state !== 'updating'
}

/** A new update; give it 'registered' at once where the device is registered. */
export function newUpdate(
  id: number,
  device: { readonly id: number; readonly endpoint: string },
  image: Image,
  now: Instant,
): FirmwareUpdate {
  return {
    id,
    deviceId: device.id,
    endpoint: device.endpoint,
    sha256: image.sha256,
    version: image.version,
    size: image.size,
    state: 'pending',
    fetched: 0,
    resumes: 0,
    createdAt: now,
    changedAt: now,
  }
}

/** A fetch that goes on in the middle after so long a silence is a resumed one. */
const pauseAfter = seconds(60)

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
      served(course, input)
      break
    case 'cancel':
      cancel(course)
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
  course.ask('read', firmwareVersionPath)
  course.ask('read', objectPath)
  // It is back; from now on it may only be asleep, and its version is read when it wakes.
  const { registrationAtUpdate, state } = course.next
  if (state === 'updating' && registrationId !== registrationAtUpdate) course.change({ confirmBy: course.stallsAt })
  if (course.next.state !== 'pending') return
  course.ask('observe', statePath)
  course.ask('observe', resultPath)
}

function finished(course: Course, operation: FinishedOperation): void {
  // Taken back by somebody: the next registration looks again.
  if (operation.state === 'cancelled') return
  switch (`${operation.kind} ${operation.path}`) {
    case `write ${packageUriPath}`:
      uriWritten(course, operation)
      break
    case `execute ${updatePath}`:
      installAnswered(course, operation)
      break
    case `read ${objectPath}`:
      objectRead(course, operation)
      break
    case `read ${firmwareVersionPath}`:
      if (wasRefused(operation)) judge(course, { firmwareVersion: '' })
      break
  }
}

const wasRefused = ({ reason }: FinishedOperation): boolean => reason === 'rejected' || reason === 'undecodable'

/** An empty URI drops what the device held before; anything else is the offer. */
function uriWritten(course: Course, { state, value, code, reason }: FinishedOperation): void {
  if (course.next.state !== 'pending') return
  const isOffer = value !== ''
  if (state === 'acknowledged') {
    if (isOffer) {
      course.change({
        state: 'offered',
        registrationAtOffer: course.next.registration ?? '',
        confirmBy: course.stallsAt,
      })
    } else if (course.spendAttempt('the device does not drop the package it holds')) course.ask('read', objectPath)
  } else if (reason === 'rejected') {
    const what = isOffer ? 'the device refused the package URI' : 'the device would not drop the package it holds'
    course.finish('failed', `${what} (${code ?? 'no code'})`)
  } else if (course.spendAttempt('the package URI could not be written')) {
    if (isOffer) course.offer()
    else course.ask('write', packageUriPath, '')
  }
}

function installAnswered(course: Course, { state, code }: FinishedOperation): void {
  if (course.next.state !== 'downloaded') return
  if (state === 'acknowledged') {
    course.toUpdating()
    return
  }
  // Refused or unheard, it may be installing all the same: its state says.
  if (
    course.spendAttempt(`the device does not carry out the install command${code === undefined ? '' : ` (${code})`}`)
  ) {
    course.ask('read', objectPath)
  }
}

function objectRead(course: Course, operation: FinishedOperation): void {
  if (operation.state === 'acknowledged') return
  if (wasRefused(operation)) {
    if (course.next.state !== 'pending') return
    const what =
      operation.reason === 'rejected' ? 'has no Firmware Update object' : 'answers for object 5 what cannot be read'
    course.finish('failed', `the device ${what}${operation.code === undefined ? '' : ` (${operation.code})`}`)
  } else if (course.next.state === 'updating' || course.spendAttempt('the state of the device could not be read')) {
    course.ask('read', objectPath)
  }
}

function served(
  course: Course,
  { offset, length, size, blockSize }: Extract<FirmwareInput, { input: 'block-served' }>,
): void {
  const { state, changedAt, fetched, resumes } = course.next
  if (state !== 'pending' && state !== 'offered' && state !== 'downloading') return
  const isResumed = offset > 0 && (state === 'pending' || between(changedAt, course.now) > pauseAfter)
  course.toDownloading()
  course.change({
    // A device that begins anew shows it; one that goes on keeps what it has.
    fetched: Math.min(course.next.size, offset === 0 ? length : Math.max(fetched, offset + length)),
    resumes: resumes + (isResumed ? 1 : 0),
    blockSize,
    // It fetches before its answer to the offer came, or went on by itself after a reboot.
    ...(state === 'pending' ? { registrationAtOffer: course.next.registration ?? '' } : {}),
  })
  // Should the notification of Downloaded be lost, this finds out.
  if (offset + length >= size) course.ask('read', objectPath)
}

function cancel(course: Course): void {
  if (!isCancellable(course.next)) return
  const mayHaveBegun = course.next.state !== 'pending' || course.seen.state !== undefined
  course.finish('cancelled')
  // An empty URI resets object 5 in every version of it; /5/0/10 is optional and came with 1.1.
  if (mayHaveBegun) course.ask('write', packageUriPath, '')
}

function tick(course: Course): void {
  const { confirmBy, state, version } = course.next
  if (confirmBy === undefined || course.now < confirmBy) return
  if (state !== 'updating') {
    course.finish('failed', `no progress for ${describe(course.rules.stall)} while ${state}`)
    return
  }
  const runsIt = course.seen.firmwareVersion === version
  course.finish(
    'failed',
    runsIt
      ? `the device shows ${version} but did not register again after the install command`
      : `${version} was not seen within ${describe(course.rules.rebootGrace)} of the install command`,
  )
}

function describe(wait: number): string {
  const minutes = Math.round(wait / 60_000)
  if (minutes < 120) return `${minutes} minutes`
  return minutes < 2880 ? `${Math.round(minutes / 60)} hours` : `${Math.round(minutes / 1440)} days`
}
