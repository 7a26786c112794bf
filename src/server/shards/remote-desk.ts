/**
 * The desk of an engine in a worker thread. Devices that are this shard's it reads from the store by itself; anything
 * else that the engine asks becomes part of one message a turn, and what the house answers the engine's next inputs.
 */
import type { EnvironmentError } from '../../base/errors.ts'
import { invariant } from '../../base/errors.ts'
import type { Instant } from '../../base/time.ts'
import type { CredentialQuery, HandshakeReport } from '../../dtls/sink.ts'
import type { Engine } from '../../engine/engine.ts'
import type { CommitTicket, LoadTicket, RecallTicket, RemoteEndpoint } from '../../engine/ports.ts'
import { vouchedFor } from '../../fleet/credentials/vouched.ts'
import type { EndpointName } from '../../fleet/registry/types.ts'
import type { DeviceSnapshot, StoreOp } from '../../fleet/store.ts'
import type { TracedDatagram } from '../../api/services.ts'
import { rowsOf, sentRows } from '../../storage/sqlite/rows.ts'
import type { StoreReader } from '../../storage/sqlite/store.ts'
import type { Desk } from '../desk.ts'
import { emptyShardTurn, isEmpty, sentQuery, type HouseTurn, type ShardTurn, type Stray } from './messages.ts'
import { receivedError, sentError } from './sent-error.ts'

/** Turns told to the house that it has not gone through: one that it is at, and one to go on with. */
const turnsAhead = 2

export interface RemoteDeskOptions {
  readonly store: Pick<StoreReader, 'snapshot' | 'together' | 'credentialsOfEndpoint'>
  /** The most open operations of a device an actor starts with. */
  readonly operationsLimit: number
  readonly post: (turn: ShardTurn) => void
}

export class RemoteDesk implements Desk {
  readonly #options: RemoteDeskOptions
  #turn = emptyShardTurn()
  #lastNumber = 0
  #ahead = 0
  #loads: LoadTicket[] = []
  readonly #claims = new Map<number, { readonly ticket: LoadTicket; readonly endpoint: EndpointName }>()
  readonly #commits = new Map<number, CommitTicket>()
  readonly #recalls = new Map<number, RecallTicket>()
  /** Devices that are this shard's until it says that it has let go; as many as the house lets it have. */
  readonly #held = new Set<EndpointName>()
  /** Devices the house wants back, not let go of yet. */
  readonly #wanted = new Set<EndpointName>()

  constructor(options: RemoteDeskOptions) {
    this.#options = options
  }

  /** Nothing waits to be told or to be committed. */
  get isSettled(): boolean {
    return this.#commits.size === 0 && this.#loads.length === 0 && isEmpty(this.#turn)
  }

  load(ticket: LoadTicket): void {
    this.#loads.push(ticket)
  }

  commit(ticket: CommitTicket, ops: readonly StoreOp[]): void {
    const no = ++this.#lastNumber
    this.#commits.set(no, ticket)
    const rows = rowsOf(ops)
    if (rows !== undefined) {
      this.#turn.commits.push({ no, ...sentRows(rows) })
      return
    }
    const opened = ops.find((op) => op.op === 'association.put')
    const claims = opened?.association.endpoint
    this.#turn.commits.push({ no, ops, ...(claims === undefined ? {} : { claims }) })
  }

  lookup(ticket: number, query: CredentialQuery): void {
    this.#turn.lookups.push({ ticket, query: sentQuery(query) })
  }

  recall(ticket: RecallTicket): void {
    const no = ++this.#lastNumber
    this.#recalls.set(no, ticket)
    this.#turn.recalls.push({ no, key: ticket.key })
  }

  handshake(_now: Instant, report: HandshakeReport, remote: RemoteEndpoint | undefined): void {
    this.#turn.handshakes.push({ report, remote })
  }

  /** The house looks for devices that are due, for all shards. */
  sweep(): void {
    return
  }

  /** The house publishes what it has committed. */
  emit(): void {
    return
  }

  stray(stray: Stray): void {
    this.#turn.strays.push(stray)
  }

  traced(no: number, datagram: TracedDatagram): void {
    this.#turn.traced.push({ no, datagram })
  }

  /** Everything waits for the end of the turn: a message costs more than what is in it. */
  afterInput(): void {
    return
  }

  turn(engine: Engine, now: Instant): boolean {
    for (const endpoint of this.#wanted) {
      if (!engine.release(now, endpoint)) continue
      this.#wanted.delete(endpoint)
      this.#held.delete(endpoint)
      this.#turn.released.push(endpoint)
    }
    this.#read(engine, now)
    // While the house is busy more is gathered: a message costs as much as a dozen of what is in it.
    if (this.#ahead < turnsAhead && !isEmpty(this.#turn)) {
      this.#ahead++
      this.#options.post(this.#turn)
      this.#turn = emptyShardTurn()
    }
    return false
  }

  /** What the house said. The driver owes a turn afterwards. */
  receive(engine: Engine, now: Instant, turn: HouseTurn): void {
    this.#ahead -= turn.taken
    for (const { ticket, answer } of turn.credentials) engine.credentials(now, ticket, answer)
    for (const { no, stored } of turn.recalled) {
      // Whose association it is the house has given us.
      if (stored?.endpoint !== undefined) this.#held.add(stored.endpoint)
      engine.recalled(now, taken(this.#recalls, no), stored)
    }
    this.#together(turn.granted, ({ no, isMoved }) => {
      const { ticket, endpoint } = taken(this.#claims, no)
      this.#held.add(endpoint)
      // Only now: what the last owner did is in the store.
      const snapshot = this.#snapshot(ticket)
      this.#loaded(engine, now, ticket, snapshot)
      if (isMoved && snapshot !== undefined && snapshot.operations.length > 0) engine.recover(now, snapshot.device.id)
    })
    for (const no of turn.committed) engine.committed(now, taken(this.#commits, no))
    for (const { no, error } of turn.failed) {
      engine.commitFailed(now, taken(this.#commits, no), receivedError(error) as EnvironmentError)
    }
    for (const deviceId of turn.recover) engine.recover(now, deviceId)
    if (turn.due.length > 0) engine.due(now, turn.due)
    for (const { no, command } of turn.commands) {
      engine.submit(now, command, {
        resolve: (result) => this.#turn.replies.push({ no, result }),
        reject: (error) => this.#turn.replies.push({ no, error: sentError(error) }),
      })
    }
    for (const endpoint of turn.release) this.#wanted.add(endpoint)
  }

  /** What the engine wants to know of devices, until it wants no more: at once of those that are ours. */
  #read(engine: Engine, now: Instant): void {
    while (this.#loads.length > 0) {
      const tickets = this.#loads
      this.#loads = []
      this.#together(tickets, (ticket) => {
        const { key } = ticket
        const isToBeClaimed = key.by === 'endpoint' && !this.#isOurs(key.endpoint)
        const snapshot = isToBeClaimed ? undefined : this.#snapshot(ticket)
        const endpoint = key.by === 'endpoint' ? key.endpoint : snapshot?.device.endpoint
        if (endpoint === undefined || this.#isOurs(endpoint)) this.#loaded(engine, now, ticket, snapshot)
        else this.#claim(ticket, endpoint)
      })
    }
  }

  /** What the house wants back is ours no longer for anything new: who waits for it would wait for ever. */
  #isOurs(endpoint: EndpointName): boolean {
    return this.#held.has(endpoint) && !this.#wanted.has(endpoint)
  }

  #claim(ticket: LoadTicket, endpoint: EndpointName): void {
    const no = ++this.#lastNumber
    this.#claims.set(no, { ticket, endpoint })
    this.#turn.claims.push({ no, endpoint })
  }

  #snapshot({ key }: LoadTicket): DeviceSnapshot | undefined {
    return this.#options.store.snapshot(key, this.#options.operationsLimit)
  }

  #loaded(engine: Engine, now: Instant, ticket: LoadTicket, snapshot: DeviceSnapshot | undefined): void {
    const { key } = ticket
    const isNew = snapshot === undefined && key.by === 'endpoint'
    const credentials = isNew ? this.#options.store.credentialsOfEndpoint(key.endpoint, 1) : []
    engine.loaded(now, ticket, snapshot, vouchedFor(credentials))
  }

  #together<Item>(items: readonly Item[], read: (item: Item) => void): void {
    const all = (): void => items.forEach(read)
    if (items.length > 1) this.#options.store.together(all)
    else all()
  }
}

function taken<T>(open: Map<number, T>, no: number): T {
  const ticket = open.get(no)
  invariant(ticket !== undefined, `the house answers ${no}, which nobody asked`)
  open.delete(no)
  return ticket
}
