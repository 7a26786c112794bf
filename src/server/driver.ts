/**
 * Turns the crank of the engine: one input, all its effects, the next input. Owns the one real timer and
 * the rhythm of turns (receive a burst, load, commit, answer, flush). Where questions to the store are
 * answered is its desk's business.
 */
import type { Bytes } from '../base/bytes.ts'
import { never, type Duration, type Instant } from '../base/time.ts'
import type { BodySource } from '../coap/types.ts'
import type { Principal } from '../dtls/principal.ts'
import type { CredentialQuery, HandshakeReport } from '../dtls/sink.ts'
import type { Engine } from '../engine/engine.ts'
import type { CommitTicket, EngineOutput, LoadTicket, RecallTicket, RemoteEndpoint } from '../engine/ports.ts'
import type { Command, CommandResult, Commands } from '../fleet/commands.ts'
import type { FleetEvent } from '../fleet/events/types.ts'
import type { StoreOp } from '../fleet/store.ts'
import type { FirmwareUpdate } from '../fleet/firmware/types.ts'
import type { Desk } from './desk.ts'
import type { DeviceReach } from './device-reach.ts'
import type { Transport, TransportHandler } from './transport.ts'

/** Longest sleep of the timer: Node's limit is 2^31 ms. */
const longestSleep = 60_000

export interface DriverOptions {
  readonly desk: Desk
  readonly now: () => Instant
  readonly image: (key: string) => BodySource | undefined
  readonly reach: Pick<DeviceReach, 'servers' | 'downloadPath'>
}

/** The sockets: the plain one, and the secured one where it is served. */
export interface Listeners {
  readonly plain: Transport
  readonly secured?: Transport
}

export class Driver implements EngineOutput, Commands {
  readonly #options: DriverOptions
  readonly #desk: Desk
  #engine!: Engine
  #listeners!: Listeners
  #turnScheduled = false
  #timer: NodeJS.Timeout | undefined
  #timerAt: Instant = never
  #stopped = false

  constructor(options: DriverOptions) {
    this.#options = options
    this.#desk = options.desk
  }

  /** Gives the driver what it drives, and runs. */
  start(engine: Engine, listeners: Listeners): void {
    this.#engine = engine
    this.#listeners = listeners
    this.scheduleTurn()
  }

  /** Commits and sends what is under way, then does nothing any more. */
  stop(): void {
    this.settle()
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  /** Commits and answers what is under way, now. */
  settle(): void {
    this.#advance(this.#options.now())
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
        this.#desk.afterInput(this.#engine, now)
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
    this.scheduleTurn()
    return promise
  }

  /** Ends everything the identity has open, and its handshakes under way. */
  revoke(principal: Principal): void {
    this.#engine.secure?.revoke(this.#options.now(), principal)
    this.scheduleTurn()
  }

  // ——— effects of the engine ———

  send(path: number, buffer: Bytes, start: number, end: number): void {
    this.#transportOf(path)?.send(Math.floor(path / 2), buffer, start, end)
  }

  load(ticket: LoadTicket): void {
    this.#desk.load(ticket)
  }

  commit(ticket: CommitTicket, ops: readonly StoreOp[]): void {
    this.#desk.commit(ticket, ops)
  }

  sweep(now: Instant): void {
    this.#desk.sweep(now)
  }

  emit(event: FleetEvent): void {
    this.#desk.emit(event)
  }

  lookup(ticket: number, query: CredentialQuery): void {
    this.#desk.lookup(ticket, query)
  }

  recall(ticket: RecallTicket): void {
    this.#desk.recall(ticket)
  }

  handshake(now: Instant, report: HandshakeReport): void {
    this.#desk.handshake(now, report, this.addressOf(report.path))
  }

  addressOf(path: number): RemoteEndpoint | undefined {
    return this.#transportOf(path)?.addressOf(Math.floor(path / 2))
  }

  pathOf(remote: RemoteEndpoint, secured: boolean): number {
    const { plain, secured: dtls } = this.#listeners
    return secured && dtls !== undefined ? 2 * dtls.pathOf(remote) + 1 : 2 * plain.pathOf(remote)
  }

  image(key: string): BodySource | undefined {
    return this.#options.image(key)
  }

  servers(remote: string | undefined): ReturnType<DeviceReach['servers']> {
    return this.#options.reach.servers(remote)
  }

  downloadPath(key: string, update: FirmwareUpdate): string {
    return this.#options.reach.downloadPath(key, update)
  }

  // ——— turns ———

  /** A turn as soon as the event loop comes round: something is to be done that no socket brought. */
  scheduleTurn(): void {
    if (this.#turnScheduled || this.#stopped) return
    this.#turnScheduled = true
    setImmediate(() => {
      this.#turnScheduled = false
      this.#turn(this.#options.now())
    })
  }

  #turn(now: Instant): void {
    if (!this.#stopped) this.#advance(now)
  }

  #advance(now: Instant): void {
    if (this.#engine.nextDeadline() <= now) this.#engine.expire(now)
    const isMore = this.#desk.turn(this.#engine, now)
    this.#listeners.plain.flush()
    this.#listeners.secured?.flush()
    if (isMore) this.scheduleTurn()
    this.#armTimer(now)
  }

  #transportOf(path: number): Transport | undefined {
    return (path & 1) === 1 ? this.#listeners.secured : this.#listeners.plain
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
