/**
 * The main thread of a server with several shards: the one writer of the store, and the place that knows
 * which shard has which device. Commands go to that shard; a device that turns up at another one is taken
 * from the first before the second sees it.
 */
import type { EnvironmentError, InvariantError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Duration, Instant } from '../../base/time.ts'
import type { CredentialQuery } from '../../dtls/sink.ts'
import type { Principal } from '../../dtls/principal.ts'
import type { AssociationKey } from '../../engine/ports.ts'
import type { Command, CommandResult } from '../../fleet/commands.ts'
import type { CredentialPurpose } from '../../fleet/credentials/types.ts'
import type { EventDraft, EventId, FleetEvent } from '../../fleet/events/types.ts'
import type { ObservationRule } from '../../fleet/observation-rules/types.ts'
import type { DeviceId, EndpointName } from '../../fleet/registry/types.ts'
import type { StoreOp } from '../../fleet/store.ts'
import type { TraceCalls, TracedDatagram } from '../../api/services.ts'
import { eventsIn, numberEvents, receivedRows, type RowsOp } from '../../storage/sqlite/rows.ts'
import type { SqliteStore } from '../../storage/sqlite/store.ts'
import { Committer } from '../committer.ts'
import type { Control } from '../control.ts'
import { storedAssociation, type CredentialDesk, type Desk } from '../desk.ts'
import { Leases, type ShardNumber } from './leases.ts'
import type { Listening } from '../device-side.ts'
import type { FromShard, SentCommit, SentQuery, ShardStart, ShardTurn } from './messages.ts'
import { receivedError, sentError } from './sent-error.ts'
import { ShardPort } from './shard-port.ts'
import { hashOf, SpokenTo } from './spoken-to.ts'

/** Devices looked at in one sweep, and in one step of recovery. */
const devicesAStep = 256
/** How often the store is asked for devices whose instant has come, and the shards for their counts; ms. */
const sweepInterval = 1000

export interface HouseOptions {
  readonly store: SqliteStore
  readonly now: () => Instant
  readonly batchLimit: number
  readonly grace: Duration
  /** Devices that may be known to be some shard's. */
  readonly leaseLimit: number
  readonly credentials: CredentialDesk
  readonly handshake: Desk['handshake']
  readonly publish: (event: FleetEvent) => void
  readonly lastEventId: EventId
  readonly fatal: (error: InvariantError) => void
  readonly log: Log
  readonly metrics: Metrics
}

/** What is the same for all shards. */
type CommonStart = Omit<ShardStart, 'share' | 'spokenTo'>

export class House implements Control {
  readonly #options: HouseOptions
  readonly #committer: Committer<StoreOp | RowsOp>
  readonly #leases: Leases
  readonly #shards: ShardPort[] = []
  readonly #spokenTo = SpokenTo.memory()
  readonly #commands = new Map<number, { resolve(result: never): void; reject(error: Error): void }>()
  readonly #traces = new Map<number, (datagrams: readonly TracedDatagram[]) => void>()
  readonly #follows = new Map<number, (datagram: TracedDatagram) => void>()
  #lastNumber = 0
  #lastEventId: EventId
  #turnScheduled = false
  #timer: NodeJS.Timeout | undefined
  /** The device after which recovery goes on; undefined before all shards serve, and once it is through. */
  #recoverAfter: number | undefined

  constructor(options: HouseOptions) {
    this.#options = options
    this.#lastEventId = options.lastEventId
    this.#leases = new Leases(options.leaseLimit, (owner, endpoint) => {
      this.#shards[owner]!.turn.release.push(endpoint)
      this.#scheduleTurn()
    })
    this.#committer = new Committer({
      commit: (ops) => this.#commit(ops),
      batchLimit: options.batchLimit,
      log: options.log,
      metrics: options.metrics,
    })
  }

  /** The first shard finds the ports; the others share them. */
  async open(count: number, start: CommonStart): Promise<Listening> {
    const first = await this.#openShard(0, count, start)
    const { plain, secured } = first
    const settings = { ...start.settings, 'coap.port': plain.port, ...(secured && { 'coaps.port': secured.port }) }
    for (let index = 1; index < count; index++) await this.#openShard(index, count, { ...start, settings })
    for (const shard of this.#shards) shard.tell({ kind: 'serve' })
    this.#recoverAfter = 0
    this.#timer = setInterval(() => this.#sweep(), sweepInterval)
    this.#scheduleTurn()
    return first
  }

  async #openShard(index: number, count: number, start: CommonStart): Promise<Listening> {
    const { port, listening } = await ShardPort.start(
      { ...start, share: { index, count }, spokenTo: this.#spokenTo },
      (from, message) => this.#receive(index, from, message),
      this.#options.fatal,
    )
    this.#shards.push(port)
    return listening
  }

  /** Every shard finishes what it has under way; the store may be closed afterwards. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#shards.map((shard) => shard.stop()))
    this.settle()
  }

  // ——— control ———

  submit<C extends Command>(command: C): Promise<CommandResult<C>> {
    const { promise, resolve, reject } = Promise.withResolvers<CommandResult<C>>()
    const no = ++this.#lastNumber
    this.#commands.set(no, { resolve, reject })
    this.#shards[this.#homeOf(command.endpoint)]!.turn.commands.push({ no, command })
    this.#scheduleTurn()
    return promise
  }

  /** What the shards have told is in the store; what they are at is theirs. */
  settle(): void {
    while (this.#committer.pending > 0) this.#flushCommits()
  }

  commitNow(ops: readonly StoreOp[], events: readonly EventDraft[] = []): void {
    const at = this.#options.now()
    this.settle()
    this.#commit([...ops, ...events.map((draft) => ({ op: 'event.append', event: { ...draft, id: 0, at } }) as const)])
  }

  revoke(principal: Principal, purpose: CredentialPurpose): void {
    if (purpose !== 'management') return
    for (const shard of this.#shards) shard.tell({ kind: 'revoke', principal })
  }

  obstacles(): readonly string[] {
    return this.#committer.failing ? ['the store takes no writes'] : []
  }

  // ——— for the API ———

  setRules(rules: readonly ObservationRule[]): void {
    for (const shard of this.#shards) shard.tell({ kind: 'rules', rules })
  }

  reloadObjects(): void {
    for (const shard of this.#shards) shard.tell({ kind: 'objects' })
  }

  forgetImage(key: string): void {
    for (const shard of this.#shards) shard.tell({ kind: 'forget-image', key })
  }

  /** What all shards counted last, added up. */
  counts(): Readonly<Record<string, number>> {
    const sum: Record<string, number> = {}
    for (const { counts } of this.#shards) {
      for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count
    }
    return sum
  }

  samples(): readonly (readonly object[])[] {
    return this.#shards.map(({ metrics }) => metrics)
  }

  traceCalls(localAddress: string): TraceCalls {
    return {
      datagrams: async (endpoint) => {
        const lists = await Promise.all(this.#shards.map((shard) => this.#traceOf(shard, endpoint)))
        return lists.flat().sort((a, b) => a.id - b.id)
      },
      follow: (endpoint, listener) => {
        const no = ++this.#lastNumber
        this.#follows.set(no, listener)
        for (const shard of this.#shards) shard.tell({ kind: 'follow', no, endpoint })
        return () => {
          this.#follows.delete(no)
          for (const shard of this.#shards) shard.tell({ kind: 'unfollow', no })
        }
      },
      localAddress: () => localAddress,
    }
  }

  #traceOf(shard: ShardPort, endpoint: EndpointName): Promise<readonly TracedDatagram[]> {
    const { promise, resolve } = Promise.withResolvers<readonly TracedDatagram[]>()
    const no = ++this.#lastNumber
    this.#traces.set(no, resolve)
    shard.tell({ kind: 'trace', no, endpoint })
    return promise
  }

  // ——— from the shards ———

  #receive(from: ShardNumber, port: ShardPort, message: FromShard): void {
    if (message.kind === 'trace') {
      this.#traces.get(message.no)?.(message.datagrams)
      this.#traces.delete(message.no)
    } else if (message.kind === 'turn') {
      this.#serve(from, port, message)
      this.#scheduleTurn()
    }
  }

  #serve(from: ShardNumber, { turn }: ShardPort, asked: ShardTurn): void {
    const { credentials, now } = this.#options
    turn.taken++
    for (const { report, remote } of asked.handshakes) this.#options.handshake(now(), report, remote)
    for (const { ticket, query } of asked.lookups) {
      turn.credentials.push({ ticket, answer: credentials.lookup(queryOf(query)) })
    }
    // In the order the shard said it: what it let go of must be durable before somebody else reads it.
    for (const commit of asked.commits) this.#takeCommit(from, commit)
    for (const { no, endpoint } of asked.claims) {
      this.#leases.claim(endpoint, from, (isMoved) => this.#shards[from]!.turn.granted.push({ no, isMoved }))
    }
    for (const { no, key } of asked.recalls) this.#recall(from, no, key)
    // What the owner has committed counts for the next one only once it is in the store.
    if (asked.released.length > 0) this.settle()
    for (const endpoint of asked.released) this.#leases.released(endpoint, from)
    for (const stray of asked.strays) this.#shards[stray.to]?.turn.strays.push(stray)
    for (const { no, result, error } of asked.replies) {
      const command = this.#commands.get(no)
      this.#commands.delete(no)
      if (error === undefined) command?.resolve(result as never)
      else command?.reject(receivedError(error))
    }
    for (const { no, datagram } of asked.traced) this.#follows.get(no)?.(datagram)
  }

  #takeCommit(from: ShardNumber, commit: SentCommit): void {
    const { no } = commit
    if ('kinds' in commit) {
      this.#committer.add({ from, no }, [{ op: 'rows', rows: receivedRows(commit) }])
      return
    }
    const { ops, claims } = commit
    // What the owner keeps of a device on its way out is not a new claim.
    if (claims === undefined || this.#leases.ownerOf(claims) === from) this.#committer.add({ from, no }, ops)
    else this.#leases.claim(claims, from, () => this.#committer.add({ from, no }, ops))
  }

  #recall(shard: ShardNumber, no: number, key: AssociationKey): void {
    const { store, credentials } = this.#options
    const endpoint = storedAssociation(store, key)?.endpoint
    if (endpoint === undefined) {
      this.#shards[shard]!.turn.recalled.push({ no, stored: undefined })
      return
    }
    this.#leases.claim(endpoint, shard, () => {
      // What a shard writes of an association on its way out of memory it does not wait for.
      this.settle()
      const stored = storedAssociation(store, key)
      // Another device may be at that address by now: it is not what was claimed.
      const isAccepted = stored?.endpoint === endpoint && credentials.accepts(stored)
      this.#shards[shard]!.turn.recalled.push({ no, stored: isAccepted ? stored : undefined })
    })
  }

  /** The shard that has the device, or else the one its records name, or else one by its name. */
  #homeOf(endpoint: EndpointName): ShardNumber {
    const owner = this.#leases.ownerOf(endpoint)
    if (owner !== undefined) return owner
    const cid = this.#options.store.associationByEndpoint(endpoint)?.cid ?? ''
    const named = cid.length > 2 ? Number.parseInt(cid.slice(0, 2), 16) : hashOf(endpoint)
    return named % this.#shards.length
  }

  // ——— turns ———

  /** Ids of events are given here: in the order in which they are committed, whichever shard they are from. */
  #commit(ops: readonly (StoreOp | RowsOp)[]): void {
    const numbered = ops.map((op) => {
      if (op.op === 'rows') this.#lastEventId += numberEvents(op.rows, this.#lastEventId + 1)
      return op.op === 'event.append' ? { ...op, event: { ...op.event, id: ++this.#lastEventId } } : op
    })
    this.#options.store.commit(numbered)
    for (const op of numbered) {
      if (op.op === 'rows') for (const event of eventsIn(op.rows)) this.#options.publish(event)
      else if (op.op === 'event.append') this.#options.publish(op.event)
    }
  }

  #scheduleTurn(): void {
    if (this.#turnScheduled) return
    this.#turnScheduled = true
    setImmediate(() => {
      this.#turnScheduled = false
      if (this.#recoverAfter !== undefined) this.#recover(this.#recoverAfter)
      this.#flushCommits()
      for (const shard of this.#shards) shard.flush()
      if (this.#committer.pending > 0 || this.#recoverAfter !== undefined) this.#scheduleTurn()
    })
  }

  #flushCommits(): void {
    const shardOf = (ticket: object): { readonly from: ShardNumber; readonly no: number } =>
      ticket as { from: ShardNumber; no: number }
    this.#committer.flush({
      committed: (ticket) => {
        const { from, no } = shardOf(ticket)
        this.#shards[from]!.turn.committed.push(no)
      },
      commitFailed: (ticket, error: EnvironmentError) => {
        const { from, no } = shardOf(ticket)
        this.#shards[from]!.turn.failed.push({ no, error: sentError(error) })
      },
    })
  }

  #sweep(): void {
    const { store, now, grace } = this.#options
    for (const id of store.devicesDue(now(), devicesAStep, grace)) this.#atHome(id, (shard) => shard.turn.due.push(id))
    for (const shard of this.#shards) shard.tell({ kind: 'count' })
    this.#scheduleTurn()
  }

  #recover(after: number): void {
    const devices = this.#options.store.devicesToRecover(after, devicesAStep)
    for (const id of devices) this.#atHome(id, (shard) => shard.turn.recover.push(id))
    this.#recoverAfter = devices.length < devicesAStep ? undefined : devices.at(-1)
  }

  #atHome(id: DeviceId, tell: (shard: ShardPort) => void): void {
    const endpoint = this.#options.store.deviceById(id)?.device.endpoint
    if (endpoint !== undefined) tell(this.#shards[this.#homeOf(endpoint)]!)
  }
}

function queryOf(query: SentQuery): CredentialQuery {
  return { ...query, path: 0 } as CredentialQuery
}
