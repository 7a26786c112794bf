/**
 * What both roles of a handshake share: messages in order, the transcript, the flight under way and its
 * timer, and the keys once they exist. Roles say what a message means (`server.ts`, `client.ts`).
 */
import type { Bytes } from '../../base/bytes.ts'
import type { Deadlined, DeadlineQueue } from '../../base/deadline-queue.ts'
import type { Random } from '../../base/random.ts'
import { after, milliseconds, never, type Duration, type Instant } from '../../base/time.ts'
import type { Profile } from '../../config/profiles.ts'
import type { Association, AssociationTerms } from '../association.ts'
import type { Role } from '../association-keys.ts'
import type { Certificate, DtlsCrypto, HmacKey } from '../crypto.ts'
import type { DtlsFault } from '../faults.ts'
import { dtlsFault } from '../faults.ts'
import type { DtlsOptions } from '../options.ts'
import { verifyData, verifyDataLength } from '../prf.ts'
import type { Principal } from '../principal.ts'
import { Reassembly, type HandshakeMessage } from '../reassembly.ts'
import type { SessionCache } from '../sessions.ts'
import type { CredentialAnswer, CredentialQuery, Ticket } from '../sink.ts'
import type { CipherSuite } from '../suites.ts'
import { Transcript } from '../transcript.ts'
import { handshakeType, wholeMessage } from '../wire/handshake-header.ts'
import { plaintextLimit } from '../wire/record.ts'
import type { FinalFlight, FlightItem, PlainNumbers } from './flight-item.ts'
import type { FlightSender } from './flight.ts'

/** What a handshake needs of the endpoint around it. */
export interface HandshakeHost {
  readonly options: DtlsOptions
  readonly crypto: DtlsCrypto
  readonly random: Random
  readonly flights: FlightSender
  readonly deadlines: DeadlineQueue<Deadlined>
  readonly sessions: SessionCache
  /** Takes the place of the key of an identity nobody knows; always made, so that time tells nothing. */
  decoyKey(identity: Bytes): Bytes
  /** A CID no association has, kept for this handshake; empty where CIDs are off or used up. */
  reserveCid(handshake: Handshake): Bytes
  lookup(now: Instant, handshake: Handshake, query: CredentialQuery): Ticket
  newAssociation(now: Instant, handshake: Handshake, terms: AssociationTerms): Association
  /** Both Finished are verified: the association takes over. */
  completed(now: Instant, handshake: Handshake): void
}

/** Messages of one flight that may overtake one another. */
const messagesAhead = 8
/** Separate pieces of one message that may be missing pieces between them. */
const piecesOfMessage = 64
const deferredOctetsLimit = 4096
const deferredRecordsLimit = 8
/** From this repetition on datagrams are small: large ones may be what gets lost. */
const smallFrom = 2
const smallDatagram = 512
/** Copies of a datagram made by the network come closer together than this. */
const repetitionSpacing = milliseconds(200)

export abstract class Handshake implements Deadlined {
  readonly kind = 'handshake'
  abstract readonly role: Role
  readonly path: number
  /** Source octets, for the limits per prefix. */
  readonly address: Bytes
  /** The listener's, then the device's once it is known. */
  profile: Profile
  readonly started: Instant
  readonly numbers: PlainNumbers
  readonly transcript = new Transcript()
  readonly reassembly: Reassembly
  /** The peer's ChangeCipherSpec came; only then do records under the new keys count. */
  changeCipherSeen = false
  /** Records under the new keys that did not open. */
  unreadable = 0
  retransmissions = 0
  deferredOctets = 0
  /** Set once there are keys; not in any table before both Finished are verified. */
  association: Association | undefined
  principal: Principal | undefined
  /** Whom the principal stands for, as the answer to the lookup says. */
  holder: string | undefined
  certificate: Certificate | undefined
  suite: CipherSuite | undefined
  ownCid: Bytes | undefined
  ticket: Ticket | undefined
  serverName: string | undefined
  resumed = false
  /** Of the session it takes up, or makes once it is done. */
  sessionId: Bytes | undefined
  /** The peer, or someone who writes its address, says it has given up; believed when it stays silent. */
  alertHint: string | undefined
  deadline: Instant = never
  deadlineSlot = -1

  protected readonly host: HandshakeHost
  protected recordLimit = plaintextLimit
  protected master: HmacKey | undefined
  #nextMessage: number
  #flight: FlightItem[] = []
  #flightSent = false
  #tries = 0
  #timeout: Duration
  #deliveredAt: Instant
  #deferred: Bytes[] = []

  constructor(
    host: HandshakeHost,
    now: Instant,
    path: number,
    address: Bytes,
    profile: Profile,
    numbers: PlainNumbers,
    messageSequence: { readonly next: number; readonly expected: number },
  ) {
    this.host = host
    this.started = now
    this.path = path
    this.address = address
    this.profile = profile
    this.numbers = numbers
    this.#nextMessage = messageSequence.next
    this.#timeout = this.profile.flightTimeout
    this.#deliveredAt = now
    this.reassembly = new Reassembly(
      { octets: host.options.handshakeOctets, messagesAhead, pieces: piecesOfMessage },
      messageSequence.expected,
    )
  }

  /** Whether the next message has to wait for the driver's answer. */
  abstract get isWaiting(): boolean
  /** The driver's answer to what was looked up. */
  abstract answered(now: Instant, answer: CredentialAnswer): DtlsFault | undefined
  protected abstract receive(now: Instant, message: HandshakeMessage): DtlsFault | undefined
  abstract get isDone(): boolean

  /** Hands on every message that is whole and in order. */
  pump(now: Instant): DtlsFault | undefined {
    while (!this.isWaiting && !this.isDone) {
      const message = this.reassembly.take()
      if (message === undefined) return undefined
      this.#heard(now)
      const fault = this.receive(now, message)
      if (fault !== undefined) return fault
    }
    return undefined
  }

  /** Whether a record under the new keys can be opened by now. */
  get isReadable(): boolean {
    return this.association !== undefined && this.changeCipherSeen
  }

  /** Keeps a record that came too early; the oldest gives way. */
  defer(record: Bytes): void {
    if (record.length > deferredOctetsLimit) return
    this.#deferred.push(record)
    this.deferredOctets += record.length
    while (this.#deferred.length > deferredRecordsLimit || this.deferredOctets > deferredOctetsLimit) {
      this.deferredOctets -= this.#deferred.shift()!.length
    }
  }

  takeDeferred(): readonly Bytes[] {
    const deferred = this.#deferred
    this.#deferred = []
    this.deferredOctets = 0
    return deferred
  }

  /** The timer fired, or the peer asked again by repeating itself: the flight once more, or a fault once that is futile. */
  expire(now: Instant): DtlsFault | undefined {
    if (this.isWaiting) return dtlsFault('credential-unanswered')
    if (this.alertHint !== undefined) return dtlsFault('peer-alert', this.alertHint)
    if (!this.#flightSent || this.#tries >= this.profile.flightRetransmissions) return dtlsFault('flight-unanswered')
    this.#tries++
    this.#timeout = milliseconds(Math.min(2 * this.#timeout, this.profile.flightTimeoutLimit))
    this.#setDeadline(after(now, this.#timeout))
    this.repeatFlight(now)
    return undefined
  }

  /** The peer repeats itself, so it lacks our flight: answered at once, but not for each copy of one datagram. */
  peerRepeated(now: Instant): void {
    if (now < after(this.#deliveredAt, repetitionSpacing)) return
    this.repeatFlight(now)
  }

  /** The flight under way once more, without touching its timer; false where none is. */
  repeatFlight(now: Instant): boolean {
    if (!this.#flightSent || this.#flight.length === 0) return false
    this.retransmissions++
    this.#deliver(now)
    return true
  }

  finalFlight(): FinalFlight {
    return { items: this.#flight, numbers: this.numbers, datagramLimit: this.profile.datagramLimit }
  }

  /** Lets go of everything a later message could have needed. */
  dispose(): void {
    this.host.deadlines.clear(this)
    this.reassembly.clear()
    this.transcript.clear()
    this.takeDeferred()
  }

  protected beginFlight(): void {
    this.#flight = []
    this.#flightSent = false
  }

  /** Puts a message into the flight and into the transcript. */
  protected queue(type: number, body: Bytes): void {
    const whole = wholeMessage(type, this.#nextMessage++, body)
    this.transcript.append(whole)
    this.#flight.push({ kind: 'message', whole, epoch: type === handshakeType.finished ? 1 : 0 })
  }

  protected queueChangeCipherSpec(): void {
    this.#flight.push({ kind: 'change-cipher-spec' })
  }

  protected queueFinished(hash: CipherSuite['hash']): void {
    const handshakeHash = this.transcript.hash(this.host.crypto, hash)
    this.queue(handshakeType.finished, verifyData(this.host.crypto, this.master!, this.role, handshakeHash))
  }

  /** Whether `message` is the peer's right Finished for the transcript so far; takes it into the transcript. */
  protected verifyFinished(message: HandshakeMessage, hash: CipherSuite['hash']): boolean {
    const from = this.role === 'server' ? 'client' : 'server'
    const handshakeHash = this.transcript.hash(this.host.crypto, hash)
    const expected = verifyData(this.host.crypto, this.master!, from, handshakeHash)
    this.transcript.append(message.whole)
    return message.body.length === verifyDataLength && this.host.crypto.equal(expected, message.body)
  }

  /** Sends what was queued; `isRepeated` unless it is the last flight, which the peer must ask for. */
  protected sendFlight(now: Instant, isRepeated: boolean): void {
    this.#flightSent = true
    this.#tries = 0
    this.#timeout = this.profile.flightTimeout
    if (isRepeated) this.#setDeadline(after(now, this.#timeout))
    this.#deliver(now)
  }

  /** Waits for the driver no longer than its timeout. */
  protected awaitCredential(now: Instant, query: CredentialQuery): void {
    this.#setDeadline(after(now, this.host.options.credentialTimeout))
    this.host.lookup(now, this, query)
  }

  /** The driver has answered; the peer's next message is due within what its own repetitions take. */
  protected awaitPeer(now: Instant): void {
    this.#setDeadline(after(now, this.#patience()))
  }

  /** A message of the peer's next flight arrived, so it has ours: stop repeating it, but do not wait for ever. */
  #heard(now: Instant): void {
    if (!this.#flightSent) return
    this.#flightSent = false
    this.#setDeadline(after(now, this.#patience()))
  }

  #patience(): Duration {
    let total = 0
    let timeout: number = this.profile.flightTimeout
    for (let i = 0; i <= this.profile.flightRetransmissions; i++) {
      total += timeout
      timeout = Math.min(2 * timeout, this.profile.flightTimeoutLimit)
    }
    return milliseconds(total)
  }

  #setDeadline(deadline: Instant): void {
    this.host.deadlines.set(this, deadline)
  }

  #deliver(now: Instant): void {
    this.#deliveredAt = now
    const limit = this.profile.datagramLimit
    this.host.flights.send(now, {
      path: this.path,
      items: this.#flight,
      numbers: this.numbers,
      association: this.association,
      datagramLimit: this.retransmissions >= smallFrom ? Math.min(limit, smallDatagram) : limit,
      recordLimit: this.recordLimit,
    })
  }
}
