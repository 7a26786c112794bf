/** How devices reach this server to fetch firmware: its URIs by scheme, and the links of single updates. */
import { instantOf, type Instant } from '../base/time.ts'
import type { Settings } from '../config/tunables.ts'
import type { FirmwareUpdate } from '../fleet/firmware/types.ts'
import { pullWays, type PullWay } from '../fleet/images/types.ts'
import { pathOf } from './downloads/link.ts'
import { outwardUri, reachableUri } from './public-uri.ts'
import { deriveKey } from './store-key.ts'

export interface ReachParts {
  readonly storeKey: Uint8Array
  readonly settings: Pick<Settings, 'downloads.link-lifetime'>
  readonly now: () => Instant
}

/** What links are signed with; every thread of a server has the same. */
export function linkSecretOf(storeKey: Uint8Array): Uint8Array {
  return deriveKey(storeKey, 'downloads')
}

export class DeviceReach {
  /** `outward`: for devices elsewhere. */
  readonly #servers: Partial<Record<PullWay, { readonly uri: string; readonly outward: string }>> = {}
  readonly #secret: Uint8Array
  /** Milliseconds. */
  readonly #lifetime: number
  readonly #now: () => Instant

  constructor({ storeKey, settings, now }: ReachParts) {
    this.#secret = linkSecretOf(storeKey)
    this.#lifetime = settings['downloads.link-lifetime']
    this.#now = now
  }

  /** Firmware is served under these from now on, as `publicUri` gives them; '' is no URI. */
  serve(...uris: readonly string[]): void {
    for (const uri of uris) {
      const scheme = pullWays.find((way) => uri.startsWith(`${way}:`))
      if (scheme !== undefined) this.#servers[scheme] = { uri, outward: outwardUri(uri) }
    }
  }

  /** By scheme, for the device at `remote` where that is known. */
  servers(remote = ''): Readonly<Partial<Record<PullWay, string>>> {
    const uris = Object.entries(this.#servers)
    return Object.fromEntries(uris.map(([way, { uri, outward }]) => [way, reachableUri(uri, remote) ?? outward]))
  }

  /**
   * The same for a whole lifetime, so that a device that is told again is told the same; holds for one at least and
   * for two at most.
   */
  downloadPath(key: string, { id, endpoint, createdAt }: FirmwareUpdate): string {
    const past = Math.floor(Math.max(0, this.#now() - createdAt) / this.#lifetime)
    const end = instantOf(createdAt + (past + 2) * this.#lifetime)
    return pathOf({ key, update: id, endpoint, end }, this.#secret)
  }
}
