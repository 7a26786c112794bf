/**
 * One life of a simulated server: the engine and what `server/driver` and `server/committer` do for it,
 * in virtual time. Ends at any of the crash points, with all that was not committed or not yet sent.
 */
import type { Bytes } from '../base/bytes.ts'
import { EnvironmentError } from '../base/errors.ts'
import { silentLog, type Log } from '../base/log.ts'
import { noMetrics, type Metrics } from '../base/metrics.ts'
import type { Random } from '../base/random.ts'
import { instantOf, type Instant } from '../base/time.ts'
import type { Settings } from '../config/tunables.ts'
import type { BodySource } from '../coap/types.ts'
import type { DtlsCrypto } from '../dtls/crypto.ts'
import type { DtlsOptions } from '../dtls/options.ts'
import type { CredentialAnswer, CredentialQuery } from '../dtls/sink.ts'
import { Campaigns } from '../engine/campaigns/campaigns.ts'
import { Engine } from '../engine/engine.ts'
import type { CommandReply } from '../engine/inputs.ts'
import type { AssociationKey, CommitTicket, EngineOutput, LoadTicket, RecallTicket } from '../engine/ports.ts'
import type { StoredAssociation } from '../fleet/associations/types.ts'
import type { Command } from '../fleet/commands.ts'
import type { EventDraft, FleetEvent } from '../fleet/events/types.ts'
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

/** The secured listener: where it is there, every device comes through it. */
export interface SecuredDoor {
  readonly options: DtlsOptions
  readonly crypto: DtlsCrypto
  /** Credentials, and the endpoint name each stands for. */
  readonly lookup: (query: CredentialQuery) => CredentialAnswer
  /** What was found of an association that was asked for. */
  readonly recalled: (key: AssociationKey, stored: StoredAssociation | undefined) => void
  readonly log: Log
  readonly metrics: Metrics
}

export interface ProcessOptions {
  readonly settings: Settings
  readonly random: Random
  readonly library: ObjectLibrary
  readonly disk: Disk
  readonly image: (key: string) => BodySource | undefined
  readonly publicUri: string
  readonly send: (to: Remote, datagram: Bytes) => void
  readonly emit: (event: FleetEvent) => void
  readonly secured?: SecuredDoor | undefined
  /** The process is no more. */
  readonly crashed: (at: CrashPoint) => void
}

/** As in the real driver. */
const devicesAStep = 256
const roundsATurn = 8

export class ServerProcess implements EngineOutput {
  readonly engine: Engine
  readonly campaigns: Campaigns
  readonly #options: ProcessOptions
  readonly #paths: PathBook
  #loads: LoadTicket[] = []
  #lookups: { readonly ticket: number; readonly query: CredentialQuery }[] = []
  #recalls: RecallTicket[] = []
  #commits: { readonly ticket: CommitTicket; readonly ops: readonly StoreOp[] }[] = []
  #outgoing: { readonly to: Remote; readonly datagram: Bytes }[] = []
  #sweepAt: Instant | undefined
  #recoverAfter: number | undefined = 0
  #crashAt: CrashPoint | undefined
  #now: Instant = instantOf(0)
  #dead = false
  /** A campaign has more to do at once. */
  #campaignsPress = false

  constructor(options: ProcessOptions) {
    const { disk, library, random, secured, settings } = options
    this.#options = options
    this.#paths = new PathBook(settings['udp.paths'], (path) => {
      // As in the real driver: associations follow their peer from path to path.
      if (secured === undefined) this.engine.pathForgotten(this.#now, path)
    })
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
      log: secured?.log ?? silentLog,
      metrics: secured?.metrics ?? noMetrics,
      ...(secured === undefined ? {} : { dtls: { options: secured.options, crypto: secured.crypto } }),
    })
    this.engine.observationRules = disk.store.observationRules()
    this.campaigns = new Campaigns(
      {
        store: disk.store,
        commit: (ops, events) => this.#commitNow(ops, events),
        submit: (command, reply) => this.submit(this.#now, command, reply),
        octetsAt: () => ({ atHand: true }),
      },
      settings,
    )
  }

  /** Something waits for the next turn. */
  get isBusy(): boolean {
    return (
      this.#asksStore ||
      this.#commits.length > 0 ||
      this.#outgoing.length > 0 ||
      this.#sweepAt !== undefined ||
      this.#campaignsPress ||
      this.#recoverAfter !== undefined
    )
  }

  /** Something was asked of the store or of the credentials. */
  get #asksStore(): boolean {
    return this.#loads.length + this.#lookups.length + this.#recalls.length > 0
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
    const path = this.#paths.pathOf(from)
    if (this.#options.secured === undefined) this.engine.receive(now, path, datagram, 0, datagram.length)
    else this.engine.receiveSecured(now, path, datagram, 0, datagram.length)
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
    if (this.#sweepAt !== undefined || this.#campaignsPress) this.#turnCampaigns(now)
    if (this.#dead) return
    if (this.#sweepAt !== undefined) this.#sweep(now)
    if (this.#recoverAfter !== undefined) this.#recover(now, this.#recoverAfter)
    for (let round = 0; round < roundsATurn && (this.#asksStore || this.#commits.length > 0); round++) {
      this.#answer(now)
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

  lookup(ticket: number, query: CredentialQuery): void {
    this.#lookups.push({ ticket, query })
  }

  recall(ticket: RecallTicket): void {
    this.#recalls.push(ticket)
  }

  /** Devices keep their own log of handshakes. */
  handshake(): void {}

  image(key: string): BodySource | undefined {
    return this.#options.image(key)
  }

  /** The one listener of the simulation is plain or secured; each device is told what it is for it. */
  servers(): Record<string, string> {
    const { publicUri } = this.#options
    return { coap: publicUri, coaps: publicUri }
  }

  downloadPath(key: string): string {
    return `/d/${key}`
  }

  // ——— turns ———

  #sweep(now: Instant): void {
    this.#sweepAt = undefined
    this.engine.due(now, this.#options.disk.store.devicesDue(now, devicesAStep))
  }

  /** Once a second, and again while one presses; the store's failures are met again with the next turn. */
  #turnCampaigns(now: Instant): void {
    this.#campaignsPress = false
    try {
      this.#campaignsPress = this.campaigns.turn(now)
    } catch (error) {
      if (!(error instanceof EnvironmentError)) throw error
    }
  }

  /** As `server/control` does for what touches no device: what waits is committed first. */
  #commitNow(ops: readonly StoreOp[], drafts: readonly EventDraft[]): void {
    while (this.#commits.length > 0 && !this.#dead) this.#flushCommits(this.#now)
    this.#dieAt('before-commit')
    const events = drafts.map((draft) => ({ ...draft, id: this.engine.nextEventId(), at: this.#now }))
    this.#options.disk.commit([...ops, ...events.map((event) => ({ op: 'event.append', event }) as const)])
    this.#dieAt('after-commit')
    for (const event of events) this.#options.emit(event)
  }

  /** Whoever is at it goes no further. */
  #dieAt(point: CrashPoint): void {
    if (this.#dead || this.#reached(point)) {
      throw new EnvironmentError('server.down', 'the server is not running', { retriable: true })
    }
  }

  #recover(now: Instant, after: number): void {
    const devices = this.#options.disk.store.devicesToRecover(after, devicesAStep)
    for (const deviceId of devices) this.engine.recover(now, deviceId)
    this.#recoverAfter = devices.length < devicesAStep ? undefined : devices.at(-1)
  }

  /** What was asked for, until nothing more is. */
  #answer(now: Instant): void {
    const { disk, secured, settings } = this.#options
    while (this.#asksStore) {
      for (const ticket of this.#loads.splice(0)) {
        this.engine.loaded(now, ticket, disk.store.snapshot(ticket.key, settings['operations.queued-per-device']))
      }
      for (const { ticket, query } of this.#lookups.splice(0)) {
        this.engine.credentials(now, ticket, secured!.lookup(query))
      }
      for (const ticket of this.#recalls.splice(0)) {
        const stored = this.#storedAssociation(ticket.key)
        secured!.recalled(ticket.key, stored)
        this.engine.recalled(now, ticket, stored)
      }
    }
  }

  #storedAssociation(key: AssociationKey): StoredAssociation | undefined {
    const { store } = this.#options.disk
    switch (key.by) {
      case 'cid':
        return store.associationByCid(key.cid)
      case 'address':
        return store.associationByAddress(key.address, key.port)
      case 'endpoint':
        return store.associationByEndpoint(key.endpoint)
    }
  }

  #flushCommits(now: Instant): void {
    const batch = this.#commits.splice(0, this.#options.settings['commit.batch'])
    if (batch.length === 0 || this.#reached('before-commit')) return
    let failure: EnvironmentError | undefined
    try {
      const ops = batch.flatMap((each) => each.ops)
      this.#options.disk.commit(ops)
      this.campaigns.committed(ops)
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
