/**
 * The device management interface from the device's side (LwM2M Core 1.2 §6.3, §6.4): reads, writes,
 * executes, discovers and observations of its objects. Each effect is told to the witness when it happens.
 */
import { copyOf, textOf, utf8, type Bytes } from '../../base/bytes.ts'
import { isFault } from '../../base/fault.ts'
import type { Instant } from '../../base/time.ts'
import { method, response as codes } from '../../coap/codes.ts'
import { contentFormat } from '../../coap/content-formats.ts'
import { option } from '../../coap/options.ts'
import type { InboundRequest, OutboundResponse } from '../../coap/types.ts'
import { formatPath, parsePath, type Path } from '../../lwm2m/path.ts'
import { decodePayload, encodePayload } from '../../lwm2m/payload/codec.ts'
import { format, formatOf, type FormatNumber } from '../../lwm2m/payload/content-format.ts'
import { isRefusal } from '../../lwm2m/refusal.ts'
import { textOfValue } from '../../lwm2m/value-text.ts'
import { between, happens } from '../chance.ts'
import type { Living } from './parts.ts'
import { linksBelow } from './objects.ts'

const notFound: OutboundResponse = { code: codes.notFound }
const notAllowed: OutboundResponse = { code: codes.methodNotAllowed }
const badRequest: OutboundResponse = { code: codes.badRequest }
const changed: OutboundResponse = { code: codes.changed }

const packageUri = '/5/0/1'

export class ObjectServer {
  readonly #life: Living

  constructor(life: Living) {
    this.#life = life
  }

  request(now: Instant, request: InboundRequest): void {
    const { device, firmware } = this.#life
    if (firmware.isFetching) device.witness.interrupted(now, device)
    const response = this.#answer(now, request)
    const { chance, personality } = this.#life.device
    const { share, longest } = personality.hesitates
    if (!happens(chance, share)) {
      this.#life.respond(now, request.exchange, response)
      return
    }
    // Its effect is there; only the answer takes its time, after an empty ACK.
    const { exchange } = request
    this.#life.in(now, between(chance, 0, longest), (at) => this.#life.respond(at, exchange, response))
  }

  #answer(now: Instant, request: InboundRequest): OutboundResponse {
    const path = parsePath(request.path.join('/'))
    if (isFault(path)) return notFound
    switch (request.code) {
      case method.get:
        return this.#read(path, request)
      case method.put:
        return request.query.length > 0 ? changed : this.#write(now, path, request)
      case method.post:
        return path.length === 3 ? this.#execute(now, path, request) : this.#write(now, path, request)
      default:
        return notAllowed
    }
  }

  #read(path: Path, request: InboundRequest): OutboundResponse {
    const { objects, personality } = this.#life.device
    const accept = request.options.uint(option.accept)
    if (accept === contentFormat.linkFormat) {
      return { code: codes.content, contentFormat: accept, payload: utf8(linksBelow(objects, path)) }
    }
    const entries = objects.entriesAt(path)
    if (entries.length === 0) return notFound
    const chosen = (accept === undefined ? undefined : formatOf(accept)) ?? personality.format
    const payload = encodePayload(chosen, path, entries)
    if (isRefusal(payload)) return { code: codes.notAcceptable }
    return { code: codes.content, contentFormat: chosen, payload, ...this.#observed(path, request, chosen) }
  }

  #observed(path: Path, request: InboundRequest, chosen: FormatNumber): { readonly observe?: number } {
    const observe = request.options.uint(option.observe)
    if (observe === 1) this.#life.reporter.cancel(request.token)
    return observe === 0 ? { observe: this.#life.reporter.observe(request.token, path, chosen) } : {}
  }

  #write(now: Instant, path: Path, request: InboundRequest): OutboundResponse {
    const { device, firmware } = this.#life
    const decoded = decodePayload(request.options.uint(option.contentFormat) ?? format.text, request.payload, {
      base: path,
      model: device.model,
    })
    if (isFault(decoded)) return badRequest
    for (const { path: at, value } of decoded.entries) {
      if (value === undefined) return badRequest
      if (formatPath(at) === packageUri) return firmware.offer(now, textOfValue(value))
      if (!device.objects.mayWrite(at)) return notAllowed
    }
    for (const { path: at, value } of decoded.entries) {
      device.objects.set(at, value!)
      device.witness.did(now, device, { kind: 'write', path: formatPath(at), tag: textOfValue(value!) })
    }
    return changed
  }

  #execute(now: Instant, path: Path, request: InboundRequest): OutboundResponse {
    const { device, firmware } = this.#life
    if (!device.objects.mayExecute(path)) return device.objects.valueAt(path) === undefined ? notFound : notAllowed
    const at = formatPath(path)
    if (at === '/5/0/2') return firmware.install(now)
    device.witness.did(now, device, { kind: 'execute', path: at, tag: tagOf(request.payload) })
    if (at === '/3/0/4') device.restart(now)
    // A device updates its registration after it has answered (LwM2M Core 1.2 appendix E.2, /1/x/8).
    if (at === '/1/0/8') this.#life.in(now, 100, (later) => this.#life.registration.update(later))
    return changed
  }
}

/** `0='tag'` (LwM2M Core 1.2 §6.3.5). */
function tagOf(payload: Bytes): string {
  return /^0='(.*)'$/.exec(textOf(copyOf(payload)) ?? '')?.[1] ?? ''
}
