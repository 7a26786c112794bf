/**
 * When what we say goes out, again, or never (RFC 7252 §4.2, §4.7): slots of NSTART, PROBING_RATE,
 * exponential back-off by the peer's profile, and the end of its awake window. Knows neither requests
 * nor notifications: its owner writes the datagram and is told how it ended.
 */
import type { DeadlineQueue } from '../base/deadline-queue.ts'
import type { Counter, Metrics } from '../base/metrics.ts'
import type { Random } from '../base/random.ts'
import { after, milliseconds, never, type Duration, type Instant } from '../base/time.ts'
import type { Outbox } from './outbox.ts'
import type { Peers } from './peers.ts'
import { backoffFactor, RtoEstimator } from './rto.ts'
import type { PeerState, Timed, Transmission } from './state.ts'

/**
 * timeout: not even an ACK · unanswered: an ACK, no answer · asleep: the awake window ended first ·
 * unwritable: no datagram can hold it
 */
export type GaveUp = 'timeout' | 'unanswered' | 'asleep' | 'unwritable'

export interface TransmissionOwner {
  /** Writes the message into the outbox's slab; its end, or -1 where it cannot be written. */
  write(now: Instant, transmission: Transmission): number
  /** It has ended without an answer, and is out of all tables of ours. */
  gaveUp(now: Instant, transmission: Transmission, reason: GaveUp): void
  /** A repetition is due: whether `write` has something newer to say, under a new id (RFC 7641 §4.5.2). */
  isOutdated(transmission: Transmission): boolean
}

export interface TransmissionsOptions {
  readonly outbox: Outbox
  readonly peers: Peers
  readonly queue: DeadlineQueue<Timed>
  readonly random: Random
  readonly metrics: Metrics
  readonly learnTimeouts: boolean
  /** How long an answer may take after its ACK. */
  readonly responseDeadline: Duration
  readonly owner: TransmissionOwner
}

export class Transmissions {
  readonly #options: TransmissionsOptions
  readonly #repeated: Counter
  #waiting = 0
  #awaiting = 0

  constructor(options: TransmissionsOptions) {
    this.#options = options
    this.#repeated = options.metrics.counter('coapstan_coap_retransmissions_total', 'CON messages sent again')
  }

  /** Transmissions that wait for a slot, and those that wait for an ACK or RST. */
  get sizes(): { readonly waiting: number; readonly awaiting: number } {
    return { waiting: this.#waiting, awaiting: this.#awaiting }
  }

  /** Lets it go, now or as soon as NSTART allows (RFC 7252 §4.7); `urgent` waits for no slot. */
  start(now: Instant, transmission: Transmission, urgent = false): void {
    const { peer, notAfter } = transmission
    if (now >= notAfter) {
      transmission.phase = 'over'
      this.#tell(now, transmission, 'asleep')
    } else if (urgent || peer.active < peer.profile.nstart) {
      peer.active++
      this.#first(now, transmission)
    } else {
      transmission.phase = 'waiting'
      this.#waiting++
      peer.waiting ??= []
      peer.waiting.push(transmission)
      if (notAfter !== never) this.#options.queue.set(transmission, notAfter)
    }
  }

  /** The peer was heard: PROBING_RATE holds nothing back any more. */
  heard(now: Instant, peer: PeerState): void {
    peer.probeFrom = 0 as Instant
    if (peer.requests === undefined) return
    for (const held of peer.requests.values()) {
      if (held.phase === 'held' && held.readyAt <= now) this.due(now, held)
    }
  }

  /** Ends the message under way but keeps the slot: another block will follow. */
  pause(transmission: Transmission): void {
    this.#options.queue.clear(transmission)
    this.#stopAwaiting(transmission)
    transmission.phase = 'held'
  }

  /** The next message after `pause`: its timers begin anew. */
  again(now: Instant, transmission: Transmission): void {
    transmission.repetitions = 0
    this.#first(now, transmission)
  }

  /** An empty ACK: nothing is repeated, the answer is still to come (RFC 7252 §5.2.2). */
  acknowledged(now: Instant, transmission: Transmission): void {
    this.measured(now, transmission)
    transmission.phase = 'acknowledged'
    this.#stopAwaiting(transmission)
    this.#options.queue.set(transmission, after(now, this.#options.responseDeadline))
  }

  /** An answer came: a round trip was measured, and the peer is not silent. */
  measured(now: Instant, transmission: Transmission): void {
    if (!this.#options.learnTimeouts || transmission.phase !== 'sent' || !transmission.confirmable) return
    const { peer } = transmission
    peer.rto ??= new RtoEstimator(now, peer.profile.ackTimeout)
    peer.rto.measured(now, milliseconds(now - transmission.sentAt), transmission.repetitions)
  }

  /** It is over: out of every table; the next that waits for its slot begins. */
  end(now: Instant, transmission: Transmission): void {
    const { peer, phase } = transmission
    this.#options.queue.clear(transmission)
    this.#stopAwaiting(transmission)
    transmission.phase = 'over'
    if (phase === 'waiting') this.#leaveLine(transmission)
    else if (phase !== 'prepared' && phase !== 'over') this.#freeSlot(now, peer)
  }

  /** Ends everything under way to a peer that is being forgotten. */
  endAll(now: Instant, peer: PeerState): void {
    if (peer.awaiting === undefined) return
    for (const transmission of peer.awaiting.values()) this.end(now, transmission)
  }

  /** Moves the end of the peer's awake window. */
  extend(transmission: Transmission, notAfter: Instant): void {
    const { queue } = this.#options
    transmission.notAfter = notAfter
    if (transmission.phase === 'sent' && transmission.confirmable) this.#setTimer(transmission)
    else if (transmission.phase !== 'waiting') return
    else if (notAfter === never) queue.clear(transmission)
    else queue.set(transmission, notAfter)
  }

  /** Its deadline has come. */
  due(now: Instant, transmission: Transmission): void {
    switch (transmission.phase) {
      case 'held':
        if (now >= transmission.notAfter) this.#giveUp(now, transmission, 'asleep')
        else if (this.#options.peers.find(transmission.peer.peer) === transmission.peer) this.#first(now, transmission)
        else this.end(now, transmission)
        return
      case 'waiting':
        this.#giveUp(now, transmission, 'asleep')
        return
      case 'sent':
        this.#unanswered(now, transmission)
        return
      case 'acknowledged':
        this.#giveUp(now, transmission, 'unanswered')
        return
      case 'prepared':
      case 'over':
    }
  }

  /** The transmission an ACK or RST with this id answers. */
  find(peer: PeerState, messageId: number): Transmission | undefined {
    return peer.awaiting?.get(messageId)
  }

  /** Holds it where its id is still taken or PROBING_RATE says wait; else sends. */
  #first(now: Instant, transmission: Transmission): void {
    const { peer } = transmission
    transmission.phase = 'held'
    const probeFrom = transmission.confirmable ? 0 : peer.probeFrom
    const from = Math.max(transmission.readyAt, probeFrom)
    if (from <= now) this.#transmit(now, transmission)
    else this.#options.queue.set(transmission, Math.min(from, transmission.notAfter) as Instant)
  }

  #transmit(now: Instant, transmission: Transmission): void {
    const { outbox, owner, random } = this.#options
    const { peer } = transmission
    const end = owner.write(now, transmission)
    if (end < 0) {
      this.#giveUp(now, transmission, 'unwritable')
      return
    }
    transmission.phase = 'sent'
    transmission.sentAt = now
    this.#await(transmission)
    if (transmission.confirmable) {
      transmission.datagram = outbox.slab.slice(0, end)
      const least = this.#firstTimeout(now, peer)
      transmission.timeout = least + random.fraction() * (this.#mostTimeout(now, transmission, least) - least)
      this.#awaitAnswer(now, transmission)
    } else {
      // RFC 7252 §4.7: PROBING_RATE octets a second to a peer that does not answer
      peer.probeFrom = after(now, milliseconds((1000 * end) / peer.profile.probingRate))
      this.#options.queue.set(transmission, after(now, peer.nonLifetime))
    }
    outbox.send(now, peer, outbox.slab, 0, end)
  }

  #firstTimeout(now: Instant, peer: PeerState): Duration {
    return peer.rto?.timeout(now, peer.profile.ackTimeout) ?? peer.profile.ackTimeout
  }

  /**
   * RFC 7252 §4.2: between ACK_TIMEOUT and that times ACK_RANDOM_FACTOR; and where the peer's radio goes off in between,
   * before it does, for no later repetition would be heard. The windows of `thread-sleepy` and `nbiot-deep` end there.
   */
  #mostTimeout(now: Instant, { notAfter, peer }: Transmission, least: number): number {
    const most = least * peer.profile.ackRandomFactor
    return now + least < notAfter ? Math.min(most, notAfter - now) : most
  }

  #awaitAnswer(now: Instant, transmission: Transmission): void {
    transmission.repeatAt = after(now, milliseconds(transmission.timeout))
    this.#setTimer(transmission)
  }

  /** To the next repetition; past the awake window only as long as an answer under way may take. */
  #setTimer(transmission: Transmission): void {
    const { notAfter, peer, repeatAt } = transmission
    this.#options.queue.set(transmission, Math.min(repeatAt, notAfter + peer.profile.ackTimeout) as Instant)
  }

  #unanswered(now: Instant, transmission: Transmission): void {
    const { peer } = transmission
    if (now >= transmission.notAfter) this.#giveUp(now, transmission, 'asleep')
    else if (!transmission.confirmable || transmission.repetitions >= peer.profile.maxRetransmit) {
      this.#giveUp(now, transmission, 'timeout')
    } else {
      transmission.repetitions++
      transmission.timeout *= peer.rto === undefined ? 2 : backoffFactor(transmission.timeout)
      this.#repeated.add()
      if (this.#options.owner.isOutdated(transmission)) this.#renew(now, transmission)
      this.#awaitAnswer(now, transmission)
      this.#options.outbox.send(now, peer, transmission.datagram, 0, transmission.datagram.length)
    }
  }

  /** The repetition carries the newer state as a message of its own; the count of attempts goes on. */
  #renew(now: Instant, transmission: Transmission): void {
    const { outbox, owner, peers } = this.#options
    this.#stopAwaiting(transmission)
    transmission.messageId = peers.takeId(transmission.peer)
    const end = owner.write(now, transmission)
    if (end > 0) transmission.datagram = outbox.slab.slice(0, end)
    this.#await(transmission)
  }

  #giveUp(now: Instant, transmission: Transmission, reason: GaveUp): void {
    this.end(now, transmission)
    this.#tell(now, transmission, reason)
  }

  #tell(now: Instant, transmission: Transmission, reason: GaveUp): void {
    this.#options.owner.gaveUp(now, transmission, reason)
    this.#options.peers.release(transmission.peer)
  }

  #await(transmission: Transmission): void {
    const { peer, messageId } = transmission
    peer.awaiting ??= new Map()
    if (!peer.awaiting.has(messageId)) this.#awaiting++
    peer.awaiting.set(messageId, transmission)
  }

  #stopAwaiting(transmission: Transmission): void {
    const { awaiting } = transmission.peer
    if (awaiting?.get(transmission.messageId) !== transmission) return
    awaiting.delete(transmission.messageId)
    this.#awaiting--
  }

  #leaveLine(transmission: Transmission): void {
    const line = transmission.peer.waiting!
    const place = line.indexOf(transmission)
    if (place < 0) return
    line.splice(place, 1)
    this.#waiting--
  }

  #freeSlot(now: Instant, peer: PeerState): void {
    peer.active--
    while (peer.active < peer.profile.nstart) {
      const next = peer.waiting?.shift()
      if (next === undefined) return
      this.#waiting--
      this.#options.queue.clear(next)
      this.start(now, next)
    }
  }
}
