/**
 * Makes a device drop the package it holds: by Cancel where the object has it, else by an empty URI, or by
 * one zero octet written to a device that takes packages by push only (fleet-ota.md §9.1).
 */
import { nulPackage, pushOnly, type Course } from './course.ts'
import { downloaded } from './targets.ts'

/** From the operator: what the device may hold is dropped first; what it has never heard of ends at once. */
export function cancel(course: Course): void {
  const mayHaveBegun = course.next.state !== 'pending' || course.seen.state !== undefined
  if (!mayHaveBegun) {
    course.finish('cancelled')
    return
  }
  course.forgetInstall()
  course.change({ state: 'cancelling', dueAt: course.stallsAt })
  course.actions.push({ action: 'withdraw' })
  const { cancel: way } = course.target
  if (way.since <= course.rules.lwm2mVersion) course.ask('execute', way.path)
  else resetDevice(course)
}

/** Back to Idle: from somebody else's package, from ours, or from software that is to be replaced. */
export function resetDevice(course: Course): void {
  const { target, seen, next } = course
  // Object 9: Uninstall drops what was delivered; with argument 1 what is installed makes room for its update.
  if (target.activate !== undefined && seen.isInstalled === true) course.ask('execute', target.cancel.path, '1')
  else if (target.activate !== undefined && seen.state === downloaded) course.ask('execute', target.cancel.path)
  else if (seen.delivery === pushOnly || next.delivery === 'push') course.ask('write', target.package, nulPackage)
  else course.ask('write', target.uri, '')
}
