/**
 * The deterministic heart: CoAP endpoint, device actors and what they decide, without a clock, a socket or
 * a disk. Contract for the driver: give one input (`receive`, `loaded`, `committed`, `commitFailed`, `due`,
 * `submit`, `expire`), then carry out every effect it put into `EngineOutput`, then give the next input.
 */
import type { Bytes } from '../base/bytes.ts'
import type { EnvironmentError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Random } from '../base/random.ts'
import { after, milliseconds, never, type Instant } from '../base/time.ts'
import type { Profile } from '../config/profiles.ts'
import type { Settings } from '../config/tunables.ts'
import { CoapEndpoint } from '../coap/endpoint.ts'
import type {
  CoapSink,
  InboundNotification,
  InboundRequest,
  NoticeOutcome,
  Peer,
  PeerStanding,
  RequestId,
  RequestOutcome,
} from '../coap/types.ts'
import type { DtlsCrypto } from '../dtls/crypto.ts'
import type { DtlsOptions } from '../dtls/options.ts'
import type { CredentialAnswer } from '../dtls/sink.ts'
import type { StoredAssociation } from '../fleet/associations/types.ts'
import type { Command } from '../fleet/commands.ts'
import type { EventId } from '../fleet/events/types.ts'
import type { ObservationRule } from '../fleet/observation-rules/types.ts'
import { statusRulesOf, type StatusRules } from '../fleet/registry/rules.ts'
import type { DeviceId, EndpointName, VouchedFor } from '../fleet/registry/types.ts'
import type { DeviceKey, DeviceSnapshot, StoreOp } from '../fleet/store.ts'
import type { ObjectLibrary } from '../lwm2m/model/library.ts'
import { Actor } from './actor.ts'
import { Actors } from './actors.ts'
import type { EngineCore } from './core.ts'
import { DeviceViews } from './device-view.ts'
import { Downlink } from './downlink.ts'
import { Effects } from './effects.ts'
import { FlightRecorder } from './flight-recorder.ts'
import { isAnswer, isInternal, spokeIn, type ActorInput, type CommandReply, type Sender } from './inputs.ts'
import { isSecured, nowhere, pathOfPeer, peerOfPath } from './peers.ts'
import { plan } from './plan.ts'
import type { CommitTicket, EngineOutput, LoadTicket, RecallTicket, Sequences, Share } from './ports.ts'
import { SecureLink, type SecureLinkOwner } from './secure-link.ts'
import { shed } from './shed.ts'
import { Ids, type Effect } from './state.ts'
import { Stalled } from './stalled.ts'
import { StoreAlarm } from './store-alarm.ts'
import { Uplink } from './uplink.ts'

export interface EngineOptions {
  readonly settings: Settings
  readonly random: Random
  readonly output: EngineOutput
  readonly library: ObjectLibrary
  readonly sequences: Sequences
  /** Where several engines share the store; alone otherwise. */
  readonly share?: Share
  readonly log: Log
  readonly metrics: Metrics
  /** Absent where only the plain listener is served. */
  readonly dtls?: { readonly options: DtlsOptions; readonly crypto: DtlsCrypto }
}

/** How often the store is asked for devices whose instant has come. */
const sweepInterval = milliseconds(1000)

export class Engine implements CoapSink, EngineCore, SecureLinkOwner {
  readonly coap: CoapEndpoint
  readonly actors: Actors
  readonly recorder: FlightRecorder
  readonly settings: Settings
  readonly views: DeviceViews
  readonly #statusRules: StatusRules
  readonly output: EngineOutput
  readonly #ids: Ids
  readonly secure: SecureLink | undefined
  readonly #uplink: Uplink
  readonly #downlink: Downlink
  readonly #effects: Effects
  readonly #alarm: StoreAlarm
  readonly #stalled = new Stalled()
  /** Registrations are held against these; the driver sets them. */
  observationRules: readonly ObservationRule[] = []
  #nextSweep: Instant | undefined
  #listeningSince: Instant | undefined

  constructor(options: EngineOptions) {
    this.settings = options.settings
    this.#statusRules = statusRulesOf(options.settings)
    this.views = new DeviceViews(options.library)
    this.output = options.output
    this.#ids = new Ids(options.sequences, options.random, options.share)
    this.recorder = new FlightRecorder(options.settings, (peer) => this.actors.ofPeer(peer)?.state.endpoint)
    this.actors = new Actors(options.settings['actors.awake'], this.#statusRules.profiles, (peer, endpoint) =>
      this.recorder.bind(peer, endpoint),
    )
    const { dtls, random, settings, log, metrics } = options
    this.coap = new CoapEndpoint({ random, settings, sink: this, metrics, log })
    this.secure = dtls === undefined ? undefined : new SecureLink(this, this.#ids, { ...dtls, random, log, metrics })
    this.#uplink = new Uplink(this, options.random)
    this.#downlink = new Downlink(this)
    this.#effects = new Effects(this, this.#downlink)
    this.#alarm = new StoreAlarm(this.#ids)
  }

  // ——— inputs of the driver ———

  /** A datagram of the plain listener; octets valid during the call only. */
  receive(now: Instant, path: number, buffer: Bytes, start: number, end: number): void {
    const peer = peerOfPath(path)
    this.recorder.record(now, peer, 'received', buffer, start, end)
    this.coap.receive(now, peer, buffer, start, end)
  }

  /** A datagram of the secured listener; octets valid during the call only. */
  receiveSecured(now: Instant, path: number, buffer: Bytes, start: number, end: number): void {
    this.secure?.receive(now, path, buffer, start, end)
  }

  /** Answer to `EngineOutput.lookup`: the credential; its holder is the endpoint name it stands for. */
  credentials(now: Instant, ticket: number, answer: CredentialAnswer): void {
    this.secure?.credentials(now, ticket, answer)
  }

  /** Answer to `EngineOutput.recall`. */
  recalled(now: Instant, ticket: RecallTicket, stored: StoredAssociation | undefined): void {
    this.secure?.recalled(now, ticket, stored)
  }

  /** An operator's command; `reply` hears once its effect is durable, or why there is none. */
  submit(now: Instant, command: Command, reply: CommandReply): void {
    this.deliver(now, { by: 'endpoint', endpoint: command.endpoint }, { input: 'command', command, reply })
  }

  /** Answer to `EngineOutput.load`; `vouched` of a name no device has, where a credential stands for it. */
  loaded(now: Instant, ticket: LoadTicket, snapshot: DeviceSnapshot | undefined, vouched?: VouchedFor): void {
    for (const { id } of snapshot?.operations ?? []) this.#ids.pass('operationId', id)
    const { actor, inputs } = this.actors.settle(ticket, snapshot, vouched)
    for (const input of inputs) {
      if (actor === undefined) this.#uplink.answerUnknownDevice(now, input)
      else this.give(now, actor, input)
    }
    this.actors.evict()
  }

  committed(now: Instant, ticket: CommitTicket): void {
    if (ticket instanceof Actor) {
      const { plan } = ticket.committing!
      ticket.committing = undefined
      this.#apply(now, ticket, plan.next, plan.ops, plan.effects)
      this.#proceed(now, ticket)
    } else if (this.secure?.committed(now, ticket) !== true) {
      this.#emit(this.#alarm.committed())
    }
    const ops = this.#alarm.storeRecovered(now)
    if (ops !== undefined) this.output.commit(this.#alarm.ticket, ops)
  }

  commitFailed(now: Instant, ticket: CommitTicket, error: EnvironmentError): void {
    this.#alarm.storeFailed(now, error)
    if (!(ticket instanceof Actor)) {
      this.secure?.commitFailed(now, ticket)
      return
    }
    const { input, plan } = ticket.committing!
    ticket.committing = undefined
    for (const effect of plan.effects) this.#effects.undo(now, ticket, effect, error, isInternal(input))
    if (isInternal(input) || input.input === 'transmit') this.#stalled.add(ticket, input)
    this.#proceed(now, ticket)
  }

  /** Answer to `EngineOutput.sweep`. */
  due(now: Instant, devices: readonly DeviceId[]): void {
    for (const deviceId of devices) this.deliver(now, { by: 'id', deviceId }, { input: 'due' })
  }

  /** For each device with open operations, once after the start: settles what the last process had sent. */
  recover(now: Instant, deviceId: DeviceId): void {
    this.deliver(now, { by: 'id', deviceId }, { input: 'recovered' })
  }

  /**
   * Another engine is to have the device: lets go of it and of its associations. True once nothing of it is
   * held or on its way to the store; false means to ask again after the next commit.
   */
  release(now: Instant, endpoint: EndpointName): boolean {
    const actor = this.actors.find({ by: 'endpoint', endpoint })
    if (actor?.committing !== undefined) return false
    if (actor !== undefined) {
      this.#downlink.withdrawAll(now, actor)
      this.actors.drop(actor)
      for (const input of actor.mailbox.splice(0)) this.give(now, actor, input)
    }
    return this.secure?.release(now, endpoint) ?? true
  }

  /** For an event that is committed beside the engine. */
  nextEventId(): EventId {
    return this.#ids.take('eventId')
  }

  expire(now: Instant): void {
    this.#listeningSince ??= now
    this.coap.expire(now)
    this.secure?.expire(now)
    if (this.#nextSweep === undefined || now >= this.#nextSweep) {
      this.#nextSweep = after(now, sweepInterval)
      for (const { actor, input } of this.#stalled.take()) {
        if (input !== undefined) this.give(now, actor, input)
        else if (actor.committing === undefined) this.#proceed(now, actor)
      }
      for (const actor of this.#downlink.takeHeld()) if (actor.committing === undefined) this.#proceed(now, actor)
      this.actors.evict(true)
      this.output.sweep(now)
    }
  }

  nextDeadline(): Instant {
    const sweep = this.#nextSweep ?? (0 as Instant)
    return Math.min(sweep, this.coap.nextDeadline(), this.secure?.dtls.nextDeadline() ?? never) as Instant
  }

  /** The transport has let go of an address: whatever is kept under it is dead. */
  pathForgotten(now: Instant, path: number): void {
    this.peerClosed(now, peerOfPath(path))
  }

  // ——— what the CoAP endpoint tells us ———

  send(now: Instant, peer: Peer, buffer: Bytes, start: number, end: number): void {
    this.recorder.record(now, peer, 'sent', buffer, start, end)
    if (isSecured(peer)) this.secure?.sendTo(now, peer, buffer, start, end)
    else this.output.send(pathOfPeer(peer), buffer, start, end)
  }

  request(now: Instant, request: InboundRequest): void {
    this.#uplink.request(now, request)
  }

  notification(now: Instant, notification: InboundNotification): void {
    this.#uplink.notification(now, notification)
  }

  /** Its radio is on: what is known as its silence ends, and its awake window begins anew. */
  repeated(now: Instant, peer: Peer): void {
    const actor = this.actors.ofPeer(peer)
    if (actor === undefined) return
    actor.lastUplink = now
    actor.silent = false
    if (actor.committing === undefined) this.#proceed(now, actor)
  }

  outcome(now: Instant, id: RequestId, outcome: RequestOutcome): void {
    this.#downlink.outcome(now, id, outcome)
  }

  notified(now: Instant, peer: Peer, token: Bytes, outcome: NoticeOutcome): void {
    this.#downlink.notified(now, peer, token, outcome)
  }

  uploaded(now: Instant, id: RequestId, offset: number, blockSize: number): void {
    this.#downlink.uploaded(now, id, offset, blockSize)
  }

  /** An association has proved who it is; of an address on this machine there is no doubt; of others there is. */
  standingOf(peer: Peer): PeerStanding {
    if (isSecured(peer)) return 'secured'
    const address = this.output.addressOf(pathOfPeer(peer))?.address ?? ''
    return address === '::1' || address.startsWith('127.') ? 'reachable' : 'unverified'
  }

  profileOf(peer: Peer): Profile {
    const profile = this.actors.profileOf(peer, isSecured(peer))
    return this.secure === undefined || !isSecured(peer) ? profile : this.secure.profileWithin(peer, profile)
  }

  // ——— what the secured link tells us ———

  data(now: Instant, peer: Peer, buffer: Bytes, start: number, end: number): void {
    this.recorder.record(now, peer, 'received', buffer, start, end)
    this.coap.receive(now, peer, buffer, start, end)
  }

  peerClosed(now: Instant, peer: Peer): void {
    this.coap.forget(now, peer)
    this.actors.forgetPeer(peer)
    this.recorder.forget(peer)
  }

  peerMoved(now: Instant, peer: Peer): void {
    this.coap.doubtAddress(now, peer)
  }

  found(now: Instant, endpoint: EndpointName, peer: Peer | undefined): void {
    const actor = this.actors.find({ by: 'endpoint', endpoint })
    if (actor === undefined) return
    // Without an association there is no way to reach it but to wait for its next handshake.
    if (peer === undefined) actor.silent = true
    else this.actors.bind(actor, peer)
    if (actor.committing === undefined) this.#proceed(now, actor)
  }

  profileOfPath(path: number): Profile {
    return this.actors.profileOfAddress(this.output.addressOf(path)?.address ?? '')
  }

  // ——— actors ———

  senderOf(peer: Peer): Sender {
    if (isSecured(peer)) {
      const remote = this.secure?.remoteOf(peer) ?? nowhere
      return { secured: true, peer, remote, endpoint: this.secure?.endpointOf(peer) }
    }
    return { secured: false, peer, remote: this.output.addressOf(pathOfPeer(peer)) ?? nowhere }
  }

  findSecured(endpoint: EndpointName): void {
    this.secure?.find(endpoint)
  }

  deliver(now: Instant, key: DeviceKey, input: ActorInput): void {
    const actor = this.actors.find(key)
    if (actor !== undefined) {
      this.give(now, actor, input)
      return
    }
    const waiting = this.actors.await(key, input, this.settings['actors.mailbox'])
    if (waiting === 'full') shed(now, this.coap, input)
    else if (waiting !== 'waiting') this.output.load(waiting)
  }

  give(now: Instant, actor: Actor, input: ActorInput): void {
    if (actor.isGone) {
      // Commands find the device where it is now; its own messages do when they are repeated.
      if (input.input !== 'command') shed(now, this.coap, input)
      else this.deliver(now, { by: 'endpoint', endpoint: actor.state.endpoint }, input)
      return
    }
    actor.used = true
    if (actor.committing === undefined) this.#run(now, actor, input)
    else if (actor.mailbox.length < this.settings['actors.mailbox'] || isInternal(input)) actor.mailbox.push(input)
    else shed(now, this.coap, input)
    if (actor.committing === undefined) this.#proceed(now, actor)
  }

  #run(now: Instant, actor: Actor, input: ActorInput): void {
    const result = plan(actor.state, input, now, {
      ids: this.#ids,
      views: this.views,
      settings: this.settings,
      statusRules: this.#statusRules,
      observationRules: this.observationRules,
      listeningSince: this.#listeningSince ?? now,
      reach: this.output,
    })
    if (result.ops.length === 0) {
      this.#apply(now, actor, result.next, result.ops, result.effects)
    } else {
      actor.committing = { input, plan: result }
      this.output.commit(actor, this.#withWindow(now, actor, input, result.ops))
    }
  }

  /** The receive window of the message goes with its effect: after a crash it cannot run again (ARCHITECTURE §4). */
  #withWindow(now: Instant, actor: Actor, input: ActorInput, ops: readonly StoreOp[]): readonly StoreOp[] {
    const peer = spokeIn(input) ?? (isAnswer(input) ? actor.peer : undefined)
    if (peer === undefined || !isSecured(peer)) return ops
    const window = this.secure?.windowOp(now, peer)
    return window === undefined ? ops : [...ops, window]
  }

  /** The actor is free: its next input, or else its next downlink. */
  #proceed(now: Instant, actor: Actor): void {
    while (actor.committing === undefined) {
      const input = actor.mailbox.shift() ?? this.#downlink.next(now, actor)
      if (input === undefined) return
      this.#run(now, actor, input)
    }
  }

  #apply(now: Instant, actor: Actor, next: Actor['state'], ops: readonly StoreOp[], effects: readonly Effect[]): void {
    this.actors.apply(actor, next)
    this.#downlink.withdrawOrphan(now, actor)
    for (const effect of effects) this.#effects.carryOut(now, actor, effect)
    this.#emit(ops)
  }

  #emit(ops: readonly StoreOp[]): void {
    for (const op of ops) if (op.op === 'event.append') this.output.emit(op.event)
  }
}
