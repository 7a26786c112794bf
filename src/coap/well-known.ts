/**
 * `/.well-known/core` (RFC 6690 §4): what a server offers, filtered as the client asked. Block-wise
 * transfer is the endpoint's affair; nothing of the request is reflected.
 */
import { utf8 } from '../base/bytes.ts'
import { response } from './codes.ts'
import { contentFormat } from './content-formats.ts'
import { filterLinks, serializeLinks, type Link } from './link-format.ts'
import { option } from './options.ts'
import { acceptable } from './preconditions.ts'
import type { InboundRequest, OutboundResponse } from './types.ts'

/** The path segments of the resource directory every CoAP server has. */
export const wellKnownCore: readonly string[] = ['.well-known', 'core']

export function isWellKnownCore(path: readonly string[]): boolean {
  return path.length === 2 && path[0] === wellKnownCore[0] && path[1] === wellKnownCore[1]
}

/** Answers with all of these links, which most clients ask for: made once. */
const whole = new WeakMap<readonly Link[], OutboundResponse>()

/** The links that match the request's query; an empty list where none does (RFC 6690 §4.1). `links` never change. */
export function answerWellKnownCore(links: readonly Link[], request: InboundRequest): OutboundResponse {
  if (acceptable(request.options, [contentFormat.linkFormat]) === undefined) return { code: response.notAcceptable }
  if (request.options.has(option.uriQuery)) return answerWith(filterLinks(links, request.query))
  const known = whole.get(links)
  if (known !== undefined) return known
  const made: OutboundResponse = { ...answerWith(links), constant: true }
  whole.set(links, made)
  return made
}

function answerWith(links: readonly Link[]): OutboundResponse {
  return { code: response.content, contentFormat: contentFormat.linkFormat, payload: utf8(serializeLinks(links)) }
}
