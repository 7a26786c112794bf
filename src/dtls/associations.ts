/**
 * The life of associations: taken over from a handshake, written to and reserved for, let go of and brought
 * back, closed. Which record belongs to which one is `endpoint.ts`.
 */
import { equalBytes, noBytes, type Bytes } from '../base/bytes.ts'
import type { Deadlined, DeadlineQueue } from '../base/deadline-queue.ts'
import { LruMap } from '../base/lru.ts'
import type { Random } from '../base/random.ts'
import { after, between, seconds, type Instant } from '../base/time.ts'
import { Association, smallestReservation, type AssociationId } from './association.ts'
import { AssociationTable } from './association-table.ts'
import { cidKeyOf } from './connection-id.ts'
import type { AeadKey, DtlsCrypto } from './crypto.ts'
import { Mobility } from './mobility.ts'
import type { DtlsOptions } from './options.ts'
import type { Principal } from './principal.ts'
import type { RecordLayer } from './record-layer.ts'
import type { ReceiveWindow } from './replay-window.ts'
import type { CloseReason, DtlsSink, RecallQuery } from './sink.ts'
import { openSnapshot, sealSnapshot, type SnapshotFault } from './snapshot.ts'
import { alertDescriptions, alertLevel, type AlertName } from './wire/alert.ts'
import { contentType, sequenceLimit } from './wire/record.ts'

export type RestoreFault =
  | SnapshotFault
  | 'snapshot-without-key'
  /** Not of the association that was asked for. */
  | 'snapshot-of-another'
  /** Older than a snapshot this process has made. */
  | 'snapshot-rolled-back'
  /** The association is alive here: two owners would use the same numbers. */
  | 'snapshot-alive'
  | 'snapshot-expired'

/** An association as the store has it. */
export interface StoredAssociation {
  readonly sealed: Bytes
  /**
   * Where the peer was last heard, by the store's word: a record that asks for an association may come from
   * anyone, so its own path counts only once it has been opened.
   */
  readonly path: number
  /** What was committed since the snapshot was made. */
  readonly progress?: DurableProgress
}

export interface DurableProgress {
  readonly reservedUpTo: number
  readonly window: ReceiveWindow
}

export interface AssociationsHost {
  readonly options: DtlsOptions
  readonly crypto: DtlsCrypto
  readonly random: Random
  readonly sink: DtlsSink
  readonly records: RecordLayer
  readonly deadlines: DeadlineQueue<Deadlined>
  nextAssociationId(): AssociationId
}

/** A reservation used up within it was too small. */
const busyInterval = seconds(10)

/** Associations whose last generation is remembered after they were let go, against old snapshots. */
const generationsRemembered = 65_536

export class Associations {
  readonly table = new AssociationTable()
  readonly mobility: Mobility
  readonly #host: AssociationsHost
  readonly #storeKey: AeadKey | undefined
  readonly #alive = new Set<number>()
  readonly #generations = new LruMap<number, number>(generationsRemembered)
  #out = new Uint8Array(1500)

  constructor(host: AssociationsHost) {
    this.#host = host
    const { storeKey } = host.options
    this.#storeKey = storeKey === undefined ? undefined : host.crypto.aeadKey('aes-256-gcm', storeKey)
    this.mobility = new Mobility({
      crypto: host.crypto,
      random: host.random,
      sink: host.sink,
      sendRecord: (now, association, type, content) => this.write(now, association, type, content, 0, content.length),
    })
  }

  /** Takes an association in; older ones give way where a limit says so. */
  add(now: Instant, association: Association): void {
    const { options } = this.#host
    this.table.add(association)
    this.#rearm(association)
    if (this.#storeKey !== undefined) this.#alive.add(this.#fingerprintOf(association))
    if (association.terms.role === 'server' && association.terms.principal.kind !== 'anonymous') {
      const same = this.table.of(association.terms.principal)
      for (let i = 0; i < same.length - options.associationsPerIdentity; i++) {
        this.close(now, same[i]!, 'identity-limit', undefined)
      }
    }
    while (this.table.size > options.associationLimit) this.evict(now, this.table.oldest()!)
  }

  /** Seals and sends one record; false where no number is reserved, it is too long, or the path's budget is spent. */
  write(now: Instant, association: Association, type: number, buffer: Bytes, start: number, end: number): boolean {
    const length = end - start
    if (length > this.plaintextLimitOf(association)) return false
    if (!association.mayWrite) {
      if (association.writeSequence >= sequenceLimit) this.close(now, association, 'sequence-exhausted', undefined)
      else this.#reserveAhead(now, association)
      return false
    }
    const total = this.#host.records.sealedLength(association, length)
    if (!this.mobility.spend(association, total)) return false
    if (total > this.#out.length) this.#out = new Uint8Array(total)
    const out = this.#out
    const sealedEnd = this.#host.records.seal(association, type, buffer, start, end, out, 0)
    this.#host.sink.send(now, association.path, out, 0, sealedEnd)
    this.#reserveAhead(now, association)
    return true
  }

  /** Octets the peer takes in one record; with a CID the inner type is among them. */
  plaintextLimitOf(association: Association): number {
    const { recordLimit, peerCid } = association.terms
    return peerCid.length > 0 ? recordLimit - 1 : recordLimit
  }

  reserved(association: Association, upTo: number): void {
    if (upTo > association.reservedUpTo) association.reservedUpTo = upTo
  }

  /** Ends it; `alert` is said to the peer first, where one makes sense. */
  close(now: Instant, association: Association, reason: CloseReason, alert: AlertName | undefined): void {
    if (this.table.find(association.id) !== association) return
    if (alert !== undefined && association.mayWrite) {
      const level = alert === 'close_notify' ? alertLevel.warning : alertLevel.fatal
      this.write(now, association, contentType.alert, new Uint8Array([level, alertDescriptions[alert]]), 0, 2)
    }
    this.#forget(association)
    this.#host.sink.closed(now, association.id, reason)
  }

  revoke(now: Instant, principal: Principal): void {
    for (const association of this.table.of(principal)) this.close(now, association, 'revoked', 'access_denied')
  }

  /** The association as it must be found after a crash: its writer resumes at the reserved bound. */
  snapshot(association: Association): Bytes | undefined {
    // without a reservation nobody could say which numbers a crash leaves used
    return Number.isFinite(association.reservedUpTo) ? this.#seal(association, association.reservedUpTo) : undefined
  }

  /** Freezes it for another owner: it is gone here, and the snapshot has the very next number. */
  release(association: Association): Bytes | undefined {
    const sealed = this.#seal(association, association.writeSequence)
    if (sealed !== undefined) this.#forget(association)
    return sealed
  }

  /** Out of memory and, sealed, into the sink's hands; without a store key it is over. */
  evict(now: Instant, association: Association): void {
    const { ownCid } = association.terms
    const window = association.window.value()
    const sealed = this.release(association)
    if (sealed === undefined) this.close(now, association, 'evicted', undefined)
    else this.#host.sink.evicted(now, association.id, ownCid, association.path, sealed, window)
  }

  /** Brings one back to life; the writer needs a reservation before its first record and asks for it now. */
  restore(now: Instant, stored: StoredAssociation, asked: RecallQuery | undefined): Association | RestoreFault {
    const { crypto, options } = this.#host
    const { sealed, path, progress } = stored
    if (this.#storeKey === undefined) return 'snapshot-without-key'
    const state = openSnapshot(crypto, this.#storeKey, sealed)
    if (typeof state === 'string') return state
    if (after(state.heard, options.associationLifetime) <= now) return 'snapshot-expired'
    const fingerprint = fingerprintOf(crypto, state.terms.keyBlock)
    const { ownCid } = state.terms
    // who has agreed to a CID must use it (RFC 9146 §3), so a path means an association without one
    const askedCid = asked?.kind === 'path' ? noBytes : asked?.cid
    if (askedCid !== undefined && !equalBytes(askedCid, ownCid)) return 'snapshot-of-another'
    const cidTaken = ownCid.length > 0 && this.table.byCid(cidKeyOf(ownCid, 0, ownCid.length)) !== undefined
    if (this.#alive.has(fingerprint) || cidTaken) return 'snapshot-alive'
    const known = this.#generations.peek(fingerprint)
    if (known !== undefined && state.generation < known) return 'snapshot-rolled-back'
    // of two records of its progress the further one counts, so an old one alone does no harm
    const resumeAt = Math.max(state.writeSequence, progress?.reservedUpTo ?? 0)
    const association = new Association(
      crypto,
      this.#host.nextAssociationId(),
      state.terms,
      now,
      path,
      options.sequenceReservation === 0 ? Number.POSITIVE_INFINITY : resumeAt,
      options.forgeryRate,
    )
    association.writeSequence = resumeAt
    association.opened = state.opened
    association.heard = state.heard
    association.forgeries = state.forgeries
    association.generation = state.generation
    association.window.merge(state.window)
    if (progress !== undefined) association.window.merge(progress.window)
    this.add(now, association)
    this.#reserveAhead(now, association)
    return association
  }

  #rearm(association: Association): void {
    this.#host.deadlines.set(association, after(association.heard, this.#host.options.associationLifetime))
  }

  expire(now: Instant, association: Association): void {
    if (after(association.heard, this.#host.options.associationLifetime) > now) this.#rearm(association)
    else this.close(now, association, 'expired', undefined)
  }

  #reserveAhead(now: Instant, association: Association): void {
    const { reservationStep } = association
    if (association.writeSequence + reservationStep / 2 < association.reservationAsked) return
    // Few at a time while little is said: foreign replay windows take a leap over what a crash skipped for an
    // attack when it is wider than they are. Who talks a lot gets more, so that talking costs few commits.
    const isBusy = between(association.reservationAskedAt, now) < busyInterval
    const most = this.#host.options.sequenceReservation
    association.reservationStep = isBusy ? Math.min(most, 2 * reservationStep) : Math.min(most, smallestReservation)
    const upTo = Math.min(association.writeSequence + association.reservationStep, sequenceLimit)
    if (upTo <= association.reservationAsked) return
    association.reservationAsked = upTo
    association.reservationAskedAt = now
    this.#host.sink.reserve(now, association.id, upTo)
  }

  #seal(association: Association, writeSequence: number): Bytes | undefined {
    if (this.#storeKey === undefined) return undefined
    association.generation++
    this.#generations.set(this.#fingerprintOf(association), association.generation)
    return sealSnapshot(this.#host.crypto, this.#storeKey, this.#host.random, {
      terms: association.terms,
      writeSequence,
      window: association.window.value(),
      generation: association.generation,
      opened: association.opened,
      heard: association.heard,
      forgeries: association.forgeries,
    })
  }

  #forget(association: Association): void {
    this.table.remove(association)
    this.#host.deadlines.clear(association)
    if (association.fingerprint !== undefined) this.#alive.delete(association.fingerprint)
  }

  #fingerprintOf(association: Association): number {
    return (association.fingerprint ??= fingerprintOf(this.#host.crypto, association.terms.keyBlock))
  }
}

/** Six octets of a hash: as a number, and enough to tell sets of keys apart. */
function fingerprintOf(crypto: DtlsCrypto, keyBlock: Bytes): number {
  return cidKeyOf(crypto.hash('sha256', keyBlock), 0, 6) as number
}
