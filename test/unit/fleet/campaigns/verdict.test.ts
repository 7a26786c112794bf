/** What a campaign that has come to its end is worth: passed is what nobody has to look at. */
import { describe, expect, it } from 'vitest'
import { hours } from '../../../../src/base/time.ts'
import type { CampaignDraft } from '../../../../src/fleet/campaigns/definition.ts'
import { failuresOf } from '../../../../src/fleet/campaigns/failures.ts'
import { briefOf, summaryOf } from '../../../../src/fleet/campaigns/report.ts'
import { CampaignFleet, imageOf } from '../../../support/campaign-fleet.ts'

const all: Partial<CampaignDraft> = { stages: [{ percent: 100 }], failure: { percent: 100 } }
const back = 'spring-rollback'

/** The last `failing` of the fleet fail, the others succeed. */
function ended(devices: number, failing: number, draft: Partial<CampaignDraft> = all): CampaignFleet {
  const fleet = new CampaignFleet(devices)
  fleet.create(draft)
  fleet.go(3)
  for (let id = 1; id <= devices; id++) fleet.follow(id, id > devices - failing ? 'failed' : 'confirmed')
  fleet.go(3)
  return fleet
}

function brief(fleet: CampaignFleet, name?: string) {
  const campaign = fleet.campaign(name)
  const { verdict, reason } = briefOf(campaign, fleet.store.campaignCounts(campaign.id))
  return { state: campaign.state, verdict, reason }
}

describe('a campaign whose last stage', () => {
  it.each([
    [20, 1, 'passed', undefined],
    [20, 2, 'failed', '18 of 20 attempted devices of the stage succeeded (90 %); 95 % are wanted'],
    [3, 3, 'failed', 'none of 3 attempted devices runs 1.1.0'],
  ])('had %i devices of which %i failed has %s', (devices, failing, verdict, reason) => {
    expect(brief(ended(devices, failing))).toEqual({ state: 'completed', verdict, reason })
  })

  it('wants no successes has passed with one, and not with none', () => {
    expect(brief(ended(3, 2, { ...all, advance: 0 })).verdict).toBe('passed')
    expect(brief(ended(3, 3, { ...all, advance: 0 })).verdict).toBe('failed')
  })

  it('went back since has not passed any more', () => {
    const fleet = ended(3, 0)
    expect(brief(fleet).verdict).toBe('passed')
    fleet.revert(2)
    expect(brief(fleet)).toMatchObject({ verdict: 'failed', reason: expect.stringContaining('2 of 3 attempted') })
  })

  it('was let go on by somebody who has looked at it has passed', () => {
    const fleet = ended(4, 2, { ...all, failure: { count: 2 } })
    expect(fleet.campaign().state).toBe('halted')
    fleet.campaigns.act(fleet.campaign(), 'resume', { by: 'anna' }, fleet.now)
    fleet.go(3)
    expect(brief(fleet)).toMatchObject({ state: 'completed', verdict: 'passed' })
  })
})

it('a campaign whose deadline came before its last stage has not passed, well as it went', () => {
  const fleet = new CampaignFleet(4)
  fleet.create({ stages: [{ count: 1, soak: '4h' }, { percent: 100 }], deadline: '2h' })
  fleet.go(3)
  for (const id of [1, 2, 3, 4]) fleet.follow(id, 'confirmed')
  fleet.go(3)
  fleet.turn(hours(3))
  expect(brief(fleet)).toEqual({
    state: 'completed',
    verdict: 'failed',
    reason: 'the deadline has come; it ended in stage 1 of 2',
  })
})

describe('a way back', () => {
  const begun = (fleet: CampaignFleet): CampaignFleet => {
    fleet.campaigns.rollBack(fleet.campaign(), undefined, { by: 'anna' }, fleet.now)
    fleet.go(3)
    return fleet
  }

  it('of all has passed', () => {
    const fleet = begun(ended(3, 0))
    for (const id of [1, 2, 3]) fleet.follow(id, 'confirmed')
    fleet.go(3)
    expect(brief(fleet, back)).toEqual({ state: 'completed', verdict: 'passed', reason: undefined })
    expect(brief(fleet).verdict).toBe('failed')
  })

  it('of who never left has passed: it runs the old version already', () => {
    const fleet = begun(ended(2, 1))
    for (const id of [1, 2]) fleet.follow(id, 'confirmed')
    fleet.go(3)
    expect(brief(fleet, back).verdict).toBe('passed')
  })

  it('that leaves a device where it is has not, though it comes to its end, and names the device', () => {
    const came = (id: number) => ({ version: id === 2 ? '0.9.0' : '1.0.0' })
    const fleet = new CampaignFleet(3, came, [imageOf('1.0.0'), imageOf('1.1.0')])
    fleet.create(all)
    fleet.go(3)
    for (const id of [1, 2, 3]) fleet.follow(id, 'confirmed')
    fleet.go(3)
    begun(fleet)
    for (const id of [1, 3]) fleet.follow(id, 'confirmed')
    fleet.go(3)
    expect(brief(fleet, back)).toEqual({
      state: 'completed',
      verdict: 'failed',
      reason: '1 device was not taken back, and may run on what it was made to install',
    })
    expect(failuresOf(fleet.store, fleet.campaign(back))).toMatchObject([
      { deviceId: 2, state: 'skipped', reason: 'has no image to go back to' },
    ])
    const counts = fleet.store.campaignCounts(2)
    expect(summaryOf(fleet.campaign(), [], { campaign: fleet.campaign(back), counts }).at(-1)).toBe(
      'Campaign spring-rollback takes the touched devices to 1.0.0; it is completed, and has not passed: 1 device was not taken back, and may run on what it was made to install.',
    )
  })

  it('may be gone again for whom the first has left, and for nobody where all are back', () => {
    const fleet = begun(ended(3, 0))
    const again = () => fleet.campaigns.rollBack(fleet.campaign(), undefined, { by: 'anna' }, fleet.now)
    expect(again).toThrow('its devices are being taken back')
    fleet.follow(1, 'failed', 'install-failed')
    for (const id of [2, 3]) fleet.follow(id, 'confirmed')
    fleet.go(3)
    expect(again().name).toBe('spring-rollback-2')
    fleet.go(3)
    for (const id of [1, 2, 3]) fleet.follow(id, 'confirmed')
    fleet.go(3)
    expect(brief(fleet, 'spring-rollback-2').verdict).toBe('passed')
    expect(again).toThrow('or are back already')
  })

  it('on which a device fails has not passed, whatever its gate allows', () => {
    const fleet = begun(ended(3, 0))
    fleet.follow(1, 'failed', 'install-failed')
    for (const id of [2, 3]) fleet.follow(id, 'confirmed')
    fleet.go(3)
    expect(brief(fleet, back)).toMatchObject({ state: 'completed', verdict: 'failed' })
    expect(failuresOf(fleet.store, fleet.campaign(back))).toMatchObject([{ deviceId: 1, state: 'failed' }])
  })
})
