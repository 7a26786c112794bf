/** Observation rules in SQLite: few rows, read whole. */
import { instantOf } from '../../base/time.ts'
import type { ObservationRulesOp, ObservationRulesStore } from '../../fleet/observation-rules/store.ts'
import type { ObservationRule } from '../../fleet/observation-rules/types.ts'
import { columnOf, jsonOf, type Appliers } from './appliers.ts'
import type { Sqlite } from './connection.ts'

interface RuleRow {
  id: number
  product: string | null
  tags: string
  path: string
  created_at: number
  attributes: string | null
}

export function observationRulesIn(database: Sqlite): {
  reads: ObservationRulesStore
  apply: Appliers<ObservationRulesOp>
} {
  const list = database.prepare<[number], RuleRow>('SELECT * FROM observation_rule WHERE id > +? ORDER BY id')
  const lastId = database.prepareColumn<[], number>(`SELECT seq FROM sqlite_sequence WHERE name = 'observation_rule'`)
  const put = database.prepare(
    'INSERT OR REPLACE INTO observation_rule (id, product, tags, path, created_at, attributes) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const remove = database.prepare<[number]>('DELETE FROM observation_rule WHERE id = +?')
  return {
    reads: { observationRules: () => list.all(0).map(ruleOf), lastObservationRuleId: () => lastId.get() ?? 0 },
    apply: {
      'observation-rule.put': ({ rule }) => {
        put.run(rule.id, columnOf(rule.product), jsonOf(rule.tags), rule.path, rule.createdAt, jsonOf(rule.attributes))
      },
      'observation-rule.delete': ({ id }) => void remove.run(id),
    },
  }
}

function ruleOf({ id, product, tags, path, created_at, attributes }: RuleRow): ObservationRule {
  return {
    id,
    ...(product !== null && { product }),
    tags: JSON.parse(tags) as ObservationRule['tags'],
    path,
    createdAt: instantOf(created_at),
    ...(attributes !== null && { attributes: JSON.parse(attributes) as NonNullable<ObservationRule['attributes']> }),
  }
}
