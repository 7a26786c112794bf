/**
 * Which way an artifact reaches a device (LwM2M Core 1.2 App. E.6): what the device says it can (/5/0/8, /5/0/9),
 * what the server serves, what the operator wants. Pure; who signs a link is asked for it.
 */
import type { DeviceId, EndpointName } from '../registry/types.ts'
import type { PullWay } from './types.ts'

export interface DeliveryDevice {
  readonly deviceId: DeviceId
  readonly endpoint: EndpointName
  /** It is registered over DTLS, and fetches over the same association. */
  readonly secured: boolean
  /** /5/0/8; absent or empty: it does not tell, and is taken to fetch the way it registers. */
  readonly protocols?: readonly number[]
  /** /5/0/9: 0 pull, 1 push, 2 both. */
  readonly delivery?: number
}

export interface DeliveryPreferences {
  /** The operator wants the package written by Block1, not fetched. */
  readonly push?: boolean
  /** The operator wants it fetched this way and no other. */
  readonly via?: PullWay
  /** What devices reach the server under, without a trailing slash; absent: it does not serve that way. */
  readonly servers: Readonly<Partial<Record<PullWay, string>>>
  /** The path of a link that only this device may use, for http and https: `/d/…`. */
  readonly link: (key: string) => string
}

export type Delivery =
  | { readonly by: 'pull'; readonly via: PullWay; readonly uri: string }
  | { readonly by: 'push' }
  | { readonly by: 'none'; readonly reason: string }

/** Zephyr keeps no longer one, and looks at its path alone: no query (devices.md §4). */
export const longestUri = 127

const numbers: Readonly<Record<PullWay, number>> = { coap: 0, coaps: 1, http: 2, https: 3 }
const pushOnly = 1

/**
 * The operator's way, else the first the device and the server have in common: its own association, which costs it
 * no connection of another kind, then https and http. Over another association than its own, and by push where it
 * could fetch, only if the operator wants it.
 */
export function deliveryFor(device: DeliveryDevice, key: string, preferences: DeliveryPreferences): Delivery {
  const { via, push } = preferences
  if (push === true) {
    return device.delivery === 0 ? none('the device fetches images itself and takes none by push') : { by: 'push' }
  }
  if (device.delivery === pushOnly) {
    return via === undefined ? { by: 'push' } : none(`the device takes images by push only, not over ${via}`)
  }
  const reasons: string[] = []
  for (const way of via === undefined ? waysOf(device) : [via]) {
    const uri = speaks(device, way) ? uriOf(device, key, way, preferences) : undefined
    if (uri === undefined) reasons.push(reasonAgainst(device, way, preferences))
    else if (uri.length > longestUri)
      reasons.push(`its URI has ${uri.length} characters, and devices keep ${longestUri}`)
    else return { by: 'pull', via: way, uri }
  }
  return none(reasons[0] ?? 'the device fetches over none of the ways this server serves')
}

function waysOf({ secured }: DeliveryDevice): readonly PullWay[] {
  return [secured ? 'coaps' : 'coap', 'https', 'http']
}

function speaks({ protocols, secured }: DeliveryDevice, way: PullWay): boolean {
  if (protocols === undefined || protocols.length === 0) return way === (secured ? 'coaps' : 'coap')
  return protocols.includes(numbers[way])
}

function uriOf(
  device: DeliveryDevice,
  key: string,
  way: PullWay,
  { servers, link }: DeliveryPreferences,
): string | undefined {
  const server = servers[way]
  if (server === undefined) return undefined
  const isHttp = way === 'http' || way === 'https'
  // Without it nobody could tell whose progress a plain fetch is.
  return server + (isHttp ? link(key) : `/fw/${key}/${device.deviceId.toString(36)}`)
}

function reasonAgainst(device: DeliveryDevice, way: PullWay, { servers }: DeliveryPreferences): string {
  if (!speaks(device, way)) return `the device does not fetch over ${way}`
  return servers[way] === undefined ? `this server does not serve images over ${way}` : `no URI for ${way}`
}

function none(reason: string): Delivery {
  return { by: 'none', reason }
}
