/**
 * What a report of the package object and of the running version means in each state of an update.
 * Progress is believed at once; whatever looks like a setback is judged on State and Result read together,
 * since two notifications may come apart. Knows no operation and no clock.
 */
import { resetDevice } from './cancelling.ts'
import { pullOnly, type Course } from './course.ts'
import { beginProof, judgeProof } from './proof.ts'
import { deferred, failureOf, isBenign, isRefusalOfDelta, retryOf, wordsOf, wordsOfResult } from './results.ts'
import { downloaded, downloading, idle, runningOf, updating } from './targets.ts'
import { limitsOf, type FirmwareReport, type FirmwareUpdate } from './types.ts'

/** Value of /5/0/8 by the scheme of a package URI. */
const protocolOfScheme: Readonly<Record<string, number>> = {
  coap: 0,
  coaps: 1,
  http: 2,
  https: 3,
  'coap+tcp': 4,
  'coaps+tcp': 5,
}

export function judge(course: Course, report: FirmwareReport): void {
  note(course, report)
  const { state } = course.next
  if (state === 'proving') return judgeProof(course)
  if (isInstalled(course)) return proved(course)
  switch (state) {
    case 'pending':
      return judgePending(course, report)
    case 'offered':
      return judgeOffered(course, report)
    case 'downloading':
      return judgeDownloading(course, report)
    case 'downloaded':
      return judgeDownloaded(course, report)
    case 'updating':
      return judgeUpdating(course, report)
    case 'cancelling':
      return judgeCancelling(course, report)
    case 'confirmed':
    case 'failed':
    case 'cancelled':
    case 'gone':
  }
}

/** A resource of object 5 has at most 255 characters, its list of protocols six entries. */
const longestText = 255
const mostProtocols = 16

/** Keeps what a device says as long as it may be, not as long as it likes. */
function clipped(report: FirmwareReport): FirmwareReport {
  const { packageUri, packageVersion, firmwareVersion, protocols } = report
  return {
    ...report,
    ...(packageUri === undefined ? {} : { packageUri: packageUri.slice(0, longestText) }),
    ...(packageVersion === undefined ? {} : { packageVersion: packageVersion.slice(0, longestText) }),
    ...(firmwareVersion === undefined ? {} : { firmwareVersion: firmwareVersion.slice(0, longestText) }),
    ...(protocols === undefined ? {} : { protocols: protocols.slice(0, mostProtocols) }),
  }
}

function note(course: Course, report: FirmwareReport): void {
  const seen = { ...course.next.seen, ...clipped(report) }
  const { state, registrationAtOffer } = course.next
  const running = runningOf(course.target, seen)
  const learnsOld = state === 'pending' && registrationAtOffer === undefined && running !== undefined && running !== ''
  course.change({
    seen,
    ...(report.result === undefined ? {} : { result: report.result }),
    ...(learnsOld ? { fromVersion: running } : {}),
  })
}

/** The one proof: the new version runs, and the device has registered since we made it change. */
function isInstalled({ next, seen, target }: Course): boolean {
  const running = runningOf(target, seen)
  // Software is there once its object says so: nothing restarts.
  if (target.activate !== undefined) return running === next.version
  if (!isFresh(next)) return false
  if (running !== '') return running === next.version
  // A device without /3/0/3: the package's version counts if it says that this package succeeded.
  return next.state === 'updating' && seen.state === idle && seen.result === 1 && seen.packageVersion === next.version
}

function proved(course: Course): void {
  if (course.next.registrationAtOffer !== undefined) beginProof(course)
  else course.finish('confirmed', 'the device ran this version already')
}

/** Whether the device has registered since the install command, or since the offer where there was none. */
function isFresh({ registration, registrationAtUpdate, registrationAtOffer }: FirmwareUpdate): boolean {
  const mark = registrationAtUpdate ?? registrationAtOffer
  return mark === undefined || (registration !== undefined && registration !== mark)
}

function judgePending(course: Course, { state }: FirmwareReport): void {
  if (state === undefined) return
  const obstacle = obstacleOf(course)
  if (obstacle !== undefined) {
    course.fail(...obstacle)
    return
  }
  if (!isOnItsWay(course) || !isForItsHardware(course)) return
  // It waits for the end of its backoff.
  if (course.next.dueAt !== undefined && course.now < course.next.dueAt) return
  if (state === idle && course.seen.isInstalled !== true) course.offer()
  // Software to be replaced, or a package of somebody else's: a new one is taken only in Idle.
  else if (state === idle) resetDevice(course)
  else if (isOurs(course) && state === downloading && course.next.delivery === 'push') course.offer()
  else if (isOurs(course)) progress(course, state)
  else if (isHeld(state)) resetDevice(course)
}

/** A delta, and an image on the way to another, are for what the device was known to run and for nothing else. */
function isOnItsWay(course: Course): boolean {
  const { journey, registrationAtOffer } = course.next
  const running = runningOf(course.target, course.seen)
  if (journey?.from === undefined || registrationAtOffer !== undefined || !running) return true
  if (running === journey.from) return true
  course.fail('other-version', `the device runs ${running}, and its way to ${journey.goal} begins at ${journey.from}`)
  return false
}

/**
 * An image for some hardware is for no other, and a way that ends before one is not set out on; a device that does not
 * tell its own is offered it all the same.
 */
function isForItsHardware(course: Course): boolean {
  const { registrationAtOffer, reason } = course.next
  const limits = limitsOf(course.next)
  if (limits.length === 0 || registrationAtOffer !== undefined) return true
  const { hardware } = course.rules
  if (hardware === undefined) {
    if (reason === undefined) course.change({ reason: hardwareUntold })
    return true
  }
  const limit = limits.find((each) => !each.hardware.includes(hardware))
  if (limit === undefined) return true
  const wanted = limit.hardware.join(', ')
  course.fail('other-hardware', `${limit.version} runs on hardware ${wanted}, and the device is ${hardware}`)
  return false
}

const hardwareUntold = 'the device does not tell its hardware version (/3/0/18), and is offered the image all the same'

/** Whether what the device holds is what we have offered it, as far as anything says so. */
function isOurs({ next, seen, rules }: Course): boolean {
  return next.registrationAtOffer !== undefined || (next.delivery === 'pull' && seen.packageUri === rules.packageUri)
}

/** Why this device cannot get the package from us at all. */
function obstacleOf({ next, seen, rules }: Course): ['delivery-method' | 'protocol', string] | undefined {
  if (next.options?.push === true) {
    return seen.delivery === pullOnly
      ? ['delivery-method', 'the device takes images by pull only: start the update without a push']
      : undefined
  }
  if (rules.obstacle !== undefined) return ['protocol', rules.obstacle]
  const { protocols, delivery } = seen
  const scheme = rules.packageUri.slice(0, rules.packageUri.indexOf(':'))
  const protocol = protocolOfScheme[scheme]
  const isPushed = delivery === 1
  if (isPushed || protocols === undefined || protocols.length === 0 || protocol === undefined) return undefined
  if (protocols.includes(protocol)) return undefined
  const hint = delivery === pullOnly ? '' : '; it takes pushed images'
  return ['protocol', `the device does not fetch over ${scheme}${hint}`]
}

function judgeOffered(course: Course, report: FirmwareReport): void {
  if (progress(course, report.state) || !isWhole(course, report)) return
  if (!isBenign(report.result)) setback(course, report.result)
  else if (course.next.registration !== course.next.registrationAtOffer) {
    course.offerAgain('download-stopped', 'the device restarted before it fetched the image', 'now')
  }
}

function judgeDownloading(course: Course, report: FirmwareReport): void {
  if (report.state === downloading) return
  if (progress(course, report.state) || !isWhole(course, report)) return
  if (isBenign(report.result)) course.offerAgain('download-stopped', 'the device stopped its download', 'now')
  else setback(course, report.result)
}

function judgeDownloaded(course: Course, report: FirmwareReport): void {
  if (report.state === downloaded) {
    installAgain(course, report)
    return
  }
  if (report.state === downloading) {
    downloadsAgain(course)
    return
  }
  if (progress(course, report.state) || !isWhole(course, report)) return
  const running = runningOf(course.target, course.seen)
  if (!isBenign(report.result)) setback(course, report.result)
  else if (running === undefined && course.target.running !== undefined) course.ask('read', course.target.running)
  // It runs already what we have not seen it install; a registration has to confirm that.
  else if (running === course.next.version) course.toUpdating()
  else course.offerAgain('download-stopped', 'the device lost the image it had downloaded', 'now')
}

/** After an unanswered command only State and Result read together show that it did not arrive, or how it ended. */
function installAgain(course: Course, { result }: FirmwareReport): void {
  if (course.seen.result === deferred) return
  if (course.next.installCommand === 'unsure') {
    if (result === undefined) return
    const failure = failureOf(result)
    if (failure !== undefined) return course.fail(failure, wordsOfResult(failure, result, course.rules.packageUri))
  }
  course.install()
}

/** After a fresh registration all that was reported since is one picture; before it only the report counts. */
function judgeUpdating(course: Course, report: FirmwareReport): void {
  const isAfterReboot = isFresh(course.next)
  const picture = isAfterReboot ? course.seen : report
  if (picture.state === updating) return
  if (picture.state === downloading) {
    downloadsAgain(course)
    return
  }
  if (!isWhole(course, picture)) return
  if (picture.result === deferred) {
    if (picture.state === downloaded) course.change({ state: 'downloaded', dueAt: course.stallsAt })
    return
  }
  const failure = failureOf(picture.result)
  if (failure !== undefined) course.fail(failure, wordsOfResult(failure, picture.result, course.rules.packageUri))
  else if (isAfterReboot) judgeReboot(course, picture)
}

/** Back, in no trouble it knows of, and not confirmed. */
function judgeReboot(course: Course, { state }: FirmwareReport): void {
  const { target, next, seen } = course
  const running = runningOf(target, seen)
  if (running === undefined && target.running !== undefined) course.ask('read', target.running)
  else if (state === downloaded) {
    if (course.spendAttempt('not-installed')) course.toDownloaded()
  } else if (running === undefined || running === '') {
    course.fail('version-untold', 'the device does not say which version it runs, so nothing confirms the update')
  } else course.fail('reverted', `reverted: the device came back with ${running} instead of ${next.version}`)
}

const isHeld = (state: number | undefined): boolean => state === downloading || state === downloaded

/** What shows that there is nothing left to cancel, or that it is too late. */
function judgeCancelling(course: Course, { state }: FirmwareReport): void {
  const { reason } = course.next
  if (state === idle) course.finish('cancelled')
  else if (state === updating) course.toUpdating()
  else if (!isHeld(state)) return
  else if (reason !== undefined) course.finish('cancelled', reason)
  else resetDevice(course)
}

/** A step back that a device may take a few times, and not for ever. */
function downloadsAgain(course: Course): void {
  if (!course.spendAttempt('download-stopped', 'the device keeps beginning its download again')) return
  course.forgetInstall()
  course.toDownloading()
}

/** Follows the device forward; false where the state says something else. */
function progress(course: Course, state: number | undefined): boolean {
  switch (state) {
    case downloading:
      if (course.next.registrationAtOffer === undefined) course.toOffered()
      course.toDownloading()
      return true
    case downloaded:
      if (course.next.registrationAtOffer === undefined) course.toOffered()
      course.toDownloaded()
      return true
    case updating:
      course.toUpdating()
      return true
    default:
      return false
  }
}

/**
 * Whether a report is one to judge a setback by: State and Result together. Asks for both where one
 * of them hints at a setback.
 */
function isWhole(course: Course, report: FirmwareReport): report is FirmwareReport & { state: number; result: number } {
  const { state, result } = report
  if (state !== undefined && result !== undefined) return state === idle || state === downloaded
  if (state === idle || (result !== undefined && result > 1)) course.ask('read', course.target.path)
  return false
}

/** The device says that it failed. What another try may mend is offered again after a while. */
function setback(course: Course, result: number): void {
  const failure = failureOf(result)
  if (failure === undefined) return
  if (retryOf(failure) === 'transient' && !isRefusalOfDelta(course.next, result))
    course.offerAgain(failure, wordsOf(failure), 'later')
  else course.fail(failure, wordsOfResult(failure, result, course.rules.packageUri))
}
