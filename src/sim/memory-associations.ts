/** The associations of a store without a disk. */
import type { AssociationsOp } from '../fleet/associations/store.ts'
import type { AssociationNumber, StoredAssociation } from '../fleet/associations/types.ts'
import type { EndpointName } from '../fleet/registry/types.ts'

export class MemoryAssociations {
  readonly #rows = new Map<AssociationNumber, StoredAssociation>()
  readonly #byCid = new Map<string, AssociationNumber>()
  /** Numbers of each identity, in the order they were first put. */
  readonly #byIdentity = new Map<string, Set<AssociationNumber>>()
  lastId = 0
  mark: number | undefined

  /** How many associations one identity has, at most. */
  get mostOfOneIdentity(): number {
    return Math.max(0, ...[...this.#byIdentity.values()].map(({ size }) => size))
  }

  byCid(cid: string): StoredAssociation | undefined {
    return this.#rows.get(this.#byCid.get(cid) ?? 0)
  }

  byAddress(address: string, port: number): StoredAssociation | undefined {
    return this.#newest((row) => row.cid === '' && row.address === address && row.port === port)
  }

  byEndpoint(endpoint: EndpointName): StoredAssociation | undefined {
    return this.#newest((row) => row.endpoint === endpoint)
  }

  apply(op: AssociationsOp): void {
    switch (op.op) {
      case 'association.put':
        return this.#put(op.association)
      case 'association.reseal': {
        const { id, windowEdge } = op.association
        if ((this.#rows.get(id)?.windowEdge ?? 0) <= windowEdge) this.#change(id, op.association)
        return
      }
      case 'association.delete':
        return this.#delete(op.id)
      case 'association.reserve':
        return this.#change(op.id, { reservedUpTo: op.upTo })
      case 'association.window': {
        const { op: _, id, ...moved } = op
        if ((this.#rows.get(id)?.windowEdge ?? 0) <= moved.windowEdge) this.#change(id, moved)
        return
      }
      case 'association.prune': {
        const newest = [...(this.#byIdentity.get(op.identity) ?? [])].sort((a, b) => b - a)
        for (const id of newest.slice(op.keep)) this.#delete(id)
        return
      }
      case 'association.revoke':
        for (const id of this.#byIdentity.get(op.identity) ?? []) this.#delete(id)
        return
      case 'association.clear':
        for (const id of this.#rows.keys()) this.#delete(id)
        return
      case 'association.mark':
        this.mark = op.mark
        return
      case 'association.expire':
        for (const { id, heardAt } of this.#rows.values()) if (heardAt < op.heardBefore) this.#delete(id)
    }
  }

  #newest(matches: (row: StoredAssociation) => boolean): StoredAssociation | undefined {
    let newest: StoredAssociation | undefined
    for (const row of this.#rows.values()) if (row.id > (newest?.id ?? 0) && matches(row)) newest = row
    return newest
  }

  #put(association: StoredAssociation): void {
    const { cid, id, identity } = association
    this.lastId = Math.max(this.lastId, id)
    const namesake = this.#byCid.get(cid)
    if (namesake !== undefined && namesake !== id) this.#delete(namesake)
    this.#rows.set(id, association)
    if (cid !== '') this.#byCid.set(cid, id)
    const same = this.#byIdentity.get(identity)
    if (same === undefined) this.#byIdentity.set(identity, new Set([id]))
    else same.add(id)
  }

  #delete(id: AssociationNumber): void {
    const row = this.#rows.get(id)
    if (row === undefined) return
    this.#rows.delete(id)
    this.#byCid.delete(row.cid)
    const same = this.#byIdentity.get(row.identity)
    same?.delete(id)
    if (same?.size === 0) this.#byIdentity.delete(row.identity)
  }

  #change(id: AssociationNumber, part: Partial<StoredAssociation>): void {
    const row = this.#rows.get(id)
    if (row !== undefined) this.#rows.set(id, { ...row, ...part })
  }
}
