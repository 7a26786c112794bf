/** What the secure link has committed, and what it does once that is durable. */
import type { Bytes } from '../base/bytes.ts'
import type { AssociationNumber, StoredAssociation } from '../fleet/associations/types.ts'

/** The handshake's last flight waits until the association is durable. */
export class Opening {
  readonly row: AssociationNumber
  readonly path: number
  readonly datagrams: readonly { readonly path: number; readonly bytes: Bytes }[]
  constructor(row: AssociationNumber, path: number, datagrams: Opening['datagrams']) {
    this.row = row
    this.path = path
    this.datagrams = datagrams
  }
}

export class Reservation {
  readonly dtls: number
  readonly upTo: number
  constructor(dtls: number, upTo: number) {
    this.dtls = dtls
    this.upTo = upTo
  }
}

/** Nothing has to happen when it is durable. */
export class Note {
  readonly evicted: StoredAssociation | undefined
  constructor(evicted?: StoredAssociation) {
    this.evicted = evicted
  }
}
