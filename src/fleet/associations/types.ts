/**
 * DTLS associations as the store keeps them: sealed, so that every device goes on after a restart without
 * a handshake. The seal is the engine's; here they are octets.
 */
import type { Bytes } from '../../base/bytes.ts'
import type { Instant } from '../../base/time.ts'
import type { EndpointName } from '../registry/types.ts'

/** Ours, never reused. */
export type AssociationNumber = number

export interface StoredAssociation {
  readonly id: AssociationNumber
  /** The connection id the device sends with (RFC 9146), hex; empty where it has none. */
  readonly cid: string
  /** Who it has proved to be: printable, and the same for no other. */
  readonly identity: string
  /** The endpoint name its credential stands for; absent where it stands for none. */
  readonly endpoint?: EndpointName
  /** Where the device was last heard from. */
  readonly address: string
  readonly port: number
  /** At most a few hundred octets. */
  readonly sealed: Bytes
  /** Write sequence numbers below it may have been used. */
  readonly reservedUpTo: number
  /** Receive window (RFC 6347 §4.1.2.6): highest number seen, -1 for none, and the 64 up to it as bits. */
  readonly windowEdge: number
  readonly windowBitmap: bigint
  readonly openedAt: Instant
  readonly heardAt: Instant
}
