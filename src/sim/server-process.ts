/**
 * One life of a simulated server: the engine and what `server/driver` and `server/committer` do for it,
 * in virtual time. Ends at any of the crash points, with all that was not committed or not yet sent.
 */
import type { Bytes } from '../base/bytes.ts'
import { EnvironmentError } from '../base/errors.ts'
import { silentLog } from '../base/log.ts'
import { noMetrics } from '../base/metrics.ts'
import type { Random } from '../base/random.ts'
import { instantOf, type Instant } from '../base/time.ts'
import type { Settings } from '../config/tunables.ts'
import type { BodySource } from '../coap/types.ts'
import { Engine } from '../engine/engine.ts'
import type { CommandReply } from '../engine/inputs.ts'
import type { CommitTicket, EngineOutput, LoadTicket } from '../engine/ports.ts'
import type { Command } from '../fleet/commands.ts'
import type { FleetEvent } from '../fleet/events/types.ts'
import type { StoreOp } from '../fleet/store.ts'
import type { ObjectLibrary } from '../lwm2m/model/library.ts'
import type { Disk } from './disk.ts'
import type { Remote } from './link.ts'
import { PathBook } from './path-book.ts'

/**
 * before-commit: the transaction never began · after-commit: durable, nobody told · before-flush: told,
 * every datagram still in our own queue · mid-flush: half of them are out
 */
export const crashPoints = ['before-commit', 'after-commit', 'before-flush', 'mid-flush'] as const
export type CrashPoint = (typeof crashPoints)[number]

export interface ProcessOptions {
  readonly settings: Settings
  readonly random: Random
  readonly library: ObjectLibrary
  readonly disk: Disk
  readonly image: (key: string) => BodySource | undefined
  readonly publicUri: string
  readonly send: (to: Remote, datagram: Bytes) => void
  readonly emit: (event: FleetEvent) => void
  /** The process is no more. */
  readonly crashed: (at: CrashPoint) => void
}

/** As in the real driver. */
const devicesAStep = 256
const roundsATurn = 8

export class ServerProcess implements EngineOutput {
  readonly engine: Engine
  readonly #options: ProcessOptions
  readonly #paths: PathBook
  #loads: LoadTicket[] = []
  #commits: { readonly ticket: CommitTicket; readonly ops: readonly StoreOp[] }[] = []
  #outgoing: { readonly to: Remote; readonly datagram: Bytes }[] = []
  #sweepAt: Instant | undefined
  #recoverAfter: number | undefined = 0
  #crashAt: CrashPoint | undefined
  #now: Instant = instantOf(0)
  #dead = false

  constructor(options: ProcessOptions) {
    const { disk, library, random, settings } = options
    this.#options = options
    this.#paths = new PathBook(settings['udp.paths'], (path) => this.engine.pathForgotten(this.#now, path))
    this.engine = new Engine({
      settings,
      random,
      library,
      output: this,
      sequences: {
        deviceId: disk.store.lastDeviceId(),
        operationId: disk.store.lastOperationId(),
        eventId: disk.store.lastEventId(),
        updateId: disk.store.lastUpdateId(),
        associationId: disk.store.lastAssociationId(),
      },
      log: silentLog,
      metrics: noMetrics,
    })
  }

  /** Something waits for the next turn. */
  get isBusy(): boolean {
    return (
      this.#loads.length > 0 ||
      this.#commits.length > 0 ||
      this.#outgoing.length > 0 ||
      this.#sweepAt !== undefined ||
      this.#recoverAfter !== undefined
    )
  }

  /** Dies the next time it gets there. */
  crashAt(point: CrashPoint): void {
    this.#crashAt = point
  }

  /** Dies here. */
  kill(): void {
    this.#dead = true
  }

  receive(now: Instant, from: Remote, datagram: Bytes): void {
    this.#now = now
    this.engine.receive(now, this.#paths.pathOf(from), datagram, 0, datagram.length)
  }

  submit(now: Instant, command: Command, reply: CommandReply): void {
    this.engine.submit(now, command, {
      resolve: (result) => this.#dead || reply.resolve(result),
      reject: (error) => this.#dead || reply.reject(error),
    })
  }

  /** Timers, loads, one round of commits after the other, then everything that waits leaves. */
  turn(now: Instant): void {
    this.#now = now
    if (this.engine.nextDeadline() <= now) this.engine.expire(now)
    if (this.#sweepAt !== undefined) this.#sweep(now)
    if (this.#recoverAfter !== undefined) this.#recover(now, this.#recoverAfter)
    for (let round = 0; round < roundsATurn && (this.#loads.length > 0 || this.#commits.length > 0); round++) {
      this.#answerLoads(now)
      this.#flushCommits(now)
      if (this.#dead) return
    }
    this.#flushDatagrams()
  }

  // ——— effects of the engine ———

  send(path: number, buffer: Bytes, start: number, end: number): void {
    const to = this.#paths.remoteOf(path)
    if (to !== undefined) this.#outgoing.push({ to, datagram: buffer.slice(start, end) })
  }

  load(ticket: LoadTicket): void {
    this.#loads.push(ticket)
  }

  commit(ticket: CommitTicket, ops: readonly StoreOp[]): void {
    this.#commits.push({ ticket, ops })
  }

  sweep(now: Instant): void {
    this.#sweepAt = now
  }

  emit(event: FleetEvent): void {
    this.#options.emit(event)
  }

  addressOf(path: number): Remote | undefined {
    return this.#paths.remoteOf(path)
  }

  pathOf(remote: Remote): number {
    return this.#paths.pathOf(remote)
  }

  /** Plain CoAP only: nobody makes a handshake here. */
  lookup(): void {}

  recall(): void {}

  handshake(): void {}

  image(key: string): BodySource | undefined {
    return this.#options.image(key)
  }

  publicUri(): string {
    return this.#options.publicUri
  }

  // ——— turns ———

  #sweep(now: Instant): void {
    this.#sweepAt = undefined
    this.engine.due(now, this.#options.disk.store.devicesDue(now, devicesAStep))
  }

  #recover(now: Instant, after: number): void {
    const devices = this.#options.disk.store.devicesWithOpenOperations(after, devicesAStep)
    for (const deviceId of devices) this.engine.recover(now, deviceId)
    this.#recoverAfter = devices.length < devicesAStep ? undefined : devices.at(-1)
  }

  #answerLoads(now: Instant): void {
    const { disk, settings } = this.#options
    while (this.#loads.length > 0) {
      const tickets = this.#loads
      this.#loads = []
      for (const ticket of tickets) {
        this.engine.loaded(now, ticket, disk.store.snapshot(ticket.key, settings['operations.queued-per-device']))
      }
    }
  }

  #flushCommits(now: Instant): void {
    const batch = this.#commits.splice(0, this.#options.settings['commit.batch'])
    if (batch.length === 0 || this.#reached('before-commit')) return
    let failure: EnvironmentError | undefined
    try {
      this.#options.disk.commit(batch.flatMap(({ ops }) => ops))
    } catch (thrown) {
      if (!(thrown instanceof EnvironmentError)) throw thrown
      failure = thrown
    }
    if (this.#reached('after-commit')) return
    for (const { ticket } of batch) {
      if (failure === undefined) this.engine.committed(now, ticket)
      else this.engine.commitFailed(now, ticket, failure)
    }
  }

  #flushDatagrams(): void {
    const datagrams = this.#outgoing
    if (datagrams.length === 0) return
    this.#outgoing = []
    if (this.#reached('before-flush')) return
    const half = this.#reached('mid-flush') ? datagrams.length >> 1 : datagrams.length
    for (const { to, datagram } of datagrams.slice(0, half)) this.#options.send(to, datagram)
  }

  #reached(point: CrashPoint): boolean {
    if (this.#crashAt !== point) return false
    this.#crashAt = undefined
    this.#dead = true
    this.#options.crashed(point)
    return true
  }
}
