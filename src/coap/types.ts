/**
 * What passes between the CoAP endpoint and whoever drives it (the engine, a simulated device).
 * The endpoint is a synchronous machine: one input (`receive`, `expire`, `request`, `respond`, …), all
 * its effects through `CoapSink` during that call, then the next input. It knows peers as opaque
 * numbers; a peer is an authenticated identity where there is one, never an address.
 */
import type { Bytes } from '../base/bytes.ts'
import type { Instant } from '../base/time.ts'
import type { BlockSize, Profile } from '../config/profiles.ts'

/** An opaque number the driver gives each party; never used again for another one. */
export type Peer = number

/**
 * What is known of who is behind a peer. secured: an authenticated association, whose non-idempotent
 * requests must never run twice. reachable: no authentication, but its address can be trusted
 * (loopback, a network the operator names). unverified: anyone may have written that source address,
 * so it gets at most three times what it sent until it has echoed (RFC 9175 §2.4).
 */
export type PeerStanding = 'secured' | 'reachable' | 'unverified'

/** An inbound exchange that waits for our answer; 0 is none. */
export type ExchangeId = number

/** An outbound request of ours; 0 is none. */
export type RequestId = number

/** Options of a message, decoded when asked for; numbers are CoAP option numbers (RFC 7252 §5.10). */
export interface OptionsView {
  has(number: number): boolean
  /** First occurrence; a view, valid during the call only. */
  bytes(number: number): Bytes | undefined
  /** First occurrence as an unsigned integer (RFC 7252 §3.2). */
  uint(number: number): number | undefined
  /** First occurrence as UTF-8 text. */
  text(number: number): string | undefined
  /** All occurrences as UTF-8 text, in order. */
  texts(number: number): readonly string[]
  /** Whether `value` is among the values of a repeatable option. */
  includes(number: number, value: Bytes): boolean
}

/** One option of a message we build. */
export interface OptionValue {
  readonly number: number
  readonly value: Bytes | string | number
}

/** A whole request of a peer: decoded, deduplicated, its body assembled. Valid during the call only. */
export interface InboundRequest {
  readonly peer: Peer
  readonly exchange: ExchangeId
  readonly confirmable: boolean
  readonly code: number
  readonly messageId: number
  readonly token: Bytes
  readonly options: OptionsView
  /** Uri-Path segments, as sent. */
  readonly path: readonly string[]
  /** Uri-Query arguments, as sent. */
  readonly query: readonly string[]
  readonly payload: Bytes
  /** The whole datagram: what an observer registers with, for `CoapEndpoint.tell`. */
  readonly datagram: Bytes
  /** True where it carries an Echo value we gave this peer lately (RFC 9175 §2.3). */
  readonly fresh: boolean
}

/**
 * A message with a response code whose token belongs to none of our open requests: the notification
 * of an observation, or a stray. Whoever owns observation intents says which by `acknowledge` (after
 * its effect is durable), `reject` (RST: the device forgets it) or `fetchRest`. Valid during the call only.
 */
export interface InboundNotification {
  readonly peer: Peer
  readonly exchange: ExchangeId
  readonly confirmable: boolean
  readonly code: number
  readonly messageId: number
  readonly token: Bytes
  readonly options: OptionsView
  /** The Observe option (RFC 7641 §3.3), undefined where there is none: then the observation has ended. */
  readonly sequence: number | undefined
  readonly payload: Bytes
  /** True where Block2 says that more follows: `fetchRest` gets it. */
  readonly more: boolean
}

/** A response to a request of ours, its body assembled. Valid during the call only. */
export interface InboundResponse {
  readonly peer: Peer
  /** For `defer`: it came as a message of its own, acknowledged after the call; 0 where it rode on an ACK. */
  readonly exchange: ExchangeId
  readonly code: number
  readonly options: OptionsView
  readonly payload: Bytes
}

/** What became of a request of ours. */
export type RequestOutcome =
  | { readonly outcome: 'response'; readonly response: InboundResponse }
  /** Nothing came within MAX_TRANSMIT_WAIT (no ACK) or the response deadline (ACK, no response). */
  | { readonly outcome: 'timeout'; readonly acknowledged: boolean }
  | { readonly outcome: 'reset' }
  /** The awake window or NAT deadline passed first; nothing says that the device failed. */
  | { readonly outcome: 'asleep' }
  | { readonly outcome: 'cancelled' }
  /** A response that cannot be used: unknown critical option, broken blocks, body over the limit. */
  | { readonly outcome: 'unusable'; readonly reason: string }

export interface OutboundRequest {
  readonly code: number
  readonly confirmable?: boolean
  readonly path: readonly string[]
  readonly query?: readonly string[]
  readonly contentFormat?: number
  readonly accept?: number
  /** 0 registers, 1 deregisters (RFC 7641 §2). */
  readonly observe?: 0 | 1
  /** Kept until the outcome (repetition, blocks): its octets must not change. */
  readonly payload?: Bytes
  /** Instead of `payload`: read block by block as it leaves. */
  readonly body?: BodySource
  /**
   * Octets of the body that the peer has taken in an earlier request: the transfer goes on there, and begins
   * anew where the peer does not know of it (4.08, RFC 7959 §2.9.2).
   */
  readonly resumeAt?: number
  readonly options?: readonly OptionValue[]
  /** Fixed token, for an observation that is durable; else the endpoint takes a fresh random one. */
  readonly token?: Bytes
  /**
   * Message id and token of an earlier transmission of this very request that may have reached the
   * peer (we restarted): repeats it, so that the peer's own deduplication applies.
   */
  readonly repeats?: { readonly messageId: number; readonly token: Bytes }
  /** Asks for blocks of the response no larger than this (RFC 7959 §2.4, early negotiation). */
  readonly blockSize?: BlockSize
  /**
   * No transmission at or after this instant: the device's radio is off. Within a transfer of several
   * blocks each answer opens the profile's awake window anew; see also `CoapEndpoint.extend`.
   */
  readonly notAfter?: Instant
}

/** What a request of ours was first sent with; the driver stores it before it lets the datagram go. */
export interface RequestTicket {
  readonly id: RequestId
  readonly messageId: number
  readonly token: Bytes
}

/** A body that need not be in memory, served block by block and statelessly (firmware). */
export interface BodySource {
  readonly size: number
  /** Strong, 1–8 octets: the same bytes for ever under the same tag (RFC 7252 §5.10.6). */
  readonly etag: Bytes
  /** Writes octets `offset` to `offset + length`, all of them within `size`, to `into` from `at` on; false where they are gone. */
  copy(offset: number, length: number, into: Bytes, at: number): boolean
}

export interface OutboundResponse {
  readonly code: number
  readonly payload?: Bytes
  /** Instead of `payload`: immutable content. */
  readonly body?: BodySource
  readonly contentFormat?: number
  readonly maxAge?: number
  readonly etag?: Bytes
  /** Location-Path segments (RFC 7252 §5.10.7). */
  readonly location?: readonly string[]
  /** Observe sequence: accepts the registration or is a notification (RFC 7641 §2). */
  readonly observe?: number
  /** With `observe`: the sink remembers who observes and tells it by `CoapEndpoint.tell`; here nothing is kept. */
  readonly observerIsKept?: true
  readonly options?: readonly OptionValue[]
  /**
   * The answer to such a safe request is always this one and costs nothing to give again: no copy is kept for
   * repetitions, which are requests like the first (RFC 7252 §4.5). So is every answer with a `body`.
   */
  readonly constant?: boolean
}

/**
 * What became of a notification of ours. unheard: the awake window ended first, or the peer was forgotten; nothing
 * says that it does not want to hear.
 */
export type NoticeOutcome = 'acknowledged' | 'reset' | 'timeout' | 'unheard'

/** Everything the endpoint does to the outside. Every view is valid during the call only. */
export interface CoapSink {
  /** A datagram for `peer`: octets `start` to `end` of `buffer`, valid during the call only. */
  send(now: Instant, peer: Peer, buffer: Bytes, start: number, end: number): void
  request(now: Instant, request: InboundRequest): void
  notification(now: Instant, notification: InboundNotification): void
  /** The peer has taken `offset` octets of the body of a request of ours, the last of them in a block of `blockSize`. */
  uploaded?(now: Instant, id: RequestId, offset: number, blockSize: number): void
  /** Exactly once for every request made. */
  outcome(now: Instant, id: RequestId, outcome: RequestOutcome): void
  /** The peer said again what it had said before, and got the same answer, or none yet: its radio is on. */
  repeated?(now: Instant, peer: Peer): void
  /** A notification of ours (server role of Observe) ended: delivered, or the peer no longer wants it. */
  notified?(now: Instant, peer: Peer, token: Bytes, outcome: NoticeOutcome): void
  /** Asked once, when the endpoint first hears of a peer; where it is absent every peer is secured. */
  standingOf?(peer: Peer): PeerStanding
  /** The timers and sizes to use towards `peer`, asked anew for each exchange. */
  profileOf(peer: Peer): Profile
}
