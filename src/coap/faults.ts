/**
 * What a peer can get wrong in CoAP, as frozen values: one constant each, so that refusing a datagram
 * allocates nothing. What the peer gets for it stands in `reactions.ts`.
 */
import type { Fault } from '../base/fault.ts'

export const faultNames = [
  // The datagram (RFC 7252 §3, §4.2)
  'short-datagram',
  'other-version',
  'token-length-reserved',
  'token-truncated',
  'option-nibble-reserved',
  'option-truncated',
  'option-number-overflow',
  'payload-marker-alone',
  'empty-with-content',
  'reserved-class',
  'request-in-reply',
  'content-in-reset',
  // The request (RFC 7252 §5.4, §5.7, §5.8, RFC 7959 §2)
  'option-not-understood',
  'option-not-text',
  'path-segment-dots',
  'proxying',
  'hop-limit-range',
  'method-unknown',
  'block-size-reserved',
  'block-length',
  'block-gap',
  'block-beyond-end',
  'block-unknown-body',
  'body-over-limit',
  'bodies-full',
  'echo-required',
  // The response
  'response-option-not-understood',
  'reply-unmatched',
  // Limits
  'dedup-full',
  'peers-full',
  'multicast-refused',
] as const

export type CoapFaultName = (typeof faultNames)[number]

export interface CoapFault extends Fault {
  readonly fault: CoapFaultName
}

export const faults: Readonly<Record<CoapFaultName, CoapFault>> = Object.freeze(
  Object.fromEntries(faultNames.map((fault) => [fault, Object.freeze({ fault })])) as unknown as Record<
    CoapFaultName,
    CoapFault
  >,
)
