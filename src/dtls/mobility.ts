/**
 * A peer with a CID may turn up at a new address (RFC 9146 §6). Until it has shown that it is there, it is
 * sent at most three times what it sent: by a return routability check where the peer knows it (RFC
 * 9853), else by its next uplink from there, or the driver's own check (CoAP Echo). Speaks only when the
 * peer just did: a repetition by timer would go to a radio that is off.
 */
import type { Random } from '../base/random.ts'
import type { Instant } from '../base/time.ts'
import type { Association, Probation } from './association.ts'
import type { DtlsCrypto } from './crypto.ts'
import type { DtlsSink } from './sink.ts'
import {
  decodeReturnRoutabilityMessage,
  encodeReturnRoutabilityMessage,
  returnRoutabilityCookieLength,
  returnRoutabilityType,
} from './wire/return-routability-message.ts'
import type { Bytes } from '../base/bytes.ts'
import { contentType } from './wire/record.ts'

const amplificationLimit = 3 // RFC 9853 §6
const challengeTries = 3

export interface MobilityHost {
  readonly crypto: DtlsCrypto
  readonly random: Random
  readonly sink: DtlsSink
  /** Sends a protected record within the budget; false where it may not leave. */
  sendRecord(now: Instant, association: Association, type: number, content: Bytes): boolean
}

export class Mobility {
  readonly #host: MobilityHost

  constructor(host: MobilityHost) {
    this.#host = host
  }

  /** An authenticated record of `octets` came from `path`, of content `type`; `isNewest` of all so far. */
  heard(now: Instant, association: Association, path: number, octets: number, isNewest: boolean, type: number): void {
    if (association.path !== path) {
      if (isNewest && association.cidKey !== undefined) this.#move(now, association, path, octets)
      return
    }
    const probation = association.probation
    if (probation === undefined) return
    probation.budget += amplificationLimit * octets
    if (!isNewest || type === contentType.returnRoutability) return
    if (probation.challenge !== undefined) this.#challenge(now, association, probation)
    // it answers from where we sent to, with something newer: it is there
    else if (probation.hasSent) this.reachable(now, association)
  }

  /** Whether `octets` may leave for the association's path now; counts them. */
  spend(association: Association, octets: number): boolean {
    const probation = association.probation
    if (probation === undefined) return true
    if (probation.budget < octets) return false
    probation.budget -= octets
    probation.hasSent = true
    return true
  }

  /** The peer is where it says it is. */
  reachable(now: Instant, association: Association): void {
    if (association.probation === undefined) return
    association.probation = undefined
    this.#host.sink.reachable(now, association.id)
  }

  /** A return routability message (RFC 9853 §5). */
  receive(now: Instant, association: Association, path: number, buffer: Bytes, end: number): void {
    const message = decodeReturnRoutabilityMessage(buffer, 0, end)
    if (message === undefined || !association.terms.returnRoutability) return
    if (message.type === returnRoutabilityType.challenge) {
      if (association.path !== path) return
      const answer = encodeReturnRoutabilityMessage(returnRoutabilityType.response, message.cookie)
      this.#host.sendRecord(now, association, contentType.returnRoutability, answer)
      return
    }
    const challenge = association.probation?.challenge
    if (message.type !== returnRoutabilityType.response || challenge === undefined || association.path !== path) return
    if (this.#host.crypto.equal(challenge, message.cookie)) this.reachable(now, association)
  }

  #move(now: Instant, association: Association, path: number, octets: number): void {
    const from = association.path
    association.path = path
    const asks = association.terms.returnRoutability
    const probation: Probation = {
      budget: amplificationLimit * octets,
      hasSent: false,
      challenge: asks ? this.#host.random.bytes(returnRoutabilityCookieLength) : undefined,
      challengesSent: 0,
    }
    association.probation = probation
    this.#host.sink.moved(now, association.id, from, path)
    if (association.probation === probation) this.#challenge(now, association, probation)
  }

  /** RFC 9853 §6: asked again when the peer shows again that it is awake, and in the end the budget alone stays. */
  #challenge(now: Instant, association: Association, probation: Probation): void {
    if (probation.challenge === undefined) return
    if (probation.challengesSent === challengeTries) {
      probation.challenge = undefined
      return
    }
    probation.challengesSent++
    const message = encodeReturnRoutabilityMessage(returnRoutabilityType.challenge, probation.challenge)
    this.#host.sendRecord(now, association, contentType.returnRoutability, message)
  }
}
