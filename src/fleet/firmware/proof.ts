/**
 * The health window: the new version was seen after a fresh registration, and has to run for a while, be
 * heard and stay registered before the update is confirmed. The old version in its place is a revert, as
 * MCUboot does when a test image is not confirmed (fleet-ota.md rows 44 and 45).
 */
import { after, milliseconds } from '../../base/time.ts'
import type { Course } from './course.ts'
import { runningOf } from './targets.ts'

export function beginProof(course: Course): void {
  const { window, uplinks } = course.health
  course.change({ state: 'proving', provingSince: course.now, uplinks: 0, dueAt: after(course.now, window) })
  const { activate } = course.target
  if (activate !== undefined && course.seen.active === false) course.ask('execute', activate)
  else if (window === 0 && uplinks === 0) course.finish('confirmed')
}

/** The device was heard. */
export function countUplink(course: Course): void {
  const heard = (course.next.uplinks ?? 0) + 1
  if (heard <= course.health.uplinks) course.change({ uplinks: heard })
  if (course.next.dueAt !== undefined && course.now >= endOfWindow(course)) endProof(course)
}

/** A report while it is watched: of what runs, or of a failure after all. */
export function judgeProof(course: Course): void {
  const { target, seen, next } = course
  const running = runningOf(target, seen)
  if (running !== undefined && running !== '' && running !== next.version) {
    course.fail('reverted', `reverted: the device went back to ${running} after it had run ${next.version}`)
  } else if (course.now >= endOfWindow(course)) endProof(course)
}

/** The window is over: confirmed, or waited for what is missing, but not for ever. */
export function endProof(course: Course): void {
  const missing = missingOf(course)
  if (missing === undefined) course.finish('confirmed')
  else if (course.now < lastChance(course)) course.change({ dueAt: lastChance(course), reason: missing })
  else course.fail('unhealthy', `${course.next.version} was seen, but did not stand its health window: ${missing}`)
}

function missingOf({ rules, health, next, seen, target }: Course): string | undefined {
  if (!rules.isRegistered) return 'the device is not registered any more'
  if (target.activate !== undefined && seen.active === false) return 'the software is not active'
  // Registered anew within the window: it may have gone back, and has not told yet.
  if (runningOf(target, seen) === undefined) return 'the device has not told its version since it registered again'
  const heard = next.uplinks ?? 0
  return heard < health.uplinks ? `${heard} of ${health.uplinks} messages heard` : undefined
}

function endOfWindow(course: Course) {
  return after(course.next.provingSince ?? course.now, course.health.window)
}

function lastChance(course: Course) {
  return after(course.next.provingSince ?? course.now, milliseconds(course.health.window + course.rules.stall))
}
