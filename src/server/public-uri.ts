/**
 * Under which URI devices reach a listener, for firmware above all: as set, or else by the address it is bound to.
 * That may be every address; then it is this machine's loopback for a device on it, and for others the first address
 * that others can reach.
 */
import { networkInterfaces } from 'node:os'
import type { RemoteAddress } from './transport.ts'

type Interfaces = ReturnType<typeof networkInterfaces>

/** Without a trailing slash: `coaps://192.0.2.1:5684`. `set` is the listener's knob `public-uri`. */
export function publicUri(set: string, scheme: 'coap' | 'coaps' | 'http' | 'https', bound: RemoteAddress): string {
  return set.replace(/\/+$/, '') || `${scheme}://${authorityOf(bound)}`
}

/** What the device at `remote` reaches it by; undefined where only guessing would tell. */
export function reachableUri(uri: string, remote: string): string | undefined {
  const bound = anyAddress.exec(uri)?.[0]
  if (bound === undefined) return uri
  if (remote === '::1') return uri.replace(bound, '[::1]')
  return remote.startsWith('127.') ? uri.replace(bound, '127.0.0.1') : undefined
}

/** What devices elsewhere are told. */
export function outwardUri(uri: string, interfaces: Interfaces = networkInterfaces()): string {
  const bound = anyAddress.exec(uri)?.[0]
  if (bound === undefined) return uri
  const outward = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, scopeid }) => !internal && (scopeid ?? 0) === 0)
  // A socket on :: takes IPv4 as well, and most devices have nothing else.
  const ipv4 = outward.find(({ family }) => family === 'IPv4')?.address
  if (bound === '0.0.0.0') return uri.replace(bound, ipv4 ?? '127.0.0.1')
  return uri.replace(bound, ipv4 ?? `[${outward[0]?.address ?? '::1'}]`)
}

/** For people, what devices are told where that is not what the listener is bound to. */
export function toldAs(uri: string, bound: RemoteAddress): string {
  const told = outwardUri(uri)
  return told.endsWith(`://${authorityOf(bound)}`) ? '' : `, told as ${told}`
}

/** `192.0.2.1:5683`, `[2001:db8::1]:5683`. */
export function authorityOf({ address, port }: RemoteAddress): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

const anyAddress = /(?<=:\/\/)(?:0\.0\.0\.0|\[::\])(?=:|$)/
