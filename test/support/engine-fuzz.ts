/**
 * A whole engine under a rain of datagrams, random or mutated from what devices really say, from many
 * addresses, while operators ask things of the devices and the disk is full now and then.
 */
import { EnvironmentError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { noMetrics } from '../../src/base/metrics.ts'
import { SeededRandom } from '../../src/base/random.ts'
import { instantOf, never, type Instant } from '../../src/base/time.ts'
import { defaultSettings, type Settings } from '../../src/config/tunables.ts'
import type { BodySource } from '../../src/coap/types.ts'
import { Engine } from '../../src/engine/engine.ts'
import type { CommitTicket, EngineOutput, LoadTicket, RemoteEndpoint } from '../../src/engine/ports.ts'
import type { Command } from '../../src/fleet/commands.ts'
import type { StoreOp } from '../../src/fleet/store.ts'
import { MemoryStore } from '../../src/sim/memory-store.ts'
import { bodySource } from './body-source.ts'
import { datagramOf, testBody } from './coap-notation.ts'
import { DatagramMutator } from './datagram-mutator.ts'
import { library } from './engine-harness.ts'

const links = '"</>;rt=oma.lwm2m;ct=110,</1/0>,</3/0>,</4/0>,</5/0>"'
const fixedLines = [
  'CON 1 GET [01] /.well-known/core ?rt=core.rd',
  'CON 2 POST [02] /data ?ep=dev-2 Content-Format=50 "{}"',
  'CON 3 POST [03] /data Content-Format=60 <a26174150142beef>',
  'CON 4 POST [04] /data ?ep=dev-4 Content-Format=112 <81a32162722f0061740215>',
  'CON 5 GET [05] /config ?ep=dev-5 Observe=0 Accept=60',
  'CON 6 GET [06] /config Observe=1',
  'CON 7 POST [07] /dp Content-Format=110 "[]"',
  'NON 8 POST [08] /dp Content-Format=112 <81a321652f332f302f006139021864>',
  'CON 9 GET [09] /fw/0123456789ab/1 Block2=3/0/64 Size2=0',
  'CON 10 POST [0a] /rd ?ep=dev-6&lt=300&lwm2m=1.1 Content-Format=40 Block1=0/1/16 Size1=32 "</1/0>,</3/0>,</"',
  'CON 11 POST [0b] /rd ?ep=dev-6&lt=300&lwm2m=1.1 Content-Format=40 Block1=1/0/16 "4/0>"',
  'CON 12 POST [0c] /rd/nowhere ?lt=60',
  'CON 13 EMPTY',
  'ACK 14 EMPTY',
  'RST 15 EMPTY',
]

/** Devices the fleet is to have; what mutations bring forth besides is cleared away with `tidy`. */
const devices = 12
/** Every second one is far away, so that nobody knows whether its address is real. */
const paths = 40

const settings: Settings = {
  ...defaultSettings,
  'actors.awake': 100,
  'coap.peers': 100,
  'coap.dedup.total': 2000,
  'coap.dedup.spent-per-peer': 256,
  'coap.bodies-total': 1_048_576,
  'coap.observers.total': 200,
}

const image = bodySource(testBody.subarray(0, 5000))

export class EngineFuzz implements EngineOutput {
  readonly engine: Engine
  readonly #store = new MemoryStore({ eventsKept: 500, operationsKept: 20 })
  readonly #mutator: DatagramMutator
  readonly #fixed = fixedLines.map((line) => datagramOf(line))
  #loads: LoadTicket[] = []
  #commits: { readonly ticket: CommitTicket; readonly ops: readonly StoreOp[] }[] = []
  #now: Instant = instantOf(1_790_000_000_000)
  #sweeps = false
  /** Commands that were never answered, one way or the other. */
  unanswered = 0

  constructor(seed: number) {
    this.#mutator = new DatagramMutator(seed, this.#fixed)
    this.engine = new Engine({
      settings,
      random: new SeededRandom(seed + 1),
      output: this,
      library,
      sequences: { deviceId: 0, operationId: 0, eventId: 0, updateId: 0, associationId: 0 },
      log: silentLog,
      metrics: noMetrics,
    })
  }

  /** So many datagrams, random octets or mutations of real ones. */
  rain(count: number, kind: 'random' | 'mutated'): void {
    for (let i = 0; i < count; i++) {
      const length = this.#mutator.make(kind)
      this.engine.receive(this.#now, 1 + this.#mutator.dice(paths), this.#mutator.slab, 0, length)
      if (this.#loads.length > 0) this.#answerLoads()
      if ((i & 15) === 0) this.#settle()
      if ((i & 127) === 0) this.#live()
      if ((i & 4095) === 0) this.#mutator.corpus = this.#real()
    }
    this.#settle()
  }

  /** The operator forgets every device that only a mutation has brought forth. */
  tidy(): void {
    for (const { device } of this.#store.devices({}, undefined, 100_000)) {
      if (!/^dev-\d{1,2}$/.test(device.endpoint)) this.#submit({ command: 'device.delete', endpoint: device.endpoint })
      this.#settle()
    }
  }

  /** Until every lifetime is over. */
  dryUp(): void {
    // The engine itself looks for due devices for ever: an hour of its deadlines is enough.
    const end = this.#now + 7_200_000
    while (this.#now < end && this.engine.nextDeadline() !== never) {
      this.#now = instantOf(Math.max(this.engine.nextDeadline(), this.#now))
      this.#expire()
      this.#settle()
    }
  }

  deviceCount(): number {
    return this.#store.countDevices()
  }

  // ——— what goes in ———

  /** What the devices there are would say now: registrations, updates, notifications under their tokens. */
  #real(): readonly Uint8Array[] {
    const lines = Array.from(
      { length: devices },
      (_, i) =>
        `CON ${100 + i} POST [a${i.toString(16)}] /rd ?ep=dev-${i}&lt=300&lwm2m=1.1&b=UQ Content-Format=40 ${links}`,
    )
    for (const { device, registration } of this.#store.devices({ prefix: 'dev-' }, undefined, devices)) {
      if (registration !== undefined) {
        lines.push(`CON 200 POST [c1] /rd/${registration.id} ?lt=300`, `CON 201 DELETE [c2] /rd/${registration.id}`)
      }
      for (const { token } of this.#store.observations(device.id, 2)) {
        lines.push(
          `CON 300 2.05 [${token}] Observe=${this.#mutator.dice(1000)} Content-Format=110 "[]"`,
          `NON 301 2.05 [${token}] Observe=${this.#mutator.dice(1000)} Content-Format=0 "42"`,
          `CON 302 2.05 [${token}] Observe=7 Content-Format=11542 Block2=0/1/64 {0..64}`,
        )
      }
    }
    return [...this.#fixed, ...lines.map((line) => datagramOf(line))]
  }

  // ——— what goes on meanwhile ———

  /** Time passes, and an operator asks something of a device. */
  #live(): void {
    this.#now = instantOf(this.#now + this.#mutator.dice(3000))
    this.#expire()
    const endpoint = `dev-${this.#mutator.dice(devices)}`
    const asked = (
      [
        { command: 'operation.submit', endpoint, draft: { kind: 'read', path: '/3/0' } },
        { command: 'operation.submit', endpoint, draft: { kind: 'observe', path: `/4/0/${this.#mutator.dice(9)}` } },
        { command: 'operation.submit', endpoint, draft: { kind: 'write', path: '/3/0/14', value: '+01:00' } },
        {
          command: 'operation.submit',
          endpoint,
          draft: { kind: 'cancel-observe', path: `/4/0/${this.#mutator.dice(9)}` },
        },
        { command: 'configuration.set', endpoint, document: `{"n":${this.#mutator.dice(9)}}` },
      ] satisfies Command[]
    )[this.#mutator.dice(5)]!
    this.#submit(asked)
  }

  #submit(command: Command): void {
    this.unanswered++
    const answered = (): void => void this.unanswered--
    this.engine.submit(this.#now, command, { resolve: answered, reject: answered })
    this.#answerLoads()
  }

  #expire(): void {
    this.engine.expire(this.#now)
    if (!this.#sweeps) return
    this.#sweeps = false
    this.engine.due(this.#now, this.#store.devicesDue(this.#now, 100))
    this.#answerLoads()
  }

  #settle(): void {
    this.#answerLoads()
    for (let rounds = 0; this.#commits.length > 0 && rounds < 50; rounds++) {
      const commits = this.#commits
      this.#commits = []
      const isFull = this.#mutator.dice(500) === 0
      for (const { ticket, ops } of commits) {
        if (isFull) {
          this.engine.commitFailed(this.#now, ticket, diskFull)
        } else {
          this.#store.commit(ops)
          this.engine.committed(this.#now, ticket)
        }
      }
      this.#answerLoads()
    }
  }

  #answerLoads(): void {
    while (this.#loads.length > 0) {
      const tickets = this.#loads
      this.#loads = []
      for (const ticket of tickets) this.engine.loaded(this.#now, ticket, this.#store.snapshot(ticket.key, 50))
    }
  }

  // ——— EngineOutput ———

  send(_path: number, buffer: Uint8Array, start: number, end: number): void {
    this.#mutator.overhear(buffer, start, end)
  }

  load(ticket: LoadTicket): void {
    this.#loads.push(ticket)
  }

  commit(ticket: CommitTicket, ops: readonly StoreOp[]): void {
    this.#commits.push({ ticket, ops })
  }

  sweep(): void {
    this.#sweeps = true
  }

  addressOf(path: number): RemoteEndpoint {
    return { address: path % 2 === 0 ? `127.0.0.${path}` : `192.0.2.${path}`, port: 5683 }
  }

  pathOf({ address }: RemoteEndpoint): number {
    return Number(address.split('.')[3])
  }

  image(key: string): BodySource | undefined {
    return key === '0123456789ab' ? image : undefined
  }

  servers(): Record<string, string> {
    return { coap: 'coap://127.0.0.1:5683', coaps: 'coaps://127.0.0.1:5684' }
  }

  downloadPath(key: string): string {
    return `/d/${key}`
  }

  emit(): void {}
  lookup(): void {}
  recall(): void {}
  handshake(): void {}
}

const diskFull = new EnvironmentError('store.full', 'the disk is full', { retriable: true })
