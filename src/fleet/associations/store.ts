/** What associations ask of the store. */
import type { Instant } from '../../base/time.ts'
import type { EndpointName } from '../registry/types.ts'
import type { AssociationNumber, StoredAssociation } from './types.ts'

export type AssociationsOp =
  /** Inserts, or replaces the row of the same id. */
  | { readonly op: 'association.put'; readonly association: StoredAssociation }
  /** Let go of by memory, where the row is still there: who was deleted meanwhile stays so. Never moves the edge back. */
  | { readonly op: 'association.reseal'; readonly association: StoredAssociation }
  /** With the effect of the message that moved the window. Never moves the edge back. */
  | {
      readonly op: 'association.window'
      readonly id: AssociationNumber
      readonly windowEdge: number
      readonly windowBitmap: bigint
      readonly address: string
      readonly port: number
      readonly heardAt: Instant
    }
  | { readonly op: 'association.reserve'; readonly id: AssociationNumber; readonly upTo: number }
  | { readonly op: 'association.delete'; readonly id: AssociationNumber }
  /** Deletes what an identity has beyond its newest `keep`. */
  | { readonly op: 'association.prune'; readonly identity: string; readonly keep: number }
  /** Deletes all that an identity has. */
  | { readonly op: 'association.revoke'; readonly identity: string }
  /** Deletes every one there is. */
  | { readonly op: 'association.clear' }
  /** Goes up while the server runs, so that a database from a backup can be told (`associationMark`). */
  | { readonly op: 'association.mark'; readonly mark: number }
  /** Deletes what was not heard since. */
  | { readonly op: 'association.expire'; readonly heardBefore: Instant }

export function isOfAssociations(op: { readonly op: string }): op is AssociationsOp {
  return op.op.startsWith('association.')
}

/** The same for those of the bootstrap listener, which are kept apart: they are of no use elsewhere. */
export type BootstrapAssociationsOp = { readonly op: 'bootstrap.association'; readonly change: AssociationsOp }

export interface AssociationsStore {
  associationByCid(cid: string): StoredAssociation | undefined
  /** The newest one of that address whose peer sends without a CID. */
  associationByAddress(address: string, port: number): StoredAssociation | undefined
  /** The newest. */
  associationByEndpoint(endpoint: EndpointName): StoredAssociation | undefined
  lastAssociationId(): AssociationNumber
  /** Undefined where it was never set. */
  associationMark(): number | undefined
}
