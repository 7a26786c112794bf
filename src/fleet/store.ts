/**
 * The whole store as the engine and the services see it: the union of every folder's ops and reads.
 * `storage/sqlite` implements it; the committer of the server is the only one that calls `commit`.
 */
import type { Duration, Instant } from '../base/time.ts'
import type { CampaignsOp, CampaignsStore } from './campaigns/store.ts'
import type { AssociationsOp, AssociationsStore, BootstrapAssociationsOp } from './associations/store.ts'
import type { BootstrapOp, BootstrapStore } from './bootstrap/store.ts'
import type { ConfigurationOp, ConfigurationStore } from './configuration/store.ts'
import type { Configuration, ConfigurationObserver } from './configuration/types.ts'
import type { CredentialsOp, CredentialsStore } from './credentials/store.ts'
import type { EventsOp, EventsStore } from './events/store.ts'
import type { FirmwareOp, FirmwareStore } from './firmware/store.ts'
import type { FirmwareUpdate } from './firmware/types.ts'
import type { DeltasOp, DeltasStore } from './deltas/store.ts'
import type { ImagesOp, ImagesStore } from './images/store.ts'
import type { ObservationRulesOp, ObservationRulesStore } from './observation-rules/store.ts'
import type { ObservationsOp, ObservationsStore } from './observations/store.ts'
import type { Observation } from './observations/types.ts'
import type { OperationsOp, OperationsStore } from './operations/store.ts'
import type { Operation } from './operations/types.ts'
import type { RegistryOp, RegistryStore } from './registry/store.ts'
import type { SigningKeysOp, SigningKeysStore } from './signing-keys/store.ts'
import type { Device, DeviceId, EndpointName, Registration } from './registry/types.ts'

export type StoreOp =
  | RegistryOp
  | ConfigurationOp
  | AssociationsOp
  | CredentialsOp
  | BootstrapOp
  | BootstrapAssociationsOp
  | OperationsOp
  | ObservationsOp
  | ObservationRulesOp
  | FirmwareOp
  | ImagesOp
  | DeltasOp
  | SigningKeysOp
  | CampaignsOp
  | EventsOp

/** Everything a device actor starts from. */
export interface DeviceSnapshot {
  readonly device: Device
  readonly registration?: Registration
  /** Open ones in sending order, at most the limit the caller gave. */
  readonly operations: readonly Operation[]
  readonly observations: readonly Observation[]
  readonly update?: FirmwareUpdate
  readonly configuration?: Configuration
  /** Who observes it, the oldest first. */
  readonly configurationObservers: readonly ConfigurationObserver[]
}

/** What a device can be found by. */
export type DeviceKey =
  | { readonly by: 'endpoint'; readonly endpoint: EndpointName }
  | { readonly by: 'registration'; readonly registrationId: string }
  | { readonly by: 'id'; readonly deviceId: DeviceId }
  /** The token of one of its observations, hex. */
  | { readonly by: 'observation'; readonly token: string }
  /** Where a device without a credential was last heard from. */
  | { readonly by: 'address'; readonly address: string; readonly port: number }

export interface Store
  extends
    RegistryStore,
    ConfigurationStore,
    AssociationsStore,
    CredentialsStore,
    BootstrapStore,
    OperationsStore,
    ObservationsStore,
    ObservationRulesStore,
    FirmwareStore,
    ImagesStore,
    DeltasStore,
    SigningKeysStore,
    CampaignsStore,
    EventsStore {
  /**
   * All ops of all lists in one durable transaction, in order; on error none of them. Throws
   * EnvironmentError: 'store.full' (disk full), 'store.unavailable' (I/O error, locked), both retriable.
   */
  commit(ops: readonly StoreOp[]): void
  /**
   * Runs `reads`, which see one state of the store and cost a third less together than one by one. Nothing may be
   * committed meanwhile, and nothing awaited. Throws what commit throws.
   */
  together(reads: () => void): void
  readonly bootstrapAssociations: AssociationsStore
  snapshot(key: DeviceKey, openOperationsLimit: number): DeviceSnapshot | undefined
  /**
   * Devices for which an instant has passed at or before `at`: the end of a registration, the deadline of
   * an open operation or its next try, the `dueAt` of an open update. Earliest first, each device once, at
   * most `limit`. A registration counts `grace` after its end.
   */
  devicesDue(at: Instant, limit: number, grace?: Duration): readonly DeviceId[]
  /**
   * Devices with a queued or sent operation or an observer of their configuration that was not told of it, in id
   * order above `after`: what a restarted server goes through, to settle what was sent and to send what can be.
   */
  devicesToRecover(after: DeviceId, limit: number): readonly DeviceId[]
  /** Highest device id ever given, 0 where there is none. */
  lastDeviceId(): DeviceId
  close(): void
}
