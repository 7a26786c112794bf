/** Scenario files: what they come to, and what is said of those that are wrong. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { campaignDraftSchema } from '../../../../src/api/contract/campaign-draft.ts'
import { readScenario } from '../../../../src/sim/scenario/read.ts'

const smallest = 'name: a\ndevices: 3\nduration: 5m\n'
const read = (text: string) => readScenario(text, campaignDraftSchema)

function problemsOf(text: string): readonly string[] {
  const result = read(text)
  return 'problems' in result ? result.problems.map(({ field, line, message }) => `${line} ${field}: ${message}`) : []
}

test('what is absent is filled in, and what is written is in units afterwards', () => {
  expect(read(smallest)).toMatchObject({
    scenario: { devices: 3, duration: 300_000, boot: 60_000, campaignAfter: 120_000, connectionIds: 1, faults: {} },
  })
  const text = `${smallest}
networks: { nb-iot: { loss: 10 %, latency: 800ms } }
faults:
  faulty-image: { share: 0.03 }
  power-cut: { share: 5 %, at: 60 % }
firmware: { size: 32 KiB }
security: { dtls: false }
expect: { registered: 99 % }`
  expect(read(text)).toMatchObject({
    scenario: {
      networks: { 'nb-iot': { loss: 0.1, latency: 800 } },
      faults: { faultyImage: { share: 0.03, shows: 'boot' }, powerCut: { share: 0.05, at: 0.6 } },
      firmware: { size: 32_768, from: '1.0.0', to: '1.1.0' },
      connectionIds: undefined,
      expect: { registered: 0.99 },
    },
  })
})

test.for<[string, string]>([
  ['', 'undefined : must be object'],
  ['name: a\ndevices: 3', '1 duration: is missing'],
  [`${smallest}color: red`, '4 color: is not known here'],
  [`${smallest}faults:\n  power-cut: { share: 5, at: 60 % }`, '5 faults.power-cut.share: must be a share'],
  [`${smallest}boot: 60`, '4 boot: must be a duration'],
  [`${smallest}mix: { zephyr: 1 }`, '4 mix.zephyr: is not known here'],
  [`${smallest}mix: { bc66: 0 }`, '4 mix: must give at least one'],
  [`${smallest}networks:\n  thread:\n    loss: 120 %`, '6 networks.thread.loss: must be a share'],
  [`${smallest}firmware: { size: 1 GiB }`, '4 firmware.size: must be at most 16 MiB'],
  [`${smallest}firmware: { size: 64k, from: 1.1.0 , to: 1.1.0 }`, '4 firmware.to: must differ'],
  [`${smallest}campaign: {}`, '4 campaign: needs firmware'],
  [
    `${smallest}firmware: { size: 64k }\ncampaign:\n  stages: [{ percent: 400 }]`,
    '6 campaign.stages.0.percent: must be',
  ],
  [
    `${smallest}firmware: { size: 64k }\ncampaign:\n  onBreach: panic`,
    '6 campaign.onBreach: must be one of pause, rollback',
  ],
  ['name: [', '1 : '],
])('%j is refused: %s', ([text, problem]) => {
  expect(problemsOf(text).join('\n')).toContain(problem)
})

test.for(readdirSync('scenarios'))('%s, which comes along, can be run and is called so', (file) => {
  const result = read(readFileSync(`scenarios/${file}`, 'utf8'))
  expect(result).toMatchObject({ scenario: { name: file.replace('.yaml', '') } })
})
