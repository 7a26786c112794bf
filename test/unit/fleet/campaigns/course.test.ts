/** The course of a campaign over a fleet that does what it is told: pauses, gates, windows, rivals, newcomers. */
import { describe, expect, it } from 'vitest'
import { after, days, hours, minutes, seconds, type Duration } from '../../../../src/base/time.ts'
import type { CampaignDraft } from '../../../../src/fleet/campaigns/definition.ts'
import { summaryOf } from '../../../../src/fleet/campaigns/report.ts'
import { isWithin, prefixOf } from '../../../../src/fleet/campaigns/selection.ts'
import type { CampaignDevice } from '../../../../src/fleet/campaigns/types.ts'
import { CampaignFleet, imageOf, start } from '../../../support/campaign-fleet.ts'

const all: Partial<CampaignDraft> = { stages: [{ percent: 100 }], failure: { percent: 100 } }

function rows(fleet: CampaignFleet, id = 1): readonly CampaignDevice[] {
  return fleet.store.campaignDevices(id, undefined, 0, 1000)
}

/** Turns, and lets what was asked reach the devices. */
function go(fleet: CampaignFleet, times = 1): void {
  for (let i = 0; i < times; i++) {
    fleet.turn(seconds(1))
    fleet.deliver()
  }
}

function succeed(fleet: CampaignFleet): void {
  for (const { deviceId } of rows(fleet)) fleet.follow(deviceId, 'confirmed')
}

describe('a stage', () => {
  it('soaks, then waits for approval where it was asked for', () => {
    const fleet = new CampaignFleet(10)
    const campaign = fleet.campaigns
    fleet.create({ stages: [{ count: 2, soak: '1h' }, { percent: 100 }], approval: 'none' })
    go(fleet, 3)
    expect(fleet.states()).toEqual({ updating: 2, waiting: 8 })
    succeed(fleet)
    go(fleet, 2)
    expect(fleet.campaign().state).toBe('soaking')
    fleet.turn(minutes(59))
    expect(fleet.campaign()).toMatchObject({ state: 'soaking', stage: 0 })
    fleet.turn(minutes(2))
    expect(fleet.campaign()).toMatchObject({ state: 'running', stage: 1 })
    expect(() => campaign.act(fleet.campaign(), 'approve', { by: 'x' }, fleet.now)).toThrow(
      'nothing waits for approval',
    )
  })

  it('that succeeds too little halts the campaign, and goes on when somebody has looked at it', () => {
    const fleet = new CampaignFleet(10)
    fleet.create({ stages: [{ count: 4, soak: '0s' }, { percent: 100 }], advance: 80, failure: { percent: 60 } })
    go(fleet, 3)
    for (const [i, { deviceId }] of rows(fleet)
      .filter(({ state }) => state === 'updating')
      .entries()) {
      fleet.follow(deviceId, i === 0 ? 'failed' : 'confirmed')
    }
    go(fleet, 2)
    expect(fleet.campaign()).toMatchObject({ state: 'halted' })
    expect(fleet.campaign().reason).toBe('3 of 4 attempted devices of the stage succeeded (75 %); 80 % are wanted')
    fleet.campaigns.act(fleet.campaign(), 'resume', { by: 'anna', why: 'one had no power' }, fleet.now)
    go(fleet, 2)
    expect(fleet.campaign()).toMatchObject({ state: 'running', stage: 1 })
    expect(fleet.store.campaignEntries(1, 100)).toContainEqual(
      expect.objectContaining({ what: 'resumed', by: 'anna', why: 'one had no power' }),
    )
  })
})

describe('an operator', () => {
  it('has to approve what wants approval before it starts', () => {
    const fleet = new CampaignFleet(1)
    expect(() => fleet.create({ approval: 'campaign' })).toThrow('has to be approved')
    fleet.campaigns.act(fleet.campaign(), 'approve', { by: 'anna' }, fleet.now)
    expect(fleet.campaigns.act(fleet.campaign(), 'start', { by: 'ben' }, fleet.now).state).toBe('selecting')
  })

  it('pauses: nobody new begins, those under way end', () => {
    const fleet = new CampaignFleet(10)
    fleet.create({ ...all, limits: { parallel: 3 } })
    go(fleet, 2)
    fleet.campaigns.act(fleet.campaign(), 'pause', { by: 'anna' }, fleet.now)
    succeed(fleet)
    go(fleet, 3)
    expect(fleet.states()).toEqual({ succeeded: 3, waiting: 7 })
    fleet.campaigns.act(fleet.campaign(), 'resume', { by: 'anna' }, fleet.now)
    go(fleet, 2)
    expect(fleet.states()).toEqual({ succeeded: 3, updating: 3, waiting: 4 })
  })

  it('aborts: who does not install yet is taken back, who installs ends as it ends', () => {
    const fleet = new CampaignFleet(10)
    fleet.create({ ...all, limits: { parallel: 3 } })
    go(fleet, 2)
    const [installing] = rows(fleet).filter(({ state }) => state === 'updating')
    fleet.follow(installing!.deviceId, 'updating')
    fleet.campaigns.act(fleet.campaign(), 'abort', { by: 'anna' }, fleet.now)
    go(fleet, 3)
    expect(fleet.campaign().state).toBe('aborting')
    fleet.follow(installing!.deviceId, 'confirmed')
    go(fleet, 2)
    expect(fleet.campaign().state).toBe('aborted')
    expect(fleet.states()).toEqual({ succeeded: 1, 'cancelled: let go when the campaign was aborted': 9 })
  })

  it('rolls back the touched devices alone, to the version they came from', () => {
    const fleet = new CampaignFleet(10)
    fleet.create({ ...all, limits: { parallel: 4 } })
    go(fleet, 2)
    succeed(fleet)
    go(fleet)
    const touched = rows(fleet)
      .filter((row) => row.touched)
      .map(({ deviceId }) => deviceId)
    const back = fleet.campaigns.rollBack(fleet.campaign(), undefined, { by: 'anna' }, fleet.now)
    expect(back).toMatchObject({ name: 'spring-rollback', image: { version: '1.0.0' }, rollbackOf: 1 })
    go(fleet, 3)
    const begun = rows(fleet, 2).filter(({ attempts }) => attempts > 0)
    expect(begun.map(({ deviceId }) => deviceId)).toEqual(touched)
    expect(fleet.campaign()).toMatchObject({ state: 'halted', rollback: 2 })
    const resume = () => fleet.campaigns.act(fleet.campaign(), 'resume', { by: 'ben' }, fleet.now)
    expect(resume).toThrow('its devices are taken back; begin another campaign')
  })

  it('is told before any device that boot loaders would refuse the way back', () => {
    const fleet = new CampaignFleet(3)
    fleet.commit([
      { op: 'image.put', image: imageOf('1.0.0', { securityCounter: 3 }) },
      { op: 'image.put', image: imageOf('1.1.0', { securityCounter: 4 }) },
    ])
    fleet.create(all)
    go(fleet, 2)
    succeed(fleet)
    go(fleet)
    const rollBack = () => fleet.campaigns.rollBack(fleet.campaign(), undefined, { by: 'anna' }, fleet.now)
    expect(rollBack).toThrow('the security counter of 1.0.0 is 3, that of 1.1.0 is 4')
  })
})

describe('a device', () => {
  it('waits while another campaign goes first, and is told so', () => {
    const fleet = new CampaignFleet(3)
    fleet.create({ ...all, limits: { parallel: 1 } })
    fleet.create({ ...all, name: 'summer' })
    go(fleet, 2)
    fleet.turn(seconds(20))
    expect(fleet.states(2)).toEqual({
      'waiting: campaign spring goes first': 2,
      'waiting: campaign spring updates it': 1,
    })
    fleet.create({ ...all, name: 'urgent', priority: 900 })
    go(fleet, 2)
    expect(fleet.states(3)).toEqual({ updating: 2, 'waiting: campaign spring updates it': 1 })
  })

  it('is left out once another campaign has brought it something newer', () => {
    const images = ['1.0.0', '1.1.0', '2.0.0'].map((version) => imageOf(version))
    const fleet = new CampaignFleet(3, (id) => ({ version: id === 3 ? '3.0.0' : '1.0.0' }), images)
    fleet.create({ ...all, limits: { parallel: 1 } })
    go(fleet, 2)
    const [first] = rows(fleet).filter(({ state }) => state === 'updating')
    fleet.create({ ...all, name: 'urgent', image: '2.0.0', priority: 900 })
    go(fleet, 2)
    const others = [1, 2, 3].filter((id) => id !== first!.deviceId)
    for (const id of others) fleet.follow(id, 'confirmed')
    fleet.follow(first!.deviceId, 'failed', 'connection-lost')
    for (let i = 0; i < 3; i++) {
      fleet.turn(hours(2))
      fleet.deliver()
      for (const id of [1, 2, 3]) fleet.follow(id, 'confirmed')
    }
    fleet.turn(seconds(11))
    // The third ran something newer when it joined: whoever selects it wants it taken back.
    const runs = [1, 2, 3].map((id) => fleet.store.deviceById(id)?.device.learned?.vitals?.version)
    expect(runs).toEqual(['2.0.0', '2.0.0', '1.1.0'])
    expect(fleet.states()).toMatchObject({ 'skipped: runs a newer version by now': 2 })
  })

  it('that was retired meanwhile is left out, and holds nothing up', () => {
    const fleet = new CampaignFleet(3)
    fleet.create({ ...all, limits: { parallel: 1 } })
    go(fleet, 2)
    const [waiting] = rows(fleet).filter(({ state }) => state === 'waiting')
    const { device } = fleet.store.deviceById(waiting!.deviceId)!
    fleet.commit([{ op: 'device.put', device: { ...device, retiredAt: fleet.now } }])
    for (let i = 0; i < 4; i++) {
      fleet.turn(seconds(11))
      fleet.deliver()
      succeed(fleet)
    }
    go(fleet, 2)
    expect([fleet.campaign().state, fleet.states()]).toEqual(['completed', { succeeded: 2, 'skipped: retired': 1 }])
  })

  it('that was deleted counts as gone', () => {
    const fleet = new CampaignFleet(3)
    fleet.create(all)
    go(fleet, 2)
    fleet.delete(2)
    fleet.follow(1, 'confirmed')
    fleet.follow(3, 'confirmed')
    go(fleet, 2)
    expect(fleet.campaign().state).toBe('completed')
    expect(fleet.states()).toEqual({ succeeded: 2, 'gone: deleted': 1 })
  })

  it('is asked for its battery first, and waits while it is low', () => {
    const fleet = new CampaignFleet(3, (id) => ({
      version: '1.0.0',
      ...(id === 1 ? {} : { battery: id === 2 ? 20 : 80 }),
    }))
    fleet.create({ ...all, require: { battery: 40 } })
    go(fleet, 2)
    expect(fleet.states()).toEqual({
      updating: 1,
      'waiting: is asked for its battery level': 1,
      'waiting: battery below 40 %': 1,
    })
    fleet.commit([{ op: 'device.learned', deviceId: 1, learned: { vitals: { version: '1.0.0', battery: 50 } } }])
    fleet.hear(1)
    go(fleet, 2)
    expect(rows(fleet)[0]).toMatchObject({ deviceId: 1, state: 'updating' })
  })

  it('joins late where it may, by the same rules', () => {
    const fleet = new CampaignFleet(2)
    fleet.create({ ...all, lateJoiners: true, deadline: '10d' })
    go(fleet, 2)
    fleet.join(3)
    fleet.join(4, { version: '1.1.0' })
    go(fleet, 3)
    expect(fleet.states()).toEqual({ updating: 3, 'skipped: runs 1.1.0 already': 1 })
    for (const id of [1, 2, 3]) fleet.follow(id, 'confirmed')
    fleet.turn(days(9))
    expect(fleet.campaign().state).toBe('running')
    fleet.turn(days(2))
    expect(fleet.campaign().state).toBe('completed')
  })

  it('is tried again after a failure that may pass, later each time, and not for ever', () => {
    const fleet = new CampaignFleet(1)
    fleet.create({ ...all, retry: { attempts: 3, backoff: '1h', factor: 6, longest: '1d' } })
    const waits: number[] = []
    for (let i = 0; i < 3; i++) {
      go(fleet, 2)
      expect(fleet.follow(1, 'failed', 'connection-lost')).toBe(true)
      fleet.turn(seconds(1))
      const { state, dueAt } = rows(fleet)[0]!
      if (state !== 'retrying') break
      waits.push(Math.round((dueAt! - fleet.now) / hours(1)))
      fleet.turn(hours(30))
    }
    expect(waits).toEqual([1, 6])
    expect(rows(fleet)[0]).toMatchObject({
      state: 'failed',
      attempts: 3,
      reason: 'the device lost its connection during the download',
    })
  })

  it('begins only when the window is open, and not after the deadline', () => {
    // The fleet lives from midnight UTC on.
    const fleet = new CampaignFleet(2)
    fleet.create({
      ...all,
      window: { from: '02:00', to: '03:00', zone: 'UTC' },
      limits: { parallel: 1 },
      deadline: '20h',
    })
    go(fleet, 2)
    expect(fleet.states()).toEqual({ waiting: 2 })
    fleet.turn(hours(2))
    fleet.deliver()
    expect(fleet.states()).toEqual({ updating: 1, waiting: 1 })
    fleet.turn(hours(1))
    succeed(fleet)
    go(fleet, 2)
    expect(fleet.states()).toEqual({ succeeded: 1, waiting: 1 })
    fleet.turn(hours(18))
    expect(fleet.states()).toEqual({ succeeded: 1, 'not-reached': 1 })
    expect(fleet.campaign()).toMatchObject({ state: 'completed', reason: 'the deadline has come' })
  })

  it('downloads at any time where the window holds the installation alone, and is told when that is', () => {
    const fleet = new CampaignFleet(2)
    fleet.create({ ...all, window: { from: '02:00', to: '03:00', zone: 'UTC', holds: 'install' }, timeout: '30h' })
    go(fleet, 2)
    expect(fleet.states()).toEqual({ updating: 2 })
    const opens = (day: number) => ({
      from: after(start, hours(24 * day + 2)),
      until: after(start, hours(24 * day + 3)),
    })
    // So many that who sleeps through a few has others.
    const nights = Array.from({ length: 16 }, (_, day) => opens(day))
    expect(fleet.store.openUpdate(1)?.options).toMatchObject({ installWithin: nights })
    fleet.hold(1)
    expect(rows(fleet)[0]).toMatchObject({ touched: false, reason: 'has downloaded and waits for its window' })
    fleet.follow(1, 'updating')
    expect(rows(fleet)[0]).toMatchObject({ touched: true })
    expect(rows(fleet)[0]).not.toHaveProperty('reason')
  })

  it('that only waits for its window takes nobody’s place, and its time-out stands still', () => {
    const fleet = new CampaignFleet(3)
    const window = { from: '02:00', to: '03:00', zone: 'UTC', holds: 'install' } as const
    fleet.create({ ...all, window, timeout: '6h', limits: { parallel: 1 } })
    go(fleet, 2)
    expect(fleet.states()).toEqual({ updating: 1, waiting: 2 })
    const [first] = rows(fleet).filter(({ state }) => state === 'updating')
    const id = first!.deviceId
    fleet.turn(hours(2))
    fleet.hold(id, 1)
    go(fleet, 2)
    expect(fleet.states()).toMatchObject({ 'updating: has downloaded and waits for its window': 1, updating: 1 })
    // Two nights are slept through, and the command of each costs no more than its hour.
    for (const night of [1, 2]) {
      fleet.turn((after(start, hours(24 * night + 2)) - fleet.now) as Duration)
      fleet.tell(id)
      fleet.turn(hours(1))
      fleet.hold(id, night + 1)
      expect(fleet.store.campaignDevice(1, id)).toMatchObject({ state: 'updating', touched: true })
    }
    fleet.turn((after(start, hours(24 * 3 + 2)) - fleet.now) as Duration)
    fleet.tell(id)
    fleet.turn(minutes(100))
    expect(fleet.store.campaignDevice(1, id)).toMatchObject({ state: 'updating' })
    fleet.turn(minutes(30))
    expect(fleet.store.campaignDevice(1, id)).toMatchObject({ state: 'timed-out' })
  })
})

it.each([
  ['2001:db8:1:2:3:4:5:6', 64, '2001:db8:1:2:0:0:0:0/64'],
  ['2001:db8:1:2ff::6', 56, '2001:db8:1:200:0:0:0:0/56'],
  ['fe80::1%eth0', 64, 'fe80:0:0:0:0:0:0:0/64'],
  ['192.0.2.77', 64, '192.0.2.0/24'],
  ['::ffff:192.0.2.77', 64, '192.0.2.0/24'],
  ['nonsense', 64, undefined],
])('the prefix of %s with %i bits is %s', (address, bits, prefix) => {
  expect(prefixOf(address, bits)).toBe(prefix)
})

it.each([
  ['1.0.3', '1.0.3', true],
  ['1.0.3', '<1.2.0', true],
  ['v1.0.3-rc1', '<1.2.0', true],
  ['2.0', '1.x || 2.0.x', true],
  ['build-7', 'build-7', true],
  ['build-7', '<1.0.0', false],
  ['1.2.0', '<1.2.0', false],
])('%s is within %s: %s', (version, range, within) => {
  expect(isWithin(version, range)).toBe(within)
})

describe('a device that goes back after it was confirmed', () => {
  it('counts as failed while its campaign lasts, and may stop it', () => {
    const fleet = new CampaignFleet(10)
    fleet.create({ stages: [{ count: 5, soak: '1h' }, { percent: 100 }], failure: { count: 2 } })
    go(fleet, 3)
    succeed(fleet)
    go(fleet, 2)
    expect(fleet.states()).toEqual({ succeeded: 5, waiting: 5 })
    const back = rows(fleet).filter(({ state }) => state === 'succeeded')
    fleet.revert(back[0]!.deviceId)
    go(fleet)
    const words = 'failed: the device went back to the version it ran before after it was confirmed'
    expect(fleet.states()).toEqual({ succeeded: 4, [words]: 1, waiting: 5 })
    expect(fleet.campaign().state).toBe('soaking')
    fleet.revert(back[1]!.deviceId)
    go(fleet)
    expect(fleet.campaign()).toMatchObject({ state: 'halted', reason: '2 devices failed; the failure gate stops at 2' })
  })

  it('is told as reverted since where the campaign is over', () => {
    const fleet = new CampaignFleet(3)
    fleet.create(all)
    go(fleet, 3)
    succeed(fleet)
    go(fleet, 3)
    expect(fleet.campaign().state).toBe('completed')
    fleet.revert(2)
    fleet.revert(2)
    expect(fleet.states()).toEqual({ succeeded: 2, 'succeeded: reverted since': 1 })
    expect(fleet.store.campaignDevice(1, 2)).toMatchObject({ fromVersion: '1.0.0', toVersion: '1.0.0' })
    const counts = fleet.store.campaignCounts(1)
    expect(summaryOf(fleet.campaign(), counts, undefined)).toContain(
      '1 of those that succeeded reverted since: they run the version again that they ran before.',
    )
  })
})
