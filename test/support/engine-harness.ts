/**
 * An engine with a store in memory and devices on the other end, in virtual time: commits happen when the
 * test says so, so that it can look at what is answered before and after.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { EnvironmentError } from '../../src/base/errors.ts'
import { textOf } from '../../src/base/bytes.ts'
import { silentLog } from '../../src/base/log.ts'
import { noMetrics } from '../../src/base/metrics.ts'
import { SeededRandom } from '../../src/base/random.ts'
import { after, instantOf, type Duration, type Instant } from '../../src/base/time.ts'
import { defaultSettings, type Settings } from '../../src/config/tunables.ts'
import type { BodySource } from '../../src/coap/types.ts'
import type { CredentialQuery } from '../../src/dtls/sink.ts'
import { Engine, type EngineOptions } from '../../src/engine/engine.ts'
import type { StoredAssociation } from '../../src/fleet/associations/types.ts'
import type {
  AssociationKey,
  CommitTicket,
  EngineOutput,
  LoadTicket,
  RecallTicket,
  RemoteEndpoint,
} from '../../src/engine/ports.ts'
import type { Command, CommandResult } from '../../src/fleet/commands.ts'
import type { FleetEvent } from '../../src/fleet/events/types.ts'
import type { StoreOp } from '../../src/fleet/store.ts'
import { ObjectLibrary } from '../../src/lwm2m/model/library.ts'
import { MemoryStore } from '../../src/sim/memory-store.ts'
import { datagramOf, lineOf } from './coap-notation.ts'

const objects = fileURLToPath(new URL('../../objects/', import.meta.url))

export const library = new ObjectLibrary()
for (const file of readdirSync(objects)) library.addUnread(readFileSync(objects + file, 'utf8'))

/** Paths of the secured listener begin here. */
export const securedPaths = 1000

export class EngineHarness implements EngineOutput {
  now: Instant = instantOf(Date.UTC(2026, 10, 21))
  readonly store: MemoryStore
  readonly events: FleetEvent[] = []
  readonly images = new Map<string, BodySource>()
  engine: Engine
  /** The next commits fail with this. */
  failure: EnvironmentError | undefined
  readonly #settings: Settings
  readonly #dtls: EngineOptions['dtls']
  readonly #share: EngineOptions['share']
  /** PSK by identity, with the endpoint name it stands for. */
  readonly credentials = new Map<string, { key: Uint8Array; endpoint: string }>()
  /** Datagrams of the secured listener, as octets. */
  #secured: { path: number; bytes: Uint8Array }[] = []
  readonly #commits: { ticket: CommitTicket; ops: readonly StoreOp[] }[] = []
  #loads: LoadTicket[] = []
  /** Datagrams sent and not looked at yet, as lines, by path. */
  #sent: { path: number; line: string }[] = []
  #lookups: { ticket: number; query: CredentialQuery }[] = []
  #recalls: RecallTicket[] = []
  #swept = false
  #boots = 0

  constructor(
    settings: Partial<Settings> = {},
    store = new MemoryStore(),
    dtls?: EngineOptions['dtls'],
    share?: EngineOptions['share'],
  ) {
    this.#share = share
    // Scripted devices hear only what they are asked for.
    this.#settings = { ...defaultSettings, ...settings }
    this.#dtls = dtls
    this.store = store
    this.engine = this.#boot()
  }

  /** A new process on the same store: everything that was not committed is gone. */
  restart(): void {
    this.#commits.length = 0
    this.#loads = []
    this.#sent = []
    this.#secured = []
    this.engine = this.#boot()
    for (const deviceId of this.store.devicesToRecover(0, 1000)) this.engine.recover(this.now, deviceId)
    this.settle()
  }

  #boot(): Engine {
    const engine = new Engine({
      settings: this.#settings,
      random: new SeededRandom(7 + this.#boots++),
      output: this,
      library,
      sequences: {
        deviceId: this.store.lastDeviceId(),
        operationId: this.store.lastOperationId(),
        eventId: this.store.lastEventId(),
        updateId: this.store.lastUpdateId(),
        associationId: this.store.lastAssociationId(),
      },
      log: silentLog,
      metrics: noMetrics,
      ...(this.#dtls === undefined ? {} : { dtls: this.#dtls }),
      ...(this.#share === undefined ? {} : { share: this.#share }),
    })
    engine.observationRules = this.store.observationRules()
    return engine
  }

  /** One datagram in notation (`CON POST /rd …`) from `path`; loads are answered, commits wait. */
  receive(path: number, line: string): void {
    const datagram = datagramOf(line)
    this.engine.receive(this.now, path, datagram, 0, datagram.length)
    this.#answerLoads()
  }

  /** One datagram of the secured listener. */
  receiveSecured(path: number, datagram: Uint8Array): void {
    this.engine.receiveSecured(this.now, path, datagram, 0, datagram.length)
    this.#answerLoads()
  }

  /** What the secured listener has sent since the last look. */
  sentSecured(): readonly { path: number; bytes: Uint8Array }[] {
    return this.#secured.splice(0)
  }

  /** Everything that waits is committed, or fails, until nothing waits. */
  settle(): void {
    this.#answerLoads()
    for (let rounds = 0; this.#commits.length > 0; rounds++) {
      assert(rounds < 100, 'commits do not come to an end')
      for (const { ticket, ops } of this.#commits.splice(0)) {
        if (this.failure !== undefined) {
          this.engine.commitFailed(this.now, ticket, this.failure)
        } else {
          this.store.commit(ops)
          this.engine.committed(this.now, ticket)
        }
      }
      this.#answerLoads()
    }
  }

  /** Lets time pass, deadline by deadline. */
  elapse(wait: Duration): void {
    const end = after(this.now, wait)
    for (;;) {
      const next = this.engine.nextDeadline()
      if (next > end) break
      this.now = instantOf(Math.max(this.now, next))
      this.engine.expire(this.now)
      if (this.#swept) {
        this.#swept = false
        this.engine.due(this.now, this.store.devicesDue(this.now, 1000))
      }
      this.settle()
    }
    this.now = end
  }

  /** What has been sent since the last look, as lines; of one path, or of all. */
  sent(path?: number): readonly string[] {
    const taken = this.#sent.filter((each) => path === undefined || each.path === path)
    this.#sent = this.#sent.filter((each) => !taken.includes(each))
    return taken.map(({ line }) => line)
  }

  /** Submits and settles; rejects as the command does. */
  async command<C extends Command>(command: C): Promise<CommandResult<C>> {
    const { promise, resolve, reject } = Promise.withResolvers<CommandResult<C>>()
    this.engine.submit(this.now, command, { resolve: (result) => resolve(result as CommandResult<C>), reject })
    this.settle()
    return promise
  }

  // ——— EngineOutput ———

  send(path: number, buffer: Uint8Array, start: number, end: number): void {
    if (path >= securedPaths) this.#secured.push({ path, bytes: buffer.slice(start, end) })
    else this.#sent.push({ path, line: lineOf(buffer.slice(start, end)) })
  }

  load(ticket: LoadTicket): void {
    this.#loads.push(ticket)
  }

  commit(ticket: CommitTicket, ops: readonly StoreOp[]): void {
    this.#commits.push({ ticket, ops })
  }

  sweep(): void {
    this.#swept = true
  }

  emit(event: FleetEvent): void {
    this.events.push(event)
  }

  addressOf(path: number): RemoteEndpoint {
    return { address: `127.0.0.${path % securedPaths}`, port: 5683 }
  }

  pathOf({ address }: RemoteEndpoint, secured: boolean): number {
    return Number(address.split('.')[3]) + (secured ? securedPaths : 0)
  }

  lookup(ticket: number, query: CredentialQuery): void {
    this.#lookups.push({ ticket, query })
  }

  recall(ticket: RecallTicket): void {
    this.#recalls.push(ticket)
  }

  handshake(): void {}

  image(key: string): BodySource | undefined {
    return this.images.get(key)
  }

  servers(): Record<string, string> {
    return { coap: 'coap://127.0.0.1:5683', coaps: 'coaps://127.0.0.1:5684' }
  }

  downloadPath(key: string): string {
    return `/d/${key}`
  }

  #stored(key: AssociationKey): StoredAssociation | undefined {
    if (key.by === 'cid') return this.store.associationByCid(key.cid)
    if (key.by === 'address') return this.store.associationByAddress(key.address, key.port)
    return this.store.associationByEndpoint(key.endpoint)
  }

  #answerLoads(): void {
    while (this.#loads.length + this.#lookups.length + this.#recalls.length > 0) {
      const tickets = this.#loads
      this.#loads = []
      for (const { ticket, query } of this.#lookups.splice(0)) {
        const known = query.kind === 'psk' ? this.credentials.get(textOf(query.identity) ?? '') : undefined
        const holder = known?.endpoint
        this.engine.credentials(
          this.now,
          ticket,
          known === undefined
            ? { kind: 'unknown' }
            : { kind: 'key', key: known.key, ...(holder !== undefined && { holder }) },
        )
      }
      for (const ticket of this.#recalls.splice(0)) this.engine.recalled(this.now, ticket, this.#stored(ticket.key))
      for (const ticket of tickets) this.engine.loaded(this.now, ticket, this.store.snapshot(ticket.key, 100))
    }
  }
}

export const diskFull = new EnvironmentError('store.full', 'the disk is full', { retriable: true })
