/**
 * One secured association: keys, sequence numbers, replay window, CIDs and where the peer was last heard.
 * Data and the rules of its own numbers; sealing and opening are `record-layer.ts`, tables `endpoint.ts`.
 */
import type { Bytes } from '../base/bytes.ts'
import type { Deadlined } from '../base/deadline-queue.ts'
import { instantOf, never, type Instant } from '../base/time.ts'
import { directionKeys, type DirectionKeys, type Role } from './association-keys.ts'
import { cidKeyOf, type CidKey } from './connection-id.ts'
import type { DtlsCrypto } from './crypto.ts'
import type { FinalFlight } from './handshake/flight-item.ts'
import type { Principal } from './principal.ts'
import { ForgeryBudget } from './forgery-budget.ts'
import { ReplayWindow } from './replay-window.ts'
import type { CipherSuite } from './suites.ts'
import type { CidDialect } from './wire/hello-extensions.ts'
import { sequenceLimit } from './wire/record.ts'

/** A number of this process; the store knows an association by its row, devices by its CID. */
export type AssociationId = number

/** Write numbers reserved at once for a peer with little to hear: no replay window is narrower (RFC 6347 §4.1.2.6). */
export const smallestReservation = 64

/** What a handshake settles and a snapshot carries. */
export interface AssociationTerms {
  readonly role: Role
  readonly suite: CipherSuite
  /** The key block both directions' keys are cut from. */
  readonly keyBlock: Bytes
  readonly principal: Principal
  /** What the peer writes on records to us; empty for none. */
  readonly ownCid: Bytes
  /** What we write on records to the peer; empty for none. */
  readonly peerCid: Bytes
  readonly cidDialect: CidDialect
  readonly extendedMasterSecret: boolean
  readonly returnRoutability: boolean
  /** Largest plaintext the peer takes in a record, octets. */
  readonly recordLimit: number
}

/** After a move: what the new address may be sent before the peer has shown that it is there. */
export interface Probation {
  /** Octets still allowed; three for each one received. */
  budget: number
  /** Whether something was sent there; the next uplink then proves the path. */
  hasSent: boolean
  /** The return routability challenge under way (RFC 9853), and how often it was sent. */
  challenge: Bytes | undefined
  challengesSent: number
}

export class Association implements Deadlined {
  readonly kind = 'association'
  readonly id: AssociationId
  readonly terms: AssociationTerms
  /** Undefined where the peer sends without a CID. */
  readonly cidKey: CidKey | undefined
  readonly window = new ReplayWindow()
  /** Of the next record written in epoch 1. */
  writeSequence = 0
  /** Numbers below it are reserved in the store; nothing is written at or above. */
  reservedUpTo: number
  /** The reservation last asked for. */
  reservationAsked: number
  reservationAskedAt: Instant = instantOf(0)
  /** How many numbers a reservation takes at the moment. */
  reservationStep = smallestReservation
  /** Goes up with each snapshot. */
  generation = 0
  path: number
  opened: Instant
  heard: Instant
  forgeries = 0
  /** Records with a wrong MAC that may still be tried, of those that come from its own path. */
  readonly forgeryBudget: ForgeryBudget
  /** The same for records that come from elsewhere: a flood from there must not mute the peer where it is. */
  strayForgeryBudget: ForgeryBudget | undefined
  probation: Probation | undefined
  /** Kept until the peer has shown that it has it. */
  finalFlight: FinalFlight | undefined
  renegotiationRefused: Instant | undefined
  /** Of the session it can be taken up by again; sessions do not outlive the process. */
  sessionId: Bytes | undefined
  /** Tells this set of keys from every other one; set where snapshots are made. */
  fingerprint: number | undefined
  /** Its neighbours in the order they were heard; left to the table. */
  older: Association | undefined
  newer: Association | undefined
  deadline: Instant = never
  deadlineSlot = -1
  readonly #crypto: DtlsCrypto
  #write: DirectionKeys | undefined
  #read: DirectionKeys | undefined

  constructor(
    crypto: DtlsCrypto,
    id: AssociationId,
    terms: AssociationTerms,
    now: Instant,
    path: number,
    reservedUpTo: number,
    forgeryBurst: number,
  ) {
    this.id = id
    this.terms = terms
    this.#crypto = crypto
    this.cidKey = terms.ownCid.length === 0 ? undefined : cidKeyOf(terms.ownCid, 0, terms.ownCid.length)
    this.path = path
    this.opened = now
    this.heard = now
    this.reservedUpTo = reservedUpTo
    this.reservationAsked = reservedUpTo
    this.forgeryBudget = new ForgeryBudget(now, forgeryBurst)
  }

  /** Made with the first record of its direction: many associations are kept for long before one comes. */
  get write(): DirectionKeys {
    return (this.#write ??= this.#keysOf(this.terms.role))
  }

  get read(): DirectionKeys {
    return (this.#read ??= this.#keysOf(this.terms.role === 'client' ? 'server' : 'client'))
  }

  /** Whether one more record may be written: reserved in the store, and the space not used up. */
  get mayWrite(): boolean {
    return this.writeSequence < this.reservedUpTo && this.writeSequence < sequenceLimit
  }

  #keysOf(writer: Role): DirectionKeys {
    return directionKeys(this.#crypto, this.terms.suite, this.terms.keyBlock, writer)
  }
}
