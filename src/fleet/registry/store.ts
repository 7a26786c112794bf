/** What the registry asks of the store. Ops are data, applied in one transaction by the committer. */
import type { Instant } from '../../base/time.ts'
import type { Learned } from './learned.ts'
import type { Device, DeviceFilter, DeviceId, EndpointName, Registration } from './types.ts'

export type RegistryOp =
  /** Inserts a device nobody knew; when it was heard comes with its registration, in the same commit. */
  | { readonly op: 'device.add'; readonly device: Device }
  /** Inserts, or replaces everything but `createdAt`. */
  | { readonly op: 'device.put'; readonly device: Device }
  /** With everything that hangs on it; its events stay. */
  | { readonly op: 'device.delete'; readonly deviceId: DeviceId }
  /** Inserts or replaces the device's one registration; sets `lastSeen`. */
  | { readonly op: 'registration.put'; readonly deviceId: DeviceId; readonly registration: Registration }
  /** Keep-alive: the most frequent write of all. Also moves the device's `lastSeen`. */
  | {
      readonly op: 'registration.touch'
      readonly deviceId: DeviceId
      readonly updatedAt: Instant
      readonly expiresAt: Instant
      readonly address: string
      readonly port: number
    }
  | { readonly op: 'registration.delete'; readonly deviceId: DeviceId }
  /** What talking with the device has shown; replaces what was known. */
  | { readonly op: 'device.learned'; readonly deviceId: DeviceId; readonly learned: Learned }
  /** Any other uplink that changed something; sets `lastSeen`. */
  | { readonly op: 'device.seen'; readonly deviceId: DeviceId; readonly at: Instant }

export interface DeviceRow {
  readonly device: Device
  readonly registration?: Registration
}

export interface RegistryStore {
  device(endpoint: EndpointName): DeviceRow | undefined
  deviceById(id: DeviceId): DeviceRow | undefined
  deviceByRegistration(registrationId: string): DeviceRow | undefined
  /**
   * A page in endpoint order, after `cursor` (an endpoint name; not included). `status` is not the
   * store's to judge: the service filters it.
   */
  devices(filter: Omit<DeviceFilter, 'status'>, cursor: EndpointName | undefined, limit: number): readonly DeviceRow[]
  /** Endpoint names close to `endpoint`, for "did you mean"; at most `limit`. */
  similarEndpoints(endpoint: EndpointName, limit: number): readonly EndpointName[]
  countDevices(): number
}
