/** The server as one thing that starts and stops: store, images, engine, listener, HTTP, in this order. */
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { createHttpApi } from '../api/http.ts'
import type { Api } from '../api/routes/context.ts'
import { createMetrics } from '../api/metrics.ts'
import { EnvironmentError, type InvariantError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Settings } from '../config/tunables.ts'
import { EventsService } from '../fleet/events/service.ts'
import { HandshakesService } from '../fleet/handshakes/service.ts'
import { vouchedFor } from '../fleet/credentials/vouched.ts'
import type { Store } from '../fleet/store.ts'
import { openSqliteStore } from '../storage/sqlite/store.ts'
import { keepAssociationMark } from './association-mark.ts'
import { openBootstrap, type Bootstrap } from './bootstrap.ts'
import { systemNow } from './clock.ts'
import { CampaignsClock, tapped } from './campaigns.ts'
import { openCredentials } from './credentials.ts'
import { openDataDirectory } from './data-directory.ts'
import { linkSecretOf } from './device-reach.ts'
import { deviceSideInThread, type DeviceSideParts } from './device-side.ts'
import { deviceProfiles } from './device-profile.ts'
import { openDownloads } from './downloads/open.ts'
import { authorityOf, publicUri, toldAs } from './public-uri.ts'
import { deviceSideInShards } from './shards/device-side.ts'
import { handshakeOf } from './handshake-log.ts'
import { ImageBodies } from './image-bodies.ts'
import { neededIn, openImages } from './image-store.ts'
import { octetsAtHand } from './octets-at-hand.ts'
import { ObjectDefinitions } from './objects.ts'
import { Retention } from './retention.ts'
import { servicesOf } from './services.ts'
import { SystemRandom } from './system-random.ts'
import { dtlsPartsOf } from './dtls-parts.ts'
import { checkStoreKey, openStoreKey } from './store-key.ts'
import { exposeReceiveDrops } from './udp-counts.ts'

export interface Server {
  readonly coap: { readonly address: string; readonly port: number }
  /** Undefined where only plain CoAP is served. */
  readonly coaps: { readonly address: string; readonly port: number } | undefined
  readonly http: { readonly address: string; readonly port: number }
  /** What a person sees when it has started. */
  startUpLines(): readonly string[]
  /** Reads the object definitions again. Throws UsageError and changes nothing where one is not sound. */
  reloadObjects(): void
  /** Takes no more work, commits and answers what is under way, closes the store. */
  stop(): Promise<void>
}

export interface ServerOptions {
  readonly version: string
  readonly log?: Log
  /** Our own bug came to light: the process has to end with its context. */
  readonly fatal: (error: InvariantError) => void
}

/** Throws UsageError or EnvironmentError with what to do; leaves nothing open then. */
export async function startServer(settings: Settings, options: ServerOptions): Promise<Server> {
  const undo: Undo = []
  try {
    return await start(settings, options, undo)
  } catch (error) {
    for (const close of undo.reverse()) await close()
    throw error
  }
}

/** How to close what is open, in the order it was opened. */
type Undo = (() => void | Promise<void>)[]

async function start(settings: Settings, options: ServerOptions, undo: Undo): Promise<Server> {
  const log: Log = options.log ?? pino({ level: settings['log.level'] }, pino.destination({ dest: 2, sync: false }))
  const now = systemNow
  const metrics = createMetrics({ process: true })
  const random = new SystemRandom()

  const { directory, storeKey, store, files, listeningToCommits } = openData(settings, log, undo)
  const dtls = dtlsPartsOf(settings, storeKey)
  const definitions = new ObjectDefinitions(settings['objects.directory'], log)
  const bodies = new ImageBodies(store, files)

  const events = new EventsService(store)
  const handshakes = new HandshakesService(settings)
  // Opened last, and spoken of before.
  const later: { bootstrap?: Bootstrap | undefined } = {}
  const parts: DeviceSideParts = {
    settings,
    store,
    bodies,
    storeKey,
    library: definitions.library,
    dtls,
    credentials: {
      lookup: (query) => credentials.lookup(query),
      accepts: (association) => credentials.accepts(association),
    },
    vouched: (endpoint) => vouchedFor(store.credentialsOfEndpoint(endpoint, 1)),
    handshake: (at, report, remote) => {
      handshakes.add(handshakeOf(at, report, remote, credentials.knows))
      if (report.outcome === 'completed' && report.principal !== undefined) credentials.used(report.principal)
    },
    publish: (event) => {
      if (event.kind === 'firmware.image-removed' || event.kind === 'firmware.delta-removed')
        devices.forgetImage(String(event.detail['key']))
      if (event.kind === 'registration.registered') later.bootstrap?.registered(event.endpoint!)
      events.publish(event)
    },
    fatal: options.fatal,
    now,
    log,
    metrics,
  }
  const devices =
    settings['shards'] === 1
      ? deviceSideInThread(parts)
      : deviceSideInShards(parts, { database: directory.database, images: directory.images })
  const { control } = devices
  const campaigns = new CampaignsClock({
    store,
    control,
    now,
    settings,
    log,
    octetsAt: octetsAtHand({ files, store, now }),
  })
  listeningToCommits.push(campaigns.committed)
  const profileOf = deviceProfiles(store, settings)
  const credentials = openCredentials({
    store,
    control: {
      commitNow: (ops, drafts) => control.commitNow(ops, drafts),
      revoke: (principal, purpose) =>
        purpose === 'bootstrap' ? later.bootstrap?.revoke(principal) : control.revoke(principal, purpose),
    },
    profileOf,
    storeKey,
    random,
    now,
    settings,
    log,
  })
  undo.push(() => devices.stop())
  const downloads = await openDownloads({
    settings,
    secret: linkSecretOf(storeKey),
    now,
    log,
    store,
    bodies,
    commands: control,
  })
  if (downloads !== undefined) undo.push(() => downloads.close())
  const listening = await devices.open(downloads?.uri ?? '')
  const bootstrapParts = {
    settings,
    storeKey,
    store,
    control,
    credentials,
    library: definitions.library,
    random,
    now,
    log,
  }
  const bootstrap = await openBootstrap(
    {
      ...bootstrapParts,
      handshake: (at, report, remote) => {
        handshakes.add(handshakeOf(at, report, remote, credentials.knows, 'bootstrap'))
        if (report.outcome !== 'completed' || report.principal === undefined) return
        credentials.used(report.principal, 'bootstrap')
      },
      metrics,
      listening,
    },
    (close) => undo.push(close),
  )
  later.bootstrap = bootstrap
  undo.push(credentials.start())
  undo.push(campaigns.start())
  undo.push(
    new Retention({ store, commit: (ops, drafts) => control.commitNow(ops, drafts), now, settings, log }).start(),
  )

  const listeners = [
    { protocol: 'coap', ...listening.plain },
    ...(listening.secured === undefined ? [] : [{ protocol: 'coaps', ...listening.secured }]),
    ...(bootstrap?.listeners ?? []),
  ]
  for (const { protocol, port } of listeners) exposeReceiveDrops(metrics, protocol, port)

  const services = servicesOf({
    settings,
    store,
    files,
    devices,
    campaigns,
    definitions,
    bootstrap: bootstrapParts,
    credentials: credentials.service,
    handshakes,
    events,
    now,
    report: () => ({
      counts: { devices: store.countDevices(), bootstrapping: bootstrap?.size() ?? 0, ...devices.counts() },
      samples: devices.samples(),
      listeners,
    }),
  })
  const api = await createHttpApi({
    services,
    token: directory.token,
    settings,
    log,
    metrics,
    version: options.version,
    now,
    fatal: options.fatal,
  })
  undo.push(() => api.close())
  const http = await listenHttp(api, settings)

  const { plain, secured, transport } = listening
  const told = (scheme: 'coap' | 'coaps', bound: typeof plain): string =>
    toldAs(publicUri(settings[`${scheme}.public-uri`], scheme, bound), bound)
  return {
    coap: plain,
    coaps: secured,
    http,
    startUpLines: () => [
      `Coapstan ${options.version}`,
      ...aligned([
        ['coap', `udp ${authorityOf(plain)} (${transport})${told('coap', plain)}`],
        ...(secured === undefined
          ? []
          : [['coaps', `udp ${authorityOf(secured)} (DTLS 1.2)${told('coaps', secured)}`] as const]),
        ...(bootstrap?.listeners ?? []).map((one) => [one.protocol, `udp ${authorityOf(one)}`] as const),
        ['http', `http://${authorityOf(http)}/v1`],
        ...(downloads === undefined
          ? []
          : [
              [
                'fw',
                `${publicUri('', downloads.via, downloads)} (downloads)${toldAs(downloads.uri, downloads)}`,
              ] as const,
            ]),
        ['data', `${directory.path} (${devicesText(store.countDevices())})`],
        ['token', directory.tokenFile],
      ]),
    ],
    reloadObjects: () => void services.objects.reload(),
    stop: async () => {
      for (const close of undo.reverse()) await close()
    },
  }
}

/** `  coap   udp …`, the second column straight. */
function aligned(rows: readonly (readonly [name: string, text: string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)
}

const devicesText = (count: number) => `${count} ${count === 1 ? 'device' : 'devices'}`

/** What lies on the disk: the directory, the key that seals, the store, the images. */
function openData(settings: Settings, log: Log, undo: Undo) {
  const directory = openDataDirectory(settings['data.directory'])
  const storeKey = openStoreKey(directory.path, process.env)
  const opened = openSqliteStore({
    file: directory.database,
    now: systemNow,
    log,
    eventsKept: settings['events.kept'],
    operationsKept: settings['operations.kept-per-device'],
  })
  const listeningToCommits: Store['commit'][] = []
  const tappedStore = tapped(opened, listeningToCommits)
  undo.push(() => tappedStore.close())
  checkStoreKey(tappedStore, storeKey, directory.path, process.env)
  const { store, end } = keepAssociationMark({ store: tappedStore, dataDirectory: directory.path, log })
  undo.push(end)
  const files = openImages(settings, directory.images, process.env, log, neededIn(store))
  return { directory, storeKey, store, files, listeningToCommits }
}

async function listenHttp(api: Api, settings: Settings): Promise<Server['http']> {
  try {
    await api.listen({ host: settings['http.host'], port: settings['http.port'] })
  } catch (cause) {
    throw listenError(cause, settings)
  }
  const { address, port } = api.server.address() as AddressInfo
  return { address, port }
}

function listenError(cause: unknown, settings: Settings): unknown {
  const where = authorityOf({ address: settings['http.host'], port: settings['http.port'] })
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new EnvironmentError(
        'http.port-in-use',
        `another program listens on ${where}: stop it, or choose a port with --http-port`,
        {
          retriable: false,
          cause,
        },
      )
    case 'EACCES':
    case 'EADDRNOTAVAIL':
      return new EnvironmentError('http.address', `${where} cannot be listened on (${(cause as Error).message})`, {
        retriable: false,
        cause,
      })
    default:
      return cause
  }
}
