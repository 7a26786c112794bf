/** Images for some hardware in a campaign: who is asked, who is left out, and when a misfit is a failure. */
import { describe, expect, it } from 'vitest'
import { seconds } from '../../../../src/base/time.ts'
import type { CampaignDraft } from '../../../../src/fleet/campaigns/definition.ts'
import type { CampaignDevice } from '../../../../src/fleet/campaigns/types.ts'
import { CampaignFleet, imageOf } from '../../../support/campaign-fleet.ts'

const all: Partial<CampaignDraft> = { image: '1.2.0', stages: [{ percent: 100 }], failure: { percent: 100 } }
const [v0, v1, v2] = [imageOf('1.0.0'), imageOf('1.1.0'), imageOf('1.2.0', { fromVersions: '>=1.1.0' })]

const row = (fleet: CampaignFleet, deviceId: number): CampaignDevice => fleet.store.campaignDevice(1, deviceId)!

describe('an image for some hardware', () => {
  const forB = imageOf('1.1.0', { hardware: ['B'] })
  const told = ['A', 'B', undefined]
  const mixed = () =>
    new CampaignFleet(
      3,
      (id) => ({ version: '1.0.0', ...(told[id - 1] === undefined ? {} : { hardware: told[id - 1]! }) }),
      [v0, forB],
    )

  it('leaves out who is known to have other hardware, and names both', () => {
    const fleet = mixed()
    fleet.create({ ...all, image: '1.1.0' })
    fleet.go()
    expect(row(fleet, 1)).toMatchObject({
      state: 'skipped',
      reason: 'has hardware that 1.1.0 does not run on',
      detail: 'meter 1.1.0 runs on hardware B, not on A',
    })
    expect(row(fleet, 2).state).toBe('updating')
    expect(fleet.store.openUpdate(2)!.options).toMatchObject({ hardware: ['B'] })
  })

  it('asks who has not told, and leaves it out or takes it along by the answer', () => {
    for (const [answer, state] of [
      ['A', 'skipped'],
      ['B', 'updating'],
      [undefined, 'updating'],
    ] as const) {
      const fleet = mixed()
      fleet.create({ ...all, image: '1.1.0' })
      fleet.go(1)
      expect(row(fleet, 3)).toMatchObject({ state: 'waiting', reason: 'is asked for its hardware version' })
      if (answer !== undefined) {
        fleet.commit([
          { op: 'device.learned', deviceId: 3, learned: { vitals: { version: '1.0.0', hardware: answer } } },
        ])
      }
      fleet.turn(seconds(100))
      fleet.deliver()
      expect([answer, row(fleet, 3).state]).toEqual([answer, state])
    }
  })
})

describe('a way whose image between is for some hardware', () => {
  const through = (hardware: string | undefined) =>
    new CampaignFleet(1, () => ({ version: '1.0.0', ...(hardware !== undefined && { hardware }) }), [
      v0,
      imageOf('1.1.0', { hardware: ['B'] }),
      v2,
    ])

  it('asks for the hardware before the first hop, and leaves out whom it does not fit', () => {
    const fleet = through(undefined)
    fleet.create(all)
    fleet.go(1)
    expect(row(fleet, 1)).toMatchObject({ state: 'waiting', reason: 'is asked for its hardware version' })
    fleet.commit([{ op: 'device.learned', deviceId: 1, learned: { vitals: { version: '1.0.0', hardware: 'A' } } }])
    fleet.turn(seconds(100))
    expect(row(fleet, 1)).toMatchObject({
      state: 'skipped',
      reason: 'runs a version from which no way leads to 1.2.0',
    })
  })

  it('found out only as the update begins is no failure, and moves no gate', () => {
    const fleet = through('B')
    fleet.create({ ...all, failure: { count: 1 } })
    fleet.go()
    fleet.follow(1, 'failed', 'other-hardware')
    // Nothing was handed over.
    fleet.go()
    expect(row(fleet, 1)).toMatchObject({
      state: 'skipped',
      reason: 'has hardware that 1.1.0 does not run on',
      detail: 'as the test said',
    })
    expect(fleet.campaign().state).toBe('completed')
  })

  it('found out on an image between is a failure: it is not where it should be', () => {
    const fleet = new CampaignFleet(1, () => ({ version: '1.0.0' }), [v0, v1, v2])
    fleet.create(all)
    fleet.go()
    fleet.follow(1, 'confirmed')
    fleet.go()
    fleet.follow(1, 'failed', 'other-hardware')
    fleet.go()
    expect(row(fleet, 1)).toMatchObject({
      state: 'failed',
      reason: 'hop 2 of 2, to 1.2.0: the device has other hardware than the image runs on',
    })
  })
})
