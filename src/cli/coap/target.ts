/** A CoAP URI taken apart (RFC 7252 §6.4): where to, and which resource. Resolves no name. */
import { usageFailure } from '../failure.ts'

export interface Target {
  /** As it was given. */
  readonly uri: string
  readonly secure: boolean
  readonly host: string
  readonly port: number
  /** Segments and arguments, percent-decoded. */
  readonly path: readonly string[]
  readonly query: readonly string[]
}

const defaultPorts = { coap: 5683, coaps: 5684 } as const

/** Takes `host` and `host/path` for coap://; throws CommandFailure for what is no CoAP URI. */
export function targetOf(text: string): Target {
  const uri = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `coap://${text}`
  const url = URL.canParse(uri) ? new URL(uri) : undefined
  const scheme = url?.protocol.slice(0, -1)
  if (url === undefined || url.hostname === '') throw notCoap(text, 'is no CoAP URI')
  if (scheme !== 'coap' && scheme !== 'coaps') throw notCoap(text, `is no CoAP URI: ${scheme}:// is spoken elsewhere`)
  if (url.hash !== '') throw notCoap(text, 'has a fragment, which no CoAP URI has')
  return {
    uri,
    secure: scheme === 'coaps',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? defaultPorts[scheme] : Number(url.port),
    path: url.pathname.split('/').slice(1).flatMap(decodedUnlessRoot),
    query: url.search.length < 2 ? [] : url.search.slice(1).split('&').map(decoded),
  }

  function decodedUnlessRoot(segment: string, index: number, all: readonly string[]): string[] {
    return all.length === 1 && segment === '' ? [] : [decoded(segment)]
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw usageFailure(`'${text}' is not percent-encoded as a URI is`, 'write % as %25')
  }
}

function notCoap(text: string, why: string): Error {
  return usageFailure(`'${text}' ${why}`, 'for example coap://192.0.2.1/sensors/temp, or coap://[2001:db8::1]:5683/')
}
