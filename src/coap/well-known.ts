/**
 * `/.well-known/core` (RFC 6690 §4): what a server offers, filtered as the client asked. Block-wise
 * transfer is the endpoint's affair; nothing of the request is reflected.
 */
import { utf8 } from '../base/bytes.ts'
import { response } from './codes.ts'
import { contentFormat } from './content-formats.ts'
import { filterLinks, serializeLinks, type Link } from './link-format.ts'
import { acceptable } from './preconditions.ts'
import type { InboundRequest, OutboundResponse } from './types.ts'

/** The path segments of the resource directory every CoAP server has. */
export const wellKnownCore: readonly string[] = ['.well-known', 'core']

export function isWellKnownCore(path: readonly string[]): boolean {
  return path.length === 2 && path[0] === wellKnownCore[0] && path[1] === wellKnownCore[1]
}

/** The links that match the request's query; an empty list where none does (RFC 6690 §4.1). */
export function answerWellKnownCore(links: readonly Link[], request: InboundRequest): OutboundResponse {
  if (acceptable(request.options, [contentFormat.linkFormat]) === undefined) return { code: response.notAcceptable }
  const text = serializeLinks(filterLinks(links, request.query))
  return { code: response.content, contentFormat: contentFormat.linkFormat, payload: utf8(text) }
}
