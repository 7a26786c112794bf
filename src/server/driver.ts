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
import type { CommitTicket, EngineOutput, LoadTicket, RemoteEndpoint } from '../engine/ports.ts'
import type { Command, CommandResult, Commands } from '../fleet/commands.ts'
import type { FleetEvent } from '../fleet/events/types.ts'
import type { EventDraft } from '../fleet/firmware/service.ts'
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
  readonly image: (key: string) => BodySource | undefined
  readonly publicUri: () => string
  readonly publish: (event: FleetEvent) => void
  readonly log: Log
  readonly metrics: Metrics
}

export class Driver implements EngineOutput, TransportHandler, Commands {
  readonly #options: DriverOptions
  readonly #committer: Committer
  #loads: LoadTicket[] = []
  #engine!: Engine
  #transport!: Transport
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
  start(engine: Engine, transport: Transport): void {
    this.#engine = engine
    this.#transport = transport
    this.#recoverAfter = 0
    this.#scheduleTurn()
  }

  /** Commits and sends what is under way, then does nothing any more. */
  stop(): void {
    this.#advance(this.#options.now())
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  // ——— from the transport ———

  receive(now: Instant, path: number, buffer: Bytes, start: number, end: number): void {
    if (this.#stopped) return
    this.#engine.receive(now, path, buffer, start, end)
    if (this.#loads.length > 0) this.#answerLoads(now)
    if (this.#committer.pending >= this.#options.batchLimit) this.#flushCommits(now)
  }

  turn(now: Instant): void {
    if (!this.#stopped) this.#advance(now)
  }

  pathForgotten(now: Instant, path: number): void {
    this.#engine.pathForgotten(now, path)
  }

  unreachable(): void {
    // ICMP is unauthenticated: it may speed up nothing and end nothing. Retransmission decides.
  }

  // ——— from the API ———

  submit<C extends Command>(command: C): Promise<CommandResult<C>> {
    const { promise, resolve, reject } = Promise.withResolvers<CommandResult<C>>()
    this.#engine.submit(this.#options.now(), command, { resolve, reject })
    this.#scheduleTurn()
    return promise
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
    this.#transport.send(path, buffer, start, end)
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
    return this.#transport.addressOf(path)
  }

  pathOf(remote: RemoteEndpoint): number {
    return this.#transport.pathOf(remote)
  }

  image(key: string): BodySource | undefined {
    return this.#options.image(key)
  }

  publicUri(): string {
    return this.#options.publicUri()
  }

  // ——— turns ———

  #advance(now: Instant): void {
    if (this.#engine.nextDeadline() <= now) this.#engine.expire(now)
    if (this.#sweepAt !== undefined) this.#sweep(now)
    if (this.#recoverAfter !== undefined) this.#recover(now, this.#recoverAfter)
    for (let round = 0; round < roundsATurn && (this.#loads.length > 0 || this.#committer.pending > 0); round++) {
      this.#answerLoads(now)
      this.#flushCommits(now)
    }
    this.#transport.flush()
    if (this.#loads.length > 0 || this.#committer.pending > 0 || this.#recoverAfter !== undefined) this.#scheduleTurn()
    this.#armTimer(now)
  }

  #answerLoads(now: Instant): void {
    while (this.#loads.length > 0) {
      const tickets = this.#loads
      this.#loads = []
      for (const ticket of tickets) {
        this.#engine.loaded(now, ticket, this.#options.store.snapshot(ticket.key, this.#options.operationsLimit))
      }
    }
  }

  #flushCommits(now: Instant): void {
    this.#committer.flush({
      committed: (ticket) => this.#engine.committed(now, ticket),
      commitFailed: (ticket, error) => this.#engine.commitFailed(now, ticket, error),
    })
  }

  #sweep(now: Instant): void {
    this.#sweepAt = undefined
    this.#engine.due(now, this.#options.store.devicesDue(now, devicesAStep))
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
      this.turn(this.#options.now())
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
      this.turn(this.#options.now())
    }, wait)
  }
}
