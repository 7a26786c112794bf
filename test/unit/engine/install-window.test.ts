/** An update of a campaign that may be installed within openings only, and a device that sleeps through the first. */
import { expect, test } from 'vitest'
import { after, between, hours, minutes, seconds } from '../../../src/base/time.ts'
import { definitionOf } from '../../../src/fleet/campaigns/definition.ts'
import { newCampaign } from '../../../src/fleet/campaigns/commands.ts'
import { EngineHarness } from '../../support/engine-harness.ts'
import { begin } from './package-device.ts'

const start = new EngineHarness().now
const opening = (hour: number) => ({ from: after(start, hours(hour)), until: after(start, hours(hour + 1)) })

test('its campaign hears that it waits, that it is told, and that it waits again; meanwhile its time stands still', async () => {
  const dueAt = after(start, hours(2))
  const { house, device } = await begin(undefined, {
    options: { installWithin: [opening(3), opening(30)] },
    before: (one, deviceId) => {
      const definition = definitionOf({ name: 'spring', image: '2.0.0' }, 'valve', undefined)
      const image = { sha256: 'ab'.repeat(32), key: 'ab'.repeat(6), product: 'valve', version: '2.0.0', size: 4096 }
      const campaign = { ...newCampaign(1, 'spring', image, definition, start), state: 'running' } as const
      const row = { campaignId: 1, deviceId, endpoint: 'urn:dev:a', rank: 1, state: 'waiting' } as const
      one.store.commit([
        { op: 'campaign.put', campaign },
        {
          op: 'campaign.enrol',
          device: { ...row, attempts: 0, touched: false, bytes: 0, resumes: 0, enrolledAt: start },
        },
      ])
      return { campaign: { id: 1, begin: { stage: 0, dueAt } } }
    },
  })
  const row = () => {
    const { state, reason, touched, dueAt: due } = house.store.campaignDevice(1, 1)!
    return { state, reason, touched, left: due === undefined ? undefined : Math.round((due - house.now) / 60_000) }
  }
  const waits = { state: 'updating', reason: 'has downloaded and waits for its window' }
  // Two hours were its time, and they count from the end of the last opening.
  expect(row()).toMatchObject({ ...waits, touched: false, left: (31 + 2) * 60 })
  device.hears = 0
  house.elapse(hours(3))
  house.elapse(seconds(90))
  expect(row()).toMatchObject({ state: 'updating', reason: undefined, touched: true })
  house.elapse(minutes(70))
  device.wake()
  device.register()
  expect(row()).toMatchObject({ ...waits, touched: true })
  expect(device.log).not.toContain('install')
  house.elapse(hours(20))
  device.update()
  house.elapse(between(house.now, after(opening(30).from, seconds(10))))
  device.pump()
  expect(device.log).toContain('install')
  expect(row()).toMatchObject({ state: 'updating', reason: undefined })
})
