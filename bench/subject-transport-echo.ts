/** An echo through our own transport port, `native` or `dgram`: what the port leaves to whoever uses it. */
import { performance } from 'node:perf_hooks'
import { instantOf } from '../src/base/time.ts'
import { openDgramTransport } from '../src/server/udp-dgram.ts'
import { openNativeTransport } from '../src/server/udp-native.ts'
import type { Transport, TransportHandler } from '../src/server/transport.ts'

const open = process.argv[2] === 'dgram' ? openDgramTransport : openNativeTransport
const handler: TransportHandler = {
  receive: (_now, path, buffer, start, end) => transport.send(path, buffer, start, end),
  turn: () => transport.flush(),
  pathForgotten: () => undefined,
  unreachable: () => undefined,
}
const transport: Transport = await open({
  host: process.argv[3] ?? '127.0.0.1',
  port: 0,
  pathLimit: 200_000,
  sendQueueLimit: 4_194_304,
  receiveBuffer: 4_194_304,
  now: () => instantOf(performance.timeOrigin + performance.now()),
  handler,
})
console.log(`ready ${transport.local.port}`)
