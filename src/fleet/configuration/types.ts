/** What an operator gives a device to fetch: one JSON document a device, whole or not at all. */
import type { Bytes } from '../../base/bytes.ts'
import type { Instant } from '../../base/time.ts'
import type { AssociationNumber } from '../associations/types.ts'
import type { DeviceId } from '../registry/types.ts'

export interface Configuration {
  readonly deviceId: DeviceId
  /** JSON text. */
  readonly document: string
  /** Whole milliseconds; later with each change of the document. */
  readonly changedAt: Instant
}

/** Where an observer is told: on its association, or at the address it asked from. */
export type ObserverWay =
  | { readonly association: AssociationNumber }
  | {
      readonly address: string
      readonly port: number
      /** Nothing but its own word says which device it is. */
      readonly claimed: boolean
    }

/** A device that observes its configuration (RFC 7641): told of each change once it is awake. */
export interface ConfigurationObserver {
  readonly deviceId: DeviceId
  /** Hex; one observer of the device for each. */
  readonly token: string
  readonly way: ObserverWay
  /** The datagram it registered with: block size, filters and all it wants to be told under. */
  readonly registration: Bytes
  /** Content-Format it accepts. */
  readonly format: number
  /** `changedAt` of what it was told last. */
  readonly toldAt: Instant
}

/** As an operator sees it. */
export interface ObservedConfiguration extends Configuration {
  /** Of so many observers so many were told of this document. */
  readonly observers: { readonly count: number; readonly told: number }
}
