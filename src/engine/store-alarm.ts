/**
 * The alarm about a store that takes no writes. It cannot be written down while it lasts, so both ends of
 * it are committed once the store takes writes again.
 */
import type { EnvironmentError } from '../base/errors.ts'
import type { Instant } from '../base/time.ts'
import type { FleetEvent } from '../fleet/events/types.ts'
import type { StoreOp } from '../fleet/store.ts'
import type { CommitTicket } from './ports.ts'
import type { Ids } from './state.ts'

export class StoreAlarm {
  /** What the alarm's own commit is known by. */
  readonly ticket: CommitTicket = { alarm: 'store' }
  readonly #ids: Ids
  #raised: { readonly at: Instant; readonly code: string; readonly message: string } | undefined
  #writing: readonly StoreOp[] | undefined

  constructor(ids: Ids) {
    this.#ids = ids
  }

  storeFailed(now: Instant, error: EnvironmentError): void {
    this.#writing = undefined
    this.#raised ??= { at: now, code: error.code, message: error.message }
  }

  /** The ops that write the alarm down, when a commit has gone through again. */
  storeRecovered(now: Instant): readonly StoreOp[] | undefined {
    const raised = this.#raised
    if (raised === undefined || this.#writing !== undefined) return undefined
    this.#writing = [
      this.#event(raised.at, 'alarm.raised', raised.code, { alarm: 'store', message: raised.message }),
      this.#event(now, 'alarm.cleared', raised.code, { alarm: 'store', lastedMs: Math.round(now - raised.at) }),
    ]
    return this.#writing
  }

  /** The alarm is written down; returns what was. */
  committed(): readonly StoreOp[] {
    const written = this.#writing ?? []
    this.#writing = undefined
    this.#raised = undefined
    return written
  }

  #event(at: Instant, kind: FleetEvent['kind'], cause: string, detail: FleetEvent['detail']): StoreOp {
    return { op: 'event.append', event: { id: this.#ids.take('eventId'), at, kind, cause, detail } }
  }
}
