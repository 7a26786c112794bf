/**
 * Our CoAP endpoint over one of our transports (`native` or `dgram`), with three resources in memory:
 * what the protocol costs before devices, actors and the database come into it. GET /test, POST /test,
 * GET /constant (of whose answers no copies are kept), and a 1 MiB image at GET /image. Whoever posts to /rd is observed.
 */
import { performance } from 'node:perf_hooks'
import { copyOctets, utf8 } from '../src/base/bytes.ts'
import { instantOf, never, type Instant } from '../src/base/time.ts'
import { CoapEndpoint } from '../src/coap/endpoint.ts'
import { method, response } from '../src/coap/codes.ts'
import type { BodySource, CoapSink, OutboundRequest, OutboundResponse } from '../src/coap/types.ts'
import { profiles } from '../src/config/profiles.ts'
import { defaultSettings } from '../src/config/tunables.ts'
import type { Transport, TransportHandler } from '../src/server/transport.ts'
import { SystemRandom } from '../src/server/system-random.ts'
import { openUdpTransport, type TransportChoice } from '../src/server/udp.ts'

const content: OutboundResponse = { code: response.content, contentFormat: 0, payload: utf8('hello') }
const constant: OutboundResponse = { ...content, constant: true }
const changed: OutboundResponse = { code: response.changed }
const missing: OutboundResponse = { code: response.notFound }
const image = new Uint8Array(1_048_576)
const imageBody: BodySource = {
  size: image.length,
  etag: utf8('v1'),
  copy: (offset, length, into, at) => {
    copyOctets(image, offset, offset + length, into, at)
    return true
  },
}
const imageContent: OutboundResponse = { code: response.content, body: imageBody }

const observation: OutboundRequest = { code: method.get, path: ['3303', '0', '5700'], observe: 0 }

const sink: CoapSink = {
  send: (_now, peer, buffer, start, end) => transport.send(peer, buffer, start, end),
  request: (now, request) => {
    const [first] = request.path
    if (first === 'rd') {
      endpoint.respond(now, request.exchange, { code: response.created, location: ['rd', 'x'] })
      endpoint.request(now, request.peer, observation)
      return
    }
    const answer =
      first === 'constant'
        ? constant
        : first === 'image'
          ? imageContent
          : first !== 'test'
            ? missing
            : request.code === method.get
              ? content
              : changed
    endpoint.respond(now, request.exchange, answer)
  },
  notification: (now, notification) => endpoint.acknowledge(now, notification.exchange),
  outcome: () => undefined,
  profileOf: () => profiles.ip,
  standingOf: () => 'reachable',
}
const endpoint = new CoapEndpoint({ random: new SystemRandom(), settings: defaultSettings, sink })

let timer: NodeJS.Timeout | undefined
const clock = (): Instant => instantOf(performance.timeOrigin + performance.now())
const turn = (now: Instant): void => {
  if (endpoint.nextDeadline() <= now) endpoint.expire(now)
  transport.flush()
  if (timer !== undefined || endpoint.nextDeadline() === never) return
  timer = setTimeout(
    () => {
      timer = undefined
      turn(clock())
    },
    Math.max(1, endpoint.nextDeadline() - now),
  )
}
const handler: TransportHandler = {
  receive: (now, path, buffer, start, end) => endpoint.receive(now, path, buffer, start, end),
  turn,
  pathForgotten: () => undefined,
  unreachable: () => undefined,
}
const transport: Transport = await openUdpTransport((process.argv[2] ?? 'auto') as TransportChoice, {
  host: '127.0.0.1',
  port: 0,
  pathLimit: defaultSettings['udp.paths'],
  sendQueueLimit: defaultSettings['udp.send-queue'],
  receiveBuffer: defaultSettings['udp.receive-buffer'],
  now: clock,
  handler,
})
console.log(`ready ${transport.local.port}`)
