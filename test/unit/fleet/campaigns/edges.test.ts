/** Gates, budgets and times of campaigns at their very edges: one device, one octet, one millisecond on either side. */
import { describe, expect, it } from 'vitest'
import { after, between, hours, minutes, seconds, type Duration, type Instant } from '../../../../src/base/time.ts'
import { covers, creditAt, isShort } from '../../../../src/fleet/campaigns/budget.ts'
import { totalsOf } from '../../../../src/fleet/campaigns/counts.ts'
import type { CampaignDraft } from '../../../../src/fleet/campaigns/definition.ts'
import { breachOf, sampleOf, shareOf, shortfallOf } from '../../../../src/fleet/campaigns/gates.ts'
import { rankOf } from '../../../../src/fleet/campaigns/selection.ts'
import { campaignDeviceStates } from '../../../../src/fleet/campaigns/types.ts'
import { CampaignFleet, imageOf, start } from '../../../support/campaign-fleet.ts'

const all: Partial<CampaignDraft> = { stages: [{ percent: 100 }], failure: { percent: 100 } }

/** Turns at that very millisecond. */
function turnAt(fleet: CampaignFleet, at: Instant): void {
  fleet.turn(between(fleet.now, at))
}

describe('the failure gate', () => {
  it.each([
    { percent: 10, minimumSample: 20, attempted: 20, failed: 2, fires: false },
    { percent: 10, minimumSample: 20, attempted: 20, failed: 3, fires: true },
    { percent: 10, minimumSample: 20, attempted: 19, failed: 19, fires: false },
    { percent: 0, minimumSample: 1, attempted: 1, failed: 1, fires: true },
    { percent: 0, minimumSample: 1, attempted: 1, failed: 0, fires: false },
    { percent: 0.5, minimumSample: 1, attempted: 1000, failed: 5, fires: false },
    { percent: 0.5, minimumSample: 1, attempted: 1000, failed: 6, fires: true },
    // In floating point 0.57 % of 10 000 is 56.99999999999999.
    { percent: 0.57, minimumSample: 20, attempted: 10_000, failed: 57, fires: false },
    { percent: 0.57, minimumSample: 20, attempted: 10_000, failed: 58, fires: true },
    { percent: 100, minimumSample: 1, attempted: 3, failed: 3, fires: false },
  ])('%j', ({ percent, minimumSample, attempted, failed, fires }) => {
    expect(breachOf({ percent, minimumSample }, { attempted, failed }) !== undefined).toBe(fires)
  })

  it('counts what was tried to its end, and nothing else', () => {
    const of = (state: (typeof campaignDeviceStates)[number]) =>
      sampleOf(totalsOf([{ stage: 0, state, reason: 'any', count: 7 }]))
    const counted = campaignDeviceStates.filter((state) => of(state).attempted > 0)
    expect(counted).toEqual(['succeeded', 'failed', 'timed-out'])
    expect(campaignDeviceStates.filter((state) => of(state).failed > 0)).toEqual(['failed', 'timed-out'])
  })

  it('counts from where somebody resumed, those attempted as well as those failed', () => {
    const totals = totalsOf([
      { stage: 0, state: 'succeeded', count: 90 },
      { stage: 0, state: 'failed', count: 10 },
    ])
    expect(sampleOf(totals, { attempted: 60, failed: 8 })).toEqual({ attempted: 40, failed: 2 })
  })
})

it.each([
  [95, 20, 19, true],
  [95, 20, 18, false],
  [99.9, 1000, 999, true],
  [99.9, 1000, 998, false],
  // 99.43 % of 10 000 in floating point is more than 9943.
  [99.43, 10_000, 9943, true],
  [0, 5, 0, true],
])('an advance of %d percent of %i attempted with %i successes is met: %s', (advance, attempted, succeeded, isMet) => {
  const counts = totalsOf([
    { stage: 0, state: 'succeeded', count: succeeded },
    { stage: 0, state: 'failed', count: attempted - succeeded },
  ])
  expect(shortfallOf(advance, counts) === undefined).toBe(isMet)
})

it.each([
  [7, 100, 7],
  [5, 21, 2],
  [0.1, 1, 1],
  [0.57, 10_000, 57],
  [50, 0, 0],
])('a stage of %d percent of %i devices begins %i', (percent, eligible, devices) => {
  expect(shareOf({ percent }, eligible)).toBe(devices)
})

describe('the budget', () => {
  const fleet = new CampaignFleet(1)
  const campaign = { ...fleet.create({ ...all, limits: { bytesPerSecond: 1000 } }), credit: { bytes: 500, at: start } }

  it('grows by its rate and by no octet more, up to a minute of it', () => {
    const at = (time: number) => creditAt(campaign, after(start, milli(time)))?.bytes
    expect([at(0), at(1), at(2000), at(59_500), at(59_501), at(1e9)]).toEqual([500, 501, 2500, 60_000, 60_000, 60_000])
  })

  it('gives nothing for a clock that was set back', () => {
    expect(creditAt(campaign, (start - 3_600_000) as Instant)?.bytes).toBe(500)
  })

  it('covers what it has to the octet, and begins nobody for less than the next device wants', () => {
    const credit = { bytes: 20_000, at: start }
    expect([covers(credit, 20_000), covers(credit, 20_001)]).toEqual([true, false])
    expect([isShort({ ...credit, wants: 20_000 }), isShort({ ...credit, wants: 20_001 })]).toEqual([false, true])
  })

  it('is saved up for who wants more: nobody who wants less passes by', () => {
    // By rank: two that take the whole image, then one that takes a delta.
    const [first, second, third] = [1, 2, 3].toSorted((a, b) => rankOf(1, a) - rankOf(1, b))
    const [v0, v1] = [imageOf('1.0.0'), imageOf('1.1.0')]
    const slow = new CampaignFleet(3, (id) => ({ version: id === third ? '1.0.0' : '1.0.5' }), [v0, v1])
    const sha256 = 'd'.repeat(64)
    const delta = { from: v0.sha256, to: v1.sha256, sha256, key: 'd'.repeat(12), size: 3000 }
    slow.commit([{ op: 'delta.put', delta: { ...delta, madeBy: 'uploaded', addedAt: start } }])
    slow.create({ ...all, deltas: true, limits: { bytesPerSecond: 10 } })
    const begun = () => [first, second, third].map((id) => slow.store.openUpdate(id!) !== undefined)
    slow.go()
    for (let i = 0; i < 4; i++) slow.go(10)
    expect([between(start, slow.now) > seconds(400), begun()]).toEqual([true, [true, false, false]])
    slow.turn(minutes(27))
    slow.deliver()
    expect(begun()).toEqual([true, true, false])
    slow.turn(minutes(6))
    slow.deliver()
    expect(begun()).toEqual([true, true, true])
  })
})

describe('a server that was down', () => {
  it('blames no device for it: its time begins anew', () => {
    const fleet = new CampaignFleet(2)
    fleet.create({ ...all, timeout: '1d', failure: { count: 1 }, onBreach: 'rollback' })
    fleet.go()
    fleet.restart()
    fleet.turn(hours(50))
    expect([fleet.campaign().state, fleet.states()]).toEqual(['running', { updating: 2 }])
    fleet.follow(1, 'confirmed')
    fleet.turn((hours(24) - 1) as Duration)
    expect(fleet.states()).toEqual({ updating: 1, succeeded: 1 })
    turnAt(fleet, after(fleet.now, milli(1)))
    expect(fleet.states()).toEqual({ 'timed-out: timed out': 1, succeeded: 1 })
  })

  it('while its clock was set back has its budget from then on', () => {
    const fleet = new CampaignFleet(2)
    fleet.create({ ...all, limits: { bytesPerSecond: 100 } })
    fleet.go()
    expect(fleet.states()).toEqual({ updating: 1, waiting: 1 })
    fleet.restart()
    fleet.now = (fleet.now - hours(10)) as Instant
    fleet.turn(seconds(1))
    for (let i = 0; i < 21; i++) fleet.go(1)
    expect(fleet.states()).toEqual({ updating: 2 })
  })
})

describe('times are met to the millisecond', () => {
  it('the deadline: who waits is not reached from then on, and not before', () => {
    const fleet = new CampaignFleet(2)
    fleet.create({ ...all, deadline: '2h', limits: { parallel: 1 } })
    fleet.go()
    const end = after(fleet.campaign().startedAt!, hours(2))
    turnAt(fleet, (end - 1) as Instant)
    expect(fleet.states()).toMatchObject({ waiting: 1 })
    turnAt(fleet, end)
    expect(fleet.states()).toMatchObject({ 'not-reached': 1 })
  })

  it('the soak of a stage, and the time it admits devices', () => {
    const fleet = new CampaignFleet(4)
    fleet.create({ stages: [{ count: 1, soak: '1h' }, { percent: 100 }] })
    fleet.go()
    for (let id = 1; id <= 4; id++) fleet.follow(id, 'confirmed')
    fleet.turn(seconds(11))
    const soaked = after(fleet.campaign().stages[0]!.completedAt!, hours(1))
    turnAt(fleet, (soaked - 1) as Instant)
    expect(fleet.campaign().state).toBe('soaking')
    turnAt(fleet, soaked)
    expect(fleet.campaign()).toMatchObject({ state: 'running', stage: 1 })
  })

  it('the time a stage admits devices', () => {
    const fleet = new CampaignFleet(4)
    fleet.create({
      stages: [{ count: 2, soak: '0s', within: '1h' }, { percent: 100 }],
      limits: { parallel: 1 },
    })
    fleet.go()
    const shut = after(fleet.campaign().stages[0]!.startedAt, hours(1))
    const first = [1, 2, 3, 4].find((id) => fleet.follow(id, 'confirmed'))!
    expect(fleet.store.campaignDevice(1, first)).toMatchObject({ stage: 0 })
    turnAt(fleet, (shut - 1) as Instant)
    expect(fleet.campaign()).toMatchObject({ stage: 0 })
    // What it asked for is lost with the process: nobody is under way.
    fleet.restart()
    turnAt(fleet, shut)
    expect(fleet.campaign()).toMatchObject({ state: 'running', stage: 1 })
  })
})

it('who tells the very battery and signal that are wanted begins', () => {
  const told = [
    { battery: 40, signal: -105 },
    { battery: 39, signal: -105 },
    { battery: 40, signal: -106 },
  ]
  const fleet = new CampaignFleet(3, (id) => ({ version: '1.0.0', ...told[id - 1] }))
  fleet.create({ ...all, require: { battery: 40, signal: -105 } })
  fleet.go()
  expect(fleet.states()).toEqual({
    updating: 1,
    'waiting: battery below 40 %': 1,
    'waiting: signal below -105 dBm': 1,
  })
})

it('who has timed out may have installed, and is taken back with the others', () => {
  const fleet = new CampaignFleet(2)
  fleet.create({ ...all, timeout: '1h', stages: [{ count: 1, soak: '0s' }, { percent: 100 }] })
  fleet.go()
  fleet.turn(hours(1))
  const [late] = fleet.store.campaignDevices(1, 'timed-out', 0, 10)
  expect(late).toMatchObject({ touched: true, reason: 'timed out' })
  fleet.campaigns.rollBack(fleet.campaign(), imageOf('1.0.0'), { by: 'anna' }, fleet.now)
  fleet.go(3)
  expect(fleet.store.campaignDevices(2, undefined, 0, 10).map(({ deviceId }) => deviceId)).toContain(late!.deviceId)
})

function milli(time: number): Duration {
  return time as Duration
}
