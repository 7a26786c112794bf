/**
 * Everything the endpoint remembers, as plain classes: a peer and what hangs on it. No behaviour but
 * making them; what becomes of them is decided by `responder`, `requester`, `retransmit`, `observers`.
 */
import { noBytes, type Bytes } from '../base/bytes.ts'
import type { Deadlined } from '../base/deadline-queue.ts'
import { instantOf, never, type Duration, type Instant } from '../base/time.ts'
import type { Profile } from '../config/profiles.ts'
import type { GrowingBody } from './body.ts'
import type { DedupEntry, DedupOwner } from './dedup.ts'
import type { MessageIds } from './message-ids.ts'
import type { RtoEstimator } from './rto.ts'
import type { ExchangeId, OutboundRequest, OutboundResponse, Peer, PeerStanding, RequestId } from './types.ts'

/** Whatever has a deadline; `kind` says who is asked when it is due. */
export type Timed = PeerState | InboundExchange | OutboundExchange | Delivery | IncomingBody | ServedBody | Relation

export class PeerState implements DedupOwner, Deadlined {
  readonly kind = 'peer'
  deadline: Instant = never
  deadlineSlot = -1
  readonly peer: Peer
  readonly standing: PeerStanding
  /** Octets we may still send to an unverified address (RFC 9175 §2.4); infinite once it is verified. */
  credit: number
  /** Since when its address is another one: what was proven before says nothing of it. */
  doubtedAt = instantOf(0)

  profile: Profile
  /** How long a CON, a NON of the peer is remembered, and an id of ours stays taken. */
  conLifetime = 0 as Duration
  nonLifetime = 0 as Duration
  idLifetime = 0 as Duration

  readonly dedupSeed: number
  liveHead: DedupEntry = 0
  liveTail: DedupEntry = 0
  liveCount = 0
  spentHead: DedupEntry = 0
  spentCount = 0

  /** When it was last heard or spoken to, and when it last had an answer of which nothing is kept. */
  usedAt = 0 as Instant
  servedAt = 0 as Instant
  /** Neighbours in the order in which peers were last heard. */
  older: PeerState | undefined = undefined
  newer: PeerState | undefined = undefined

  ids: MessageIds | undefined = undefined
  /** Open requests of ours by token. */
  requests: Map<string, OutboundExchange> | undefined = undefined
  /** What an ACK or RST may answer, by message id. */
  awaiting: Map<number, Transmission> | undefined = undefined
  /** Slots of NSTART taken (RFC 7252 §4.7), and who waits for one. */
  active = 0
  waiting: Transmission[] | undefined = undefined
  /** When PROBING_RATE allows the next NON to a peer that stays silent (RFC 7252 §4.7). */
  probeFrom = 0 as Instant
  /** SZX the next body to this peer begins with; -1 until one went well or badly. */
  uploadExponent = -1
  rto: RtoEstimator | undefined = undefined

  /** Unfinished Block1 bodies by request key. */
  incoming: Map<string, IncomingBody> | undefined = undefined
  /** Bodies of which further Block2 slices may be asked for, by request key. */
  served: Map<string, ServedBody> | undefined = undefined
  /** Observers of ours by token. */
  relations: Map<string, Relation> | undefined = undefined
  /** Exchanges that wait for our answer. */
  pending = 0

  constructor(peer: Peer, standing: PeerStanding, dedupSeed: number, profile: Profile) {
    this.peer = peer
    this.standing = standing
    this.credit = standing === 'unverified' ? 0 : Number.POSITIVE_INFINITY
    this.dedupSeed = dedupSeed
    this.profile = profile
  }
}

/** A request or notification of a peer that was not answered during the call that delivered it. */
export class InboundExchange implements Deadlined {
  readonly kind = 'inbound'
  deadline: Instant = never
  deadlineSlot = -1
  readonly id: ExchangeId
  readonly peer: PeerState
  readonly entry: DedupEntry
  /** Its datagram, without payload where that is not needed again. */
  readonly message: Bytes
  readonly multicast: boolean
  /** The empty ACK has gone (RFC 7252 §5.2.2): the answer will be a message of its own. */
  acknowledged = false
  /** A multicast answer that waits for its moment (RFC 7252 §8.2). */
  delayed: Bytes | undefined = undefined

  constructor(id: ExchangeId, peer: PeerState, entry: DedupEntry, message: Bytes, multicast: boolean) {
    this.id = id
    this.peer = peer
    this.entry = entry
    this.message = message
    this.multicast = multicast
  }
}

/**
 * prepared: has its id, nothing sent · waiting: for a slot of NSTART · held: has a slot, waits for its
 * message id or for PROBING_RATE · sent: may be repeated · acknowledged: the answer is still to come · over
 */
export type Phase = 'prepared' | 'waiting' | 'held' | 'sent' | 'acknowledged' | 'over'

/** Something of ours that is sent until it is answered or given up. */
export type Transmission = OutboundExchange | Delivery

abstract class Transmitted implements Deadlined {
  deadline: Instant = never
  deadlineSlot = -1
  readonly peer: PeerState
  readonly confirmable: boolean
  phase: Phase = 'prepared'
  messageId = 0
  /** Not before: the id is still taken (RFC 7252 §4.4). */
  readyAt = 0 as Instant
  /** No transmission at or after it. */
  notAfter: Instant = never
  /** What is repeated. */
  datagram: Bytes = noBytes
  timeout = 0
  repetitions = 0
  /** When it is to be repeated; an earlier end of the awake window may come first. */
  repeatAt = 0 as Instant
  /** When it was first sent. */
  sentAt = 0 as Instant

  constructor(peer: PeerState, confirmable: boolean) {
    this.peer = peer
    this.confirmable = confirmable
  }
}

/** A CON of ours that is no request: a separate response, or for a relation a notification or a ping. */
export class Delivery extends Transmitted {
  readonly kind = 'delivery'
  readonly relation: Relation | undefined
  readonly isPing: boolean

  constructor(peer: PeerState, relation: Relation | undefined, isPing: boolean) {
    super(peer, true)
    this.relation = relation
    this.isPing = isPing
  }
}

export class OutboundExchange extends Transmitted {
  readonly kind = 'outbound'
  readonly id: RequestId
  readonly request: OutboundRequest
  token: Bytes
  tokenKey: string
  upload: Upload | undefined = undefined
  download: Download | undefined = undefined
  /** Echo value the peer asked to see again (RFC 9175 §2.3). */
  echo: Bytes | undefined = undefined
  /** How often the whole request was begun anew. */
  restarts = 0

  constructor(id: RequestId, peer: PeerState, request: OutboundRequest, token: Bytes, tokenKey: string) {
    super(peer, request.confirmable ?? true)
    this.id = id
    this.request = request
    this.token = token
    this.tokenKey = tokenKey
    this.notAfter = request.notAfter ?? never
  }
}

/** Where the Block1 transfer of a request's payload stands. */
export interface Upload {
  offset: number
  sizeExponent: number
  /** Request-Tag (RFC 9175 §3.3), where another body to this peer may be under way. */
  readonly tag: Bytes | undefined
}

/** Where the Block2 transfer of a response stands. */
export interface Download {
  readonly body: GrowingBody
  /** The first response without its payload: its options are the response's options. */
  readonly first: Bytes
  readonly etag: Bytes | undefined
  sizeExponent: number
}

/** A body a peer is sending block by block. */
export class IncomingBody implements Deadlined {
  readonly kind = 'incoming'
  deadline: Instant = never
  deadlineSlot = -1
  readonly peer: PeerState
  readonly key: string
  readonly body: GrowingBody

  constructor(peer: PeerState, key: string, body: GrowingBody) {
    this.peer = peer
    this.key = key
    this.body = body
  }
}

/** A response body of which a peer has seen the first slice. */
export class ServedBody implements Deadlined {
  readonly kind = 'served'
  deadline: Instant = never
  deadlineSlot = -1
  readonly peer: PeerState
  readonly key: string
  readonly response: OutboundResponse
  readonly size: number
  /** Of the payload the request had. */
  readonly requestPrint: number
  /** Its last slice was asked for. */
  isDone = false

  constructor(peer: PeerState, key: string, response: OutboundResponse, size: number, requestPrint: number) {
    this.peer = peer
    this.key = key
    this.response = response
    this.size = size
    this.requestPrint = requestPrint
  }
}

/** An observer of ours (RFC 7641 §4.1). */
export class Relation implements Deadlined {
  readonly kind = 'relation'
  deadline: Instant = never
  deadlineSlot = -1
  readonly peer: PeerState
  readonly token: Bytes
  readonly tokenKey: string
  /** The registration: later slices are asked for under its key. */
  readonly request: Bytes
  /** When the peer last proved its interest: registered, or acknowledged. */
  confirmedAt: Instant
  /** The last NON notification, which a RST may answer; -1 is none. */
  lastMessageId = -1
  /** The CON under way, and what it says. */
  delivery: Delivery | undefined = undefined
  current: OutboundResponse | undefined = undefined
  /** What is to follow: always the newest. */
  next: OutboundResponse | undefined = undefined
  nextIsConfirmable = false
  /** The sink remembers the observer; here it is one for as long as it is being told. */
  readonly isOnce: boolean

  constructor(
    peer: PeerState,
    token: Bytes,
    tokenKey: string,
    request: Bytes,
    confirmedAt: Instant,
    isOnce: boolean = false,
  ) {
    this.peer = peer
    this.token = token
    this.tokenKey = tokenKey
    this.request = request
    this.confirmedAt = confirmedAt
    this.isOnce = isOnce
  }
}
