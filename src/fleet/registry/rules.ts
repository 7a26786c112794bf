/**
 * What a device's names may look like and whether it can be reached: pure functions, the same for the
 * engine, the API and the command line. Stores nothing.
 */
import { utf8 } from '../../base/bytes.ts'
import { UsageError } from '../../base/errors.ts'
import { instantOf, milliseconds, seconds, type Duration, type Instant } from '../../base/time.ts'
import { isProfileName, profileNames, profiles, type ProfileName } from '../../config/profiles.ts'
import type { Settings } from '../../config/tunables.ts'
import { awakeWindow, noWakeSamples, wakeInterval, type WakeSamples } from '../../lwm2m/queue-mode.ts'
import { listeningWindow, reachability } from '../../lwm2m/reachability.ts'
import type { DevicePatch } from '../commands.ts'
import { chosenProfile, profileRulesOf, type ProfileRules } from './profile-choice.ts'
import { longestProduct, type Device, type DeviceStatus, type DeviceWithStatus, type Registration } from './types.ts'

/** What a status depends on besides the device itself. */
export interface StatusRules {
  /** How long after its lifetime a registration still counts (LwM2M Core 1.2 §6.2.2). */
  readonly grace: Duration
  readonly profiles: ProfileRules
}

export type StatusSettings = Pick<Settings, 'registration.grace'> & Parameters<typeof profileRulesOf>[0]

/** Throws UsageError 'config.value' where a knob names a profile that is none. */
export function statusRulesOf(settings: StatusSettings): StatusRules {
  return { grace: milliseconds(settings['registration.grace']), profiles: profileRulesOf(settings) }
}

/**
 * How long a device in queue mode listens after an uplink: as its network usually has it, or as it has
 * shown; 'always' where its receiver is never off.
 */
export function awakeWindowOf(profile: ProfileName, wake: WakeSamples = noWakeSamples): Duration | 'always' {
  const usual = profiles[profile].awakeWindow
  return usual === 'always' ? usual : awakeWindow(wake, usual)
}

export interface StatusAsOfNow {
  readonly status: DeviceStatus
  /** When a device that sleeps is expected to wake, or an overdue one was to be heard of. */
  readonly nextExpectedAt?: Instant
}

/** Reachability as of `now` in the words of an operator; what decides is `lwm2m/reachability.ts`. */
export function statusOf(
  device: Device,
  registration: Registration | undefined,
  now: Instant,
  rules: StatusRules,
): StatusAsOfNow {
  if (device.retiredAt !== undefined) return { status: 'retired' }
  if (device.quarantinedAt !== undefined) return { status: 'quarantined' }
  if (registration === undefined) {
    const isKnown = device.firstSeen !== undefined || device.lastSeen !== undefined
    return { status: isKnown ? 'offline' : 'never-seen' }
  }
  const wake = device.learned?.wake
  const powerSaving = device.learned?.powerSaving
  const { profile } = chosenProfile(device, registration, rules.profiles)
  const interval = wake === undefined ? undefined : wakeInterval(wake)
  const { expiresAt, lifetime, queueMode, updatedAt } = registration
  const found = reachability(
    {
      registration: { expiresAt, lifetime: seconds(lifetime), queueMode },
      grace: rules.grace,
      lastUplink: instantOf(Math.max(device.lastSeen ?? 0, updatedAt)),
      awakeWindow: awakeWindowOf(profile, wake),
      ...(interval !== undefined && { wakeInterval: interval }),
      ...(powerSaving !== undefined && { powerSaving }),
    },
    now,
  )
  if (found.state === 'asleep') return { status: 'asleep', nextExpectedAt: found.nextExpected }
  return found.state === 'overdue' ? { status: 'overdue', nextExpectedAt: found.expectedAt } : { status: found.state }
}

/** A device as operators see it: what is kept of it, and what only the clock and the settings know. */
export function describedDevice(
  device: Device,
  registration: Registration | undefined,
  now: Instant,
  rules: StatusRules,
): DeviceWithStatus {
  const wake = device.learned?.wake
  const network = chosenProfile(device, registration, rules.profiles)
  const powerSaving = device.learned?.powerSaving
  const awakeWindow = awakeWindowOf(network.profile, wake)
  const window = listeningWindow({ awakeWindow, ...(powerSaving !== undefined && { powerSaving }) })
  const interval = wake === undefined ? undefined : wakeInterval(wake)
  return {
    ...device,
    ...statusOf(device, registration, now, rules),
    network,
    ...(Number.isFinite(window) && { awakeWindow: window }),
    ...(interval !== undefined && { wakeInterval: interval }),
    ...(registration === undefined ? {} : { registration }),
  }
}

const longestEndpoint = 255
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
  if (typeof patch.product === 'string' && !isProduct(patch.product)) {
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

/** `wanted` is all that is said of the device: what it does not name is taken away. */
export function replacing(before: Device | undefined, wanted: DevicePatch): DevicePatch {
  const goneTags = Object.fromEntries(Object.keys(before?.tags ?? {}).map((name) => [name, null]))
  return {
    product: wanted.product ?? null,
    tags: { ...goneTags, ...wanted.tags },
    profile: wanted.profile ?? null,
    retired: wanted.retired ?? false,
  }
}

/** 1 to 128 characters without control characters. */
export function isProduct(text: string): boolean {
  return isText(text, longestProduct)
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
