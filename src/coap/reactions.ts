/**
 * What a peer gets for each fault, what is counted and how loudly it is said: one row each, exhaustive
 * by type. Only `con` requests are answered in words; nothing is ever answered to an ACK or a RST.
 */
import type { LogLevel } from '../base/log.ts'
import { response } from './codes.ts'
import type { CoapFaultName } from './faults.ts'

/** Silence, a RST, or a response with this code. */
export type Answer = 'silence' | 'reset' | number

export interface Reaction {
  readonly confirmable: Answer
  readonly nonConfirmable: Answer
  readonly level: LogLevel
}

const silent = (level: LogLevel): Reaction => ({ confirmable: 'silence', nonConfirmable: 'silence', level })
/** RFC 7252 §4.2: a CON that cannot be processed is rejected by RST; §4.3: a NON may be ignored, and is. */
const rejected: Reaction = { confirmable: 'reset', nonConfirmable: 'silence', level: 'debug' }
const answered = (code: number): Reaction => ({ confirmable: code, nonConfirmable: code, level: 'debug' })

export const reactions: Readonly<Record<CoapFaultName, Reaction>> = Object.freeze({
  // No four octets, or another version: RFC 7252 §3 says not a word
  'short-datagram': silent('debug'),
  'other-version': silent('debug'),
  // Message format errors, RFC 7252 §3, §4.2
  'token-length-reserved': rejected,
  'token-truncated': rejected,
  'option-nibble-reserved': rejected,
  'option-truncated': rejected,
  'option-number-overflow': rejected,
  'payload-marker-alone': rejected,
  'empty-with-content': rejected,
  'reserved-class': rejected,
  // RFC 7252 §4.2: ACK and RST are never answered
  'request-in-reply': silent('debug'),
  'content-in-reset': silent('debug'),
  'reply-unmatched': silent('debug'),
  // RFC 7252 §5.4.1: 4.02 to a CON; a NON is rejected, which here is silence
  'option-not-understood': { confirmable: response.badOption, nonConfirmable: 'silence', level: 'debug' },
  // RFC 7252 §3.2, §5.10.1: the value is not what the option may carry
  'option-not-text': answered(response.badRequest),
  'path-segment-dots': answered(response.badRequest),
  // RFC 7252 §5.7.2
  proxying: answered(response.proxyingNotSupported),
  // RFC 8768 §3: 0 and more than 255 must be
  'hop-limit-range': answered(response.badRequest),
  // RFC 7252 §5.8
  'method-unknown': answered(response.methodNotAllowed),
  // RFC 7959 §2.2: SZX 7 must lead to 4.00
  'block-size-reserved': answered(response.badRequest),
  'block-length': answered(response.badRequest),
  // RFC 7959 §2.9.2
  'block-gap': answered(response.requestEntityIncomplete),
  'block-unknown-body': answered(response.requestEntityIncomplete),
  'block-beyond-end': answered(response.badOption),
  // RFC 7959 §2.9.3
  'body-over-limit': answered(response.requestEntityTooLarge),
  'bodies-full': { ...answered(response.requestEntityTooLarge), level: 'warn' },
  // RFC 9175 §2.4
  'echo-required': answered(response.unauthorized),
  // RFC 7252 §5.4.1: rejected, which for a CON is a RST
  'response-option-not-understood': rejected,
  // Shedding is silence: a code would make the device start over
  'dedup-full': silent('warn'),
  'peers-full': silent('warn'),
  // RFC 7252 §8.1
  'multicast-refused': silent('debug'),
})
