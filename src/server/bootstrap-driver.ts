/**
 * Turns the crank of the bootstrap server: one input, all its effects, the next input. It shares its thread with the
 * store: what it asks is answered within the turn, what it commits is durable at once.
 */
import type { Bytes } from '../base/bytes.ts'
import { EnvironmentError } from '../base/errors.ts'
import { never, type Instant } from '../base/time.ts'
import type { Principal } from '../dtls/principal.ts'
import type { CredentialQuery, HandshakeReport } from '../dtls/sink.ts'
import type { BootstrapEngine } from '../engine/bootstrap/bootstrap-engine.ts'
import type { BootstrapOutput } from '../engine/bootstrap/output.ts'
import type { CommitTicket, RecallTicket, RemoteEndpoint } from '../engine/ports.ts'
import type { EventDraft } from '../fleet/events/types.ts'
import type { EndpointName } from '../fleet/registry/types.ts'
import type { Store, StoreOp } from '../fleet/store.ts'
import { storedAssociation, type CredentialDesk } from './desk.ts'
import type { Transport, TransportHandler } from './transport.ts'

/** Milliseconds; the engine looks about itself once a second anyway. */
const longestSleep = 1000
/** Runs of the last process that are gone on with. */
const recoveredRuns = 100_000

export interface BootstrapDriverOptions {
  readonly store: Pick<Store, 'bootstrapAssociations' | 'openBootstrapRuns'>
  readonly commitNow: (ops: readonly StoreOp[], events?: readonly EventDraft[]) => void
  readonly credentials: CredentialDesk
  readonly handshake: (now: Instant, report: HandshakeReport, remote: RemoteEndpoint | undefined) => void
  readonly now: () => Instant
}

export interface BootstrapListeners {
  readonly plain?: Transport
  readonly secured?: Transport
}

export class BootstrapDriver implements BootstrapOutput {
  readonly #options: BootstrapDriverOptions
  #engine!: BootstrapEngine
  #listeners: BootstrapListeners = {}
  #done: { readonly ticket: CommitTicket; readonly error: EnvironmentError | undefined }[] = []
  #lookups: { readonly ticket: number; readonly query: CredentialQuery }[] = []
  #recalls: RecallTicket[] = []
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: BootstrapDriverOptions) {
    this.#options = options
  }

  /** Goes on with the runs of the last process. */
  start(engine: BootstrapEngine, listeners: BootstrapListeners): void {
    this.#engine = engine
    this.#listeners = listeners
    const now = this.#options.now()
    for (const run of this.#options.store.openBootstrapRuns(recoveredRuns)) engine.recover(now, run)
    this.#turn(now)
  }

  stop(): void {
    this.#turn(this.#options.now())
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  /** Paths of the two are told apart by their last bit. */
  handlerOf(listener: 'plain' | 'secured'): TransportHandler {
    const isPlain = listener === 'plain'
    return {
      receive: (now, path, buffer, start, end) => {
        if (this.#stopped) return
        if (isPlain) this.#engine.receive(now, 2 * path, buffer, start, end)
        else this.#engine.receiveSecured(now, 2 * path + 1, buffer, start, end)
        this.#settle(now)
      },
      turn: (now) => {
        if (!this.#stopped) this.#turn(now)
      },
      pathForgotten: (now, path) => {
        if (isPlain) this.#engine.pathForgotten(now, 2 * path)
      },
      unreachable: () => undefined,
    }
  }

  /** Ends everything the identity has open here, and its handshakes under way. */
  revoke(principal: Principal): void {
    const now = this.#options.now()
    this.#engine.secure?.revoke(now, principal)
    this.#turn(now)
  }

  /** A device has registered. Told in the middle of somebody's commit, so it is looked at in a turn of its own. */
  registered(endpoint: EndpointName): void {
    setImmediate(() => {
      if (this.#stopped) return
      const now = this.#options.now()
      this.#engine.registered(now, endpoint)
      this.#turn(now)
    })
  }

  // ——— effects of the engine ———

  send(path: number, buffer: Bytes, start: number, end: number): void {
    this.#transportOf(path)?.send(Math.floor(path / 2), buffer, start, end)
  }

  commit(ticket: CommitTicket, ops: readonly StoreOp[], events: readonly EventDraft[] = []): void {
    let error: EnvironmentError | undefined
    try {
      this.#options.commitNow(ops, events)
    } catch (thrown) {
      if (!(thrown instanceof EnvironmentError)) throw thrown
      error = thrown
    }
    this.#done.push({ ticket, error })
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

  addressOf(path: number): RemoteEndpoint | undefined {
    return this.#transportOf(path)?.addressOf(Math.floor(path / 2))
  }

  pathOf(remote: RemoteEndpoint, secured: boolean): number {
    const transport = secured ? this.#listeners.secured : this.#listeners.plain
    // Of a listener that is switched off nothing is heard, and nothing sent to it goes anywhere.
    return 2 * (transport?.pathOf(remote) ?? 0) + (secured ? 1 : 0)
  }

  // ——— turns ———

  #turn(now: Instant): void {
    if (this.#engine.nextDeadline() <= now) this.#engine.expire(now)
    this.#settle(now)
    this.#listeners.plain?.flush()
    this.#listeners.secured?.flush()
    this.#armTimer(now)
  }

  /** Answers until the engine asks for nothing more. */
  #settle(now: Instant): void {
    const { store, credentials } = this.#options
    while (this.#done.length + this.#lookups.length + this.#recalls.length > 0) {
      for (const { ticket, query } of this.#lookups.splice(0)) {
        this.#engine.credentials(now, ticket, credentials.lookup(query, 'bootstrap'))
      }
      for (const ticket of this.#recalls.splice(0)) {
        const stored = storedAssociation(store.bootstrapAssociations, ticket.key)
        const isAccepted = stored !== undefined && credentials.accepts(stored, 'bootstrap')
        this.#engine.recalled(now, ticket, isAccepted ? stored : undefined)
      }
      for (const { ticket, error } of this.#done.splice(0)) {
        if (error === undefined) this.#engine.committed(now, ticket)
        else this.#engine.commitFailed(now, ticket, error)
      }
    }
  }

  #transportOf(path: number): Transport | undefined {
    return (path & 1) === 1 ? this.#listeners.secured : this.#listeners.plain
  }

  #armTimer(now: Instant): void {
    clearTimeout(this.#timer)
    const next = this.#engine.nextDeadline()
    const wait = next === never ? longestSleep : Math.min(Math.max(next - now, 0), longestSleep)
    this.#timer = setTimeout(() => {
      if (!this.#stopped) this.#turn(this.#options.now())
    }, wait)
  }
}
