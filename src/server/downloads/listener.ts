/** The listener devices fetch over HTTP from: TLS where it has a certificate, limits on connections and silence. */
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { EnvironmentError } from '../../base/errors.ts'
import type { Settings } from '../../config/tunables.ts'
import type { Handler } from './handler.ts'

export interface DownloadListener {
  readonly via: 'http' | 'https'
  readonly address: string
  readonly port: number
  close(): Promise<void>
}

type ListenerSettings = Pick<
  Settings,
  | 'downloads.host'
  | 'downloads.port'
  | 'downloads.certificate'
  | 'downloads.key'
  | 'downloads.connections'
  | 'downloads.idle'
>

/** Throws EnvironmentError 'downloads.certificate' or 'downloads.listen'. */
export async function listenForDownloads(settings: ListenerSettings, handler: Handler): Promise<DownloadListener> {
  const isSecured = settings['downloads.certificate'] !== ''
  const take: RequestListener = (request, response) => void handler(request, response)
  const server = isSecured ? securedServer(settings, take) : createServer(take)
  server.maxConnections = settings['downloads.connections']
  server.timeout = settings['downloads.idle']
  server.requestTimeout = settings['downloads.idle']
  server.headersTimeout = settings['downloads.idle']
  server.keepAliveTimeout = settings['downloads.idle']
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenError(settings, cause)))
    server.listen(settings['downloads.port'], settings['downloads.host'], resolve)
  })
  const { address, port } = server.address() as AddressInfo
  return { via: isSecured ? 'https' : 'http', address, port, close: () => closed(server) }
}

function securedServer(settings: ListenerSettings, take: RequestListener): Server {
  try {
    const cert = readFileSync(settings['downloads.certificate'])
    const key = readFileSync(settings['downloads.key'])
    return createTlsServer({ cert, key, minVersion: 'TLSv1.2' }, take)
  } catch (cause) {
    throw new EnvironmentError(
      'downloads.certificate',
      `the certificate of the downloads cannot be used: ${(cause as Error).message}; downloads.certificate and ` +
        'downloads.key name PEM files',
      { retriable: false, cause },
    )
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

function listenError(settings: ListenerSettings, cause: Error): EnvironmentError {
  return new EnvironmentError(
    'downloads.listen',
    `downloads cannot be served on ${settings['downloads.host']}:${settings['downloads.port']} (${cause.message}): ` +
      'choose another with --downloads-host and --downloads-port',
    { retriable: false, cause },
  )
}
