/** Reads a Package URI (/5/0/1) the way a small client does: scheme, host, port, path; or the Result that says no. */
import { results } from './firmware-machine.ts'

/** In the order of their numbers in /5/0/8. */
export const protocolNames = ['coap', 'coaps', 'http', 'https'] as const
export type Protocol = (typeof protocolNames)[number]

/** Where a package is fetched with CoAP. */
export interface CoapUri {
  readonly secure: boolean
  readonly host: string
  readonly port: number
  /** Percent-decoded. */
  readonly path: readonly string[]
  readonly queries: readonly string[]
}

export type PackageUri =
  | { readonly ok: true; readonly by: 'coap'; readonly coap: CoapUri }
  | { readonly ok: true; readonly by: 'http'; readonly url: URL }
  | { readonly ok: false; readonly result: 7 | 9; readonly reason: string }

/** Length of /5/0/1 in the object definition. */
const lengthLimit = 255
const defaultPorts = { coap: 5683, coaps: 5684 } as const
const schemesOfOthers = ['coap+tcp', 'coaps+tcp', 'coap+ws', 'coaps+ws']

/** `protocols`: what the device can fetch with. */
export function parsePackageUri(text: string, protocols: readonly Protocol[]): PackageUri {
  const url = text.length <= lengthLimit && URL.canParse(text) ? new URL(text) : undefined
  const invalid = { ok: false, result: results.invalidUri, reason: `cannot read the URI ${text}` } as const
  if (url === undefined) return invalid
  const scheme = url.protocol.slice(0, -1)
  const protocol = protocolNames.find((name) => name === scheme)
  if (protocol === undefined && !schemesOfOthers.includes(scheme)) return invalid
  if (protocol === undefined || !protocols.includes(protocol)) {
    return { ok: false, result: results.protocol, reason: `does not speak ${scheme}://` }
  }
  if (url.hostname === '' || url.pathname.length < 2) return invalid
  if (protocol === 'http' || protocol === 'https') return { ok: true, by: 'http', url }
  try {
    const coap = {
      secure: protocol === 'coaps',
      host: url.hostname,
      port: url.port === '' ? defaultPorts[protocol] : Number(url.port),
      path: url.pathname.slice(1).split('/').map(decodeURIComponent),
      queries: url.search === '' ? [] : url.search.slice(1).split('&').map(decodeURIComponent),
    }
    return { ok: true, by: 'coap', coap }
  } catch {
    return invalid // "%zz"
  }
}
