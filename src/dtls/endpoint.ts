/**
 * DTLS 1.2 over datagrams, sans IO: routes records to handshakes and associations and offers the whole as
 * one object. Contract for drivers: one input, take all output the sink was given, then the next input;
 * from within the sink anything may be called but `receive` and `expire`.
 */
import type { Bytes } from '../base/bytes.ts'
import { DeadlineQueue, type Deadlined } from '../base/deadline-queue.ts'
import { silentLog, type Log } from '../base/log.ts'
import { noMetrics, type Counter, type Metrics } from '../base/metrics.ts'
import type { Random } from '../base/random.ts'
import type { Instant } from '../base/time.ts'
import { Association, type AssociationId } from './association.ts'
import { AssociationReceiver } from './association-receiver.ts'
import { Associations, type RestoreFault, type StoredAssociation } from './associations.ts'
import { cidKeyOf, type CidKey } from './connection-id.ts'
import type { DtlsCrypto } from './crypto.ts'
import type { DtlsFaultName } from './faults.ts'
import type { ClientTerms } from './handshake/client-offer.ts'
import { FlightSender } from './handshake/flight.ts'
import { Handshake } from './handshake/handshake.ts'
import type { HandshakesHost } from './handshakes-host.ts'
import { Handshakes } from './handshakes.ts'
import type { DtlsOptions } from './options.ts'
import { mayBeRecord } from './prefilter.ts'
import type { Principal } from './principal.ts'
import { reactions } from './reactions.ts'
import { Recall, Recalls } from './recalls.ts'
import { RecordLayer } from './record-layer.ts'
import type { ReceiveWindow } from './replay-window.ts'
import type { CredentialAnswer, DtlsSink, RecallQuery, Ticket } from './sink.ts'
import { contentType, decodeRecordHeader, emptyRecordHeader, type RecordHeader } from './wire/record.ts'

export interface DtlsEndpointParts {
  readonly options: DtlsOptions
  readonly crypto: DtlsCrypto
  readonly random: Random
  readonly sink: DtlsSink
  readonly metrics?: Metrics
  readonly log?: Log
}

/** More records than this in a datagram are not looked at: one peer's share of a turn. */
const recordsPerDatagram = 16

export class DtlsEndpoint {
  readonly #options: DtlsOptions
  readonly #sink: DtlsSink
  readonly #log: Log
  readonly #records: RecordLayer
  readonly #flights: FlightSender
  readonly #deadlines = new DeadlineQueue<Deadlined>()
  readonly #handshakes: Handshakes
  readonly #associations: Associations
  readonly #recalls: Recalls
  readonly #receiver: AssociationReceiver
  readonly #faults: Readonly<Record<DtlsFaultName, Counter>>
  readonly #header = emptyRecordHeader()

  constructor(parts: DtlsEndpointParts) {
    const { options, crypto, random, sink } = parts
    this.#options = options
    this.#sink = sink
    this.#log = parts.log ?? silentLog
    this.#records = new RecordLayer(crypto, random)
    this.#flights = new FlightSender(this.#records, sink)
    this.#faults = faultCounters(parts.metrics ?? noMetrics)
    const shared = { options, crypto, random, sink, records: this.#records, deadlines: this.#deadlines }
    const host: HandshakesHost = {
      ...shared,
      flights: this.#flights,
      log: this.#log,
      isCidTaken: (key) => this.#associations.table.byCid(key) !== undefined,
      adopt: (now, handshake, association, deferred) => this.#adopt(now, handshake, association, deferred),
      replay: (now, path, record) => this.#replay(now, path, record),
      fault: (name) => this.#fault(name),
    }
    this.#handshakes = new Handshakes(host)
    this.#associations = new Associations({
      ...shared,
      nextAssociationId: () => this.#handshakes.nextAssociationId(),
    })
    this.#receiver = new AssociationReceiver({
      options,
      sink,
      records: this.#records,
      flights: this.#flights,
      associations: this.#associations,
      sessions: this.#handshakes.sessions,
      fault: (name) => this.#fault(name),
    })
    this.#recalls = new Recalls(options.recallLimit, options.recallTimeout, this.#deadlines)
  }

  /** One datagram from `path`: octets `start` to `end`, read during the call only. */
  receive(now: Instant, path: number, buffer: Bytes, start: number, end: number): void {
    const header = this.#header
    const cidLength = this.#options.connectionIdLength
    for (let at = start, count = 0; at < end && count < recordsPerDatagram; count++) {
      if (!decodeRecordHeader(buffer, at, end, cidLength, header)) return this.#fault('record-malformed')
      const next = header.end
      // one bad record does not spoil the ones around it (RFC 6347 §4.1.2.7)
      if (mayBeRecord(buffer, at, end)) this.#receiveRecord(now, path, buffer, header)
      else this.#fault(header.epoch > 1 ? 'record-epoch' : 'record-malformed')
      at = next
    }
  }

  /** Sends application data; false where the association is unknown or may not send that now. */
  send(now: Instant, id: AssociationId, buffer: Bytes, start: number, end: number): boolean {
    const association = this.#associations.table.find(id)
    if (association === undefined) return false
    return this.#associations.write(now, association, contentType.applicationData, buffer, start, end)
  }

  /** Largest application data one record to this peer can hold, octets; 0 where the association is unknown. */
  dataLimit(id: AssociationId): number {
    const association = this.#associations.table.find(id)
    return association === undefined ? 0 : this.#associations.plaintextLimitOf(association)
  }

  /** Begins a handshake in the client role; with `resume`, the last session of that path is offered. */
  connect(now: Instant, path: number, terms: ClientTerms, resume = false): void {
    this.#handshakes.connect(now, path, terms, resume)
  }

  /** Does what is due. */
  expire(now: Instant): void {
    for (let due = this.#deadlines.takeDue(now); due !== undefined; due = this.#deadlines.takeDue(now)) {
      if (due instanceof Handshake) this.#handshakes.expire(now, due)
      else if (due instanceof Association) this.#associations.expire(now, due)
      else if (due instanceof Recall) this.#recalls.drop(due)
    }
  }

  nextDeadline(): Instant {
    return this.#deadlines.next()
  }

  /** Ends an association with close_notify. */
  close(now: Instant, id: AssociationId): void {
    const association = this.#associations.table.find(id)
    if (association !== undefined) this.#associations.close(now, association, 'closed-locally', 'close_notify')
  }

  /** Ends everything an identity has here: associations, handshakes, sessions. The next lookup must say 'unknown'. */
  revoke(now: Instant, principal: Principal): void {
    this.#handshakes.revoke(now, principal)
    this.#associations.revoke(now, principal)
  }

  /** The answer to `sink.lookup`; a late or second one is ignored. */
  credentials(now: Instant, ticket: Ticket, answer: CredentialAnswer): void {
    this.#handshakes.credentials(now, ticket, answer)
  }

  /** The answer to `sink.recall`; a late or second one is ignored. Says why a snapshot was refused. */
  recalled(
    now: Instant,
    ticket: Ticket,
    stored: StoredAssociation | undefined,
  ): AssociationId | RestoreFault | undefined {
    const recall = this.#recalls.take(ticket)
    if (recall === undefined) return undefined
    if (stored === undefined) {
      this.#fault(recall.query.kind === 'cid' ? 'cid-unknown' : 'record-stray')
      return undefined
    }
    const restored = this.#associations.restore(now, stored, recall.query)
    if (typeof restored === 'string') return restored
    for (const { path, record } of recall.records) this.#replay(now, path, record)
    return restored.id
  }

  /** Brings an association back before its peer has spoken, for a downlink. */
  restore(now: Instant, stored: StoredAssociation): AssociationId | RestoreFault {
    const restored = this.#associations.restore(now, stored, undefined)
    return typeof restored === 'string' ? restored : restored.id
  }

  /** Write numbers below `upTo` are durably marked as used. */
  reserved(_now: Instant, id: AssociationId, upTo: number): void {
    const association = this.#associations.table.find(id)
    if (association !== undefined) this.#associations.reserved(association, upTo)
  }

  /** The reservation asked for last could not be made durable: the next record asks again. */
  reservationFailed(id: AssociationId): void {
    const association = this.#associations.table.find(id)
    if (association !== undefined) association.reservationAsked = association.reservedUpTo
  }

  /** Write numbers below it are reserved. */
  reservedUpTo(id: AssociationId): number | undefined {
    return this.#associations.table.find(id)?.reservedUpTo
  }

  /** Whether it may write no more before the reservation it has asked for. */
  isReserving(id: AssociationId): boolean {
    const association = this.#associations.table.find(id)
    return association !== undefined && association.writeSequence >= association.reservedUpTo
  }

  /** Whether a handshake is under way with that path. */
  isHandshaking(path: number): boolean {
    return this.#handshakes.byPath(path) !== undefined
  }

  /** Sealed, to be stored with `opened`; undefined without a store key or for an unknown association. */
  snapshot(id: AssociationId): Bytes | undefined {
    const association = this.#associations.table.find(id)
    return association === undefined ? undefined : this.#associations.snapshot(association)
  }

  /** Hands an association over: it is frozen and gone here, whoever restores the snapshot owns it. */
  release(id: AssociationId): Bytes | undefined {
    const association = this.#associations.table.find(id)
    return association === undefined ? undefined : this.#associations.release(association)
  }

  /** Lets go of an association as memory pressure would: `sink.evicted` has the snapshot to store. */
  evict(now: Instant, id: AssociationId): void {
    const association = this.#associations.table.find(id)
    if (association !== undefined) this.#associations.evict(now, association)
  }

  /** To be committed with the effect of the message just delivered. */
  receiveWindow(id: AssociationId): ReceiveWindow | undefined {
    return this.#associations.table.find(id)?.window.value()
  }

  /** The driver has seen for itself (CoAP Echo) that the peer is at its new path. */
  reachable(now: Instant, id: AssociationId): void {
    const association = this.#associations.table.find(id)
    if (association !== undefined) this.#associations.mobility.reachable(now, association)
  }

  pathOf(id: AssociationId): number | undefined {
    return this.#associations.table.find(id)?.path
  }

  sizes() {
    const { cids, paths, identities } = this.#associations.table.sizes
    return {
      ...this.#handshakes.sizes,
      associations: this.#associations.table.size,
      cids,
      paths,
      identities,
      recalls: this.#recalls.size,
      recallOctets: this.#recalls.octets,
      deadlines: this.#deadlines.size,
    }
  }

  #receiveRecord(now: Instant, path: number, buffer: Bytes, header: RecordHeader): void {
    if (header.epoch === 1) {
      if (header.type === contentType.connectionId) this.#receiveByCid(now, path, buffer, header)
      else this.#receiveByPath(now, path, buffer, header)
      return
    }
    switch (header.type) {
      case contentType.handshake:
        return this.#handshakes.receivePlain(now, path, buffer, header)
      case contentType.changeCipherSpec:
        return this.#handshakes.receiveChangeCipherSpec(now, path, buffer, header)
      case contentType.alert:
        return this.#handshakes.receivePlainAlert(path, buffer, header)
      default:
        this.#fault('record-unprotected')
    }
  }

  #receiveByCid(now: Instant, path: number, buffer: Bytes, header: RecordHeader): void {
    if (header.cidStart === header.cidEnd) return this.#fault('cid-unknown') // we hand out none
    const key = cidKeyOf(buffer, header.cidStart, header.cidEnd)
    const association = this.#associations.table.byCid(key)
    if (association !== undefined) {
      this.#receiver.open(now, association, path, buffer, header)
      return
    }
    const handshake = this.#handshakes.byCid(key)
    if (handshake === undefined) {
      const cid = buffer.slice(header.cidStart, header.cidEnd)
      this.#recall(now, key, { kind: 'cid', cid }, path, buffer, header)
    } else if (handshake.path !== path) this.#fault('record-stray')
    else if (!this.#handshakes.receiveProtected(now, handshake, buffer, header)) {
      this.#handshakes.unreadable(now, handshake, header)
    }
  }

  #receiveByPath(now: Instant, path: number, buffer: Bytes, header: RecordHeader): void {
    const pending = this.#handshakes.byPath(path)
    // who has agreed to a CID must use it (RFC 9146 §3)
    const handshake = pending?.ownCid === undefined || pending.ownCid.length === 0 ? pending : undefined
    const association = this.#associations.table.byPath(path)
    if (handshake?.isReadable && this.#handshakes.receiveProtected(now, handshake, buffer, header)) return
    if (association !== undefined) {
      const isOpened = this.#receiver.open(now, association, path, buffer, header)
      if (!isOpened && handshake !== undefined && !handshake.isReadable) {
        this.#handshakes.receiveProtected(now, handshake, buffer, header)
      }
    } else if (handshake !== undefined) {
      if (handshake.isReadable) this.#handshakes.unreadable(now, handshake, header)
      else this.#handshakes.receiveProtected(now, handshake, buffer, header)
    } else if (pending !== undefined) this.#fault('record-without-cid')
    else if (header.type !== contentType.applicationData) this.#fault('record-stray')
    else this.#recall(now, path, { kind: 'path', path }, path, buffer, header)
  }

  #recall(now: Instant, key: CidKey, query: RecallQuery, path: number, buffer: Bytes, header: RecordHeader): void {
    if (this.#options.storeKey === undefined) return this.#fault(query.kind === 'cid' ? 'cid-unknown' : 'record-stray')
    const recall = this.#recalls.wait(now, key, query, path, buffer.slice(header.at, header.end))
    if (recall !== undefined) this.#sink.recall(now, recall.ticket, query)
  }

  #adopt(now: Instant, handshake: Handshake, association: Association, deferred: readonly Bytes[]): void {
    const { terms, id, path } = association
    const { table } = this.#associations
    const before = table.byPath(path) ?? this.#sameOnPath(association)
    this.#associations.add(now, association)
    if (terms.suite.kind === 'cbc') this.#log.warn({ suite: terms.suite.name, path }, 'a legacy suite is in use')
    this.#sink.opened(now, {
      id,
      role: terms.role,
      path,
      principal: terms.principal,
      holder: handshake.holder,
      suite: terms.suite.name,
      ownCid: terms.ownCid,
      peerCid: terms.peerCid,
      cidDialect: terms.cidDialect,
      extendedMasterSecret: terms.extendedMasterSecret,
      returnRoutability: terms.returnRoutability,
      resumed: handshake.resumed,
      serverName: handshake.serverName,
      certificate: handshake.certificate,
      replaces: before?.id,
    })
    if (before !== undefined) this.#associations.close(now, before, 'superseded', undefined)
    for (const record of deferred) this.#replay(now, path, record)
  }

  /** The association the same device had on this path, by CID; nobody anonymous is the same as another. */
  #sameOnPath({ terms, path }: Association): Association | undefined {
    if (terms.role !== 'server' || terms.principal.kind === 'anonymous') return undefined
    return this.#associations.table.of(terms.principal).find((other) => other.path === path)
  }

  /** A record that had to wait comes in again; its header is read anew, since another record may be in hand. */
  #replay(now: Instant, path: number, record: Bytes): void {
    const header = emptyRecordHeader()
    if (!decodeRecordHeader(record, 0, record.length, this.#options.connectionIdLength, header)) return
    this.#receiveRecord(now, path, record, header)
  }

  #fault(name: DtlsFaultName): void {
    this.#faults[name].add()
  }
}

function faultCounters(metrics: Metrics): Readonly<Record<DtlsFaultName, Counter>> {
  const counter = (fault: string): Counter =>
    metrics.counter('coapstan_dtls_faults_total', 'What peers got wrong in DTLS, by fault.', { fault })
  const names = Object.keys(reactions) as DtlsFaultName[]
  return Object.fromEntries(names.map((name) => [name, counter(name)])) as Record<DtlsFaultName, Counter>
}
