import { expect, test } from 'vitest'
import type { ObservationRule } from '../../../../src/fleet/observation-rules/types.ts'
import { openStore, start } from '../fixtures.ts'

const rules: readonly ObservationRule[] = [
  { id: 1, product: 'meter', tags: {}, path: '/3/0/9', createdAt: start },
  { id: 2, tags: { site: 'berlin', floor: '3' }, path: '/3303', createdAt: start },
]

test('observation rules come back as they were put, and an id is never given again', () => {
  const store = openStore()
  expect(store.lastObservationRuleId()).toBe(0)
  store.commit(rules.map((rule) => ({ op: 'observation-rule.put', rule })))
  expect(store.observationRules()).toEqual(rules)
  store.commit([{ op: 'observation-rule.delete', id: 2 }])
  expect(store.observationRules()).toEqual(rules.slice(0, 1))
  expect(store.lastObservationRuleId()).toBe(2)
})
