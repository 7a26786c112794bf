/**
 * Records of associations that are not in memory: the store is asked, the records wait. A stranger can
 * make us ask with any CID, so the number of questions and what waits for each are limited.
 */
import type { Bytes } from '../base/bytes.ts'
import type { Deadlined, DeadlineQueue } from '../base/deadline-queue.ts'
import { after, never, type Duration, type Instant } from '../base/time.ts'
import type { CidKey } from './connection-id.ts'
import type { RecallQuery, Ticket } from './sink.ts'

const recordsPerRecall = 4
const octetsPerRecall = 4096

export interface WaitingRecord {
  readonly path: number
  readonly record: Bytes
}

export class Recall implements Deadlined {
  readonly kind = 'recall'
  readonly ticket: Ticket
  readonly key: CidKey
  readonly query: RecallQuery
  records: WaitingRecord[] = []
  octets = 0
  deadline: Instant = never
  deadlineSlot = -1

  constructor(ticket: Ticket, key: CidKey, query: RecallQuery) {
    this.ticket = ticket
    this.key = key
    this.query = query
  }
}

export class Recalls {
  readonly #limit: number
  readonly #timeout: Duration
  readonly #deadlines: DeadlineQueue<Deadlined>
  readonly #byTicket = new Map<Ticket, Recall>()
  readonly #byCid = new Map<CidKey, Recall>()
  readonly #byPath = new Map<number, Recall>()
  #nextTicket = 1
  #octets = 0

  constructor(limit: number, timeout: Duration, deadlines: DeadlineQueue<Deadlined>) {
    this.#limit = limit
    this.#timeout = timeout
    this.#deadlines = deadlines
  }

  get size(): number {
    return this.#byTicket.size
  }

  get octets(): number {
    return this.#octets
  }

  /** Lets a record wait; returns a question to ask where it is the first, undefined where one is under way or there are too many. */
  wait(now: Instant, key: CidKey, query: RecallQuery, path: number, record: Bytes): Recall | undefined {
    const table = query.kind === 'cid' ? this.#byCid : this.#byPath
    const underWay = table.get(key)
    if (underWay !== undefined) {
      this.#add(underWay, path, record)
      return undefined
    }
    if (this.#byTicket.size >= this.#limit) return undefined
    const recall = new Recall(this.#nextTicket++, key, query)
    this.#byTicket.set(recall.ticket, recall)
    table.set(key, recall)
    this.#deadlines.set(recall, after(now, this.#timeout))
    this.#add(recall, path, record)
    return recall
  }

  /** Takes an answered question out; undefined where the answer is late or the second. */
  take(ticket: Ticket): Recall | undefined {
    const recall = this.#byTicket.get(ticket)
    if (recall !== undefined) this.drop(recall)
    return recall
  }

  drop(recall: Recall): void {
    this.#byTicket.delete(recall.ticket)
    const table = recall.query.kind === 'cid' ? this.#byCid : this.#byPath
    table.delete(recall.key)
    this.#deadlines.clear(recall)
    this.#octets -= recall.octets
  }

  #add(recall: Recall, path: number, record: Bytes): void {
    if (recall.records.length >= recordsPerRecall || recall.octets + record.length > octetsPerRecall) return
    recall.records.push({ path, record })
    recall.octets += record.length
    this.#octets += record.length
  }
}
