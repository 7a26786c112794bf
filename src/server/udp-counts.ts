/**
 * What the sockets count, as metrics of each listener: what came and went, and what was dropped and why. Datagrams the
 * system had no room for are counted by the system alone, and read there.
 */
import { readFileSync } from 'node:fs'
import type { ExposedMetrics } from '../api/metrics.ts'
import type { UdpTransport } from './udp-open.ts'

type Counted = Pick<ExposedMetrics, 'counted'>

/** `listener`: coap, coaps, bootstrap-coap and the like. */
export function exposeCounts(metrics: Counted, listener: string, transport: UdpTransport): void {
  const count = (what: string, help: string, total: () => number, more: Readonly<Record<string, string>> = {}): void =>
    metrics.counted(`coapstan_udp_${what}_total`, help, { listener, ...more }, total)
  count('received', 'Datagrams received', () => transport.counts.received)
  count('sent', 'Datagrams sent', () => transport.counts.sent)
  const dropped = 'Datagrams dropped, by reason'
  count('dropped', dropped, () => transport.counts.queueFull, { reason: 'queue-full' })
  count('dropped', dropped, () => transport.counts.unsendable, { reason: 'unsendable' })
  count('dropped', dropped, () => transport.counts.ignored, { reason: 'ignored' })
  count('unreachable', 'Reports of the network (ICMP) that nobody is there', () => transport.counts.unreachable)
  count('socket_errors', 'Errors of the socket outside of a send', () => transport.counts.socketErrors)
}

/** Datagrams the system dropped because the receive buffer was full (`coapstan doctor` names what raises it); Linux. */
export function exposeReceiveDrops(metrics: Counted, listener: string, port: number): void {
  metrics.counted(
    'coapstan_udp_dropped_total',
    'Datagrams dropped, by reason',
    { listener, reason: 'receive-buffer-full' },
    () => receiveDrops(port),
  )
}

/** Of all sockets on the port together: shards share it. */
export function receiveDrops(port: number, tables: readonly string[] = ['/proc/net/udp', '/proc/net/udp6']): number {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return tables
    .flatMap((table) => linesOf(table))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local]) => local?.endsWith(suffix) === true)
    .reduce((sum, fields) => sum + (Number(fields.at(-1)) || 0), 0)
}

/** None where the system has no such table. */
function linesOf(table: string): readonly string[] {
  try {
    return readFileSync(table, 'latin1').split('\n').slice(1)
  } catch {
    return []
  }
}
