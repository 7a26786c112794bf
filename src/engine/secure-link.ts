/**
 * Between DTLS and CoAP: associations become peers, peers become records. Keeps associations durable (each
 * committed before the device can know of it, its window with the effect of a message, its numbers ahead
 * of their use) and brings them back when they are needed. Knows no LwM2M.
 */
import { hexOf, type Bytes } from '../base/bytes.ts'
import type { Log } from '../base/log.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Random } from '../base/random.ts'
import { after, hours, instantOf, type Instant } from '../base/time.ts'
import type { Profile } from '../config/profiles.ts'
import type { Peer } from '../coap/types.ts'
import type { DtlsCrypto } from '../dtls/crypto.ts'
import type { StoredAssociation as RestorableAssociation } from '../dtls/associations.ts'
import { DtlsEndpoint } from '../dtls/endpoint.ts'
import type { DtlsOptions } from '../dtls/options.ts'
import type { Principal } from '../dtls/principal.ts'
import type { ReceiveWindow } from '../dtls/replay-window.ts'
import type {
  CloseReason,
  CredentialAnswer,
  CredentialQuery,
  DtlsSink,
  HandshakeReport,
  OpenedAssociation,
  RecallQuery,
  Ticket,
} from '../dtls/sink.ts'
import type { AssociationNumber, StoredAssociation } from '../fleet/associations/types.ts'
import type { EndpointName } from '../fleet/registry/types.ts'
import type { StoreOp } from '../fleet/store.ts'
import { addressOctets } from '../base/address.ts'
import { LastFlights } from './last-flights.ts'
import { associationOfPeer, peerOfAssociation } from './peers.ts'
import type { CommitTicket, LinkOutput, RecallTicket } from './ports.ts'
import {
  identityOf,
  keyOf,
  KnownAssociations,
  knownOf,
  profileWithin,
  progressOf,
  windowOpOf,
  type Known,
} from './known-association.ts'
import { Note, Opening, Reservation } from './secure-tickets.ts'
import type { Ids } from './state.ts'

/** What the link tells the engine. */
export interface SecureLinkOwner {
  readonly output: LinkOutput
  data(now: Instant, peer: Peer, buffer: Bytes, start: number, end: number): void
  /** The association is no more; nothing can be sent to the peer. */
  peerClosed(now: Instant, peer: Peer): void
  /** The peer's address is new and unproven. */
  peerMoved(now: Instant, peer: Peer): void
  /** The association of a device that was asked for by name, or that there is none. */
  found(now: Instant, endpoint: EndpointName, peer: Peer | undefined): void
  profileOfPath(path: number): Profile
}

export interface SecureLinkOptions {
  readonly options: DtlsOptions
  readonly crypto: DtlsCrypto
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
}

/** Messages to one peer that wait for a reservation; CoAP repeats what is dropped beyond. */
const waitingLimit = 8

/** Associations that are over leave memory by themselves, the store so often. */
const tidyInterval = hours(24)

export class SecureLink implements DtlsSink {
  readonly dtls: DtlsEndpoint
  readonly #owner: SecureLinkOwner
  readonly #ids: Ids
  readonly #known = new KnownAssociations()
  /** Let go of, and not durable yet: asked for again, it is answered from here. */
  readonly #leaving = new Map<AssociationNumber, StoredAssociation>()
  /** Let go of while the store took no writes; tried again with the next deadline. */
  readonly #unkept: StoredAssociation[] = []
  readonly #log: Log
  readonly #limits: DtlsOptions
  /** When the store is rid next of associations that are over. */
  #tidyAt: Instant = instantOf(0)
  readonly #flights: LastFlights
  /** The row that is being brought back in the call under way. */
  #expected: StoredAssociation | undefined

  constructor(owner: SecureLinkOwner, ids: Ids, parts: SecureLinkOptions) {
    this.#owner = owner
    this.#flights = new LastFlights(owner.output)
    this.#ids = ids
    this.#log = parts.log
    this.#limits = parts.options
    this.dtls = new DtlsEndpoint({ ...parts, sink: this })
  }

  // ——— from the driver and the engine ———

  receive(now: Instant, path: number, buffer: Bytes, start: number, end: number): void {
    if (this.#flights.isOpening(path)) return
    this.#flights.begin(this.dtls.isHandshaking(path))
    this.dtls.receive(now, path, buffer, start, end)
    this.#flights.end()
  }

  /** One CoAP message for a secured peer. */
  sendTo(now: Instant, peer: Peer, buffer: Bytes, start: number, end: number): void {
    const known = this.#known.byRow(associationOfPeer(peer))
    if (known === undefined || this.dtls.send(now, known.dtls, buffer, start, end)) return
    // What may not leave for another reason is lost as on any way: CoAP repeats it in time, or not at all.
    if (!this.dtls.isReserving(known.dtls)) return
    if (known.waiting.length < waitingLimit) known.waiting.push(buffer.slice(start, end))
  }

  /** `holder` of the answer is the endpoint name the credential stands for. */
  credentials(now: Instant, ticket: Ticket, answer: CredentialAnswer): void {
    this.#flights.begin(true)
    this.dtls.credentials(now, ticket, answer)
    this.#flights.end()
  }

  recalled(now: Instant, ticket: RecallTicket, stored: StoredAssociation | undefined): void {
    const leaving = stored === undefined ? undefined : this.#leaving.get(stored.id)
    const row = leaving ?? stored
    if (ticket.key.by === 'endpoint') {
      this.#owner.found(now, ticket.key.endpoint, row === undefined ? undefined : this.#restore(now, row))
      return
    }
    this.#expected = row
    const result = this.dtls.recalled(now, ticket.dtls, row === undefined ? undefined : this.#restorable(row))
    this.#expected = undefined
    if (typeof result === 'string')
      this.#log.warn({ identity: row?.identity, fault: result }, 'a stored association was refused')
  }

  /** Asks for the association of a device; `owner.found` answers. */
  find(endpoint: EndpointName): void {
    this.#owner.output.recall({ key: { by: 'endpoint', endpoint }, dtls: 0 })
  }

  /** The name the peer has proved to be; undefined where its credential stands for none. */
  endpointOf(peer: Peer): EndpointName | undefined {
    return this.#known.byRow(associationOfPeer(peer))?.endpoint
  }

  /** `profile` as far as the peer's records go: a larger message would have no way to it. */
  profileWithin(peer: Peer, profile: Profile): Profile {
    const known = this.#known.byRow(associationOfPeer(peer))
    return known === undefined ? profile : profileWithin(known, profile)
  }

  remoteOf(peer: Peer): { readonly address: string; readonly port: number } | undefined {
    const known = this.#known.byRow(associationOfPeer(peer))
    const path = known === undefined ? undefined : this.dtls.pathOf(known.dtls)
    return path === undefined ? undefined : this.#owner.output.addressOf(path)
  }

  /** To be committed with the effect of a message of this peer. */
  windowOp(now: Instant, peer: Peer): StoreOp | undefined {
    const known = this.#known.byRow(associationOfPeer(peer))
    const window = known === undefined ? undefined : this.dtls.receiveWindow(known.dtls)
    if (known === undefined || window === undefined) return undefined
    return windowOpOf(now, known, window, this.#remoteOf(this.dtls.pathOf(known.dtls)))
  }

  expire(now: Instant): void {
    this.dtls.expire(now)
    for (const row of this.#unkept.splice(0)) {
      if (this.#leaving.get(row.id) === row && this.#known.byRow(row.id) === undefined) this.#keep(row)
    }
    if (now < this.#tidyAt) return
    this.#tidyAt = after(now, tidyInterval)
    const heardBefore = instantOf(now - this.#limits.associationLifetime)
    this.#owner.output.commit(new Note(), [{ op: 'association.expire', heardBefore }])
  }

  /** True where the ticket was one of ours. */
  committed(now: Instant, ticket: CommitTicket): boolean {
    if (ticket instanceof Opening) this.#flights.durable(ticket)
    else if (ticket instanceof Reservation) this.#reserved(now, ticket)
    else if (ticket instanceof Note) {
      if (ticket.evicted !== undefined && this.#leaving.get(ticket.evicted.id) === ticket.evicted) {
        this.#leaving.delete(ticket.evicted.id)
      }
    } else return false
    return true
  }

  /** True where the ticket was one of ours. What was not made durable is not kept in memory either. */
  commitFailed(now: Instant, ticket: CommitTicket): boolean {
    if (ticket instanceof Opening) {
      this.#flights.failed(ticket)
      const known = this.#known.byRow(ticket.row)
      if (known === undefined) return true
      // The device has not heard of it: its own repetition begins anew.
      this.dtls.release(known.dtls)
      this.#forget(now, known)
    } else if (ticket instanceof Reservation) {
      this.dtls.reservationFailed(ticket.dtls)
      // With a later reservation they might come when the device has forgotten that it did them.
      this.#known.byDtls(ticket.dtls)?.waiting.splice(0)
    } else if (ticket instanceof Note) {
      if (ticket.evicted !== undefined) this.#unkept.push(ticket.evicted)
    } else return false
    return true
  }

  /** Ends everything the identity has here. */
  revoke(now: Instant, principal: Principal): void {
    this.dtls.revoke(now, principal)
  }

  /** Another engine is to have the associations of a device. True once they are durable and gone from here. */
  release(now: Instant, endpoint: EndpointName): boolean {
    for (const { dtls } of this.#known.ofEndpoint(endpoint)) this.dtls.evict(now, dtls)
    for (const row of this.#leaving.values()) if (row.endpoint === endpoint) return false
    return true
  }

  // ——— what DTLS tells us ———

  send(_now: Instant, path: number, buffer: Bytes, start: number, end: number): void {
    this.#flights.send(path, buffer, start, end)
  }

  lookup(_now: Instant, ticket: Ticket, query: CredentialQuery): void {
    this.#owner.output.lookup(ticket, query)
  }

  recall(_now: Instant, ticket: Ticket, query: RecallQuery): void {
    this.#owner.output.recall({ key: keyOf(query, (path) => this.#owner.output.addressOf(path)), dtls: ticket })
  }

  opened(now: Instant, association: OpenedAssociation): void {
    const row = this.#ids.take('associationId')
    const known: Known = {
      row,
      dtls: association.id,
      identity: identityOf(association.principal),
      endpoint: association.holder,
      cid: hexOf(association.ownCid),
      openedAt: now,
      reservedUpTo: this.dtls.reservedUpTo(association.id) ?? 0,
      waiting: [],
      dataLimit: this.dtls.dataLimit(association.id),
      within: undefined,
    }
    this.#known.add(known)
    const sealed = this.dtls.snapshot(association.id)
    const window = this.dtls.receiveWindow(association.id)
    if (sealed === undefined || window === undefined) return
    const ops: StoreOp[] = [
      { op: 'association.put', association: this.#rowOf(now, known, association.path, sealed, window) },
    ]
    ops.push({ op: 'association.prune', identity: known.identity, keep: this.#limits.associationsPerIdentity })
    const replaced = association.replaces === undefined ? undefined : this.#known.byDtls(association.replaces)
    if (replaced !== undefined) ops.push({ op: 'association.delete', id: replaced.row })
    this.#flights.opened(row, association.path, ops)
  }

  data(now: Instant, association: number, buffer: Bytes, start: number, end: number): void {
    const known = this.#known.byDtls(association) ?? this.#adopt(association)
    if (known !== undefined) this.#owner.data(now, peerOfAssociation(known.row), buffer, start, end)
  }

  moved(now: Instant, association: number): void {
    const known = this.#known.byDtls(association)
    if (known !== undefined) this.#owner.peerMoved(now, peerOfAssociation(known.row))
  }

  reachable(): void {
    // CoAP's own budget opens with the next token that comes back (RFC 9175 §2.4).
  }

  closed(now: Instant, association: number, reason: CloseReason): void {
    const known = this.#known.byDtls(association)
    if (known === undefined) return
    this.#forget(now, known)
    if (reason !== 'superseded') this.#owner.output.commit(new Note(), [{ op: 'association.delete', id: known.row }])
  }

  evicted(now: Instant, association: number, _ownCid: Bytes, path: number, sealed: Bytes, window: ReceiveWindow): void {
    const known = this.#known.byDtls(association)
    if (known === undefined) return
    const row = this.#rowOf(now, known, path, sealed, window)
    this.#known.drop(known)
    this.#leaving.set(known.row, row)
    this.#keep(row)
  }

  reserve(_now: Instant, association: number, upTo: number): void {
    const known = this.#known.byDtls(association) ?? this.#adopt(association)
    if (known === undefined) return
    this.#owner.output.commit(new Reservation(association, upTo), [{ op: 'association.reserve', id: known.row, upTo }])
  }

  handshake(now: Instant, report: HandshakeReport): void {
    this.#owner.output.handshake(now, report)
  }

  profileOf(path: number): Profile {
    return this.#owner.profileOfPath(path)
  }

  /** What cookies are bound to (RFC 6347 §4.2.1). */
  addressOf(path: number): Bytes {
    return addressOctets(this.#owner.output.addressOf(path))
  }

  // ——— within ———

  #keep(row: StoredAssociation): void {
    this.#owner.output.commit(new Note(row), [{ op: 'association.reseal', association: row }])
  }

  #reserved(now: Instant, { dtls, upTo }: Reservation): void {
    this.dtls.reserved(now, dtls, upTo)
    const known = this.#known.byDtls(dtls)
    if (known === undefined) return
    known.reservedUpTo = Math.max(known.reservedUpTo, upTo)
    for (const message of known.waiting.splice(0)) this.dtls.send(now, dtls, message, 0, message.length)
  }

  /** On the path the store knows: a record's own counts only once it was opened. */
  #restorable(row: StoredAssociation): RestorableAssociation {
    const path = this.#owner.output.pathOf({ address: row.address, port: row.port }, true)
    return { sealed: row.sealed, path, progress: progressOf(row) }
  }

  /** Brings an association back that we were not sent a record of: it is we who want to speak. */
  #restore(now: Instant, row: StoredAssociation): Peer | undefined {
    if (this.#known.byRow(row.id) === undefined) {
      this.#expected = row
      const result = this.dtls.restore(now, this.#restorable(row))
      this.#expected = undefined
      if (typeof result === 'string') {
        this.#log.warn({ identity: row.identity, fault: result }, 'a stored association was refused')
        return undefined
      }
      if (this.#known.byRow(row.id) === undefined) this.#known.add(knownOf(row, result, this.dtls.dataLimit(result)))
    }
    return peerOfAssociation(row.id)
  }

  /** The first word of an association that is being brought back. */
  #adopt(dtls: number): Known | undefined {
    const row = this.#expected
    if (row === undefined) return undefined
    const known = knownOf(row, dtls, this.dtls.dataLimit(dtls))
    this.#known.add(known)
    return known
  }

  #forget(now: Instant, known: Known): void {
    this.#known.drop(known)
    this.#owner.peerClosed(now, peerOfAssociation(known.row))
  }

  #rowOf(now: Instant, known: Known, path: number, sealed: Bytes, window: ReceiveWindow): StoredAssociation {
    return {
      id: known.row,
      cid: known.cid,
      identity: known.identity,
      ...(known.endpoint === undefined ? {} : { endpoint: known.endpoint }),
      ...this.#remoteOf(path),
      sealed,
      reservedUpTo: known.reservedUpTo,
      windowEdge: Number(window.edge),
      windowBitmap: window.bitmap,
      openedAt: known.openedAt,
      heardAt: now,
    }
  }

  #remoteOf(path: number | undefined): { readonly address: string; readonly port: number } {
    return (path === undefined ? undefined : this.#owner.output.addressOf(path)) ?? { address: '', port: 0 }
  }
}
