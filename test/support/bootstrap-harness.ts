/**
 * A bootstrap server with a store in memory and clients at the other end, in virtual time; plain listener. Commits are
 * durable at once, as in the shipped server; `failing` makes them fail, `restart` is a kill -9.
 */
import { createHmac } from 'node:crypto'
import { EnvironmentError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { SeededRandom } from '../../src/base/random.ts'
import { after, instantOf, type Duration, type Instant } from '../../src/base/time.ts'
import { defaultSettings, type Settings } from '../../src/config/tunables.ts'
import { BootstrapEngine } from '../../src/engine/bootstrap/bootstrap-engine.ts'
import type { BootstrapOutput } from '../../src/engine/bootstrap/output.ts'
import type { CommitTicket, RemoteEndpoint } from '../../src/engine/ports.ts'
import { BootstrapDesk } from '../../src/fleet/bootstrap/desk.ts'
import type { TemplateDraft } from '../../src/fleet/bootstrap/draft.ts'
import { BootstrapService } from '../../src/fleet/bootstrap/service.ts'
import { CredentialsService } from '../../src/fleet/credentials/service.ts'
import type { EventDraft } from '../../src/fleet/events/types.ts'
import { validatePatch } from '../../src/fleet/registry/rules.ts'
import type { StoreOp } from '../../src/fleet/store.ts'
import { deviceModel } from '../../src/lwm2m/model/library.ts'
import { sealerWith } from '../../src/server/sealer.ts'
import { MemoryStore } from '../../src/sim/memory-store.ts'
import { BootstrapClient, type ClientHabits } from './bootstrap-client.ts'
import { library } from './engine-harness.ts'

const sealer = sealerWith(new Uint8Array(32).fill(9))

export class BootstrapHarness implements BootstrapOutput {
  now: Instant = instantOf(Date.UTC(2026, 10, 21))
  readonly store = new MemoryStore()
  readonly events: EventDraft[] = []
  readonly credentials: CredentialsService
  readonly service: BootstrapService
  engine: BootstrapEngine
  failing = false
  /** Whether a datagram of that direction is lost. */
  loses: (direction: 'up' | 'down') => boolean = () => false
  readonly clients = new Map<number, BootstrapClient>()
  readonly #settings: Settings
  #done: { ticket: CommitTicket; error: EnvironmentError | undefined }[] = []
  #wire: { to: 'server' | number; from: number; datagram: Uint8Array }[] = []
  #boots = 0

  constructor(settings: Partial<Settings> = {}) {
    this.#settings = { ...defaultSettings, 'bootstrap.policy': 'open', 'bootstrap.pause': 0, ...settings }
    this.credentials = new CredentialsService({
      store: this.store,
      commands: { commitNow: (ops) => this.store.commit(ops) },
      sealer,
      random: new SeededRandom(11),
      now: () => this.now,
      settings: { 'credentials.grace': 1000 },
      validateDevice: (endpoint, about) => validatePatch(endpoint, about, undefined),
      onRevoked: () => undefined,
      pause: async () => undefined,
      log: silentLog,
    })
    this.service = new BootstrapService({
      store: this.store,
      commands: { commitNow: (ops) => this.store.commit(ops) },
      sealer,
      credentials: this.credentials,
      model: deviceModel(library, '1.2'),
      registry: { device: () => undefined! },
      operations: { submit: async () => undefined! },
      now: () => this.now,
    })
    this.engine = this.#boot()
  }

  async template(name: string, draft: TemplateDraft): Promise<void> {
    await this.service.put(name, draft)
  }

  client(path: number, endpoint: string, habits: ClientHabits = {}): BootstrapClient {
    const transmit = (datagram: Uint8Array): void => void this.#wire.push({ to: 'server', from: path, datagram })
    const client = new BootstrapClient(endpoint, habits, transmit, path * 1000 + this.clients.size)
    this.clients.set(path, client)
    return client
  }

  /** Carries datagrams until nobody has anything to say, at this instant. */
  settle(): void {
    for (let rounds = 0; this.#wire.length + this.#done.length > 0; rounds++) {
      if (rounds > 10_000) throw new Error('it does not come to an end')
      for (const { ticket, error } of this.#done.splice(0)) {
        if (error === undefined) this.engine.committed(this.now, ticket)
        else this.engine.commitFailed(this.now, ticket, error)
      }
      const next = this.#wire.shift()
      if (next === undefined) continue
      if (this.loses(next.to === 'server' ? 'up' : 'down')) continue
      if (next.to === 'server') this.engine.receive(this.now, next.from, next.datagram, 0, next.datagram.length)
      else this.clients.get(next.to)?.receive(this.now, next.datagram)
    }
  }

  /** Lets time pass, deadline by deadline. */
  elapse(wait: Duration): void {
    const end = after(this.now, wait)
    for (;;) {
      this.settle()
      const machines = [this.engine, ...[...this.clients.values()].map(({ coap }) => coap)]
      const next = Math.min(...machines.map((machine) => machine.nextDeadline()))
      if (next > end) break
      this.now = instantOf(Math.max(this.now, next))
      for (const machine of machines) if (machine.nextDeadline() <= this.now) machine.expire(this.now)
    }
    this.now = end
  }

  /** The process is killed and comes back on the same store; datagrams on their way arrive all the same. */
  restart(): void {
    this.#done = []
    this.#wire = this.#wire.filter(({ to }) => to === 'server')
    this.engine = this.#boot()
    for (const run of this.store.openBootstrapRuns(1000)) this.engine.recover(this.now, run)
    this.settle()
  }

  #boot(): BootstrapEngine {
    const random = new SeededRandom(100 + this.#boots++)
    const settings = this.#settings
    return new BootstrapEngine({
      settings,
      random,
      output: this,
      desk: new BootstrapDesk({
        store: this.store,
        sealer,
        credentials: this.credentials,
        mac: (key, data) => new Uint8Array(createHmac('sha256', key).update(data).digest()),
        selfUri: (secured) => (secured ? 'coaps://192.0.2.1:5684' : 'coap://192.0.2.1:5683'),
        random,
        settings,
      }),
      library,
      log: silentLog,
      lastAssociationId: 0,
    })
  }

  // ——— BootstrapOutput ———

  send(path: number, buffer: Uint8Array, start: number, end: number): void {
    this.#wire.push({ to: path, from: 0, datagram: buffer.slice(start, end) })
  }

  commit(ticket: CommitTicket, ops: readonly StoreOp[], events: readonly EventDraft[] = []): void {
    if (this.failing) {
      this.#done.push({ ticket, error: new EnvironmentError('store.full', 'the disk is full', { retriable: true }) })
      return
    }
    this.store.commit(ops)
    this.events.push(...events)
    this.#done.push({ ticket, error: undefined })
  }

  lookup(): void {}
  recall(): void {}
  handshake(): void {}

  addressOf(path: number): RemoteEndpoint {
    return { address: '127.0.0.1', port: 10_000 + path }
  }

  pathOf({ port }: RemoteEndpoint): number {
    return port - 10_000
  }
}

export const endpoint = 'urn:dev:one'

/** One template for everybody, and one client that has asked and was served as far as it goes. */
export async function bootstrapped(draft: TemplateDraft, habits: ClientHabits = {}, query?: readonly string[]) {
  const harness = new BootstrapHarness()
  await harness.template('any', draft)
  const client = harness.client(1, endpoint, habits)
  client.ask(harness.now, query)
  harness.settle()
  return { harness, client, run: harness.store.bootstrapRun(endpoint) }
}
