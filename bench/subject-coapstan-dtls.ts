/**
 * Our DTLS and CoAP endpoints over one of our transports (`native` or `dgram`, each with its own AEAD),
 * with GET /test: what the protocols cost before devices and the database come into it. Every PSK
 * identity has the key `0123456789abcdef`, every raw public key is trusted; limits on strangers are off.
 */
import { generateKeyPairSync } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { utf8 } from '../src/base/bytes.ts'
import { instantOf, never, type Instant } from '../src/base/time.ts'
import { CoapEndpoint } from '../src/coap/endpoint.ts'
import { response } from '../src/coap/codes.ts'
import type { OutboundResponse } from '../src/coap/types.ts'
import { profiles } from '../src/config/profiles.ts'
import { defaultSettings } from '../src/config/tunables.ts'
import { DtlsEndpoint } from '../src/dtls/endpoint.ts'
import { defaultDtlsOptions } from '../src/dtls/options.ts'
import type { DtlsSink } from '../src/dtls/sink.ts'
import { nativeCrypto } from '../src/server/crypto-native.ts'
import { nodeCrypto, signingKeyOf } from '../src/server/crypto-node.ts'
import { nativeAddon } from '../src/server/native-addon.ts'
import { SystemRandom } from '../src/server/system-random.ts'
import type { Transport } from '../src/server/transport.ts'
import { openUdpTransport, type TransportChoice } from '../src/server/udp.ts'

const choice = (process.argv[2] ?? 'auto') as TransportChoice
const connectionIdLength = Number(process.argv[3] ?? defaultDtlsOptions.connectionIdLength)
const random = new SystemRandom()
const key = utf8('0123456789abcdef')
const { privateKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const content: OutboundResponse = { code: response.content, contentFormat: 0, payload: utf8('hello') }

const coap: CoapEndpoint = new CoapEndpoint({
  random,
  settings: defaultSettings,
  sink: {
    send: (now, peer, buffer, start, end) => void dtls.send(now, peer, buffer, start, end),
    request: (now, { exchange }) => coap.respond(now, exchange, content),
    notification: (now, { exchange }) => coap.reject(now, exchange),
    outcome: () => undefined,
    profileOf: () => profiles.ip,
  },
})

const dtlsSink: DtlsSink = {
  send: (_now, path, buffer, start, end) => transport.send(path, buffer, start, end),
  lookup: (now, ticket, { kind }) =>
    dtls.credentials(now, ticket, kind === 'psk' ? { kind: 'key', key } : { kind: 'trusted' }),
  recall: (now, ticket) => void dtls.recalled(now, ticket, undefined),
  opened: () => undefined,
  data: (now, association, buffer, start, end) => coap.receive(now, association, buffer, start, end),
  moved: () => undefined,
  reachable: () => undefined,
  closed: () => undefined,
  evicted: () => undefined,
  reserve: (now, association, upTo) => dtls.reserved(now, association, upTo),
  handshake: () => undefined,
  profileOf: () => profiles.ip,
  addressOf: (path) => {
    const remote = transport.addressOf(path)!
    return Uint8Array.of(...remote.address.split('.').map(Number), remote.port >> 8, remote.port & 255)
  },
}
const found = nativeAddon()
const dtls: DtlsEndpoint = new DtlsEndpoint({
  options: {
    ...defaultDtlsOptions,
    connectionIdLength,
    certificate: { ...signingKeyOf(privateKey), chain: [] },
    associationLimit: 1_000_000,
    associationsPerIdentity: 2,
    handshakeLimit: 100_000,
    handshakesPerPrefix: 100_000,
    handshakeRate: 1_000_000,
    handshakeRatePerPrefix: 1_000_000,
    handshakeOctets: 1_000_000_000,
  },
  crypto: choice !== 'dgram' && 'addon' in found ? nativeCrypto(found.addon) : nodeCrypto(),
  random,
  sink: dtlsSink,
})

let timer: NodeJS.Timeout | undefined
const clock = (): Instant => instantOf(performance.timeOrigin + performance.now())
const turn = (now: Instant): void => {
  if (dtls.nextDeadline() <= now) dtls.expire(now)
  if (coap.nextDeadline() <= now) coap.expire(now)
  transport.flush()
  const next = Math.min(dtls.nextDeadline(), coap.nextDeadline())
  if (timer !== undefined || next === never) return
  const wake = (): void => {
    timer = undefined
    turn(clock())
  }
  timer = setTimeout(wake, Math.min(Math.max(1, next - now), 60_000))
}
const transport: Transport = await openUdpTransport(choice, {
  host: '127.0.0.1',
  port: 0,
  pathLimit: defaultSettings['udp.paths'],
  sendQueueLimit: defaultSettings['udp.send-queue'],
  receiveBuffer: defaultSettings['udp.receive-buffer'],
  now: clock,
  handler: {
    receive: (now, path, buffer, start, end) => dtls.receive(now, path, buffer, start, end),
    turn,
    pathForgotten: () => undefined,
    unreachable: () => undefined,
  },
})
console.log(`ready ${transport.local.port}`)
