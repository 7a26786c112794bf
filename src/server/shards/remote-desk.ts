/**
 * The desk of an engine in a worker thread: what the engine asks becomes part of one message a turn, what
 * the house answers becomes the engine's next inputs. Decides nothing.
 */
import type { EnvironmentError } from '../../base/errors.ts'
import { invariant } from '../../base/errors.ts'
import type { Instant } from '../../base/time.ts'
import type { CredentialQuery, HandshakeReport } from '../../dtls/sink.ts'
import type { Engine } from '../../engine/engine.ts'
import type { CommitTicket, LoadTicket, RecallTicket, RemoteEndpoint } from '../../engine/ports.ts'
import type { EndpointName } from '../../fleet/registry/types.ts'
import type { StoreOp } from '../../fleet/store.ts'
import type { TracedDatagram } from '../../api/services.ts'
import { rowsOf } from '../../storage/sqlite/rows.ts'
import type { Desk } from '../desk.ts'
import { emptyShardTurn, isEmpty, sentQuery, type HouseTurn, type ShardTurn, type Stray } from './messages.ts'
import { receivedError, sentError } from './sent-error.ts'

/** Turns told to the house that it has not gone through: one that it is at, and one to go on with. */
const turnsAhead = 2

export class RemoteDesk implements Desk {
  readonly #post: (turn: ShardTurn) => void
  #turn = emptyShardTurn()
  #lastNumber = 0
  #ahead = 0
  readonly #loads = new Map<number, LoadTicket>()
  readonly #commits = new Map<number, CommitTicket>()
  readonly #recalls = new Map<number, RecallTicket>()
  /** Devices the house wants back, not let go of yet. */
  readonly #wanted = new Set<EndpointName>()

  constructor(post: (turn: ShardTurn) => void) {
    this.#post = post
  }

  /** Nothing waits to be told or to be committed. */
  get isSettled(): boolean {
    return this.#commits.size === 0 && isEmpty(this.#turn)
  }

  load(ticket: LoadTicket): void {
    const no = ++this.#lastNumber
    this.#loads.set(no, ticket)
    this.#turn.loads.push({ no, key: ticket.key })
  }

  commit(ticket: CommitTicket, ops: readonly StoreOp[]): void {
    const no = ++this.#lastNumber
    this.#commits.set(no, ticket)
    const rows = rowsOf(ops)
    if (rows !== undefined) {
      this.#turn.commits.push({ no, ops: [{ op: 'rows', rows }] })
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

  spokenTo(remote: RemoteEndpoint, secured: boolean): void {
    this.#turn.spokenTo.push({ remote, secured })
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
      this.#turn.released.push(endpoint)
    }
    // While the house is busy more is gathered: a message costs as much as a dozen of what is in it.
    if (this.#ahead < turnsAhead && !isEmpty(this.#turn)) {
      this.#ahead++
      this.#post(this.#turn)
      this.#turn = emptyShardTurn()
    }
    return false
  }

  /** What the house said. The driver owes a turn afterwards. */
  receive(engine: Engine, now: Instant, turn: HouseTurn): void {
    this.#ahead -= turn.taken
    for (const { ticket, answer } of turn.credentials) engine.credentials(now, ticket, answer)
    for (const { no, stored } of turn.recalled) engine.recalled(now, taken(this.#recalls, no), stored)
    for (const { no, snapshot, vouched } of turn.loaded) {
      engine.loaded(now, taken(this.#loads, no), snapshot, vouched)
    }
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
}

function taken<T>(open: Map<number, T>, no: number): T {
  const ticket = open.get(no)
  invariant(ticket !== undefined, `the house answers ${no}, which nobody asked`)
  open.delete(no)
  return ticket
}
