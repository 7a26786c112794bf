/** The bootstrap server put together: its sockets, its machine, and how it reaches the rest of the house. */
import { createHmac } from 'node:crypto'
import type { ExposedMetrics } from '../api/metrics.ts'
import type { Bytes } from '../base/bytes.ts'
import type { Log } from '../base/log.ts'
import type { Random } from '../base/random.ts'
import type { Instant } from '../base/time.ts'
import { flagOf, type Settings } from '../config/tunables.ts'
import { BootstrapEngine } from '../engine/bootstrap/bootstrap-engine.ts'
import { BootstrapDesk } from '../fleet/bootstrap/desk.ts'
import { BootstrapService, type BootstrapPorts } from '../fleet/bootstrap/service.ts'
import type { Store } from '../fleet/store.ts'
import { deviceModel, type ObjectLibrary } from '../lwm2m/model/library.ts'
import { BootstrapDriver, type BootstrapDriverOptions } from './bootstrap-driver.ts'
import type { Control } from './control.ts'
import type { Credentials } from './credentials.ts'
import type { Listening } from './device-side.ts'
import { dtlsPartsOf } from './dtls-parts.ts'
import { publicUri, reachableUri } from './public-uri.ts'
import { sealerWith } from './sealer.ts'
import { deriveKey } from './store-key.ts'
import type { RemoteAddress, TransportHandler } from './transport.ts'
import { exposeCounts } from './udp-counts.ts'
import { openUdpTransport, type TransportChoice } from './udp.ts'

export interface BootstrapParts {
  readonly settings: Settings
  readonly storeKey: Bytes
  readonly store: Store
  readonly control: Control
  readonly credentials: Credentials
  readonly handshake: BootstrapDriverOptions['handshake']
  readonly library: ObjectLibrary
  readonly random: Random
  readonly now: () => Instant
  readonly log: Log
  readonly metrics: Pick<ExposedMetrics, 'counted'>
  /** Where the other listeners are. */
  readonly listening: Listening
}

export interface Bootstrap {
  readonly listeners: readonly (RemoteAddress & { readonly protocol: string })[]
  /** Devices on their way. */
  readonly size: () => number
  /** Ends what an identity has open here. */
  readonly revoke: BootstrapDriver['revoke']
  /** A device has registered with the management server. */
  readonly registered: BootstrapDriver['registered']
}

/** Undefined where it is switched off. How to close what it has opened is handed to `opened`, also where it fails after that. */
export async function openBootstrap(
  parts: BootstrapParts,
  opened: (close: () => void | Promise<void>) => void,
): Promise<Bootstrap | undefined> {
  const { settings, storeKey, store, control, credentials, random, now, log, library } = parts
  const listen = settings['bootstrap.listen']
  if (listen === 'off') return undefined
  const dtls =
    listen === 'coap' ? undefined : dtlsPartsOf({ ...settings, 'coaps.listen': 'on' }, deriveKey(storeKey, 'bootstrap'))
  const desk = new BootstrapDesk({
    store,
    sealer: sealerWith(deriveKey(storeKey, 'bootstrap keys')),
    credentials: credentials.service,
    mac: (key, data) => new Uint8Array(createHmac('sha256', key).update(data).digest()),
    selfUri: (secured, remote) => selfUri(parts, secured, remote),
    random,
    settings,
  })
  const { handshake } = parts
  const commitNow: BootstrapDriverOptions['commitNow'] = (ops, events) => control.commitNow(ops, events)
  const driver = new BootstrapDriver({ store, commitNow, credentials, handshake, now })
  const lastAssociationId = store.bootstrapAssociations.lastAssociationId()
  const ports = { settings, random, output: driver, desk, library, log, lastAssociationId }
  const engine = new BootstrapEngine({ ...ports, ...(dtls === undefined ? {} : { dtls }) })
  const open = async (knob: 'bootstrap.port' | 'bootstrap.coaps-port', handler: TransportHandler) => {
    const transport = await openUdpTransport(settings['udp.transport'] as TransportChoice, {
      now,
      host: settings['bootstrap.host'],
      port: settings[knob],
      portFlag: flagOf(knob),
      pathLimit: settings['udp.paths'],
      sendQueueLimit: settings['udp.send-queue'],
      receiveBuffer: settings['udp.receive-buffer'],
      handler,
    })
    opened(() => transport.close())
    exposeCounts(parts.metrics, knob === 'bootstrap.port' ? 'bootstrap-coap' : 'bootstrap-coaps', transport)
    return transport
  }
  const plain = listen === 'coaps' ? undefined : await open('bootstrap.port', driver.handlerOf('plain'))
  const secured = dtls === undefined ? undefined : await open('bootstrap.coaps-port', driver.handlerOf('secured'))
  driver.start(engine, { ...(plain !== undefined && { plain }), ...(secured !== undefined && { secured }) })
  opened(() => driver.stop())
  return {
    listeners: [
      ...(plain === undefined ? [] : [{ protocol: 'bootstrap-coap', ...plain.local }]),
      ...(secured === undefined ? [] : [{ protocol: 'bootstrap-coaps', ...secured.local }]),
    ],
    size: () => engine.size,
    revoke: (principal) => driver.revoke(principal),
    registered: (endpoint) => driver.registered(endpoint),
  }
}

/** Templates and runs for the API, whether anybody listens or not. */
export function bootstrapServiceOf(
  parts: Pick<BootstrapParts, 'storeKey' | 'store' | 'control' | 'credentials' | 'library' | 'now'>,
  others: Pick<BootstrapPorts, 'registry' | 'operations'>,
): BootstrapService {
  const { storeKey, store, control, credentials, library, now } = parts
  return new BootstrapService({
    ...others,
    store,
    commands: control,
    sealer: sealerWith(deriveKey(storeKey, 'bootstrap keys')),
    credentials: credentials.service,
    model: deviceModel(library, '1.2'),
    now,
  })
}

/** None is guessed: what a device is configured with, it keeps. */
function selfUri({ settings, listening }: BootstrapParts, secured: boolean, remote: string): string | undefined {
  const scheme = secured ? 'coaps' : 'coap'
  const bound = secured ? listening.secured : listening.plain
  return bound && reachableUri(publicUri(settings[`${scheme}.public-uri`], scheme, bound), remote)
}
