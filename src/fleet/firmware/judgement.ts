/**
 * What a report of object 5 and /3/0/3 means in each state of an update. Progress is believed at once;
 * whatever looks like a setback is judged on State and Result read together, since two notifications may
 * come apart. Knows no operation and no clock.
 */
import { firmwareVersionPath, objectPath, packageUriPath, updatePath, type Course } from './course.ts'
import { meaningOf } from './results.ts'
import type { FirmwareReport, FirmwareUpdate } from './types.ts'

/** Values of /5/0/3. */
const idle = 0
const downloading = 1
const downloaded = 2
const updating = 3
/** Values of /5/0/5 that are no failure. */
const isBenign = (result: number): boolean => result === 0 || result === 1
const connectionLost = 4
const deferred = 11

/** Value of /5/0/9 of a device that takes images by push alone. */
const pushOnly = 1
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
  if (isInstalled(course.next)) {
    const ranBefore = course.next.registrationAtOffer === undefined
    course.finish('confirmed', ranBefore ? 'the device ran this version already' : undefined)
    return
  }
  switch (course.next.state) {
    case 'pending':
      judgePending(course, report)
      break
    case 'offered':
      judgeOffered(course, report)
      break
    case 'downloading':
      judgeDownloading(course, report)
      break
    case 'downloaded':
      judgeDownloaded(course, report)
      break
    case 'updating':
      judgeUpdating(course, report)
      break
    case 'confirmed':
    case 'failed':
    case 'cancelled':
      break
  }
}

/** A resource of object 5 has at most 255 characters, its list of protocols six entries. */
const longestText = 255
const mostProtocols = 16

/** Keeps what a device says as long as it may be, not as long as it likes. */
function clipped(report: FirmwareReport): FirmwareReport {
  const { packageVersion, firmwareVersion, protocols } = report
  return {
    ...report,
    ...(packageVersion === undefined ? {} : { packageVersion: packageVersion.slice(0, longestText) }),
    ...(firmwareVersion === undefined ? {} : { firmwareVersion: firmwareVersion.slice(0, longestText) }),
    ...(protocols === undefined ? {} : { protocols: protocols.slice(0, mostProtocols) }),
  }
}

function note(course: Course, report: FirmwareReport): void {
  const seen = { ...course.next.seen, ...clipped(report) }
  const { state, registrationAtOffer } = course.next
  const running = seen.firmwareVersion
  const learnsOld = state === 'pending' && registrationAtOffer === undefined && running !== undefined && running !== ''
  course.change({
    seen,
    ...(report.result === undefined ? {} : { result: report.result }),
    ...(learnsOld ? { fromVersion: running } : {}),
  })
}

/** The one proof: the new version runs, and the device has registered since we made it change. */
function isInstalled(update: FirmwareUpdate): boolean {
  const { firmwareVersion, packageVersion, state, result } = update.seen ?? {}
  if (!isFresh(update)) return false
  if (firmwareVersion !== '') return firmwareVersion === update.version
  // A device without /3/0/3: the package's version counts if it says that this package succeeded.
  return update.state === 'updating' && state === idle && result === 1 && packageVersion === update.version
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
    course.finish('failed', obstacle)
    return
  }
  const isOurs = course.next.registrationAtOffer !== undefined
  if (state === idle) course.offer()
  else if (isOurs) progress(course, state)
  // A package of somebody else's: object 5 takes a new URI only when it is idle.
  else if (state === downloading || state === downloaded) course.ask('write', packageUriPath, '')
}

/** Why this device cannot fetch from us at all. */
function obstacleOf({ seen, rules }: Course): string | undefined {
  if (seen.delivery === pushOnly) return 'the device takes images by push only'
  const scheme = rules.packageUri.slice(0, rules.packageUri.indexOf(':'))
  const protocol = protocolOfScheme[scheme]
  const { protocols } = seen
  if (protocols === undefined || protocols.length === 0 || protocol === undefined) return undefined
  return protocols.includes(protocol) ? undefined : `the device does not fetch over ${scheme}`
}

function judgeOffered(course: Course, report: FirmwareReport): void {
  if (progress(course, report.state) || !isWhole(course, report)) return
  if (!isBenign(report.result)) setback(course, report.result)
  else if (course.next.registration !== course.next.registrationAtOffer) {
    course.offerAgain('the device restarted before it fetched the image')
  }
}

function judgeDownloading(course: Course, report: FirmwareReport): void {
  if (report.state === downloading) return
  if (progress(course, report.state) || !isWhole(course, report)) return
  if (isBenign(report.result)) course.offerAgain('the device stopped its download')
  else setback(course, report.result)
}

function judgeDownloaded(course: Course, report: FirmwareReport): void {
  if (report.state === downloaded) {
    if (course.seen.result !== deferred) course.ask('execute', updatePath)
    return
  }
  if (report.state === downloading) {
    downloadsAgain(course)
    return
  }
  if (progress(course, report.state) || !isWhole(course, report)) return
  if (!isBenign(report.result)) setback(course, report.result)
  else if (course.seen.firmwareVersion === undefined) course.ask('read', firmwareVersionPath)
  // It runs already what we have not seen it install; a registration has to confirm that.
  else if (course.seen.firmwareVersion === course.next.version) course.toUpdating()
  else course.offerAgain('the device lost the image it had downloaded')
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
    if (picture.state === downloaded) course.change({ state: 'downloaded', confirmBy: course.stallsAt })
  } else if (!isBenign(picture.result)) course.finish('failed', meaningOf(picture.result).words)
  else if (isAfterReboot) judgeReboot(course, picture)
}

/** Back, in no trouble it knows of, and not confirmed. */
function judgeReboot(course: Course, { state, firmwareVersion }: FirmwareReport): void {
  const { version } = course.next
  if (firmwareVersion === undefined) course.ask('read', firmwareVersionPath)
  else if (state === downloaded) {
    if (course.spendAttempt('the device came back without having installed the image')) course.toDownloaded()
  } else if (firmwareVersion === '') {
    course.finish('failed', 'the device does not say which version it runs, so nothing confirms the update')
  } else course.finish('failed', `reverted: the device came back with ${firmwareVersion} instead of ${version}`)
}

/** A step back that a device may take a few times, and not for ever. */
function downloadsAgain(course: Course): void {
  if (course.spendAttempt('the device keeps beginning its download again')) course.toDownloading()
}

/** Follows the device forward; false where the state says something else. */
function progress(course: Course, state: number | undefined): boolean {
  switch (state) {
    case downloading:
      course.toDownloading()
      return true
    case downloaded:
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
  if (state === idle || (result !== undefined && result > 1)) course.ask('read', objectPath)
  return false
}

/** The device says that it failed. What can be gone on with is offered again; for the rest somebody has to decide. */
function setback(course: Course, result: number): void {
  const { words, retry } = meaningOf(result)
  if (result === connectionLost) course.offerAgain(words)
  else if (retry !== 'deferred') course.finish('failed', words)
}
