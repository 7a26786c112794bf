/**
 * Records of an open association: whether one may be tried, is fresh and genuine, and what is done about its
 * content. Who it belongs to was found out by `endpoint.ts`.
 */
import type { Bytes } from '../base/bytes.ts'
import { after, minutes, type Instant } from '../base/time.ts'
import type { Association } from './association.ts'
import { ForgeryBudget } from './forgery-budget.ts'
import type { Associations } from './associations.ts'
import type { DtlsFaultName } from './faults.ts'
import type { FlightSender } from './handshake/flight.ts'
import type { DtlsOptions } from './options.ts'
import type { RecordLayer } from './record-layer.ts'
import type { DtlsSink } from './sink.ts'
import type { SessionCache } from './sessions.ts'
import { alertDescriptions, alertLevel } from './wire/alert.ts'
import { handshakeType } from './wire/handshake-header.ts'
import { contentType, type RecordHeader } from './wire/record.ts'

export interface AssociationReceiverHost {
  readonly options: DtlsOptions
  readonly sink: DtlsSink
  readonly records: RecordLayer
  readonly flights: FlightSender
  readonly associations: Associations
  readonly sessions: SessionCache
  fault(name: DtlsFaultName): void
}

const renegotiationRefusedEvery = minutes(1)

export class AssociationReceiver {
  readonly #host: AssociationReceiverHost

  constructor(host: AssociationReceiverHost) {
    this.#host = host
  }

  /** Opens a record of an association and acts on it; false where it is not the association's. */
  open(now: Instant, association: Association, path: number, buffer: Bytes, header: RecordHeader): boolean {
    if (!association.window.isFresh(header.sequence)) {
      this.#host.fault('record-replayed')
      return true
    }
    const budget = this.#budgetOf(now, association, path)
    if (!budget.allows(now, this.#host.options.forgeryRate)) {
      this.#host.fault('record-forged')
      return false
    }
    const fault = this.#host.records.open(association, buffer, header)
    if (fault?.fault === 'record-forged') {
      this.#host.fault('record-forged')
      budget.spend()
      if (++association.forgeries >= this.#host.options.forgeryLimit) {
        this.#host.associations.close(now, association, 'forgeries', undefined)
      }
      return false
    }
    const isNewest = association.window.mark(header.sequence)
    association.heard = now
    this.#host.associations.table.touch(association)
    const { mobility } = this.#host.associations
    mobility.heard(now, association, path, header.end - header.at, isNewest, this.#host.records.type)
    if (fault !== undefined) this.#host.fault(fault.fault)
    else this.#deliver(now, association, path)
    return true
  }

  /** Forged records cost work, so only so many a second are tried; those from elsewhere have a budget of their own. */
  #budgetOf(now: Instant, association: Association, path: number): ForgeryBudget {
    if (path === association.path) return association.forgeryBudget
    association.strayForgeryBudget ??= new ForgeryBudget(now, this.#host.options.forgeryRate)
    return association.strayForgeryBudget
  }

  #deliver(now: Instant, association: Association, path: number): void {
    const { type, plaintext, plaintextEnd } = this.#host.records
    switch (type) {
      case contentType.applicationData:
        association.finalFlight = undefined // it has our Finished
        this.#host.sink.data(now, association.id, plaintext, 0, plaintextEnd)
        return
      case contentType.alert:
        return this.#receiveAlert(now, association, plaintext, plaintextEnd)
      case contentType.handshake:
        return this.#receiveHandshake(now, association, plaintext[0])
      case contentType.returnRoutability:
        return this.#host.associations.mobility.receive(now, association, path, plaintext, plaintextEnd)
      default:
        this.#host.fault('record-inner-malformed')
    }
  }

  #receiveAlert(now: Instant, association: Association, plaintext: Bytes, end: number): void {
    if (end !== 2) return this.#host.fault('record-inner-malformed')
    if (plaintext[1] === alertDescriptions.close_notify) {
      this.#host.associations.close(now, association, 'peer-closed', 'close_notify') // RFC 5246 §7.2.1
    } else if (plaintext[0] === alertLevel.fatal) {
      this.#host.sessions.remove(association.sessionId)
      this.#host.associations.close(now, association, 'peer-alert', undefined)
    }
  }

  /** After the handshake: a repeated Finished wants our last flight again, everything else is renegotiation. */
  #receiveHandshake(now: Instant, association: Association, type: number | undefined): void {
    const { finalFlight, terms } = association
    if (type === handshakeType.finished) {
      if (finalFlight === undefined) return this.#host.fault('record-stray')
      const { recordLimit } = terms
      this.#host.flights.send(now, { ...finalFlight, path: association.path, association, recordLimit })
      return
    }
    this.#host.fault('renegotiation-attempted')
    const refused = association.renegotiationRefused
    if (refused !== undefined && now < after(refused, renegotiationRefusedEvery)) return
    association.renegotiationRefused = now
    const warning = new Uint8Array([alertLevel.warning, alertDescriptions.no_renegotiation])
    this.#host.associations.write(now, association, contentType.alert, warning, 0, 2)
  }
}
