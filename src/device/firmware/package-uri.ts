/** Reads a Package URI (/5/0/1) the way a small client does: scheme, host, port, path; or the Result that says no. */
import { results } from './firmware-machine.ts'

export type PackageUri =
  | {
      readonly ok: true
      readonly secure: boolean
      readonly host: string
      readonly port: number
      /** Percent-decoded. */
      readonly path: readonly string[]
      readonly queries: readonly string[]
    }
  | { readonly ok: false; readonly result: 7 | 9; readonly reason: string }

/** Length of /5/0/1 in the object definition. */
const lengthLimit = 255
const defaultPorts = { 'coap:': 5683, 'coaps:': 5684 } as const
const schemesOfOthers = ['http:', 'https:', 'coap+tcp:', 'coaps+tcp:', 'coap+ws:', 'coaps+ws:']

/** `secure`: the device has a key and so can fetch with coaps. */
export function parsePackageUri(text: string, canSecure: boolean): PackageUri {
  const url = text.length <= lengthLimit && URL.canParse(text) ? new URL(text) : undefined
  const invalid = { ok: false, result: results.invalidUri, reason: `cannot read the URI ${text}` } as const
  if (url === undefined) return invalid
  const unsupported = { ok: false, result: results.protocol, reason: `does not speak ${url.protocol}//` } as const
  if (schemesOfOthers.includes(url.protocol)) return unsupported
  if (url.protocol !== 'coap:' && url.protocol !== 'coaps:') return invalid
  if (url.protocol === 'coaps:' && !canSecure) return unsupported
  if (url.hostname === '' || url.pathname.length < 2) return invalid
  try {
    return {
      ok: true,
      secure: url.protocol === 'coaps:',
      host: url.hostname,
      port: url.port === '' ? defaultPorts[url.protocol] : Number(url.port),
      path: url.pathname.slice(1).split('/').map(decodeURIComponent),
      queries: url.search === '' ? [] : url.search.slice(1).split('&').map(decodeURIComponent),
    }
  } catch {
    return invalid // "%zz"
  }
}
