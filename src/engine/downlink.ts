/**
 * What goes down to a device, and when: one request at a time, only while it is registered and its radio
 * is on, right after the answer to its uplink and never before (devices.md §0, rules 3 and 4).
 */
import { bytesOfHex, hexOf, type Bytes } from '../base/bytes.ts'
import { after, between, instantOf, never, type Instant } from '../base/time.ts'
import { isSuccess } from '../coap/codes.ts'
import type { ExchangeId, NoticeOutcome, OutboundRequest, Peer, RequestId, RequestOutcome } from '../coap/types.ts'
import { wayOfAttributes } from '../fleet/observations/rules.ts'
import { isObserve, transmissionOf } from '../fleet/operations/rules.ts'
import type { Observation } from '../fleet/observations/types.ts'
import { imageKeyOf } from '../fleet/images/types.ts'
import { imageOfValue, type Operation } from '../fleet/operations/types.ts'
import { listeningWindow } from '../lwm2m/reachability.ts'
import { isRefusal, refuse, type Refusal } from '../lwm2m/refusal.ts'
import type { Actor, Outstanding, OutstandingRequest } from './actor.ts'
import type { OperationAnswer } from './answers.ts'
import type { EngineCore } from './core.ts'
import type { ActorInput, SleepSign, UplinkInput } from './inputs.ts'
import { InquiryBudget, inquiryOf } from './inquiry.ts'
import { peerOfPath } from './peers.ts'
import { ConfigTelling } from './resources/config-telling.ts'
import {
  answerOf,
  attributesOperation,
  observeOperation,
  observeRequestOf,
  packageRequestOf,
  requestOf,
} from './requests.ts'

type Notification = Extract<UplinkInput, { input: 'notification' }>

/** Devices that wait for their turn to be asked by ourselves. */
const heldInquiries = 1024

/** A request under way and whose it is. */
interface Open {
  readonly actor: Actor
  /** A notification's remaining blocks do not count as the device's one request: it began the exchange. */
  readonly of: OutstandingRequest | { readonly of: 'rest'; readonly input: Notification }
}

export class Downlink {
  readonly #engine: EngineCore
  readonly #open = new Map<RequestId, Open>()
  /** Devices to be looked at again: in the middle of handing over a body, or to be asked what we want to know. */
  readonly #held = new Set<Actor>()
  readonly #inquiries: InquiryBudget
  readonly #telling: ConfigTelling

  constructor(engine: EngineCore) {
    this.#engine = engine
    this.#telling = new ConfigTelling(engine, (actor) => this.#held.add(actor))
    this.#inquiries = new InquiryBudget(engine.settings)
  }

  get openCount(): number {
    return this.#open.size + this.#telling.openCount
  }

  /** Starts what the device is asked or told next if it can hear it now; what has to be committed first is returned. */
  next(now: Instant, actor: Actor): ActorInput | undefined {
    if (actor.outstanding !== undefined || actor.silent || actor.stalled) return undefined
    if (actor.state.device?.quarantinedAt !== undefined) return undefined
    const input = this.#nextRequest(now, actor)
    if (input !== undefined || actor.outstanding !== undefined) return input
    return this.#telling.next(now, actor, () => this.#listensUntil(now, actor) ?? unregisteredUntil(actor))
  }

  notified(now: Instant, peer: Peer, token: Bytes, outcome: NoticeOutcome): void {
    this.#telling.notified(now, peer, token, outcome)
  }

  #nextRequest(now: Instant, actor: Actor): ActorInput | undefined {
    const operation = actor.state.operations[0]
    if (operation?.notBefore !== undefined && now < operation.notBefore) return undefined
    const wanted = this.#intentToTell(actor, operation)
    const inquiry = operation === undefined && wanted === undefined ? this.#inquiryOf(now, actor) : undefined
    if (operation === undefined && wanted === undefined && inquiry === undefined) return undefined
    const notAfter = this.#listensUntil(now, actor)
    if (notAfter === undefined || now >= notAfter) return undefined
    const peer = this.#peerOf(actor)
    if (peer === undefined) return undefined
    if (this.#engine.coap.isReceiving(peer)) {
      // Nothing comes between the blocks of what it hands over (devices.md §0.4).
      this.#held.add(actor)
      return undefined
    }
    if (wanted !== undefined) this.#tell(now, actor, peer, wanted, notAfter)
    else if (operation !== undefined) return this.#send(now, actor, peer, operation, notAfter)
    else if (inquiry !== undefined) this.#inquire(now, actor, peer, inquiry, notAfter)
    return undefined
  }

  /** What we want to know by ourselves, of an object it has registered; nothing where others had their turn first. */
  #inquiryOf(now: Instant, actor: Actor): string | undefined {
    const { state } = actor
    const path = inquiryOf(state, this.#engine.settings, now)
    if (path === undefined) return undefined
    if (this.#inquiries.isSpent(now)) {
      // Who does not fit in here is asked when it is heard again.
      if (this.#held.size < heldInquiries) this.#held.add(actor)
      return undefined
    }
    return this.#engine.views.of(state).supported.objects.has(Number(path.split('/')[1])) ? path : undefined
  }

  /** The intent whose turn it is: an operation goes first, but for what has to be told before it. */
  #intentToTell(actor: Actor, operation: Operation | undefined): Observation | undefined {
    const { observations, registration } = actor.state
    if (observations.length === 0 || registration === undefined) return undefined
    const isToWrite = (intent: Observation): boolean => wayOfAttributes(intent, registration.lwm2mVersion) === 'write'
    if (operation === undefined) return observations.find((intent) => intent.state === 'wanted' || isToWrite(intent))
    if (!isObserve(operation.kind)) return undefined
    return observations.find((intent) => intent.path === operation.path && isToWrite(intent))
  }

  takeHeld(): readonly Actor[] {
    if (this.#held.size === 0) return []
    const held = [...this.#held]
    this.#held.clear()
    // One that was let go meanwhile is read anew when it is heard.
    return held.filter(
      (actor) => this.#engine.actors.find({ by: 'endpoint', endpoint: actor.state.endpoint }) === actor,
    )
  }

  /** Takes a request back; nothing is heard of it any more. */
  withdraw(now: Instant, actor: Actor, id: RequestId): void {
    this.#open.delete(id)
    if (isOf(actor.outstanding, id)) actor.outstanding = undefined
    this.#engine.coap.cancel(now, id)
  }

  /** Takes back whatever the device is being asked or told. */
  withdrawAll(now: Instant, actor: Actor): void {
    if (actor.outstanding?.of === 'configuration') this.#telling.withdraw(now, actor)
    else if (actor.outstanding !== undefined) this.withdraw(now, actor, actor.outstanding.request)
  }

  /**
   * Takes back what the device was asked on behalf of an operation or intent that is no more, before it registered
   * anew, or before it left.
   */
  withdrawOrphan(now: Instant, actor: Actor): void {
    const { outstanding, state } = actor
    if (outstanding === undefined) return
    if (outstanding.of === 'configuration') {
      if (!state.configurationObservers.includes(outstanding.observer)) this.#telling.withdraw(now, actor)
      return
    }
    const isWanted =
      outstanding.of === 'operation'
        ? state.operations.some(({ id, messageId }) => id === outstanding.operation.id && messageId !== undefined)
        : outstanding.of === 'inquiry'
          ? inquiryOf(state, this.#engine.settings, now) === outstanding.path
          : state.observations.some(({ token }) => token === outstanding.token)
    if (!isWanted || state.registration === undefined) this.withdraw(now, actor, outstanding.request)
  }

  outcome(now: Instant, id: RequestId, outcome: RequestOutcome): void {
    const open = this.#open.get(id)
    if (open === undefined) return
    this.#open.delete(id)
    const { actor, of } = open
    const sleep = of.of === 'rest' ? undefined : sleepSign(now, actor, of, outcome)
    if (outcome.outcome === 'response') actor.lastUplink = now
    actor.silent = outcome.outcome === 'timeout'
    if (of.of === 'rest') {
      this.#restArrived(now, actor, of.input, outcome)
      return
    }
    if (isOf(actor.outstanding, id)) actor.outstanding = undefined
    const kept = of.of === 'operation' ? of.operation : of.kept
    const answer = answerOf(now, kept, of.asked, outcome, this.#engine.views.of(actor.state))
    const answered = { answer, ...sleep, ...this.#deferred(outcome) }
    const withAttributes = of.asked.query !== undefined
    switch (of.of) {
      case 'operation': {
        const operationId = of.operation.id
        return this.#engine.give(now, actor, { input: 'outcome', operationId, withAttributes, ...answered })
      }
      case 'attributes':
        return this.#engine.give(now, actor, { input: 'attributed', path: of.path, ...answered })
      case 'observation':
        return this.#engine.give(now, actor, { input: 'observed', path: of.path, withAttributes, ...answered })
      case 'inquiry':
        return this.#engine.give(now, actor, { input: 'inquired', path: of.path, ...answered })
    }
  }

  /** An answer that came as a message of its own is acknowledged once its effect is durable (ARCHITECTURE §1.2). */
  #deferred(outcome: RequestOutcome): { readonly exchange?: ExchangeId } {
    if (outcome.outcome !== 'response' || outcome.response.exchange === 0) return {}
    const { exchange } = outcome.response
    this.#engine.coap.defer(exchange)
    return { exchange }
  }

  /** The device has taken another block of a package. */
  uploaded(now: Instant, id: RequestId, offset: number, blockSize: number): void {
    const open = this.#open.get(id)
    if (open?.of.of !== 'operation' || open.of.asked.body === undefined) return
    open.actor.lastUplink = now
    const { size } = open.of.asked.body
    const input = {
      input: 'block-pushed',
      isOwn: true,
      offset: offset - blockSize,
      length: blockSize,
      size,
      blockSize,
    } as const
    this.#engine.give(now, open.actor, input)
  }

  /** Block2 of a notification: the rest of the body, then the notification whole (RFC 7959 §2.6). */
  fetchRest(now: Instant, actor: Actor, observation: Observation, input: Notification): void {
    const request = observeRequestOf(observation, this.#engine.views.of(actor.state))
    if (isRefusal(request)) {
      this.#engine.coap.acknowledge(now, input.exchange)
      return
    }
    const ticket = this.#engine.coap.fetchRest(now, input.exchange, request)
    this.#open.set(ticket.id, { actor, of: { of: 'rest', input } })
  }

  #restArrived(now: Instant, actor: Actor, input: Notification, outcome: RequestOutcome): void {
    if (outcome.outcome === 'cancelled') return
    const answered = this.#deferred(outcome)
    if (outcome.outcome !== 'response' || !isSuccess(outcome.response.code)) {
      return this.#engine.give(now, actor, { input: 'rest-missed', token: input.token, ...answered })
    }
    const { code, payload } = outcome.response
    const { exchange = 0 } = answered
    this.#engine.give(now, actor, { ...input, exchange, code, payload: payload.slice(), more: false })
  }

  #send(now: Instant, actor: Actor, peer: Peer, operation: Operation, notAfter: Instant): ActorInput {
    const way = transmissionOf(operation, now)
    if (way.way === 'outcome-unknown') {
      return failed(operation, 'outcome-unknown', 'it was sent, no answer came, and running it twice could do harm')
    }
    if (isObserve(operation.kind) && !actor.state.observations.some(({ path }) => path === operation.path)) {
      return failed(operation, 'superseded', 'the observation was cancelled before the device was asked for it')
    }
    const request = this.#requestOf(actor, operation)
    if (isRefusal(request)) return failed(operation, 'device-gone', request.message)
    const ticket = this.#engine.coap.prepare(now, peer, {
      ...request,
      notAfter: way.way === 'repeat' ? instantOf(Math.min(notAfter, way.until)) : notAfter,
      ...(way.way === 'repeat' ? { repeats: { messageId: way.messageId, token: bytesOfHex(way.token)! } } : {}),
    })
    const outstanding: OutstandingRequest = {
      of: 'operation',
      request: ticket.id,
      operation,
      asked: request,
      sentAt: now,
    }
    actor.outstanding = outstanding
    this.#open.set(ticket.id, { actor, of: outstanding })
    return {
      input: 'transmit',
      operation,
      request: ticket.id,
      messageId: ticket.messageId,
      token: hexOf(ticket.token),
    }
  }

  #requestOf(actor: Actor, operation: Operation): OutboundRequest | Refusal {
    const view = this.#engine.views.of(actor.state)
    const sha256 = imageOfValue(operation.value)
    if (sha256 !== undefined) {
      const body = this.#engine.output.image(imageKeyOf(sha256))
      if (body === undefined) return refuse('value.not-expressible', 'The image is gone or damaged.')
      return packageRequestOf(operation, view, body, actor.state.update?.fetched ?? 0)
    }
    if (!isObserve(operation.kind) && operation.kind !== 'cancel-observe') return requestOf(operation, view)
    const observation = actor.state.observations.find(({ path }) => path === operation.path)
    const request =
      isObserve(operation.kind) && observation !== undefined
        ? observeRequestOf(observation, view, operation.kind)
        : requestOf(operation, view)
    if (observation === undefined || isRefusal(request)) return request
    return { ...request, token: bytesOfHex(observation.token)! }
  }

  /** Asks for an observation, or tells the attributes that have to be there before it. */
  #tell(now: Instant, actor: Actor, peer: Peer, observation: Observation, notAfter: Instant): void {
    const view = this.#engine.views.of(actor.state)
    const isToWrite = wayOfAttributes(observation, view.version) === 'write'
    const kept = isToWrite ? attributesOperation(observation) : observeOperation(observation.path)
    const request = isToWrite ? requestOf(kept, view) : observeRequestOf(observation, view)
    if (isRefusal(request)) return
    const token = isToWrite ? {} : { token: bytesOfHex(observation.token)! }
    const ticket = this.#engine.coap.request(now, peer, { ...request, ...token, notAfter })
    const outstanding: OutstandingRequest = {
      of: isToWrite ? 'attributes' : 'observation',
      request: ticket.id,
      path: observation.path,
      token: observation.token,
      kept,
      asked: request,
      sentAt: now,
    }
    actor.outstanding = outstanding
    this.#open.set(ticket.id, { actor, of: outstanding })
  }

  #inquire(now: Instant, actor: Actor, peer: Peer, path: string, notAfter: Instant): void {
    const kept = { kind: 'read', path } as const
    const request = requestOf(kept, this.#engine.views.of(actor.state))
    if (isRefusal(request)) return
    this.#inquiries.spend()
    const ticket = this.#engine.coap.request(now, peer, { ...request, notAfter })
    const outstanding: OutstandingRequest = {
      of: 'inquiry',
      request: ticket.id,
      path,
      kept,
      asked: request,
      sentAt: now,
    }
    actor.outstanding = outstanding
    this.#open.set(ticket.id, { actor, of: outstanding })
  }

  /** Until when the device hears us; undefined where it cannot be reached at all. */
  #listensUntil(now: Instant, actor: Actor): Instant | undefined {
    const { registration } = actor.state
    if (registration === undefined || registration.expiresAt <= now) return undefined
    if (!registration.queueMode) return registration.expiresAt
    const { awakeWindow } = actor.profile
    const powerSaving = actor.state.device?.learned?.powerSaving
    const window = listeningWindow({ awakeWindow, ...(powerSaving === undefined ? {} : { powerSaving }) })
    return window === Number.POSITIVE_INFINITY ? registration.expiresAt : after(actor.lastUplink, window)
  }

  #peerOf(actor: Actor): Peer | undefined {
    const { registration } = actor.state
    if (actor.peer !== undefined || registration === undefined) return actor.peer
    if (registration.secured) {
      // Its association is in the store: once found, the actor is free to go on.
      this.#engine.findSecured(actor.state.endpoint)
      return undefined
    }
    const peer = peerOfPath(this.#engine.output.pathOf(registration, false))
    this.#engine.actors.bind(actor, peer)
    return peer
  }
}

function isOf(outstanding: Outstanding | undefined, id: RequestId): boolean {
  return outstanding !== undefined && outstanding.of !== 'configuration' && outstanding.request === id
}

/** Who speaks CoAP and no LwM2M says nothing of its sleep: its network's window is all there is to go by. */
function unregisteredUntil({ state, profile, lastUplink }: Actor): Instant | undefined {
  if (state.registration !== undefined) return undefined
  return profile.awakeWindow === 'always' ? never : after(lastUplink, profile.awakeWindow)
}

/** A body of several blocks says nothing: each of them was an exchange of its own. */
function sleepSign(
  now: Instant,
  { lastUplink, profile }: Actor,
  { asked, sentAt }: OutstandingRequest,
  outcome: RequestOutcome,
): { sleep?: SleepSign } {
  if (asked.body !== undefined || (asked.payload?.length ?? 0) > profile.blockSize) return {}
  switch (outcome.outcome) {
    case 'response': {
      if (outcome.response.payload.length > profile.blockSize) return {}
      return { sleep: { sign: 'answered', after: between(lastUplink, now) } }
    }
    case 'asleep':
      return { sleep: { sign: 'missed', after: between(lastUplink, sentAt) } }
    case 'timeout':
      return outcome.acknowledged ? {} : { sleep: { sign: 'missed', after: between(lastUplink, sentAt) } }
    default:
      return {}
  }
}

function failed(
  operation: Operation,
  reason: 'outcome-unknown' | 'device-gone' | 'superseded',
  detail: string,
): ActorInput {
  const answer: OperationAnswer = { answer: 'failed', reason, detail, quirks: [] }
  return { input: 'outcome', operationId: operation.id, answer, withAttributes: false }
}
