/**
 * Where the engine's questions to the store are answered and its effects made durable. The driver gives
 * it what the engine asked for; the desk comes back with the engine's next inputs. Here the desk of an
 * engine that shares its thread with the store.
 */
import type { Log } from '../base/log.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Duration, Instant } from '../base/time.ts'
import type { CredentialAnswer, CredentialQuery, HandshakeReport } from '../dtls/sink.ts'
import type { Engine } from '../engine/engine.ts'
import type { AssociationKey, CommitTicket, LoadTicket, RecallTicket, RemoteEndpoint } from '../engine/ports.ts'
import type { StoredAssociation } from '../fleet/associations/types.ts'
import type { CredentialPurpose } from '../fleet/credentials/types.ts'
import type { EventDraft, FleetEvent } from '../fleet/events/types.ts'
import type { EndpointName, VouchedFor } from '../fleet/registry/types.ts'
import type { Store, StoreOp } from '../fleet/store.ts'
import { Committer } from './committer.ts'

/** Devices looked at in one sweep or one step of recovery; the rest follow in the next turn. */
const devicesAStep = 256
/** Rounds of load and commit before sockets and timers get their turn again. */
const roundsATurn = 8

export interface Desk {
  load(ticket: LoadTicket): void
  commit(ticket: CommitTicket, ops: readonly StoreOp[]): void
  lookup(ticket: number, query: CredentialQuery): void
  recall(ticket: RecallTicket): void
  sweep(now: Instant): void
  emit(event: FleetEvent): void
  handshake(now: Instant, report: HandshakeReport, remote: RemoteEndpoint | undefined): void
  /** An input of the engine is over: answers what can be answered at once. */
  afterInput(engine: Engine, now: Instant): void
  /** A burst of inputs is over: commits and answers. True where more is to be done right away. */
  turn(engine: Engine, now: Instant): boolean
}

export interface LocalDeskOptions {
  readonly store: Store
  readonly batchLimit: number
  /** The most open operations of a device an actor starts with. */
  readonly operationsLimit: number
  /** How long after its lifetime a registration still counts. */
  readonly grace: Duration
  /** The credential a peer of a handshake has to prove, and the endpoint name it stands for. */
  readonly credentials: CredentialDesk
  /** What a credential says of the device it stands for, while that is not known. */
  readonly vouched: (endpoint: EndpointName) => VouchedFor | undefined
  readonly handshake: Desk['handshake']
  readonly publish: (event: FleetEvent) => void
  readonly log: Log
  readonly metrics: Metrics
}

export interface CredentialDesk {
  /** For management unless told; a credential for the other is unknown. */
  lookup(query: CredentialQuery, purpose?: CredentialPurpose): CredentialAnswer
  /** Whether the credential a stored association was opened with is still accepted. */
  accepts(association: StoredAssociation, purpose?: CredentialPurpose): boolean
}

export class LocalDesk implements Desk {
  readonly #options: LocalDeskOptions
  readonly #committer: Committer
  #loads: LoadTicket[] = []
  #lookups: { readonly ticket: number; readonly query: CredentialQuery }[] = []
  #recalls: RecallTicket[] = []
  #sweepAt: Instant | undefined
  /** The last device gone through after the start; undefined once all are. */
  #recoverAfter: number | undefined = 0

  constructor(options: LocalDeskOptions) {
    this.#options = options
    this.#committer = new Committer({
      commit: (ops) => options.store.commit(ops),
      batchLimit: options.batchLimit,
      log: options.log,
      metrics: options.metrics,
    })
  }

  /** The last attempt to commit failed. */
  get isFailing(): boolean {
    return this.#committer.failing
  }

  load(ticket: LoadTicket): void {
    this.#loads.push(ticket)
  }

  commit(ticket: CommitTicket, ops: readonly StoreOp[]): void {
    this.#committer.add(ticket, ops)
  }

  lookup(ticket: number, query: CredentialQuery): void {
    this.#lookups.push({ ticket, query })
  }

  recall(ticket: RecallTicket): void {
    this.#recalls.push(ticket)
  }

  sweep(now: Instant): void {
    this.#sweepAt = now
  }

  emit(event: FleetEvent): void {
    this.#options.publish(event)
  }

  handshake(now: Instant, report: HandshakeReport, remote: RemoteEndpoint | undefined): void {
    this.#options.handshake(now, report, remote)
  }

  afterInput(engine: Engine, now: Instant): void {
    const isFull = this.#committer.pending + this.#loads.length >= this.#options.batchLimit
    // A device that is to be read waits for the others of its burst; a handshake waits for nobody.
    if (isFull || this.#lookups.length + this.#recalls.length > 0) this.#answer(engine, now)
    if (this.#committer.pending >= this.#options.batchLimit) this.#flushCommits(engine, now)
  }

  turn(engine: Engine, now: Instant): boolean {
    if (this.#sweepAt !== undefined) this.#sweep(engine, now)
    if (this.#recoverAfter !== undefined) this.#recover(engine, now, this.#recoverAfter)
    this.#answer(engine, now)
    for (let round = 0; round < roundsATurn && this.#committer.pending > 0; round++) {
      this.#flushCommits(engine, now)
      this.#answer(engine, now)
    }
    return this.#committer.pending > 0 || this.#recoverAfter !== undefined
  }

  /** What touches no device is committed beside the engine: durable when it returns; throws EnvironmentError. */
  commitNow(engine: Engine, now: Instant, ops: readonly StoreOp[], events: readonly EventDraft[]): void {
    const appended = events.map((draft) => ({ ...draft, id: engine.nextEventId(), at: now }))
    this.#options.store.commit([...ops, ...appended.map((event) => ({ op: 'event.append', event }) as const)])
    for (const event of appended) this.#options.publish(event)
  }

  /** What the engine asked the store for, until it asks for nothing more. */
  #answer(engine: Engine, now: Instant): void {
    const { store, operationsLimit, credentials, vouched } = this.#options
    while (this.#loads.length + this.#lookups.length + this.#recalls.length > 0) {
      const [loads, lookups, recalls] = [this.#loads, this.#lookups, this.#recalls]
      this.#loads = []
      this.#lookups = []
      this.#recalls = []
      const load = () => {
        for (const ticket of loads) {
          const { key } = ticket
          const snapshot = store.snapshot(key, operationsLimit)
          const isNew = snapshot === undefined && key.by === 'endpoint'
          engine.loaded(now, ticket, snapshot, isNew ? vouched(key.endpoint) : undefined)
        }
      }
      if (loads.length > 1) store.together(load)
      else load()
      for (const { ticket, query } of lookups) engine.credentials(now, ticket, credentials.lookup(query))
      for (const ticket of recalls) {
        const stored = storedAssociation(store, ticket.key)
        const isAccepted = stored !== undefined && credentials.accepts(stored)
        engine.recalled(now, ticket, isAccepted ? stored : undefined)
      }
    }
  }

  #flushCommits(engine: Engine, now: Instant): void {
    this.#committer.flush({
      committed: (ticket) => engine.committed(now, ticket),
      commitFailed: (ticket, error) => engine.commitFailed(now, ticket, error),
    })
  }

  #sweep(engine: Engine, now: Instant): void {
    this.#sweepAt = undefined
    engine.due(now, this.#options.store.devicesDue(now, devicesAStep, this.#options.grace))
  }

  /** After a start: every device with open operations is looked at once, a step a turn. */
  #recover(engine: Engine, now: Instant, after: number): void {
    const devices = this.#options.store.devicesToRecover(after, devicesAStep)
    for (const deviceId of devices) engine.recover(now, deviceId)
    this.#recoverAfter = devices.length < devicesAStep ? undefined : devices.at(-1)
  }
}

export function storedAssociation(
  store: Pick<Store, 'associationByCid' | 'associationByAddress' | 'associationByEndpoint'>,
  key: AssociationKey,
): StoredAssociation | undefined {
  switch (key.by) {
    case 'cid':
      return store.associationByCid(key.cid)
    case 'address':
      return store.associationByAddress(key.address, key.port)
    case 'endpoint':
      return store.associationByEndpoint(key.endpoint)
  }
}
