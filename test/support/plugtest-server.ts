/**
 * The resources the ETSI CoAP plugtest descriptions speak of, as a handler for a lockstep endpoint. What
 * they hold is visible, so that a test can check what a request did.
 */
import { method, response } from '../../src/coap/codes.ts'
import { contentFormat } from '../../src/coap/content-formats.ts'
import type { Link } from '../../src/coap/link-format.ts'
import { option } from '../../src/coap/options.ts'
import { acceptable, isSupported, preconditionHolds } from '../../src/coap/preconditions.ts'
import type { InboundRequest, OutboundResponse } from '../../src/coap/types.ts'
import { answerWellKnownCore, isWellKnownCore } from '../../src/coap/well-known.ts'
import type { SeenRequest } from './coap-lockstep.ts'
import { testBody } from './coap-notation.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const link = (target: string, attributes: Record<string, string | undefined>): Link => ({
  target,
  attributes: Object.entries(attributes).map(([name, value]) => ({ name, value })),
})

export const plugtestLinks: readonly Link[] = [
  link('/test', { rt: 'plug', title: 'Default test resource' }),
  link('/link1', { rt: 'Type1 Type2', if: 'If1' }),
  link('/link2', { rt: 'Type2 Type3', if: 'If2' }),
  link('/link3', { rt: 'Type1 Type3', if: 'foo' }),
  link('/large', { rt: 'block', sz: '1280' }),
  link('/path', { ct: '40' }),
  link('/obs', { obs: undefined, ct: '0' }),
]
const subLinks: readonly Link[] = [link('/path/sub1', {}), link('/path/sub2', {}), link('/path/sub3', {})]

/** Octets of /large. */
export const largeSize = 1280

export class PlugtestServer {
  /** What PUT and POST left behind, by path. */
  readonly held = new Map<string, { payload: Uint8Array; format: number; etag: number }>([
    ['/test', { payload: text('test'), format: 0, etag: 0 }],
    ['/validate', { payload: text('old'), format: 0, etag: 1 }],
    ['/obs', { payload: text('0'), format: 0, etag: 0 }],
    ['/obs-large', { payload: testBody.slice(0, 200), format: 42, etag: 0 }],
  ])
  sequence = 10

  /** As the lockstep's handler. */
  readonly handle = (request: SeenRequest, inbound: InboundRequest): OutboundResponse | undefined => {
    if (isWellKnownCore(inbound.path)) return answerWellKnownCore(plugtestLinks, inbound)
    if (request.path === '/separate') return undefined
    if (request.code === method.get) return this.#read(request, inbound)
    if (request.code === method.delete) {
      return this.held.delete(request.path) || request.path === '/test' ? { code: response.deleted } : notFound
    }
    return this.#write(request, inbound)
  }

  #read(request: SeenRequest, inbound: InboundRequest): OutboundResponse {
    if (request.path === '/multi-format') {
      const format = acceptable(inbound.options, [contentFormat.text, contentFormat.xml])
      if (format === undefined) return { code: response.notAcceptable }
      return { code: response.content, contentFormat: format, payload: text(format === 0 ? 'text' : '<xml/>') }
    }
    if (request.path === '/query') {
      return { code: response.content, contentFormat: 0, payload: text(request.query.join('+')) }
    }
    if (request.path === '/seg1/seg2/seg3') return { code: response.content, payload: text('deep') }
    if (request.path === '/large') {
      return { code: response.content, contentFormat: 42, payload: testBody.slice(0, largeSize) }
    }
    if (request.path === '/path') {
      return answerWellKnownCore(subLinks, inbound)
    }
    const held = this.held.get(request.path)
    if (held === undefined) return notFound
    const etag = held.etag === 0 ? {} : { etag: Uint8Array.of(held.etag) }
    const observed = inbound.options.uint(option.observe) === 0 && request.path.startsWith('/obs')
    const observe = observed ? { observe: this.sequence } : {}
    return { code: response.content, contentFormat: held.format, payload: held.payload, ...etag, ...observe }
  }

  #write(request: SeenRequest, inbound: InboundRequest): OutboundResponse {
    if (!isSupported(inbound.options, [0, 41, 42, 50])) return { code: response.unsupportedContentFormat }
    const before = this.held.get(request.path)
    const current = before === undefined ? undefined : Uint8Array.of(before.etag)
    if (!preconditionHolds(inbound.options, current)) return { code: response.preconditionFailed }
    const format = inbound.options.uint(option.contentFormat) ?? 0
    if (request.path === '/large-post') {
      return { code: response.changed, contentFormat: 42, payload: request.payload.toReversed() }
    }
    if (request.path === '/location-query') {
      const options = ['first=1', 'second=2'].map((value) => ({ number: option.locationQuery, value }))
      return { code: response.created, options }
    }
    this.held.set(request.path, { payload: request.payload, format, etag: (before?.etag ?? 0) + 1 })
    if (request.path === '/test' && request.code === method.post) {
      return { code: response.created, location: ['location1', 'location2', 'location3'] }
    }
    if (request.path === '/large-create') return { code: response.created, location: ['large', 'new'] }
    return { code: before === undefined ? response.created : response.changed }
  }
}

const notFound: OutboundResponse = { code: response.notFound }
