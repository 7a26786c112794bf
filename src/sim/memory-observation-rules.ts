/** The observation rules of a store without a disk, in the order of their ids. */
import type { ObservationRulesOp } from '../fleet/observation-rules/store.ts'
import type { ObservationRule } from '../fleet/observation-rules/types.ts'

export class MemoryObservationRules {
  readonly #rules = new Map<number, ObservationRule>()
  #lastId = 0

  get lastId(): number {
    return this.#lastId
  }

  list(): readonly ObservationRule[] {
    return [...this.#rules.values()]
  }

  apply(op: ObservationRulesOp): void {
    if (op.op === 'observation-rule.delete') {
      this.#rules.delete(op.id)
      return
    }
    this.#lastId = Math.max(this.#lastId, op.rule.id)
    this.#rules.set(op.rule.id, op.rule)
  }
}
