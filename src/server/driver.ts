/**
 * Turns the crank of the engine: one input, all its effects, the next input. Owns the one real timer and
 * the rhythm of turns (receive a burst, load, commit, answer, flush).
 */
import type { Bytes } from '../base/bytes.ts'
import type { Log } from '../base/log.ts'
import type { Metrics } from '../base/metrics.ts'
import { never, type Duration, type Instant } from '../base/time.ts'
import type { BodySource } from '../coap/types.ts'
import type { Engine } from '../engine/engine.ts'
import type { Principal } from '../dtls/principal.ts'
import type { CredentialAnswer, CredentialQuery, HandshakeReport } from '../dtls/sink.ts'
import type {
  AssociationKey,
  CommitTicket,
  EngineOutput,
  LoadTicket,
  RecallTicket,
  RemoteEndpoint,
} from '../engine/ports.ts'
import type { StoredAssociation } from '../fleet/associations/types.ts'
import type { Command, CommandResult, Commands } from '../fleet/commands.ts'
import type { EventDraft, FleetEvent } from '../fleet/events/types.ts'
import type { EndpointName } from '../fleet/registry/types.ts'
import type { Store, StoreOp } from '../fleet/store.ts'
import { Committer } from './committer.ts'
import type { Transport, TransportHandler } from './transport.ts'

/** Devices looked at in one sweep or one step of recovery; the rest follow in the next turn. */
const devicesAStep = 256
/** Rounds of load and commit before sockets and timers get their turn again. */
const roundsATurn = 8
/** Longest sleep of the timer: Node's limit is 2^31 ms. */
const longestSleep = 60_000

export interface DriverOptions {
  readonly store: Store
  readonly now: () => Instant
  readonly batchLimit: number
  /** The most open operations of a device an actor starts with. */
  readonly operationsLimit: number
  /** How long after its lifetime a registration still counts. */
  readonly grace: Duration
  readonly image: (key: string) => BodySource | undefined
  readonly publicUri: (secured: boolean) => string
  /** The credential a peer of a handshake has to prove, and the endpoint name it stands for. */
  readonly lookup: (query: CredentialQuery) => LookupResult
  readonly handshake: (now: Instant, report: HandshakeReport, remote: RemoteEndpoint | undefined) => void
  /** Whether the credential a stored association was opened with is still accepted. */
  readonly accepts: (association: StoredAssociation) => boolean
  readonly publish: (event: FleetEvent) => void
  readonly log: Log
  readonly metrics: Metrics
}

export interface LookupResult {
  readonly answer: CredentialAnswer
  readonly endpoint?: EndpointName
}

/** The sockets: the plain one, and the secured one where it is served. */
export interface Listeners {
  readonly plain: Transport
  readonly secured?: Transport
}

export class Driver implements EngineOutput, Commands {
  readonly #options: DriverOptions
  readonly #committer: Committer
  #loads: LoadTicket[] = []
  #lookups: { readonly ticket: number; readonly query: CredentialQuery }[] = []
  #recalls: RecallTicket[] = []
  #engine!: Engine
  #listeners!: Listeners
  #sweepAt: Instant | undefined
  #recoverAfter: number | undefined
  #turnScheduled = false
  #timer: NodeJS.Timeout | undefined
  #timerAt: Instant = never
  #stopped = false

  constructor(options: DriverOptions) {
    this.#options = options
    this.#committer = new Committer({
      commit: (ops) => options.store.commit(ops),
      batchLimit: options.batchLimit,
      log: options.log,
      metrics: options.metrics,
    })
  }

  /** Gives the driver what it drives, goes through the open operations of the last process, and runs. */
  start(engine: Engine, listeners: Listeners): void {
    this.#engine = engine
    this.#listeners = listeners
    this.#recoverAfter = 0
    this.#scheduleTurn()
  }

  /** Commits and sends what is under way, then does nothing any more. */
  stop(): void {
    this.#advance(this.#options.now())
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  // ——— from the transports ———

  /** What a socket tells its datagrams to. Paths of the two are told apart by their last bit. */
  handlerOf(listener: 'plain' | 'secured'): TransportHandler {
    const bit = listener === 'secured' ? 1 : 0
    return {
      receive: (now, path, buffer, start, end) => {
        if (this.#stopped) return
        if (bit === 1) this.#engine.receiveSecured(now, 2 * path + 1, buffer, start, end)
        else this.#engine.receive(now, 2 * path, buffer, start, end)
        this.#answer(now)
        if (this.#committer.pending >= this.#options.batchLimit) this.#flushCommits(now)
      },
      turn: (now) => this.#turn(now),
      // Associations follow their peer from path to path; only plain peers live and die with one.
      pathForgotten: (now, path) => {
        if (bit === 0) this.#engine.pathForgotten(now, 2 * path)
      },
      // ICMP is unauthenticated: it may speed up nothing and end nothing. Retransmission decides.
      unreachable: () => undefined,
    }
  }

  // ——— from the API ———

  submit<C extends Command>(command: C): Promise<CommandResult<C>> {
    const { promise, resolve, reject } = Promise.withResolvers<CommandResult<C>>()
    this.#engine.submit(this.#options.now(), command, { resolve, reject })
    this.#scheduleTurn()
    return promise
  }

  /** Ends everything the identity has open, and its handshakes under way. */
  revoke(principal: Principal): void {
    this.#engine.secure?.revoke(this.#options.now(), principal)
    this.#scheduleTurn()
  }

  /** Why nothing can be promised just now, a sentence each. */
  obstacles(): readonly string[] {
    return this.#committer.failing ? ['the store takes no writes'] : []
  }

  /**
   * For what touches no device (images): durable when it returns; throws EnvironmentError. What waits is
   * committed first, so that events appear in the order of their ids.
   */
  commitNow(ops: readonly StoreOp[], events: readonly EventDraft[] = []): void {
    const now = this.#options.now()
    this.#advance(now)
    const appended = events.map((draft) => ({ ...draft, id: this.#engine.nextEventId(), at: now }))
    this.#options.store.commit([...ops, ...appended.map((event) => ({ op: 'event.append', event }) as const)])
    for (const event of appended) this.#options.publish(event)
  }

  // ——— effects of the engine ———

  send(path: number, buffer: Bytes, start: number, end: number): void {
    this.#transportOf(path)?.send(Math.floor(path / 2), buffer, start, end)
  }

  load(ticket: LoadTicket): void {
    this.#loads.push(ticket)
  }

  commit(ticket: CommitTicket, ops: readonly StoreOp[]): void {
    this.#committer.add(ticket, ops)
  }

  sweep(now: Instant): void {
    this.#sweepAt = now
  }

  emit(event: FleetEvent): void {
    this.#options.publish(event)
  }

  addressOf(path: number): RemoteEndpoint | undefined {
    return this.#transportOf(path)?.addressOf(Math.floor(path / 2))
  }

  pathOf(remote: RemoteEndpoint, secured: boolean): number {
    const { plain, secured: dtls } = this.#listeners
    return secured && dtls !== undefined ? 2 * dtls.pathOf(remote) + 1 : 2 * plain.pathOf(remote)
  }

  lookup(ticket: number, query: CredentialQuery): void {
    this.#lookups.push({ ticket, query })
  }

  recall(ticket: RecallTicket): void {
    this.#recalls.push(ticket)
  }

  handshake(now: Instant, report: HandshakeReport): void {
    this.#options.handshake(now, report, this.addressOf(report.path))
  }

  image(key: string): BodySource | undefined {
    return this.#options.image(key)
  }

  publicUri(secured: boolean): string {
    return this.#options.publicUri(secured)
  }

  // ——— turns ———

  #turn(now: Instant): void {
    if (!this.#stopped) this.#advance(now)
  }

  #advance(now: Instant): void {
    if (this.#engine.nextDeadline() <= now) this.#engine.expire(now)
    if (this.#sweepAt !== undefined) this.#sweep(now)
    if (this.#recoverAfter !== undefined) this.#recover(now, this.#recoverAfter)
    this.#answer(now)
    for (let round = 0; round < roundsATurn && this.#committer.pending > 0; round++) {
      this.#flushCommits(now)
      this.#answer(now)
    }
    this.#listeners.plain.flush()
    this.#listeners.secured?.flush()
    if (this.#committer.pending > 0 || this.#recoverAfter !== undefined) this.#scheduleTurn()
    this.#armTimer(now)
  }

  /** What the engine asked the store for, until it asks for nothing more. */
  #answer(now: Instant): void {
    const { store, operationsLimit } = this.#options
    while (this.#loads.length + this.#lookups.length + this.#recalls.length > 0) {
      const [loads, lookups, recalls] = [this.#loads, this.#lookups, this.#recalls]
      this.#loads = []
      this.#lookups = []
      this.#recalls = []
      for (const ticket of loads) this.#engine.loaded(now, ticket, store.snapshot(ticket.key, operationsLimit))
      for (const { ticket, query } of lookups) {
        const { answer, endpoint } = this.#options.lookup(query)
        this.#engine.credentials(now, ticket, answer, endpoint)
      }
      for (const ticket of recalls) {
        const stored = this.#storedAssociation(ticket.key)
        const isAccepted = stored !== undefined && this.#options.accepts(stored)
        this.#engine.recalled(now, ticket, isAccepted ? stored : undefined)
      }
    }
  }

  #storedAssociation(key: AssociationKey): StoredAssociation | undefined {
    const { store } = this.#options
    switch (key.by) {
      case 'cid':
        return store.associationByCid(key.cid)
      case 'address':
        return store.associationByAddress(key.address, key.port)
      case 'endpoint':
        return store.associationByEndpoint(key.endpoint)
    }
  }

  #transportOf(path: number): Transport | undefined {
    return path % 2 === 1 ? this.#listeners.secured : this.#listeners.plain
  }

  #flushCommits(now: Instant): void {
    this.#committer.flush({
      committed: (ticket) => this.#engine.committed(now, ticket),
      commitFailed: (ticket, error) => this.#engine.commitFailed(now, ticket, error),
    })
  }

  #sweep(now: Instant): void {
    this.#sweepAt = undefined
    this.#engine.due(now, this.#options.store.devicesDue(now, devicesAStep, this.#options.grace))
  }

  /** After a start: every device with open operations is looked at once, a step a turn. */
  #recover(now: Instant, after: number): void {
    const devices = this.#options.store.devicesWithOpenOperations(after, devicesAStep)
    for (const deviceId of devices) this.#engine.recover(now, deviceId)
    this.#recoverAfter = devices.length < devicesAStep ? undefined : devices.at(-1)
  }

  #scheduleTurn(): void {
    if (this.#turnScheduled || this.#stopped) return
    this.#turnScheduled = true
    setImmediate(() => {
      this.#turnScheduled = false
      this.#turn(this.#options.now())
    })
  }

  #armTimer(now: Instant): void {
    const next = this.#engine.nextDeadline()
    if (next === this.#timerAt && this.#timer !== undefined) return
    this.#timerAt = next
    clearTimeout(this.#timer)
    const wait = Math.min(Math.max(next - now, 0), longestSleep) as Duration
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#turn(this.#options.now())
    }, wait)
  }
}
