/**
 * Octets of memory for one peer: what an idle CoAP peer and an idle DTLS association cost, and what one
 * of the latter is when it is sealed for the store. Runs in a process of its own (`--expose-gc`), prints
 * one JSON line a row.
 */
import { utf8 } from '../src/base/bytes.ts'
import { SeededRandom } from '../src/base/random.ts'
import { after, days, instantOf, type Instant } from '../src/base/time.ts'
import { response } from '../src/coap/codes.ts'
import { CoapEndpoint } from '../src/coap/endpoint.ts'
import { profiles } from '../src/config/profiles.ts'
import { defaultSettings } from '../src/config/tunables.ts'
import { DtlsEndpoint } from '../src/dtls/endpoint.ts'
import { defaultDtlsOptions } from '../src/dtls/options.ts'
import type { DtlsSink } from '../src/dtls/sink.ts'
import { sealSnapshot } from '../src/dtls/snapshot.ts'
import { defaultSuites } from '../src/dtls/suites.ts'
import { nativeCrypto } from '../src/server/crypto-native.ts'
import { nodeCrypto } from '../src/server/crypto-node.ts'
import { nativeAddon } from '../src/server/native-addon.ts'
import { sleepingAssociation } from './sleeping-association.ts'

const start: Instant = instantOf(1_800_000_000_000)
const found = nativeAddon()
const crypto = 'addon' in found ? nativeCrypto(found.addon) : nodeCrypto()

function row(subject: string, bytes: number, count: number): void {
  console.log(JSON.stringify({ bench: 'memory', subject, bytes: Math.round(bytes), count }))
}

/** Resident memory would count what the allocator keeps; this counts what is in use. */
function used(): number {
  globalThis.gc!()
  globalThis.gc!()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function coapPeers(count: number): void {
  const endpoint: CoapEndpoint = new CoapEndpoint({
    random: new SeededRandom(1),
    settings: defaultSettings,
    sink: {
      send: () => undefined,
      request: (now, { exchange }) =>
        endpoint.respond(now, exchange, { code: response.content, payload: utf8('hello') }),
      notification: () => undefined,
      outcome: () => undefined,
      profileOf: () => profiles.ip,
    },
  })
  const get = Uint8Array.of(0x44, 1, 0, 1, 1, 2, 3, 4, 0xb4, 0x74, 0x65, 0x73, 0x74)
  const before = used()
  for (let peer = 1; peer <= count; peer++) endpoint.receive(start, peer, get, 0, get.length)
  row('CoAP peer that has asked once', (used() - before) / count, count)
  endpoint.expire(after(start, days(1)))
  row('CoAP peer that has been silent for a day', (used() - before) / count, count)
}

function dtlsAssociations(count: number): void {
  const key = utf8('0123456789abcdef')
  const datagrams: { to: 'client' | 'server'; path: number; bytes: Uint8Array }[] = []
  const endpoint = (side: 'client' | 'server'): DtlsEndpoint => {
    const sink: DtlsSink = {
      send: (_now, path, buffer, from, end) =>
        void datagrams.push({ to: side === 'client' ? 'server' : 'client', path, bytes: buffer.slice(from, end) }),
      lookup: (now, ticket) => made.credentials(now, ticket, { kind: 'key', key }),
      recall: () => undefined,
      opened: (_now, { id }) => void (last = id),
      data: () => undefined,
      moved: () => undefined,
      reachable: () => undefined,
      closed: () => undefined,
      evicted: () => undefined,
      reserve: (now, id, upTo) => made.reserved(now, id, upTo),
      handshake: () => undefined,
      profileOf: () => profiles.ip,
      addressOf: (path) => Uint8Array.of(10, path >> 16, path >> 8, path, 0x16, 0x34),
    }
    const unlimited = { handshakesPerPrefix: 1e6, handshakeRate: 1e6, handshakeRatePerPrefix: 1e6 }
    const made: DtlsEndpoint = new DtlsEndpoint({
      options: { ...defaultDtlsOptions, ...unlimited, associationLimit: 1e6, storeKey: new Uint8Array(32) },
      crypto,
      random: new SeededRandom(side === 'client' ? 1 : 2),
      sink,
    })
    return made
  }
  let last = 0
  const server = endpoint('server')
  const suites = defaultSuites.slice(0, 1)
  const before = used()
  for (let path = 1; path <= count; path++) {
    const client = endpoint('client')
    const identity = utf8(`urn:dev:bench-${path}`)
    client.connect(start, path, { preSharedKey: { identity, key }, suites, cidDialect: 54 })
    for (let next = datagrams.shift(); next !== undefined; next = datagrams.shift()) {
      const receiver = next.to === 'client' ? client : server
      receiver.receive(start, next.path, next.bytes, 0, next.bytes.length)
    }
  }
  server.expire(after(start, days(1)))
  const { associations } = server.sizes()
  row('DTLS association, idle', (used() - before) / associations, associations)
  row('DTLS association, sealed', server.snapshot(last)!.length, 1)
}

/** As they are after a restart, each heard once: what they take of the process, keys outside of the heap too. */
function associationsBroughtBack(count: number): void {
  const key = crypto.aeadKey('aes-256-gcm', new Uint8Array(32))
  const random = new SeededRandom(3)
  const sealed = Array.from({ length: count }, (_, number) => {
    const state = sleepingAssociation(random, number, start)
    return sealSnapshot(crypto, key, random, state)
  })
  const ignored: DtlsSink = {
    send: () => undefined,
    lookup: () => undefined,
    recall: () => undefined,
    opened: () => undefined,
    data: () => undefined,
    moved: () => undefined,
    reachable: () => undefined,
    closed: () => undefined,
    evicted: () => undefined,
    reserve: (now, id, upTo) => server.reserved(now, id, upTo),
    handshake: () => undefined,
    profileOf: () => profiles.ip,
    addressOf: () => Uint8Array.of(10, 0, 0, 1, 0x16, 0x34),
  }
  const server: DtlsEndpoint = new DtlsEndpoint({
    options: { ...defaultDtlsOptions, associationLimit: 1e6, storeKey: new Uint8Array(32) },
    crypto,
    random,
    sink: ignored,
  })
  const [before, residentBefore] = [used(), process.memoryUsage.rss()]
  const ids = sealed.map((octets, path) => server.restore(start, { sealed: octets, path }))
  row('DTLS association brought back, heap', (used() - before) / count, count)
  const pong = Uint8Array.of(0x70, 0, 0, 1)
  for (const id of ids) if (typeof id === 'number') server.send(start, id, pong, 0, pong.length)
  row('… and written to, heap', (used() - before) / count, count)
  row('… resident', (process.memoryUsage.rss() - residentBefore) / count, count)
}

coapPeers(100_000)
dtlsAssociations(5000)
associationsBroughtBack(50_000)
