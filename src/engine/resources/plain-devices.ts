/**
 * Devices that speak CoAP and not LwM2M: `POST /data` is telemetry, `GET /config` their configuration. A
 * device is who its credential says; in the clear, who registered from that address, or, where a knob
 * allows it, whoever it says it is (`?ep=`).
 */
import { copyOf, hexOf, utf8, type Bytes } from '../../base/bytes.ts'
import type { Instant } from '../../base/time.ts'
import { method, response as codes } from '../../coap/codes.ts'
import { option } from '../../coap/options.ts'
import { acceptable } from '../../coap/preconditions.ts'
import type { InboundRequest, OutboundResponse } from '../../coap/types.ts'
import { endpointProblem } from '../../fleet/registry/rules.ts'
import type { DeviceKey } from '../../fleet/store.ts'
import type { EngineCore } from '../core.ts'
import type { Sender } from '../inputs.ts'
import { configurationFormats } from './configuration.ts'

/** `claimed`: nothing but its own word says so. */
interface Identity {
  readonly key: DeviceKey
  readonly claimed: boolean
}

export class PlainDevices {
  readonly #engine: EngineCore

  constructor(engine: EngineCore) {
    this.#engine = engine
  }

  data(now: Instant, request: InboundRequest): void {
    if (request.code !== method.post) return this.#respond(now, request, { code: codes.methodNotAllowed })
    const from = this.#engine.senderOf(request.peer)
    const identity = this.#identify(request, from)
    if ('code' in identity) return this.#respond(now, request, identity)
    const { key, claimed } = identity
    this.#engine.deliver(now, key, {
      input: 'data',
      exchange: request.exchange,
      from,
      claimed,
      contentFormat: request.options.uint(option.contentFormat),
      payload: copyOf(request.payload),
    })
  }

  configuration(now: Instant, request: InboundRequest): void {
    if (request.code !== method.get) return this.#respond(now, request, { code: codes.methodNotAllowed })
    const format = acceptable(request.options, configurationFormats)
    if (format === undefined) return this.#respond(now, request, { code: codes.notAcceptable })
    const from = this.#engine.senderOf(request.peer)
    const identity = this.#identify(request, from)
    if ('code' in identity) return this.#respond(now, request, identity)
    const { key, claimed } = identity
    this.#engine.deliver(now, key, {
      input: 'configuration',
      exchange: request.exchange,
      from,
      claimed,
      format,
      token: hexOf(request.token),
      observe: observeOf(request),
    })
  }

  #identify(request: InboundRequest, from: Sender): Identity | OutboundResponse {
    const argument = request.query.find((one) => one.startsWith('ep='))
    if (from.secured || argument === undefined) {
      const key = this.#engine.actors.keyOf(from)
      return key === undefined ? refused : { key, claimed: false }
    }
    if (!this.#mayClaim(request)) return unknownPeer
    const endpoint = argument.slice('ep='.length)
    const problem = endpointProblem(endpoint)
    return problem === undefined
      ? { key: { by: 'endpoint', endpoint }, claimed: true }
      : { code: codes.badRequest, payload: utf8('ep= is no name') }
  }

  #mayClaim({ peer }: InboundRequest): boolean {
    switch (this.#engine.settings['coap.data.endpoint-in-query']) {
      case 'always':
        return true
      case 'loopback':
        return this.#engine.standingOf(peer) === 'reachable'
      default:
        return false
    }
  }

  #respond(now: Instant, request: InboundRequest, response: OutboundResponse): void {
    this.#engine.coap.respond(now, request.exchange, response)
  }
}

/** A registration is kept as it came: one of more octets, which no device has a reason for, is a mere question. */
const longestRegistration = 256

/** RFC 7641 §2; what is asked under a condition is a mere question, since a 4.12 would have to end it again. */
function observeOf({ options, datagram }: InboundRequest): Bytes | 'cancel' | undefined {
  const asked = options.uint(option.observe)
  if (asked === 1) return 'cancel'
  if (options.has(option.ifMatch) || options.has(option.ifNoneMatch)) return undefined
  return asked === 0 && datagram.length <= longestRegistration ? copyOf(datagram) : undefined
}

/** A credential that stands for no device. */
const refused: OutboundResponse = { code: codes.forbidden }
/** In the clear, from an address no device has registered from. */
export const unknownPeer: OutboundResponse = { code: codes.unauthorized, payload: utf8('who? register, or speak DTLS') }
