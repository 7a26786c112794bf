/** `failing-update` in virtual time: the shipped scenario, in small, with the store that ships. */
import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { campaignDraftSchema } from '../../src/api/contract/campaign-draft.ts'
import { minutes } from '../../src/base/time.ts'
import { fleetCrypto } from '../../src/sim/fleet/crypto.ts'
import { unmet, type Outcome } from '../../src/sim/scenario/outcome.ts'
import { readScenario } from '../../src/sim/scenario/read.ts'
import type { Scenario } from '../../src/sim/scenario/scenario.ts'
import { openScratchStore } from '../../src/sim/scenario/scratch-store.ts'
import { VirtualRun } from '../../src/sim/scenario/virtual-run.ts'
import { library, sized } from './support.ts'

const timeout = 3_600_000

function scenarioOf(name: string, changes: Partial<Scenario>): Scenario {
  const read = readScenario(readFileSync(`scenarios/${name}.yaml`, 'utf8'), campaignDraftSchema)
  if ('problems' in read) throw new Error(JSON.stringify(read.problems))
  return { ...read.scenario, ...changes }
}

function outcomeOf(scenario: Scenario): Outcome {
  const { store, close } = openScratchStore()
  onTestFinished(close)
  const run = new VirtualRun({ scenario, library, store, crypto: fleetCrypto() })
  run.begin()
  while (!run.isOver) run.run(minutes(1))
  const nothing = { cpuSeconds: 0, residentOctets: 0 }
  return run.recorder.outcome(0, run.elapsed / 1000, nothing, undefined)
}

test('a faulty update stops by its gate and is taken back', { timeout }, () => {
  const scenario = scenarioOf('failing-update', {
    devices: sized('SIM_DEVICES', 500),
    faults: { faultyImage: { share: 0.1, shows: 'boot' }, powerCut: { share: 0.1, at: 0.6 } },
  })
  const outcome = outcomeOf({
    ...scenario,
    campaign: {
      ...scenario.campaign,
      stages: [{ percent: 10 }, { percent: 100 }],
      failure: { percent: 2, minimumSample: 20 },
    },
  })
  expect(unmet(outcome, scenario.expect)).toEqual([])
  expect(outcome.report.join('\n')).toMatch(/the failure gate stops above 2 %[^]*takes the touched devices to 1\.0\.0/)
  expect(outcome.marks.map(({ label }) => label)).toEqual([
    'campaign begins',
    'campaign halted',
    'rollback begins',
    'rollback completed',
  ])
})

test('the same seed gives the same run, another seed another', { timeout }, () => {
  const figures = (seed: number): unknown => {
    const { census, counts, network } = outcomeOf(
      scenarioOf('power-return', { seed, devices: 60, duration: minutes(5) }),
    )
    return { census, counts, network }
  }
  expect(figures(1)).toEqual(figures(1))
  expect(figures(2)).not.toEqual(figures(1))
})
