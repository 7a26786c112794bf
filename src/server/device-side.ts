/**
 * The side of the server that faces devices, as the rest sees it: sockets and engine behind one control.
 * In one thread beside the store here; spread over several threads in `shards`.
 */
import type { ExposedMetrics } from '../api/metrics.ts'
import type { TraceCalls } from '../api/services.ts'
import type { Bytes } from '../base/bytes.ts'
import type { InvariantError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { milliseconds, type Instant } from '../base/time.ts'
import type { Settings } from '../config/tunables.ts'
import { Engine } from '../engine/engine.ts'
import type { Sequences } from '../engine/ports.ts'
import type { FleetEvent } from '../fleet/events/types.ts'
import type { ObservationRule } from '../fleet/observation-rules/types.ts'
import type { Store } from '../fleet/store.ts'
import type { ObjectLibrary } from '../lwm2m/model/library.ts'
import type { SqliteStore } from '../storage/sqlite/store.ts'
import { controlOf, type Control } from './control.ts'
import { LocalDesk, type CredentialDesk, type Desk, type LocalDeskOptions } from './desk.ts'
import { DeviceReach } from './device-reach.ts'
import { Driver } from './driver.ts'
import type { DtlsParts } from './dtls-parts.ts'
import type { ImageBodies } from './image-bodies.ts'
import { openListeners } from './listeners.ts'
import { SystemRandom } from './system-random.ts'
import { traceCalls } from './trace-calls.ts'
import type { RemoteAddress } from './transport.ts'

export interface Listening {
  readonly plain: RemoteAddress
  /** Undefined where only plain CoAP is served. */
  readonly secured: RemoteAddress | undefined
  /** 'native', 'dgram', 'native, 4 shards': for the start-up line. */
  readonly transport: string
}

export interface DeviceSide {
  readonly control: Control
  /** Opens the sockets and serves; `downloads`: where firmware is served over HTTP, '' where it is not. Throws EnvironmentError where a port cannot be had. */
  open(downloads: string): Promise<Listening>
  setRules(rules: readonly ObservationRule[]): void
  /** The files of object definitions are others now, and sound. */
  objectsChanged(): void
  /** The image was removed. */
  forgetImage(key: string): void
  /** What there is of each thing in memory now. */
  counts(): Readonly<Record<string, number>>
  /** What other threads have counted, for the metrics. */
  samples(): readonly (readonly object[])[]
  trace(): TraceCalls
  /** Takes no more work; commits and answers what is under way. */
  stop(): Promise<void>
}

export interface DeviceSideParts {
  readonly settings: Settings
  readonly store: SqliteStore
  readonly bodies: ImageBodies
  readonly storeKey: Bytes
  readonly library: ObjectLibrary
  readonly dtls: DtlsParts | undefined
  readonly credentials: CredentialDesk
  readonly vouched: LocalDeskOptions['vouched']
  readonly handshake: Desk['handshake']
  readonly publish: (event: FleetEvent) => void
  readonly fatal: (error: InvariantError) => void
  readonly now: () => Instant
  readonly log: Log
  readonly metrics: ExposedMetrics
}

/** Everything in this thread: what one core can do, with nothing handed from thread to thread. */
export function deviceSideInThread(parts: DeviceSideParts): DeviceSide {
  const { settings, store, bodies, library, dtls, now, log, metrics } = parts
  const reach = new DeviceReach(parts)
  const desk = new LocalDesk({ ...parts, ...deskLimits(settings) })
  const driver = new Driver({
    desk,
    now,
    image: (key) => bodies.of(key),
    reach,
  })
  const engine = new Engine({
    settings,
    random: new SystemRandom(),
    output: driver,
    library,
    sequences: sequencesOf(store),
    log,
    metrics,
    ...(dtls === undefined ? {} : { dtls }),
  })
  let local = ''
  const closing: (() => Promise<void>)[] = []
  return {
    control: controlOf(driver, desk, () => engine, now),
    async open(downloads) {
      const handlers = {
        plain: driver.handlerOf('plain'),
        secured: dtls === undefined ? undefined : driver.handlerOf('secured'),
      }
      const listeners = await openListeners(settings, handlers, { now, reusePort: false, metrics })
      const { plain, secured } = listeners
      closing.push(
        () => plain.close(),
        async () => secured?.close(),
      )
      reach.serve(listeners.publicUris.plain, listeners.publicUris.secured, downloads)
      local = plain.local.address
      driver.start(engine, { plain, ...(secured === undefined ? {} : { secured }) })
      return { plain: plain.local, secured: secured?.local, transport: plain.kind }
    },
    setRules: (rules) => void (engine.observationRules = rules),
    // The library of this thread is the server's own.
    objectsChanged: () => undefined,
    forgetImage: (key) => bodies.forget(key),
    counts: () => ({ actors: engine.actors.size, ...engine.coap.sizes(), ...engine.recorder.sizes() }),
    samples: () => [],
    trace: () => traceCalls(engine, local),
    async stop() {
      if (closing.length > 0) driver.stop()
      for (const close of closing.splice(0).reverse()) await close()
    },
  }
}

/** What every desk of a server obeys. */
export const deskLimits = (settings: Settings) => ({
  batchLimit: settings['commit.batch'],
  operationsLimit: settings['operations.queued-per-device'],
  grace: milliseconds(settings['registration.grace']),
})

/** Where the last process stopped counting. */
export const sequencesOf = (store: Store): Sequences => ({
  deviceId: store.lastDeviceId(),
  operationId: store.lastOperationId(),
  eventId: store.lastEventId(),
  updateId: store.lastUpdateId(),
  associationId: store.lastAssociationId(),
})
