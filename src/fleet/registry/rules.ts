/**
 * What a device's names may look like and whether it can be reached: pure functions, the same for the
 * engine, the API and the command line. Stores nothing.
 */
import { utf8 } from '../../base/bytes.ts'
import { UsageError } from '../../base/errors.ts'
import { after, milliseconds, type Duration, type Instant } from '../../base/time.ts'
import { isProfileName, profileNames, profiles, unknownPeerProfile, type ProfileName } from '../../config/profiles.ts'
import type { Settings } from '../../config/tunables.ts'
import type { DevicePatch } from '../commands.ts'
import type { Device, DeviceStatus, Registration } from './types.ts'

/** What a status depends on besides the device itself. */
export interface StatusRules {
  /** How long after its lifetime a registration still counts (LwM2M Core 1.2 §6.2.2). */
  readonly grace: Duration
  /** How long the device listens after an uplink, where more is known than its profile says. */
  readonly awakeWindow?: Duration | 'always'
}

export function graceOf(settings: Pick<Settings, 'registration.grace'>): StatusRules {
  return { grace: milliseconds(settings['registration.grace']) }
}

/** How long a device in queue mode listens after an uplink; infinite where its receiver is never off. */
export function awakeWindowOf(profile: ProfileName | undefined): Duration {
  return durationOf((profile === undefined ? unknownPeerProfile : profiles[profile]).awakeWindow)
}

const durationOf = (window: Duration | 'always'): Duration =>
  window === 'always' ? milliseconds(Number.POSITIVE_INFINITY) : window

/** Reachability as of `now`; the one function that says it (LwM2M Core 1.2 §6.5 for queue mode). */
export function statusOf(
  device: Device,
  registration: Registration | undefined,
  now: Instant,
  { grace, awakeWindow }: StatusRules,
): DeviceStatus {
  if (device.retiredAt !== undefined) return 'retired'
  if (registration === undefined) {
    return device.firstSeen === undefined && device.lastSeen === undefined ? 'never-seen' : 'offline'
  }
  if (now >= after(registration.expiresAt, grace)) return 'offline'
  if (now >= registration.expiresAt) return 'overdue'
  if (!registration.queueMode) return 'awake'
  const heard = Math.max(device.lastSeen ?? 0, registration.updatedAt) as Instant
  const window = awakeWindow === undefined ? awakeWindowOf(device.profile) : durationOf(awakeWindow)
  return now < after(heard, window) ? 'awake' : 'asleep'
}

const longestEndpoint = 255
const longestProduct = 128
const mostTags = 32
const longestTagName = 64
const longestTagValue = 256

/** Why `endpoint` cannot be an LwM2M Endpoint Client Name (LwM2M Core 1.2 §7.4), or undefined where it can. */
export function endpointProblem(endpoint: string): string | undefined {
  if (endpoint === '') return 'an endpoint name has at least one character'
  const octets = utf8(endpoint).length
  if (octets > longestEndpoint) return `an endpoint name has at most ${longestEndpoint} octets, this one has ${octets}`
  if (/\p{Cc}/u.test(endpoint)) return 'an endpoint name has no control characters'
  return endpoint.isWellFormed() ? undefined : 'an endpoint name is valid Unicode'
}

/**
 * Throws UsageError (422) 'device.endpoint', 'device.product', 'device.tags' or 'device.profile' where
 * `before` with `patch` could not be a device.
 */
export function validatePatch(endpoint: string, patch: DevicePatch, before: Device | undefined): void {
  const problem = before === undefined ? endpointProblem(endpoint) : undefined
  if (problem !== undefined) throw refused('device.endpoint', problem)
  if (typeof patch.product === 'string' && !isText(patch.product, longestProduct)) {
    throw refused(
      'device.product',
      `a product is a text of 1 to ${longestProduct} characters without control characters`,
    )
  }
  if (typeof patch.profile === 'string' && !isProfileName(patch.profile)) {
    throw refused(
      'device.profile',
      `'${String(patch.profile)}' is no network profile`,
      `profiles: ${profileNames.join(', ')}`,
    )
  }
  validateTags(patch.tags ?? {}, before?.tags ?? {})
}

function validateTags(
  changes: Readonly<Record<string, string | null>>,
  before: Readonly<Record<string, string>>,
): void {
  const names = new Set(Object.keys(before))
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) {
      names.delete(name)
      continue
    }
    // No blank, comma or equals sign, so that `tag.site=berlin,tag.floor=3` can be read back.
    if (!isText(name, longestTagName) || /[\s,=]/.test(name)) {
      throw refused(
        'device.tags',
        `the tag name '${name}' is not 1 to ${longestTagName} characters without blanks, commas and equals signs`,
      )
    }
    if (!isText(value, longestTagValue)) {
      throw refused('device.tags', `the value of tag '${name}' is not 1 to ${longestTagValue} characters of text`)
    }
    names.add(name)
  }
  if (names.size > mostTags) throw refused('device.tags', `a device has at most ${mostTags} tags, not ${names.size}`)
}

function isText(text: string, longest: number): boolean {
  return text !== '' && text.length <= longest && !/\p{Cc}/u.test(text) && text.isWellFormed()
}

function refused(code: string, message: string, hint?: string): UsageError {
  return new UsageError(code, message, { status: 422, ...(hint === undefined ? {} : { hint }) })
}
