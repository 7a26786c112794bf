/**
 * What both UDP transports share: the counts they keep, and what a person is told when a socket
 * cannot be opened. Knows neither `dgram` nor the add-on.
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { EnvironmentError } from '../base/errors.ts'
import type { Transport, TransportOptions } from './transport.ts'

/** Datagrams since the transport was opened, for metrics and `coapstan doctor`. */
export interface TransportCounts {
  received: number
  sent: number
  /** Dropped because our own send queue was full. */
  queueFull: number
  /** Dropped because the path is forgotten, its family is not the socket's, or the system refused. */
  unsendable: number
  /** Ignored on arrival: longer than a slot, or from port 0, which nobody can answer (RFC 768). */
  ignored: number
  /** Errors the system reported on the socket outside of a send. */
  socketErrors: number
  /** Reports of the network (ICMP) that nobody is at a path; without the add-on the system tells nobody. */
  unreachable: number
}

export interface UdpTransport extends Transport {
  readonly counts: Readonly<TransportCounts>
  /** What SO_RCVBUF became; Linux gives no more than net.core.rmem_max (and reports twice of it). */
  readonly receiveBuffer: number
}

export interface UdpOptions extends TransportOptions {
  /** SO_REUSEPORT: several processes or shards share the port. */
  readonly reusePort?: boolean
  /** The flag that names its port, for whoever finds it taken: `--coap-port`. */
  readonly portFlag?: string
}

export function noCounts(): TransportCounts {
  return { received: 0, sent: 0, queueFull: 0, unsendable: 0, ignored: 0, socketErrors: 0, unreachable: 0 }
}

/** A literal address for what the configuration calls the host. */
export async function literalHost(host: string, port: number): Promise<string> {
  if (isIP(host) !== 0) return host
  try {
    return (await lookup(host)).address
  } catch (cause) {
    throw openError(cause, { host, port })
  }
}

/** The failure of opening a socket as something a person can act upon. */
export function openError(
  cause: unknown,
  { host, port, portFlag }: Pick<UdpOptions, 'host' | 'port' | 'portFlag'>,
): EnvironmentError {
  const systemCode = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  const where = `UDP port ${port} on ${host}`
  const known = reasons[systemCode]
  if (known === undefined) {
    return new EnvironmentError('udp.open-failed', `${where} could not be opened: ${systemCode}`, {
      retriable: false,
      cause,
    })
  }
  const message = known.message
    .replaceAll('{where}', where)
    .replaceAll('{host}', host)
    .replaceAll('{port}', `${port}`)
    .replaceAll('{flag}', portFlag === undefined ? '' : ` with ${portFlag}`)
  return new EnvironmentError(known.code, message, { retriable: known.retriable, cause })
}

const reasons: Readonly<Record<string, { code: string; message: string; retriable: boolean }>> = {
  EADDRINUSE: {
    code: 'udp.port-in-use',
    message:
      "{where} is already in use: 'ss -ulpn sport = :{port}' shows by whom; stop that program, or choose another port{flag}",
    retriable: true,
  },
  EACCES: {
    code: 'udp.port-forbidden',
    message:
      '{where} may not be opened by this user: choose one from 1024 upwards{flag}, or grant CAP_NET_BIND_SERVICE to the service',
    retriable: false,
  },
  EADDRNOTAVAIL: {
    code: 'udp.address-unavailable',
    message: "no interface of this machine has the address {host}: 'ip address' lists them; 0.0.0.0 or :: means all",
    retriable: true,
  },
  EAFNOSUPPORT: {
    code: 'udp.family-unavailable',
    message: 'this machine does not speak the address family of {host}: listen on 0.0.0.0 for IPv4 only',
    retriable: false,
  },
  ENOTFOUND: {
    code: 'udp.host-unknown',
    message: 'the host name {host} has no address: give an address, 0.0.0.0 or ::',
    retriable: true,
  },
}
