/** Rules of the registry as pure functions: what a device's status is, which names and tags are taken. */
import { UsageError } from '../../base/errors.ts'
import { utf8 } from '../../base/bytes.ts'
import { after, milliseconds, type Duration, type Instant } from '../../base/time.ts'
import { derivedTimes, profiles, unknownPeerProfile, type ProfileName } from '../../config/profiles.ts'
import type { DevicePatch } from '../commands.ts'
import type { Device, DeviceStatus, Registration } from './types.ts'

/**
 * How long a device in queue mode listens after an uplink: what its network does, or MAX_TRANSMIT_WAIT
 * where its receiver is said to be always on (LwM2M Core 1.2 §6.5).
 */
export function awakeWindowOf(profile: ProfileName | undefined): Duration {
  const of = profile === undefined ? unknownPeerProfile : profiles[profile]
  return of.awakeWindow === 'always' ? derivedTimes(of).maxTransmitWait : of.awakeWindow
}

/** The one place that says what state a device is in; nothing of it is stored. */
export function statusOf(device: Device, registration: Registration | undefined, now: Instant, grace: Duration): DeviceStatus {
  if (device.retiredAt !== undefined) return 'retired'
  if (registration === undefined) return device.firstSeen === undefined ? 'never-seen' : 'offline'
  if (registration.expiresAt <= now) return now < after(registration.expiresAt, grace) ? 'overdue' : 'offline'
  if (!registration.queueMode) return 'awake'
  const heard = Math.max(registration.updatedAt, device.lastSeen ?? registration.updatedAt) as Instant
  return now < after(heard, awakeWindowOf(device.profile)) ? 'awake' : 'asleep'
}

/** Octets of an endpoint name (LwM2M Core 1.2 §7.4). */
export const endpointNameLimit = 255
export const tagLimit = 32
export const tagNameLimit = 64
export const tagValueLimit = 256
export const productLimit = 100

/** Throws UsageError 'device.endpoint', 'device.product' or 'device.tags' that says what is allowed. */
export function validatePatch(endpoint: string, patch: DevicePatch, before: Device | undefined): void {
  if (endpoint === '' || /\p{Cc}/u.test(endpoint) || utf8(endpoint).length > endpointNameLimit) {
    throw new UsageError('device.endpoint', `an endpoint name has 1 to ${endpointNameLimit} octets and no control characters`)
  }
  if (typeof patch.product === 'string' && (patch.product === '' || patch.product.length > productLimit)) {
    throw new UsageError('device.product', `a product name has 1 to ${productLimit} characters`)
  }
  const added = Object.entries(patch.tags ?? {}).filter(([, value]) => value !== null)
  for (const [name, value] of added) {
    if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name) || name.length > tagNameLimit) {
      throw new UsageError(
        'device.tags',
        `'${name}' is no tag name: up to ${tagNameLimit} letters, digits and _ . - , not beginning with . or -`,
      )
    }
    if (value!.length > tagValueLimit) {
      throw new UsageError('device.tags', `the value of tag '${name}' is longer than ${tagValueLimit} characters`)
    }
  }
  const count = new Set([...Object.keys(before?.tags ?? {}), ...added.map(([name]) => name)]).size
  if (count > tagLimit) throw new UsageError('device.tags', `a device has at most ${tagLimit} tags`)
}

/** From settings: the time an ended registration still counts. */
export function graceOf(settings: { readonly 'registration.grace': number }): Duration {
  return milliseconds(settings['registration.grace'])
}
