/** What a run came to against what was expected of it. */
import { expect, test } from 'vitest'
import { isDone, unmet } from '../../../../src/sim/scenario/outcome.ts'
import { Latencies } from '../../../../src/sim/fleet/latencies.ts'

const census = { registered: 95, updated: 40, downloading: 0, installing: 0 }
const halted = { name: 'a', state: 'halted', counts: {} }

test.for<[Parameters<typeof unmet>[1], string]>([
  [{ registered: 0.95, updated: 0.4, updatedAtMost: 0.4, campaign: 'halted' }, ''],
  [{ registered: 0.96 }, '95 of 100 devices are registered, at least 96 % were expected'],
  [{ updated: 0.5 }, '40 of 100 devices run the new version, at least 50 % were expected'],
  [{ updatedAtMost: 0.1 }, '40 of 100 devices run the new version, at most 10 % were expected'],
  [{ campaign: 'completed' }, 'the campaign is halted, completed was expected'],
  [{ rolledBack: true }, 'the rollback is not begun, completed was expected'],
])('%j is met but for: %s', ([expected, wrong]) => {
  expect(unmet({ census, devices: 100, campaign: halted }, expected).join()).toBe(wrong)
})

test.for<[string, string | undefined, boolean, boolean]>([
  ['running', undefined, true, false],
  ['completed', undefined, true, true],
  ['halted', undefined, false, true],
  ['halted', undefined, true, false],
  ['halted', 'running', true, false],
  ['halted', 'completed', true, true],
])('a campaign that is %s, its rollback %s, rolls back %s: done %s', ([state, rollback, rollsBack, done]) => {
  const back = rollback === undefined ? {} : { rollback: { name: 'b', state: rollback, counts: {} } }
  expect(isDone({ ...halted, state, ...back }, rollsBack)).toBe(done)
})

test('latencies are told to five percent', () => {
  const latencies = new Latencies()
  expect(latencies.quantile(0.5)).toBeUndefined()
  for (let took = 1; took <= 1000; took++) latencies.add(took)
  expect(latencies.quantile(0.5)).toBeGreaterThan(475)
  expect(latencies.quantile(0.5)).toBeLessThan(525)
  expect(latencies.quantile(0.99)).toBeGreaterThan(940)
  expect(latencies.quantile(0.99)).toBeLessThan(1040)
})
