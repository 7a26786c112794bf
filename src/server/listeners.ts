/** Opens the UDP sockets of a server or of one of its shards, and says under which URIs devices reach them. */
import type { ExposedMetrics } from '../api/metrics.ts'
import type { Instant } from '../base/time.ts'
import { flagOf, type Settings } from '../config/tunables.ts'
import { publicUri } from './public-uri.ts'
import type { TransportHandler } from './transport.ts'
import { exposeCounts } from './udp-counts.ts'
import { openUdpTransport, type TransportChoice } from './udp.ts'
import type { UdpTransport } from './udp-open.ts'

export interface OpenListeners {
  readonly plain: UdpTransport
  /** Undefined where only plain CoAP is served. */
  readonly secured: UdpTransport | undefined
  /** As `publicUri` gives them; '' for a listener there is not. */
  readonly publicUris: { readonly plain: string; readonly secured: string }
}

/** Throws EnvironmentError where a port cannot be had; nothing stays open then. */
export async function openListeners(
  settings: Settings,
  handlers: { readonly plain: TransportHandler; readonly secured: TransportHandler | undefined },
  { metrics, ...options }: { now: () => Instant; reusePort: boolean; metrics: Pick<ExposedMetrics, 'counted'> },
): Promise<OpenListeners> {
  const open = async (listener: 'coap' | 'coaps', handler: TransportHandler): Promise<UdpTransport> => {
    const transport = await openUdpTransport(settings['udp.transport'] as TransportChoice, {
      ...options,
      host: settings[`${listener}.host`],
      port: settings[`${listener}.port`],
      portFlag: flagOf(`${listener}.port`),
      pathLimit: settings['udp.paths'],
      sendQueueLimit: settings['udp.send-queue'],
      receiveBuffer: settings['udp.receive-buffer'],
      handler,
    })
    exposeCounts(metrics, listener, transport)
    return transport
  }
  const plain = await open('coap', handlers.plain)
  try {
    const secured = handlers.secured === undefined ? undefined : await open('coaps', handlers.secured)
    const publicUris = {
      plain: publicUri(settings['coap.public-uri'], 'coap', plain.local),
      secured: secured === undefined ? '' : publicUri(settings['coaps.public-uri'], 'coaps', secured.local),
    }
    return { plain, secured, publicUris }
  } catch (error) {
    await plain.close()
    throw error
  }
}
