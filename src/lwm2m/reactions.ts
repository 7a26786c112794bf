/**
 * What a device gets for an uplink that cannot be used: one row a fault (ARCHITECTURE §6). Diagnostic
 * payloads are short: they travel over the same narrow link.
 */
import { utf8 } from '../base/bytes.ts'
import type { Fault } from '../base/fault.ts'
import { response } from '../coap/codes.ts'
import type { OutboundResponse } from '../coap/types.ts'

/** Octets of diagnostic payload beyond which the detail is cut. */
export const diagnosticLimit = 64

interface Reaction {
  readonly code: number
  /** What the device's developer reads, unless the fault has a detail. */
  readonly text: string
}

const reactions: Readonly<Record<string, Reaction>> = {
  // LwM2M Core 1.2 §6.2.1: the version is not supported.
  'registration.version': { code: response.preconditionFailed, text: 'unsupported lwm2m version' },
  'registration.endpoint-missing': { code: response.badRequest, text: 'ep= is missing' },
  'registration.endpoint': { code: response.badRequest, text: 'ep= is no endpoint name' },
  'registration.refused': { code: response.forbidden, text: 'endpoint refused' },
  'registration.unknown-location': { code: response.notFound, text: '' },
  'links.syntax': { code: response.badRequest, text: 'object list is no link format' },
  'links.too-many': { code: response.requestEntityTooLarge, text: 'too many links' },
  'send.not-registered': { code: response.badRequest, text: 'not registered' },
  // Transport 1.2 table 6.7-4: an object in the payload is not registered.
  'send.unknown-object': { code: response.notFound, text: 'object not registered' },
  'format.unsupported': { code: response.unsupportedContentFormat, text: 'content format not supported' },
  'format.undecodable': { code: response.badRequest, text: 'payload cannot be decoded' },
}

/** The answer to an uplink with this fault; a fault of a payload codec is a bad request. */
export function reactionTo(fault: Fault): OutboundResponse {
  const reaction = reactions[fault.fault] ?? { code: response.badRequest, text: fault.fault }
  const text = fault.detail ?? reaction.text
  if (reaction.code === response.notFound && text === '') return { code: reaction.code }
  return { code: reaction.code, payload: utf8(text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, diagnosticLimit)) }
}

/** Names of all faults with a row, for the test that keeps the table complete. */
export const reactionNames = Object.keys(reactions)
