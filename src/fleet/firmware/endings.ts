/** What the end of an operation asked for an update means for it: acknowledged, refused, or never answered. */
import { valueOfImage, type Operation } from '../operations/types.ts'
import { packageHashOf } from './types.ts'
import { resetDevice } from './cancelling.ts'
import type { Course } from './course.ts'
import { judge } from './judgement.ts'

export type FinishedOperation = Pick<Operation, 'kind' | 'path' | 'state'> &
  Partial<Pick<Operation, 'value' | 'code' | 'reason' | 'createdAt'>>

export function finished(course: Course, operation: FinishedOperation): void {
  const { target, next } = course
  const { kind, path, state, value } = operation
  if (kind === 'execute' && path === target.install) return installAnswered(course, operation)
  // Taken back by somebody: the next registration looks again.
  if (state === 'cancelled') return
  if (kind === 'write' && path === target.package && value === valueOfImage(packageHashOf(next))) {
    pushed(course, operation)
  } else if (kind === 'write' && path === target.uri && value !== '') uriWritten(course, operation)
  else if (kind === 'write' && (path === target.uri || path === target.package)) resetAnswered(course, operation)
  else if (kind === 'execute' && path === target.cancel.path) cancelAnswered(course, operation)
  else if (kind === 'execute' && path === target.activate) activated(course, operation)
  else if (kind === 'read' && path === target.path) objectRead(course, operation)
  else if (kind === 'read' && path === target.running && wasRefused(operation)) judge(course, { firmwareVersion: '' })
}

const wasRefused = ({ reason }: FinishedOperation): boolean => reason === 'rejected' || reason === 'undecodable'
const codeOf = ({ code }: FinishedOperation): string => (code === undefined ? '' : ` (${code})`)

function uriWritten(course: Course, operation: FinishedOperation): void {
  if (course.next.state !== 'pending') return
  if (operation.state === 'acknowledged') course.toOffered()
  else if (operation.reason === 'rejected') {
    course.fail('offer-refused', `the device refused the package URI${codeOf(operation)}`)
  }
  // It may have arrived: the device's state says.
  else if (course.spendAttempt('unreachable', 'the package URI could not be written')) {
    course.ask('read', course.target.path)
  }
}

/** Codes that mean that the Package resource takes nothing of us, ever. */
const noPush: ReadonlySet<string> = new Set(['4.01', '4.03', '4.04', '4.05'])

/** The whole package was written, or the transfer broke off. */
function pushed(course: Course, operation: FinishedOperation): void {
  const { state, fetched, size } = course.next
  if (state !== 'pending' && state !== 'offered' && state !== 'downloading') return
  const { code, reason } = operation
  if (operation.state === 'acknowledged') {
    if (state === 'pending') course.toOffered()
    course.change({ fetched: size })
    course.ask('read', course.target.path)
  } else if (reason === 'rejected' && code === '4.13') {
    course.fail('no-flash', 'the package is larger than the device takes (4.13)')
  } else if (reason === 'rejected' && fetched === 0 && noPush.has(code ?? '')) {
    course.fail('delivery-method', `the device takes no pushed packages${codeOf(operation)}`)
  } else pushAgain(course, operation)
}

/** Where the device refused to go on, what it holds is of no use; else it is asked what it holds. */
function pushAgain(course: Course, operation: FinishedOperation): void {
  switch (operation.reason) {
    case 'rejected':
      course.offerAgain('offer-refused', `the device refused to go on with the push${codeOf(operation)}`, 'seen')
      course.forgetOffer()
      return
    case 'outcome-unknown':
      course.offerAgain('download-stopped', 'the device registered anew during the push', 'seen')
      return
    default:
      course.offerAgain('unreachable', 'the push broke off', 'later')
  }
}

/** An empty URI or one zero octet: dropped, or refused. */
function resetAnswered(course: Course, operation: FinishedOperation): void {
  const { state } = course.next
  if (state === 'cancelling') {
    if (operation.state === 'acknowledged') course.finish('cancelled')
    else {
      if (operation.reason === 'rejected')
        course.change({ reason: `the device would not drop the image${codeOf(operation)}` })
      course.ask('read', course.target.path)
    }
  } else if (state === 'pending') dropped(course, operation)
}

function dropped(course: Course, operation: FinishedOperation): void {
  const { createdAt = course.next.createdAt } = operation
  // Asked for by an update this one took over from: how the device stands is all that matters.
  if (createdAt < course.next.createdAt) course.ask('read', course.target.path)
  else if (operation.state === 'acknowledged') {
    if (course.spendAttempt('offer-refused', 'the device does not drop the package it holds'))
      course.ask('read', course.target.path)
  } else if (operation.reason === 'rejected') {
    course.fail('offer-refused', `the device would not drop the package it holds${codeOf(operation)}`)
  } else if (course.spendAttempt('unreachable', 'the package URI could not be written')) resetDevice(course)
}

/** Cancel is optional: refused, the other ways are left. */
function cancelAnswered(course: Course, operation: FinishedOperation): void {
  const { state } = course.next
  if (state === 'pending') dropped(course, operation)
  else if (state !== 'cancelling') return
  else if (operation.state === 'acknowledged') course.finish('cancelled')
  else resetDevice(course)
}

/** What it was answered is forgotten with the flag: only the device's state says whether to ask again. */
function installAnswered(course: Course, operation: FinishedOperation): void {
  course.forgetInstall()
  if (course.next.state !== 'downloaded' || operation.state === 'cancelled') return
  if (operation.state === 'acknowledged') {
    course.toUpdating()
    return
  }
  // The window closed before an answer came: how the device stands is asked before the next one.
  if (operation.state === 'expired' && course.next.options?.installWithin !== undefined) {
    course.change({ installCommand: 'unsure' })
    course.ask('read', course.target.path)
    return
  }
  // Refused or unheard, it may be installing all the same.
  const why = `the device does not carry out the install command${codeOf(operation)}`
  if (!course.spendAttempt(operation.reason === 'rejected' ? 'install-refused' : 'unreachable', why)) return
  course.change({ installCommand: 'unsure' })
  course.ask('read', course.target.path)
}

function activated(course: Course, operation: FinishedOperation): void {
  if (course.next.state !== 'proving') return
  if (operation.reason === 'rejected') {
    course.fail('install-refused', `the device does not activate the software${codeOf(operation)}`)
  } else course.ask('read', course.target.path)
}

function objectRead(course: Course, operation: FinishedOperation): void {
  const { target, next } = course
  if (operation.state === 'acknowledged') return
  if (wasRefused(operation)) {
    if (next.state !== 'pending') return
    const what =
      operation.reason === 'rejected'
        ? `has no ${target.title} object at ${target.path}`
        : `answers for ${target.path} what cannot be read`
    course.fail('no-object', `the device ${what}${codeOf(operation)}`)
  } else if (next.state === 'updating' || next.state === 'proving' || next.state === 'cancelling') {
    course.ask('read', target.path)
  } else if (course.spendAttempt('unreachable', 'the state of the device could not be read')) {
    course.ask('read', target.path)
  }
}
