/** What the sockets count, as metrics: also what only the system knows. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { createMetrics } from '../../../src/api/metrics.ts'
import { exposeCounts, exposeReceiveDrops, receiveDrops } from '../../../src/server/udp-counts.ts'
import { noCounts, type TransportCounts, type UdpTransport } from '../../../src/server/udp-open.ts'

it('tells of each listener what came, what went and what was dropped, whenever somebody looks', async () => {
  const metrics = createMetrics({ process: false })
  const counts: TransportCounts = { ...noCounts(), received: 3, unsendable: 2 }
  exposeCounts(metrics, 'coap', { counts } as UdpTransport)
  exposeCounts(metrics, 'coaps', { counts: { ...noCounts(), received: 9 } } as UdpTransport)
  expect(await metrics.exposition()).toContain('coapstan_udp_received_total{listener="coap"} 3\n')
  counts.received = 8
  counts.unreachable = 1
  const told = await metrics.exposition()
  expect(told.match(/^coapstan_udp.*[1-9]$/gm)).toEqual([
    'coapstan_udp_received_total{listener="coap"} 8',
    'coapstan_udp_received_total{listener="coaps"} 9',
    'coapstan_udp_dropped_total{listener="coap",reason="unsendable"} 2',
    'coapstan_udp_unreachable_total{listener="coap"} 1',
  ])
})

it.skipIf(process.platform !== 'linux')('knows what the system had no room for (Linux)', async () => {
  const full = createSocket({ type: 'udp4', recvBufferSize: 1024 })
  full.bind(0, '127.0.0.1')
  await once(full, 'listening')
  const { port } = full.address()
  const sender = createSocket('udp4')
  // All of them before anybody reads.
  const sent = Array.from({ length: 100 }, () => {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    sender.send(Buffer.alloc(1000), port, '127.0.0.1', resolve)
    return promise
  })
  await Promise.all(sent)
  const metrics = createMetrics({ process: false })
  exposeReceiveDrops(metrics, 'coap', port)
  expect(receiveDrops(port)).toBeGreaterThan(0)
  expect(await metrics.exposition()).toMatch(/_dropped_total\{listener="coap",reason="receive-buffer-full"\} [1-9]/)
  sender.close()
  full.close()
})

it('counts none where the system keeps no such table', () => expect(receiveDrops(5683, ['/nowhere'])).toBe(0))
