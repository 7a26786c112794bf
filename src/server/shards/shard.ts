/**
 * A shard: a worker thread with its own sockets on the shared ports and its own engine. What it needs of
 * the store it asks the house for (`remote-desk`); what arrives here for another shard it hands over.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { pino } from 'pino'
import { createMetrics } from '../../api/metrics.ts'
import type { Bytes } from '../../base/bytes.ts'
import { invariant } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { contentType, recordHeaderLength } from '../../dtls/wire/record.ts'
import { Engine } from '../../engine/engine.ts'
import { openStoreReader } from '../../storage/sqlite/store.ts'
import { systemNow } from '../clock.ts'
import { DeviceReach } from '../device-reach.ts'
import { deskLimits } from '../device-side.ts'
import { Driver } from '../driver.ts'
import { dtlsPartsOf } from '../dtls-parts.ts'
import { limitHeap } from '../heap.ts'
import { ImageBodies } from '../image-bodies.ts'
import { openImages } from '../image-store.ts'
import { ObjectDefinitions } from '../objects.ts'
import { openListeners } from '../listeners.ts'
import { SystemRandom } from '../system-random.ts'
import { traceCalls } from '../trace-calls.ts'
import type { Transport, TransportHandler } from '../transport.ts'
import type { UdpTransport } from '../udp-open.ts'
import type { FromShard, ShardStart, ToShard } from './messages.ts'
import { RemoteDesk } from './remote-desk.ts'
import { sentError } from './sent-error.ts'
import { SpokenTo } from './spoken-to.ts'

invariant(parentPort !== null, 'a shard runs in a thread of its own')
const house = parentPort
const post = (message: FromShard): void => house.postMessage(message)
const start = workerData as ShardStart
const { settings, share } = start

const now = systemNow
const log: Log = pino({ level: settings['log.level'] }, pino.destination({ dest: 2, sync: true })).child({
  shard: share.index,
})
const metrics = createMetrics({ process: false })
limitHeap(share.count)
const store = openStoreReader(start.database)
const files = openImages(settings, start.images, process.env, log)
const bodies = new ImageBodies(store, files)
const desk = new RemoteDesk({ store, ...deskLimits(settings), post })
const reach = new DeviceReach({ ...start, now })
const driver = new Driver({
  desk,
  now,
  image: (key) => bodies.of(key),
  reach,
})
const dtls = dtlsPartsOf(settings, start.storeKey)
const definitions = new ObjectDefinitions(settings['objects.directory'], log)
const engine = new Engine({
  settings,
  random: new SystemRandom(),
  output: driver,
  library: definitions.library,
  sequences: start.sequences,
  share,
  log,
  metrics,
  ...(dtls === undefined ? {} : { dtls: { ...dtls, options: { ...dtls.options, shard: share.index } } }),
})
engine.observationRules = start.rules

const spokenTo = {
  plain: new SpokenTo(start.spokenTo, share.index, 'plain'),
  secured: new SpokenTo(start.spokenTo, share.index, 'secured'),
}
/**
 * Not before every shard's sockets are open: each that opens takes peers from those that are, and what a peer
 * answers would come to one that had not asked. What arrives until then is lost, as a moment earlier it was.
 */
let isServing = false
let isStopping = false
const handlers = { plain: driver.handlerOf('plain'), secured: driver.handlerOf('secured') }

/** The shard a record's connection id names (ARCHITECTURE §4); undefined where it names none. */
function shardOfRecord(buffer: Bytes, at: number, end: number): number | undefined {
  const isMarked = end - at > recordHeaderLength && buffer[at] === contentType.connectionId
  return isMarked && settings['dtls.connection-id-length'] > 1 ? buffer[at + cidOffset]! % share.count : undefined
}
/** Type, version, epoch and sequence come before the connection id (RFC 9146 §4). */
const cidOffset = 11

/** Lets pass what is ours and hands over the rest. */
function sorting(listener: 'plain' | 'secured'): TransportHandler {
  const own = handlers[listener]
  const secured = listener === 'secured'
  return {
    ...own,
    receive: (at, path, buffer, from, end) => {
      const transport = listeners?.[listener]
      if (!isServing || transport === undefined) return
      const named = secured ? shardOfRecord(buffer, from, end) : undefined
      const owner = named ?? spokenTo[listener].ownerOf(path, transport) ?? share.index
      if (owner === share.index) {
        own.receive(at, path, buffer, from, end)
        return
      }
      const remote = transport.addressOf(path)
      if (remote !== undefined) desk.stray({ to: owner, secured, remote, bytes: buffer.slice(from, end) })
    },
  }
}

const listeners = await openListeners(
  settings,
  { plain: sorting('plain'), secured: dtls === undefined ? undefined : sorting('secured') },
  { now, reusePort: true, metrics },
).catch((error: unknown) => {
  post({ kind: 'failed', error: sentError(error) })
  // Of a worker this ends the thread; the house says why.
  process.exit(1)
})
reach.serve(listeners.publicUris.plain, listeners.publicUris.secured, start.downloads)
/** Which socket an answer arrives at is the kernel's choice: the others have to know whose it is. */
function noting(transport: UdpTransport, listener: 'plain' | 'secured'): Transport {
  return {
    kind: transport.kind,
    local: transport.local,
    send: (path, buffer, from, end) => {
      spokenTo[listener].answered(path, transport)
      transport.send(path, buffer, from, end)
    },
    flush: () => transport.flush(),
    addressOf: (path) => transport.addressOf(path),
    close: () => transport.close(),
    pathOf: (remote) => {
      spokenTo[listener].note(remote)
      return transport.pathOf(remote)
    },
  }
}
driver.start(engine, {
  plain: noting(listeners.plain, 'plain'),
  ...(listeners.secured === undefined ? {} : { secured: noting(listeners.secured, 'secured') }),
})

const trace = traceCalls(engine, listeners.plain.local.address)
const following = new Map<number, () => void>()

/** They were sound a moment ago, when the house read them. */
function reloadObjects(): void {
  try {
    definitions.reload()
  } catch (error) {
    log.error({ problem: (error as Error).message }, 'object definitions could not be read again in a shard')
  }
}

function receive(message: ToShard): void {
  switch (message.kind) {
    case 'turn':
      desk.receive(engine, now(), message)
      for (const { secured, remote, bytes } of message.strays) {
        const path = (secured ? listeners.secured : listeners.plain)?.pathOf(remote)
        if (path !== undefined) handlers[secured ? 'secured' : 'plain'].receive(now(), path, bytes, 0, bytes.length)
      }
      driver.scheduleTurn()
      if (isStopping) finish()
      return
    case 'serve':
      isServing = true
      return
    case 'revoke':
      driver.revoke(message.principal)
      return
    case 'rules':
      engine.observationRules = message.rules
      return
    case 'objects':
      reloadObjects()
      return
    case 'forget-image':
      bodies.forget(message.key)
      return
    case 'trace':
      void Promise.resolve(trace.datagrams(message.endpoint)).then((datagrams) =>
        post({ kind: 'trace', no: message.no, datagrams }),
      )
      return
    case 'follow':
      following.set(
        message.no,
        trace.follow(message.endpoint, (datagram) => desk.traced(message.no, datagram)),
      )
      return
    case 'unfollow':
      following.get(message.no)?.()
      following.delete(message.no)
      return
    case 'count':
      void count()
      return
    case 'stop':
      isServing = false
      isStopping = true
      finish()
      return
  }
}

async function count(): Promise<void> {
  const counts = { actors: engine.actors.size, ...engine.coap.sizes(), ...engine.recorder.sizes() }
  post({ kind: 'counts', counts, metrics: await metrics.samples() })
}

/** Once everything under way is durable and answered, the sockets close. */
function finish(): void {
  driver.settle()
  if (!desk.isSettled) return
  driver.stop()
  void Promise.all([listeners.plain.close(), listeners.secured?.close()]).then(() => {
    store.close()
    post({ kind: 'stopped' })
    house.close()
  })
}

house.on('message', receive)
post({
  kind: 'listening',
  plain: listeners.plain.local,
  secured: listeners.secured?.local,
  transport: listeners.plain.kind,
})
