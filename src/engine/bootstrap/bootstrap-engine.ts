/**
 * The bootstrap server as a machine of its own, with a CoAP endpoint and DTLS associations of its own: what is proved
 * here counts for nothing at the other listeners, and a storm here starves none of them. Serves /bs, /bspack and
 * /.well-known/core, and walks each device through its run. One input, all effects through `BootstrapOutput`, next input.
 */
import { utf8, type Bytes } from '../../base/bytes.ts'
import type { EnvironmentError } from '../../base/errors.ts'
import { isFault, type Fault } from '../../base/fault.ts'
import type { Log } from '../../base/log.ts'
import { noMetrics } from '../../base/metrics.ts'
import type { Random } from '../../base/random.ts'
import { after, instantOf, milliseconds, seconds, type Instant } from '../../base/time.ts'
import { unknownPeerProfile, type Profile } from '../../config/profiles.ts'
import type { Settings } from '../../config/tunables.ts'
import { method, response as codes } from '../../coap/codes.ts'
import { CoapEndpoint } from '../../coap/endpoint.ts'
import { option } from '../../coap/options.ts'
import type {
  CoapSink,
  ExchangeId,
  InboundNotification,
  InboundRequest,
  OutboundResponse,
  Peer,
  PeerStanding,
  RequestId,
  RequestOutcome,
} from '../../coap/types.ts'
import { answerWellKnownCore, isWellKnownCore } from '../../coap/well-known.ts'
import type { DtlsCrypto } from '../../dtls/crypto.ts'
import type { DtlsOptions } from '../../dtls/options.ts'
import type { CredentialAnswer } from '../../dtls/sink.ts'
import type { StoredAssociation } from '../../fleet/associations/types.ts'
import { eventOf, type BootstrapDesk } from '../../fleet/bootstrap/desk.ts'
import { laidOut } from '../../fleet/bootstrap/layout.ts'
import { isListening, isOver, packed, pendingStep, stepRun, type BootstrapInput } from '../../fleet/bootstrap/rules.ts'
import type { BootstrapRun } from '../../fleet/bootstrap/types.ts'
import type { EventDraft } from '../../fleet/events/types.ts'
import type { EndpointName } from '../../fleet/registry/types.ts'
import type { StoreOp } from '../../fleet/store.ts'
import { guardedInventory } from '../../lwm2m/bootstrap/inventory.ts'
import { packPayload, type InstanceContent } from '../../lwm2m/bootstrap/messages.ts'
import { bootstrapCodes, packFormatFor, parseBootstrapRequest } from '../../lwm2m/bootstrap/request.ts'
import type { ObjectLibrary } from '../../lwm2m/model/library.ts'
import { isRefusal } from '../../lwm2m/refusal.ts'
import { isSecured, pathOfPeer, peerOfPath } from '../peers.ts'
import type { CommitTicket, LinkOutput, RecallTicket } from '../ports.ts'
import { SecureLink, type SecureLinkOwner } from '../secure-link.ts'
import { Ids } from '../state.ts'
import { bootstrapLinks } from './links.ts'
import { linkOps, linkOutput, type BootstrapOutput } from './output.ts'
import { RequestBudget } from './request-budget.ts'
import { Session } from './session.ts'
import { answerOf, contentOf, messageOf, modelFor } from './steps.ts'

export interface BootstrapEngineOptions {
  readonly settings: Settings
  readonly random: Random
  readonly output: BootstrapOutput
  readonly desk: Pick<BootstrapDesk, 'ask' | 'open' | 'rules'>
  readonly library: ObjectLibrary
  readonly log: Log
  readonly lastAssociationId: number
  /** Absent where only the plain listener is served. */
  readonly dtls?: { readonly options: DtlsOptions; readonly crypto: DtlsCrypto }
}

/** A client waits so long for the next message and then gives up (EXCHANGE_LIFETIME, RFC 7252 §4.8.2). */
const clientPatience = seconds(247)
const lookInterval = milliseconds(1000)

/** A change of a run that waits for the store, and what is said once it is durable. */
class Change {
  readonly session: Session
  readonly next: BootstrapRun
  readonly answer: { readonly exchange: ExchangeId; readonly response: OutboundResponse } | undefined
  constructor(session: Session, next: BootstrapRun, answer?: Change['answer']) {
    this.session = session
    this.next = next
    this.answer = answer
  }
}

export class BootstrapEngine implements CoapSink, SecureLinkOwner {
  readonly coap: CoapEndpoint
  readonly secure: SecureLink | undefined
  readonly output: LinkOutput
  readonly #options: BootstrapEngineOptions
  readonly #budget: RequestBudget
  readonly #sessions = new Map<EndpointName, Session>()
  readonly #open = new Map<RequestId, Session>()
  #nextLook: Instant = instantOf(0)

  constructor(options: BootstrapEngineOptions) {
    const { settings, random, log, dtls, output } = options
    this.#options = options
    this.#budget = new RequestBudget(settings['bootstrap.rate'])
    this.output = linkOutput(output)
    this.coap = new CoapEndpoint({ random, settings, sink: this, metrics: noMetrics, log })
    const ids = new Ids(
      { deviceId: 0, operationId: 0, eventId: 0, updateId: 0, associationId: options.lastAssociationId },
      random,
    )
    this.secure =
      dtls === undefined ? undefined : new SecureLink(this, ids, { ...dtls, random, log, metrics: noMetrics })
  }

  /** Devices on their way. */
  get size(): number {
    return this.#sessions.size
  }

  // ——— inputs of the driver ———

  receive(now: Instant, path: number, buffer: Bytes, start: number, end: number): void {
    this.coap.receive(now, peerOfPath(path), buffer, start, end)
  }

  receiveSecured(now: Instant, path: number, buffer: Bytes, start: number, end: number): void {
    this.secure?.receive(now, path, buffer, start, end)
  }

  credentials(now: Instant, ticket: number, answer: CredentialAnswer): void {
    this.secure?.credentials(now, ticket, answer)
  }

  recalled(now: Instant, ticket: RecallTicket, stored: StoredAssociation | undefined): void {
    this.secure?.recalled(now, ticket, stored)
  }

  /** A run of the last process goes on with its pending step. */
  recover(now: Instant, run: BootstrapRun): void {
    if (this.#sessions.has(run.endpoint)) return
    const peer = run.secured ? undefined : peerOfPath(this.output.pathOf(run, false))
    const session = new Session(run, peer)
    session.durable = true
    this.#sessions.set(run.endpoint, session)
    this.#proceed(now, session)
  }

  /** The device has registered with us anew. */
  registered(now: Instant, endpoint: EndpointName): void {
    const session = this.#sessions.get(endpoint)
    if (session === undefined || session.committing) return
    this.#take(now, session, { input: 'registered' })
    if (session.committing) this.#withdraw(now, session)
  }

  committed(now: Instant, ticket: CommitTicket): void {
    if (!(ticket instanceof Change)) {
      this.secure?.committed(now, ticket)
      return
    }
    const { session, next, answer } = ticket
    session.committing = false
    session.durable = true
    session.run = next
    if (answer !== undefined) this.coap.respond(now, answer.exchange, answer.response)
    if (isOver(next)) this.#sessions.delete(next.endpoint)
    else this.#proceed(now, session)
  }

  commitFailed(now: Instant, ticket: CommitTicket, _error: EnvironmentError): void {
    if (!(ticket instanceof Change)) {
      this.secure?.commitFailed(now, ticket)
      return
    }
    const { session, answer } = ticket
    session.committing = false
    session.stalled = true
    if (answer !== undefined) this.coap.dismiss(now, answer.exchange)
    if (!session.durable) this.#sessions.delete(session.run.endpoint)
  }

  expire(now: Instant): void {
    this.coap.expire(now)
    this.secure?.expire(now)
    if (now < this.#nextLook) return
    this.#nextLook = after(now, lookInterval)
    for (const session of this.#sessions.values()) {
      session.stalled = false
      if (!session.committing) this.#take(now, session, { input: 'tick' })
      this.#proceed(now, session)
    }
  }

  nextDeadline(): Instant {
    const link = this.secure?.dtls.nextDeadline() ?? Number.POSITIVE_INFINITY
    return Math.min(this.#nextLook, this.coap.nextDeadline(), link) as Instant
  }

  /** The transport has let go of an address. */
  pathForgotten(now: Instant, path: number): void {
    this.peerClosed(now, peerOfPath(path))
  }

  // ——— what the CoAP endpoint tells us ———

  send(now: Instant, peer: Peer, buffer: Bytes, start: number, end: number): void {
    if (isSecured(peer)) this.secure?.sendTo(now, peer, buffer, start, end)
    else this.output.send(pathOfPeer(peer), buffer, start, end)
  }

  request(now: Instant, request: InboundRequest): void {
    const { path, code } = request
    if (isWellKnownCore(path)) {
      if (code !== method.get) return this.#respond(now, request, { code: codes.methodNotAllowed })
      return this.#respond(now, request, answerWellKnownCore(bootstrapLinks, request))
    }
    const isPack = path[0] === 'bspack'
    if (path.length !== 1 || (path[0] !== 'bs' && !isPack)) return this.#respond(now, request, { code: codes.notFound })
    if (code !== (isPack ? method.get : method.post)) {
      return this.#respond(now, request, { code: codes.methodNotAllowed })
    }
    if (this.#budget.take(now)) this.#ask(now, request, isPack)
    else this.coap.dismiss(now, request.exchange)
  }

  notification(now: Instant, notification: InboundNotification): void {
    this.coap.reject(now, notification.exchange)
  }

  outcome(now: Instant, id: RequestId, outcome: RequestOutcome): void {
    const session = this.#open.get(id)
    if (session === undefined) return
    this.#open.delete(id)
    session.outstanding = undefined
    const index = pendingStep(session.run)
    if (index === undefined || session.committing) return
    const { run } = session
    const answer = answerOf(now, run, run.steps[index]!, outcome, modelFor(run, this.#options.library))
    this.#take(now, session, { input: 'answered', answer })
  }

  standingOf(peer: Peer): PeerStanding {
    if (isSecured(peer)) return 'secured'
    const address = this.output.addressOf(pathOfPeer(peer))?.address ?? ''
    return address === '::1' || address.startsWith('127.') ? 'reachable' : 'unverified'
  }

  profileOf(peer: Peer): Profile {
    if (this.secure === undefined || !isSecured(peer)) return unknownPeerProfile
    return this.secure.profileWithin(peer, unknownPeerProfile)
  }

  // ——— what the secured link tells us ———

  data(now: Instant, peer: Peer, buffer: Bytes, start: number, end: number): void {
    this.coap.receive(now, peer, buffer, start, end)
  }

  peerClosed(now: Instant, peer: Peer): void {
    for (const session of this.#sessions.values()) {
      if (session.peer !== peer) continue
      this.#withdraw(now, session)
      session.peer = undefined
    }
    this.coap.forget(now, peer)
  }

  peerMoved(now: Instant, peer: Peer): void {
    this.coap.doubtAddress(now, peer)
  }

  found(now: Instant, endpoint: EndpointName, peer: Peer | undefined): void {
    const session = this.#sessions.get(endpoint)
    if (session === undefined || peer === undefined) return
    session.peer = peer
    this.#proceed(now, session)
  }

  profileOfPath(): Profile {
    return unknownPeerProfile
  }

  // ——— within ———

  #ask(now: Instant, request: InboundRequest, isPack: boolean): void {
    const { peer, exchange } = request
    const secured = isSecured(peer)
    const proven = secured ? this.secure?.endpointOf(peer) : undefined
    const asked = parseBootstrapRequest(request.query, proven)
    if (isFault(asked)) return this.#refuse(now, request, asked)
    if (secured && asked.endpoint !== proven) return this.#refuse(now, request, mismatch)
    const format = isPack ? packFormatFor(request.options.uint(option.accept)) : undefined
    if (isPack && format === undefined) return this.#refuse(now, request, { fault: 'bootstrap.accept' })
    const known = this.#sessions.get(asked.endpoint)
    const isFull = known === undefined && this.#sessions.size >= this.#options.settings['bootstrap.open-runs']
    if (isFull || known?.committing === true) return this.coap.dismiss(now, exchange)
    const remote = (secured ? this.secure?.remoteOf(peer) : this.output.addressOf(pathOfPeer(peer))) ?? nowhere
    const reply = this.#options.desk.ask(asked, { secured, ...remote, now })
    if (reply.reply === 'later') return this.coap.dismiss(now, exchange)
    if (reply.reply === 'refused') {
      this.#options.output.commit({}, [], reply.events)
      return this.#refuse(now, request, { fault: reply.fault })
    }
    const session = known ?? new Session(reply.run, peer)
    this.#sessions.set(asked.endpoint, session)
    this.#withdraw(now, session)
    session.peer = peer
    if (format === undefined) {
      const response = isOver(reply.run) ? { code: codes.forbidden } : { code: codes.changed }
      return this.#commit(now, session, reply.run, reply.ops, reply.events, { exchange, response })
    }
    const response = this.#packOf(reply.run, format)
    const next = response.code === codes.content ? packed(reply.run, now) : reply.run
    // The run as it ends takes the place of the run as it began.
    const ops = [...reply.ops, { op: 'bootstrap.run.put', run: next } as const]
    this.#commit(now, session, next, ops, [...reply.events, eventOf(next)], { exchange, response })
  }

  #packOf(run: BootstrapRun, format: NonNullable<ReturnType<typeof packFormatFor>>): OutboundResponse {
    const { desk, library } = this.#options
    const whole = { ...run, enabler: '1.2' }
    const laid = laidOut(run.content, guardedInventory(run.assumedAccount))
    const instances = laid.map((one) => contentOf(one, whole, (endpoint, sealed) => desk.open(endpoint, sealed)))
    const isSealed = instances.includes('sealed')
    const payload = isSealed ? undefined : packPayload(instances as InstanceContent[], format, modelFor(whole, library))
    if (payload === undefined || isRefusal(payload)) return { code: codes.notAcceptable }
    return { code: codes.content, contentFormat: format, payload }
  }

  #take(now: Instant, session: Session, input: BootstrapInput): void {
    const next = stepRun(session.run, input, now, this.#options.desk.rules)
    if (next === session.run) return
    const ops: StoreOp[] = [{ op: 'bootstrap.run.put', run: next }]
    this.#commit(now, session, next, ops, isOver(next) ? [eventOf(next)] : [])
  }

  #commit(
    now: Instant,
    session: Session,
    next: BootstrapRun,
    ops: readonly StoreOp[],
    events: readonly EventDraft[],
    answer?: Change['answer'],
  ): void {
    const { settings, output } = this.#options
    session.committing = true
    const { peer } = session
    // The receive window goes with the effect of the message that moved it (ARCHITECTURE §4).
    const window = peer !== undefined && isSecured(peer) ? this.secure?.windowOp(now, peer) : undefined
    const keep = settings['bootstrap.kept-per-device']
    const trim: StoreOp = { op: 'bootstrap.run.trim', endpoint: next.endpoint, keep, total: settings['bootstrap.kept'] }
    const all = [...ops, ...(isOver(next) ? [trim] : []), ...(window === undefined ? [] : linkOps([window]))]
    output.commit(new Change(session, next, answer), all, events)
  }

  /** The pending step goes out, if the device can hear it. */
  #proceed(now: Instant, session: Session): void {
    const { run, peer } = session
    if (session.committing || session.stalled || session.outstanding !== undefined || !isListening(run)) return
    const index = pendingStep(run)
    const notAfter = after(run.heardAt, clientPatience)
    if (index === undefined || now >= notAfter) return
    if (peer === undefined) {
      if (run.secured) this.secure?.find(run.endpoint)
      return
    }
    const { library, desk } = this.#options
    const openKey = (endpoint: string, sealed: string): Bytes | undefined => desk.open(endpoint, sealed)
    const message = messageOf(run, run.steps[index]!, modelFor(run, library), openKey)
    if (isRefusal(message)) {
      const answer = { answer: 'inexpressible', detail: message.message } as const
      return this.#take(now, session, { input: 'answered', answer })
    }
    const { id } = this.coap.request(now, peer, { ...message, notAfter })
    session.outstanding = id
    this.#open.set(id, session)
  }

  #withdraw(now: Instant, session: Session): void {
    const id = session.outstanding
    if (id === undefined) return
    this.#open.delete(id)
    session.outstanding = undefined
    this.coap.cancel(now, id)
  }

  #refuse(now: Instant, request: InboundRequest, { fault, detail }: Fault): void {
    const code = bootstrapCodes[fault] ?? codes.badRequest
    this.#respond(now, request, { code, ...(detail !== undefined && { payload: utf8(detail) }) })
  }

  #respond(now: Instant, request: InboundRequest, response: OutboundResponse): void {
    this.coap.respond(now, request.exchange, response)
  }
}

const nowhere = { address: '', port: 0 }
const mismatch: Fault = { fault: 'bootstrap.endpoint-mismatch', detail: 'ep= is not the name of the credential' }
