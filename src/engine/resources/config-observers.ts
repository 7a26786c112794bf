/**
 * Who observes the configuration of which device. Kept in memory only: after a restart a device asks
 * again, as RFC 7641 §3.3.1 has it do when nothing is heard for long.
 */
import type { Bytes } from '../../base/bytes.ts'
import { LruMap } from '../../base/lru.ts'
import type { Instant } from '../../base/time.ts'
import type { CoapEndpoint } from '../../coap/endpoint.ts'
import type { Peer } from '../../coap/types.ts'
import type { Configuration } from '../../fleet/configuration/types.ts'
import type { DeviceId } from '../../fleet/registry/types.ts'
import { configurationResponse } from './configuration.ts'

export interface ConfigObserver {
  readonly peer: Peer
  readonly token: Bytes
  readonly format: number
}

export class ConfigObservers {
  readonly #coap: CoapEndpoint
  /** By device; a device beyond the limit is told nothing until it asks again. */
  readonly #observers: LruMap<DeviceId, readonly ConfigObserver[]>

  constructor(coap: CoapEndpoint, limit: number) {
    this.#coap = coap
    this.#observers = new LruMap(limit)
  }

  /** The CoAP endpoint decides whether it is one: it may have had no room. */
  add(deviceId: DeviceId, observer: ConfigObserver): void {
    const others = (this.#observers.use(deviceId) ?? []).filter(
      (other) => !isSame(other, observer) && this.#isAlive(other),
    )
    if (this.#isAlive(observer)) this.#observers.set(deviceId, [...others, observer])
    else if (others.length === 0) this.#observers.delete(deviceId)
  }

  /** A configuration that is gone ends the observations. */
  tell(now: Instant, deviceId: DeviceId, configuration: Configuration | undefined): void {
    const observers = (this.#observers.use(deviceId) ?? []).filter((observer) => this.#isAlive(observer))
    for (const { peer, token, format } of observers) {
      this.#coap.notify(now, peer, token, configurationResponse(configuration, format, true), { confirmable: true })
    }
    if (configuration === undefined || observers.length === 0) this.#observers.delete(deviceId)
    else this.#observers.set(deviceId, observers)
  }

  #isAlive({ peer, token }: ConfigObserver): boolean {
    return this.#coap.isObserver(peer, token)
  }
}

function isSame(one: ConfigObserver, other: ConfigObserver): boolean {
  return (
    one.peer === other.peer &&
    one.token.length === other.token.length &&
    one.token.every((octet, i) => octet === other.token[i])
  )
}
