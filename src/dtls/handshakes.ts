/**
 * Handshakes under way: who may begin one, which records belong to it, when it is over. A stranger gets a
 * cookie and leaves no trace; everything else here is bounded by `Admission` and the options.
 */
import { copyOf, equalBytes, noBytes, type Bytes } from '../base/bytes.ts'
import type { Deadlined, DeadlineQueue } from '../base/deadline-queue.ts'
import { LruMap } from '../base/lru.ts'
import type { Random } from '../base/random.ts'
import type { Instant } from '../base/time.ts'
import { Admission } from './admission.ts'
import { Association, smallestReservation, type AssociationTerms } from './association.ts'
import { cidKeyOf, newConnectionId, type CidKey } from './connection-id.ts'
import type { DtlsCrypto, HmacKey } from './crypto.ts'
import { dtlsFault, type DtlsFault } from './faults.ts'
import type { ClientTerms } from './handshake/client-offer.ts'
import { ClientHandshake } from './handshake/client.ts'
import type { FlightSender } from './handshake/flight.ts'
import type { Handshake, HandshakeHost } from './handshake/handshake.ts'
import { reportOf } from './handshake/report.ts'
import { ServerHandshake } from './handshake/server.ts'
import type { DtlsOptions } from './options.ts'
import { principalKey, type Principal } from './principal.ts'
import { reactions } from './reactions.ts'
import { SessionCache } from './sessions.ts'
import type { CredentialAnswer, CredentialQuery, Ticket } from './sink.ts'
import { alertDescriptions, alertLevel, endingAlert } from './wire/alert.ts'
import type { HandshakesHost } from './handshakes-host.ts'
import { HelloGate } from './hello-gate.ts'
import {
  decodeFragmentHeader,
  emptyFragmentHeader,
  handshakeType,
  type FragmentHeader,
} from './wire/handshake-header.ts'
import {
  contentType,
  decodeRecordHeader,
  emptyRecordHeader,
  encodeRecordHeader,
  type RecordHeader,
} from './wire/record.ts'

/** Records under the new keys that may fail before the peer is told that its key is wrong: it has then repeated itself. */
const unreadableLimit = 2
const decoyKeyLength = 16

export class Handshakes implements HandshakeHost {
  readonly options: DtlsOptions
  readonly crypto: DtlsCrypto
  readonly random: Random
  readonly flights: FlightSender
  readonly deadlines: DeadlineQueue<Deadlined>
  readonly sessions: SessionCache
  readonly #host: HandshakesHost
  readonly #gate: HelloGate
  readonly #admission: Admission
  readonly #decoy: HmacKey
  /** Stalled longest first. */
  readonly #byPath = new Map<number, Handshake>()
  readonly #byCid = new Map<CidKey, Handshake>()
  readonly #byTicket = new Map<Ticket, Handshake>()
  readonly #ownSessions: LruMap<number, NonNullable<ClientTerms['session']>>
  readonly #fragment: FragmentHeader = emptyFragmentHeader()
  readonly #out = new Uint8Array(256)
  #nextTicket = 1
  #nextAssociation = 1

  constructor(host: HandshakesHost) {
    this.#host = host
    this.options = host.options
    this.crypto = host.crypto
    this.random = host.random
    this.flights = host.flights
    this.deadlines = host.deadlines
    this.sessions = new SessionCache(host.options.sessionLimit, host.options.sessionLifetime)
    this.#ownSessions = new LruMap(Math.max(1, host.options.sessionLimit))
    this.#gate = new HelloGate(host)
    this.#admission = new Admission(host.options)
    this.#decoy = host.crypto.hmacKey('sha256', host.random.bytes(32))
  }

  get sizes() {
    let reassemblyOctets = 0
    let deferredOctets = 0
    for (const handshake of this.#byPath.values()) {
      reassemblyOctets += handshake.reassembly.octets
      deferredOctets += handshake.deferredOctets
    }
    return {
      handshakes: this.#byPath.size,
      handshakeCids: this.#byCid.size,
      lookups: this.#byTicket.size,
      prefixes: this.#admission.prefixes,
      sessions: this.sessions.size,
      reassemblyOctets,
      deferredOctets,
    }
  }

  byPath(path: number): Handshake | undefined {
    return this.#byPath.get(path)
  }

  byCid(key: CidKey): Handshake | undefined {
    return this.#byCid.get(key)
  }

  /** Begins a handshake in the client role; one already under way on the path is given up. */
  connect(now: Instant, path: number, terms: ClientTerms, resume: boolean): void {
    const address = this.#host.sink.addressOf(path)
    const profile = this.#host.sink.profileOf(path)
    const handshake = new ClientHandshake(this, now, path, address, profile, { next: 0 }, { next: 0, expected: 0 })
    this.#begin(now, handshake)
    const session = resume ? this.#ownSessions.peek(path) : undefined
    handshake.begin(now, session === undefined ? terms : { ...terms, session })
  }

  /** A handshake record of epoch 0. */
  receivePlain(now: Instant, path: number, buffer: Bytes, record: RecordHeader): void {
    const fragment = this.#fragment
    // a record may hold several messages (RFC 6347 §4.2.3)
    for (let at = record.start; at < record.end;) {
      if (!decodeFragmentHeader(buffer, at, record.end, fragment)) return this.#host.fault('fragment-malformed')
      at = fragment.end
      if (fragment.type === handshakeType.clientHello) this.#clientHello(now, path, buffer, record, fragment)
      else this.#continue(now, this.#byPath.get(path), buffer, fragment, 0)
    }
  }

  receiveChangeCipherSpec(now: Instant, path: number, buffer: Bytes, record: RecordHeader): void {
    const handshake = this.#byPath.get(path)
    if (handshake === undefined || record.end - record.start !== 1 || buffer[record.start] !== 1) {
      return this.#host.fault('record-stray')
    }
    if (handshake.changeCipherSeen) return
    handshake.changeCipherSeen = true
    this.#replayDeferred(now, handshake)
  }

  /** An alert anyone could have written: it ends nothing, but who is silent afterwards is not asked again. */
  receivePlainAlert(path: number, buffer: Bytes, record: RecordHeader): void {
    const handshake = this.#byPath.get(path)
    if (handshake === undefined || record.end - record.start !== 2) return this.#host.fault('record-stray')
    handshake.alertHint ??= endingAlert(buffer, record.start)
  }

  /** A record under the keys being agreed; false where it does not open under them. */
  receiveProtected(now: Instant, handshake: Handshake, buffer: Bytes, record: RecordHeader): boolean {
    const association = handshake.association
    if (association === undefined || !handshake.changeCipherSeen) {
      handshake.defer(buffer.slice(record.at, record.end))
      return true
    }
    if (!association.window.isFresh(record.sequence)) return true
    const { records } = this.#host
    if (records.open(association, buffer, record) !== undefined) return false
    if (records.type === contentType.handshake) {
      association.window.mark(record.sequence)
      this.#receiveFinished(now, handshake)
    } else if (records.type === contentType.alert) {
      association.window.mark(record.sequence)
      const ending = records.plaintextEnd === 2 ? endingAlert(records.plaintext, 0) : undefined
      if (ending !== undefined) this.fail(now, handshake, dtlsFault('peer-alert', ending))
    } else {
      // data before Finished was verified: opened again once it is (RFC 6347 §4.1)
      handshake.defer(buffer.slice(record.at, record.end))
    }
    return true
  }

  /** A record for these keys did not open: after a repetition the peer's key is taken for wrong. */
  unreadable(now: Instant, handshake: Handshake, record: RecordHeader): void {
    if (record.type === contentType.applicationData) return
    this.#host.fault('record-forged')
    if (++handshake.unreadable >= unreadableLimit) this.fail(now, handshake, dtlsFault('finished-unreadable'))
    else this.#looksWrong(now, handshake)
  }

  /** For people, who need not wait until it is over. */
  #looksWrong(now: Instant, handshake: Handshake): void {
    this.#host.sink.handshake(now, reportOf(now, handshake, dtlsFault('finished-unreadable'), false))
  }

  credentials(now: Instant, ticket: Ticket, answer: CredentialAnswer): void {
    const handshake = this.#byTicket.get(ticket)
    if (handshake === undefined) return // late, twice, or never asked
    this.#byTicket.delete(ticket)
    handshake.ticket = undefined
    if (answer.kind !== 'unknown') handshake.holder = answer.holder
    if (answer.kind !== 'unknown' && answer.profile !== undefined) handshake.profile = answer.profile
    const fault = handshake.answered(now, answer) ?? handshake.pump(now)
    if (fault !== undefined) this.fail(now, handshake, fault)
    else this.#replayDeferred(now, handshake)
  }

  expire(now: Instant, handshake: Handshake): void {
    const fault = handshake.expire(now)
    if (fault !== undefined) this.fail(now, handshake, fault)
  }

  fail(now: Instant, handshake: Handshake, fault: DtlsFault): void {
    if (this.#byPath.get(handshake.path) !== handshake) return
    const { answer, log } = reactions[fault.fault]
    this.#host.log[log]({ fault: fault.fault, detail: fault.detail, path: handshake.path }, 'handshake failed')
    if (answer !== 'silence') this.#sendAlert(now, handshake, alertDescriptions[answer])
    if (answer !== 'silence' || fault.fault === 'peer-alert') this.sessions.remove(handshake.sessionId)
    this.#host.fault(fault.fault)
    this.#remove(handshake)
    this.#host.sink.handshake(now, reportOf(now, handshake, fault))
  }

  /** Gives up what an identity has under way. */
  revoke(now: Instant, principal: Principal): void {
    this.sessions.revoke(principal)
    const key = principalKey(principal)
    for (const handshake of this.#byPath.values()) {
      if (handshake.principal !== undefined && principalKey(handshake.principal) === key) {
        this.fail(now, handshake, dtlsFault('credential-revoked'))
      }
    }
  }

  // what a handshake asks of us

  decoyKey(identity: Bytes): Bytes {
    return this.crypto.hmac(this.#decoy, identity).subarray(0, decoyKeyLength)
  }

  reserveCid(handshake: Handshake): Bytes {
    const { connectionIdLength, shard } = this.options
    if (connectionIdLength === 0) return noBytes
    const isTaken = (key: CidKey): boolean => this.#byCid.has(key) || this.#host.isCidTaken(key)
    const cid = newConnectionId(this.random, shard, connectionIdLength, isTaken)
    if (cid === undefined) return noBytes
    this.#byCid.set(cidKeyOf(cid, 0, cid.length), handshake)
    return cid
  }

  lookup(now: Instant, handshake: Handshake, query: CredentialQuery): Ticket {
    const ticket = this.#nextTicket++
    handshake.ticket = ticket
    this.#byTicket.set(ticket, handshake)
    this.#host.sink.lookup(now, ticket, query)
    return ticket
  }

  newAssociation(now: Instant, handshake: Handshake, terms: AssociationTerms): Association {
    const reserved = Math.min(this.options.sequenceReservation, smallestReservation)
    return new Association(
      this.crypto,
      this.nextAssociationId(),
      terms,
      now,
      handshake.path,
      reserved === 0 ? Number.POSITIVE_INFINITY : reserved,
      this.options.forgeryRate,
    )
  }

  nextAssociationId(): number {
    return this.#nextAssociation++
  }

  completed(now: Instant, handshake: Handshake): void {
    const association = handshake.association!
    if (handshake instanceof ClientHandshake && handshake.session !== undefined && this.sessions.isOn) {
      this.#ownSessions.set(handshake.path, handshake.session)
    }
    association.sessionId = handshake.sessionId
    if (handshake.role === (handshake.resumed ? 'client' : 'server')) association.finalFlight = handshake.finalFlight()
    const deferred = handshake.takeDeferred()
    this.#remove(handshake)
    this.#host.sink.handshake(now, reportOf(now, handshake, undefined))
    this.#host.adopt(now, handshake, association, deferred)
  }

  #clientHello(now: Instant, path: number, buffer: Bytes, record: RecordHeader, fragment: FragmentHeader): void {
    const pending = this.#byPath.get(path)
    if (pending?.role === 'client') return this.#host.fault('record-stray')
    if (fragment.offset > 0) {
      // only the first fragment carries the cookie; the others count once it was right
      return this.#continue(now, pending, buffer, fragment, 0)
    }
    const address = this.#host.sink.addressOf(path)
    const hello = this.#gate.pass(now, path, address, buffer, record, fragment)
    if (hello === undefined) return
    if (pending instanceof ServerHandshake && equalBytes(pending.helloRandom, hello.random)) {
      if (pending.expectsClientHello) this.#continue(now, pending, buffer, fragment, 0)
      else pending.peerRepeated(now)
      return
    }
    if (pending !== undefined) this.fail(now, pending, dtlsFault('replaced-by-new-hello'))
    if (!this.#admission.admit(now, address)) return this.#host.fault('hello-refused-by-load')
    // RFC 6347 §4.2.1: our record numbers go on from the hello's
    const handshake = new ServerHandshake(
      this,
      now,
      path,
      copyOf(address),
      this.#host.sink.profileOf(path),
      { next: record.sequence },
      { next: fragment.messageSequence, expected: fragment.messageSequence },
    )
    this.#begin(now, handshake)
    handshake.begin(now, hello.random)
    this.#continue(now, handshake, buffer, fragment, 0)
  }

  #continue(
    now: Instant,
    handshake: Handshake | undefined,
    buffer: Bytes,
    fragment: FragmentHeader,
    epoch: 0 | 1,
  ): void {
    if (handshake === undefined) return this.#host.fault('record-stray')
    // Finished is what proves the new keys, so it alone comes under them (RFC 5246 §7.4.9)
    if ((fragment.type === handshakeType.finished) !== (epoch === 1)) return this.#host.fault('record-unprotected')
    if (fragment.messageSequence < handshake.reassembly.expected) {
      if (fragment.type === handshakeType.serverHelloDone && handshake.role === 'client') handshake.peerRepeated(now)
      return
    }
    if (!handshake.reassembly.add(fragment, buffer)) return this.#host.fault('fragment-limit')
    const expected = handshake.reassembly.expected
    const fault = handshake.pump(now)
    if (fault !== undefined) return this.fail(now, handshake, fault)
    if (handshake.reassembly.expected === expected || handshake.isDone) return
    this.#progressed(handshake)
    this.#replayDeferred(now, handshake)
  }

  #receiveFinished(now: Instant, handshake: Handshake): void {
    const { plaintext, plaintextEnd } = this.#host.records
    const fragment = this.#fragment
    if (!decodeFragmentHeader(plaintext, 0, plaintextEnd, fragment)) return this.#host.fault('fragment-malformed')
    this.#continue(now, handshake, plaintext, fragment, 1)
  }

  /** Records that came before their keys are looked at again. */
  #replayDeferred(now: Instant, handshake: Handshake): void {
    if (!handshake.isReadable || handshake.deferredOctets === 0) return
    const header = emptyRecordHeader()
    let looksWrong = false
    for (const record of handshake.takeDeferred()) {
      if (handshake.isDone) this.#host.replay(now, handshake.path, record)
      else if (decodeRecordHeader(record, 0, record.length, this.options.connectionIdLength, header)) {
        // one that does not open came from anyone before there were keys: a hint of a wrong key, and no proof
        const isOpened = this.receiveProtected(now, handshake, record, header)
        looksWrong ||= !isOpened && header.type !== contentType.applicationData
      }
    }
    if (looksWrong && this.#byPath.get(handshake.path) === handshake) this.#looksWrong(now, handshake)
  }

  #begin(now: Instant, handshake: Handshake): void {
    const before = this.#byPath.get(handshake.path)
    if (before !== undefined) this.fail(now, before, dtlsFault('replaced-by-new-hello'))
    if (this.#byPath.size >= this.options.handshakeLimit) {
      for (const stalled of this.#byPath.values()) {
        this.fail(now, stalled, dtlsFault('evicted-half-open'))
        break
      }
    }
    this.#byPath.set(handshake.path, handshake)
    this.#admission.began(handshake.address)
  }

  /** It moved on, so it is the last to be given up. */
  #progressed(handshake: Handshake): void {
    if (this.#byPath.get(handshake.path) !== handshake) return
    this.#byPath.delete(handshake.path)
    this.#byPath.set(handshake.path, handshake)
  }

  #remove(handshake: Handshake): void {
    this.#byPath.delete(handshake.path)
    const cid = handshake.ownCid
    if (cid !== undefined && cid.length > 0) this.#byCid.delete(cidKeyOf(cid, 0, cid.length))
    if (handshake.ticket !== undefined) this.#byTicket.delete(handshake.ticket)
    this.#admission.ended(handshake.address)
    handshake.dispose()
  }

  #sendAlert(now: Instant, handshake: Handshake, description: number): void {
    const content = new Uint8Array([alertLevel.fatal, description])
    const { association, numbers, path } = handshake
    const out = this.#out
    const writesProtected = association !== undefined && (handshake.role === 'client' || handshake.resumed)
    let end: number
    if (writesProtected && association.mayWrite) {
      end = this.#host.records.seal(association, contentType.alert, content, 0, 2, out, 0)
    } else {
      const at = encodeRecordHeader(out, 0, contentType.alert, 0, numbers.next++, noBytes, 2)
      out.set(content, at)
      end = at + 2
    }
    this.#host.sink.send(now, path, out, 0, end)
  }
}
