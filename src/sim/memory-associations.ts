/** The associations of a store without a disk. */
import type { AssociationsOp } from '../fleet/associations/store.ts'
import type { AssociationNumber, StoredAssociation } from '../fleet/associations/types.ts'
import type { EndpointName } from '../fleet/registry/types.ts'

export class MemoryAssociations {
  readonly #rows = new Map<AssociationNumber, StoredAssociation>()
  readonly #byCid = new Map<string, AssociationNumber>()
  lastId = 0

  byCid(cid: string): StoredAssociation | undefined {
    return this.#rows.get(this.#byCid.get(cid) ?? 0)
  }

  byAddress(address: string, port: number): StoredAssociation | undefined {
    return [...this.#rows.values()].findLast((row) => row.cid === '' && row.address === address && row.port === port)
  }

  byEndpoint(endpoint: EndpointName): StoredAssociation | undefined {
    return [...this.#rows.values()].findLast((row) => row.endpoint === endpoint)
  }

  apply(op: AssociationsOp): void {
    switch (op.op) {
      case 'association.put':
        this.lastId = Math.max(this.lastId, op.association.id)
        this.#rows.set(op.association.id, op.association)
        if (op.association.cid !== '') this.#byCid.set(op.association.cid, op.association.id)
        return
      case 'association.delete':
        this.#byCid.delete(this.#rows.get(op.id)?.cid ?? '')
        this.#rows.delete(op.id)
        return
      case 'association.reserve':
        return this.#change(op.id, { reservedUpTo: op.upTo })
      case 'association.window': {
        const { op: _, id, ...moved } = op
        if ((this.#rows.get(id)?.windowEdge ?? 0) <= moved.windowEdge) this.#change(id, moved)
      }
    }
  }

  #change(id: AssociationNumber, part: Partial<StoredAssociation>): void {
    const row = this.#rows.get(id)
    if (row !== undefined) this.#rows.set(id, { ...row, ...part })
  }
}
