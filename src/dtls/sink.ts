/**
 * What the endpoint tells its driver, and what it asks of it. One typed sink instead of events
 * (ARCHITECTURE §5). Octets handed out are valid during the call only.
 */
import type { Bytes } from '../base/bytes.ts'
import type { Duration, Instant } from '../base/time.ts'
import type { Profile } from '../config/profiles.ts'
import type { AssociationId } from './association.ts'
import type { Role } from './association-keys.ts'
import type { Certificate } from './crypto.ts'
import type { DtlsFaultName } from './faults.ts'
import type { Principal } from './principal.ts'
import type { ReceiveWindow } from './replay-window.ts'
import type { CidDialect } from './wire/hello-extensions.ts'

/** Names one question to the driver; never used again. */
export type Ticket = number

/** Asked once the peer has said who it is (and, with a certificate, has proved to hold its key). */
export type CredentialQuery = { readonly path: number; readonly serverName: string | undefined } & (
  | { readonly kind: 'psk'; readonly identity: Bytes }
  | { readonly kind: 'raw-public-key'; readonly publicKey: Bytes }
  /** The chain is valid and ends at one of our authorities. */
  | { readonly kind: 'certificate'; readonly certificate: Certificate; readonly principal: Principal }
)

export interface CredentialHolder {
  /** Whom the credential stands for, in the words of who answers: told again with every association it opens. */
  readonly holder?: string
  /** The device's own, from here on in place of the listener's. */
  readonly profile?: Profile
}

export type CredentialAnswer =
  | ({ readonly kind: 'key'; readonly key: Bytes } & CredentialHolder)
  /** The raw public key or certificate belongs to someone we serve. */
  | ({ readonly kind: 'trusted' } & CredentialHolder)
  /** For a PSK identity the handshake goes on with a decoy key and fails where a wrong key would. */
  | { readonly kind: 'unknown' }

/** An association that is not in memory. */
export type RecallQuery =
  | { readonly kind: 'cid'; readonly cid: Bytes }
  /** Only an association whose peer sends without a CID is meant. */
  | { readonly kind: 'path'; readonly path: number }

export interface OpenedAssociation {
  readonly id: AssociationId
  readonly role: Role
  readonly path: number
  readonly principal: Principal
  /** As the answer to the lookup had it, now or when the session was made that is resumed. */
  readonly holder: string | undefined
  /** IANA name without the leading TLS_. */
  readonly suite: string
  readonly ownCid: Bytes
  readonly peerCid: Bytes
  readonly cidDialect: CidDialect
  readonly extendedMasterSecret: boolean
  readonly returnRoutability: boolean
  readonly resumed: boolean
  readonly serverName: string | undefined
  /** The peer's, where it showed one in this handshake. */
  readonly certificate: Certificate | undefined
  /** The new handshake came over this one, which is closed after this call (RFC 6347 §4.2.8). */
  readonly replaces: AssociationId | undefined
}

export type CloseReason =
  | 'peer-closed'
  | 'peer-alert'
  | 'closed-locally'
  | 'revoked'
  | 'superseded'
  | 'identity-limit'
  | 'expired'
  | 'forgeries'
  | 'sequence-exhausted'
  /** No store is configured and memory was full. */
  | 'evicted'

/** One line of the handshake log. */
export interface HandshakeReport {
  readonly role: Role
  readonly path: number
  /** failing: it is not over, but the peer's key looks wrong; another report of the same path says how it ends. */
  readonly outcome: 'completed' | 'failed' | 'failing'
  /** Undefined where it completed. */
  readonly reason: DtlsFaultName | undefined
  readonly detail: string | undefined
  readonly principal: Principal | undefined
  readonly suite: string | undefined
  readonly ownCid: Bytes | undefined
  readonly resumed: boolean
  readonly duration: Duration
  /** Flights sent again. */
  readonly retransmissions: number
}

export interface DtlsSink {
  send(now: Instant, path: number, buffer: Bytes, start: number, end: number): void
  lookup(now: Instant, ticket: Ticket, query: CredentialQuery): void
  /** Answer with `recalled`; records of that peer wait meanwhile, within limits. */
  recall(now: Instant, ticket: Ticket, query: RecallQuery): void
  opened(now: Instant, association: OpenedAssociation): void
  data(now: Instant, association: AssociationId, buffer: Bytes, start: number, end: number): void
  /** An authenticated, newest record came from elsewhere; answers go to the new path from here on. */
  moved(now: Instant, association: AssociationId, from: number, to: number): void
  /** The peer has shown that it is at its new path: the amplification limit is off. */
  reachable(now: Instant, association: AssociationId): void
  closed(now: Instant, association: AssociationId, reason: CloseReason): void
  /** Let go of memory: store `sealed`; until that is durable a `recall` must be answered from it. */
  evicted(
    now: Instant,
    association: AssociationId,
    ownCid: Bytes,
    path: number,
    sealed: Bytes,
    window: ReceiveWindow,
  ): void
  /** Make "write numbers below `upTo` are used" durable, then call `reserved`. */
  reserve(now: Instant, association: AssociationId, upTo: number): void
  handshake(now: Instant, report: HandshakeReport): void
  /** Timers and datagram size for a peer not yet known (a path) or known. */
  profileOf(path: number): Profile
  /** Address octets (4 or 16) and port (2): what cookies are bound to and limits are counted by. */
  addressOf(path: number): Bytes
}
