/**
 * Associations in memory, found by CID, by path where their peer sends none, or by identity. The one heard
 * from longest ago comes first when room is needed.
 */
import type { Association, AssociationId } from './association.ts'
import type { CidKey } from './connection-id.ts'
import { principalKey, type Principal } from './principal.ts'

export class AssociationTable {
  readonly #byId = new Map<AssociationId, Association>()
  readonly #byCid = new Map<CidKey, Association>()
  readonly #byPath = new Map<number, Association>()
  readonly #byPrincipal = new Map<string, Set<Association>>()
  // a list through the associations, in the order they were heard: a Map reordered per record is ten times slower
  #oldest: Association | undefined
  #newest: Association | undefined

  get size(): number {
    return this.#byId.size
  }

  get sizes(): { readonly cids: number; readonly paths: number; readonly identities: number } {
    return { cids: this.#byCid.size, paths: this.#byPath.size, identities: this.#byPrincipal.size }
  }

  add(association: Association): void {
    this.#byId.set(association.id, association)
    this.#append(association)
    if (association.cidKey === undefined) this.#byPath.set(association.path, association)
    else this.#byCid.set(association.cidKey, association)
    const key = principalKey(association.terms.principal)
    const same = this.#byPrincipal.get(key)
    if (same === undefined) this.#byPrincipal.set(key, new Set([association]))
    else same.add(association)
  }

  remove(association: Association): void {
    if (!this.#byId.delete(association.id)) return
    this.#unlink(association)
    if (association.cidKey !== undefined) this.#byCid.delete(association.cidKey)
    else if (this.#byPath.get(association.path) === association) this.#byPath.delete(association.path)
    const key = principalKey(association.terms.principal)
    const same = this.#byPrincipal.get(key)
    same?.delete(association)
    if (same?.size === 0) this.#byPrincipal.delete(key)
  }

  find(id: AssociationId): Association | undefined {
    return this.#byId.get(id)
  }

  byCid(key: CidKey): Association | undefined {
    return this.#byCid.get(key)
  }

  /** The association whose peer sends from `path` without a CID. */
  byPath(path: number): Association | undefined {
    return this.#byPath.get(path)
  }

  /** Oldest first. */
  of(principal: Principal): readonly Association[] {
    return [...(this.#byPrincipal.get(principalKey(principal)) ?? [])]
  }

  /** It was heard: the last to be let go. */
  touch(association: Association): void {
    if (this.#newest === association) return
    this.#unlink(association)
    this.#append(association)
  }

  /** Heard from longest ago. */
  oldest(): Association | undefined {
    return this.#oldest
  }

  #append(association: Association): void {
    association.older = this.#newest
    association.newer = undefined
    if (this.#newest === undefined) this.#oldest = association
    else this.#newest.newer = association
    this.#newest = association
  }

  #unlink(association: Association): void {
    const { older, newer } = association
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    association.older = undefined
    association.newer = undefined
  }
}
