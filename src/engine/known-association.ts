/** An association in memory beside its row in the store, and how one becomes the other. */
import { hexOf, printableOf, type Bytes } from '../base/bytes.ts'
import type { Instant } from '../base/time.ts'
import type { Profile } from '../config/profiles.ts'
import type { DurableProgress } from '../dtls/associations.ts'
import type { Principal } from '../dtls/principal.ts'
import type { ReceiveWindow } from '../dtls/replay-window.ts'
import type { RecallQuery } from '../dtls/sink.ts'
import type { AssociationNumber, StoredAssociation } from '../fleet/associations/types.ts'
import type { EndpointName } from '../fleet/registry/types.ts'
import type { StoreOp } from '../fleet/store.ts'
import type { AssociationKey, RemoteEndpoint } from './ports.ts'

/** An association in memory and its row. */
export interface Known {
  readonly row: AssociationNumber
  readonly dtls: number
  readonly identity: string
  readonly endpoint: EndpointName | undefined
  readonly cid: string
  readonly openedAt: Instant
  /** Write numbers below it are durably marked as used. */
  reservedUpTo: number
  /** Messages that wait for a reservation. */
  readonly waiting: Bytes[]
  /** Octets of the largest message the peer takes in one record (RFC 6066 §4, RFC 8449 §4). */
  readonly dataLimit: number
  /** The profile last asked for, with no datagram above `dataLimit`. */
  within: { readonly of: Profile; readonly profile: Profile } | undefined
}

/** The associations in memory, found by their row, by the number DTLS has for them, or by their device. */
export class KnownAssociations {
  readonly #byRow = new Map<AssociationNumber, Known>()
  readonly #byDtls = new Map<number, Known>()
  readonly #byEndpoint = new Map<EndpointName, readonly Known[]>()

  byRow(row: AssociationNumber): Known | undefined {
    return this.#byRow.get(row)
  }

  byDtls(dtls: number): Known | undefined {
    return this.#byDtls.get(dtls)
  }

  ofEndpoint(endpoint: EndpointName): readonly Known[] {
    return this.#byEndpoint.get(endpoint) ?? []
  }

  add(known: Known): void {
    this.#byRow.set(known.row, known)
    this.#byDtls.set(known.dtls, known)
    const { endpoint } = known
    if (endpoint !== undefined) this.#byEndpoint.set(endpoint, [...this.ofEndpoint(endpoint), known])
  }

  drop(known: Known): void {
    this.#byRow.delete(known.row)
    this.#byDtls.delete(known.dtls)
    if (known.endpoint === undefined) return
    const left = this.ofEndpoint(known.endpoint).filter((other) => other !== known)
    if (left.length > 0) this.#byEndpoint.set(known.endpoint, left)
    else this.#byEndpoint.delete(known.endpoint)
  }
}

export function knownOf(row: StoredAssociation, dtls: number, dataLimit: number): Known {
  const { id, identity, endpoint, cid, openedAt, reservedUpTo } = row
  return { row: id, dtls, identity, endpoint, cid, openedAt, reservedUpTo, waiting: [], dataLimit, within: undefined }
}

/** `profile` with no datagram larger than the peer takes in one record; the same object for the same profile. */
export function profileWithin(known: Known, profile: Profile): Profile {
  if (known.dataLimit >= profile.datagramLimit) return profile
  if (known.within?.of !== profile) {
    known.within = { of: profile, profile: { ...profile, datagramLimit: known.dataLimit } }
  }
  return known.within.profile
}

/** What a message moved, to be committed with its effect. */
export function windowOpOf(now: Instant, { row }: Known, window: ReceiveWindow, remote: RemoteEndpoint): StoreOp {
  return {
    op: 'association.window',
    id: row,
    windowEdge: Number(window.edge),
    windowBitmap: window.bitmap,
    ...remote,
    heardAt: now,
  }
}

export function progressOf(row: StoredAssociation): DurableProgress {
  return { reservedUpTo: row.reservedUpTo, window: { edge: BigInt(row.windowEdge), bitmap: row.windowBitmap } }
}

/** What a recalled association is found by; of a path that was forgotten there is none. */
export function keyOf(query: RecallQuery, addressOf: (path: number) => RemoteEndpoint | undefined): AssociationKey {
  if (query.kind === 'cid') return { by: 'cid', cid: hexOf(query.cid) }
  const remote = addressOf(query.path)
  return remote === undefined ? { by: 'cid', cid: '' } : { by: 'address', ...remote }
}

/** Who a peer has proved to be, printable; of two principals never the same, so that rows can be found by it. */
export function identityOf(principal: Principal): string {
  switch (principal.kind) {
    case 'psk': {
      const text = printableOf(principal.identity)
      return /^(?:rpk|x509):/.test(text) ? `0x${hexOf(principal.identity)}` : text
    }
    case 'raw-public-key':
      return `rpk:${hexOf(principal.publicKey)}`
    case 'certificate':
      return `x509:${hexOf(principal.fingerprint)}`
    case 'anonymous':
      return 'anonymous:'
  }
}
