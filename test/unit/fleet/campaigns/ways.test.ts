/** Campaigns whose devices go over other images or by deltas: hops, their budget, their failures, their way back. */
import { describe, expect, it } from 'vitest'
import { hours, minutes, seconds } from '../../../../src/base/time.ts'
import type { CampaignDraft } from '../../../../src/fleet/campaigns/definition.ts'
import type { CampaignDevice } from '../../../../src/fleet/campaigns/types.ts'
import type { Delta, Image } from '../../../../src/fleet/images/types.ts'
import { CampaignFleet, imageOf, start } from '../../../support/campaign-fleet.ts'

const all: Partial<CampaignDraft> = { image: '1.2.0', stages: [{ percent: 100 }], failure: { percent: 100 } }
const [v0, v1, v2] = [imageOf('1.0.0'), imageOf('1.1.0'), imageOf('1.2.0', { fromVersions: '>=1.1.0' })]

function deltaOf(from: Image, to: Image, size: number): Delta {
  const sha256 = `${from.version}${to.version}`.replaceAll('.', '').padEnd(64, 'd')
  return {
    from: from.sha256,
    to: to.sha256,
    sha256,
    key: sha256.slice(0, 12),
    size,
    madeBy: 'uploaded',
    addedAt: start,
  }
}

/** Even devices run 1.1.0, odd ones 1.0.0. */
function fleetOf(devices: number, images: readonly Image[] = [v0, v1, v2], deltas: readonly Delta[] = []) {
  const fleet = new CampaignFleet(devices, (id) => ({ version: id % 2 === 0 ? '1.1.0' : '1.0.0' }), images)
  fleet.commit(deltas.map((delta) => ({ op: 'delta.put', delta })))
  return fleet
}

const row = (fleet: CampaignFleet, deviceId: number, id = 1): CampaignDevice =>
  fleet.store.campaignDevice(id, deviceId)!

/** What a device was sent, oldest first. */
function sentTo(fleet: CampaignFleet, deviceId: number): readonly string[] {
  return fleet.store
    .updates(deviceId, 20)
    .map(({ version, size, state, options }) => `${version} ${options?.delta ? 'delta ' : ''}${size} ${state}`)
    .reverse()
}

describe('a device that the image does not go over', () => {
  it('is taken over another one, and has succeeded at the target alone', () => {
    const fleet = fleetOf(2)
    fleet.create(all)
    fleet.go()
    expect(fleet.states()).toEqual({ 'updating: hop 1 of 2, to 1.1.0': 1, updating: 1 })
    for (const id of [1, 2]) fleet.follow(id, 'confirmed')
    fleet.go()
    expect(fleet.states()).toEqual({ 'updating: hop 2 of 2, to 1.2.0': 1, succeeded: 1 })
    expect(fleet.campaign().state).toBe('running')
    fleet.follow(1, 'confirmed')
    fleet.go()
    expect(fleet.states()).toEqual({ 'succeeded: over 1.1.0 (whole) to 1.2.0 (whole)': 1, succeeded: 1 })
    expect(sentTo(fleet, 1)).toEqual(['1.1.0 20000 confirmed', '1.2.0 20000 confirmed'])
    expect(row(fleet, 1)).toMatchObject({ attempts: 1, fromVersion: '1.0.0', toVersion: '1.2.0', bytes: 40_000 })
    expect(fleet.campaign().state).toBe('completed')
  })

  it('fails as one device where a hop fails, and the hop is named', () => {
    const fleet = fleetOf(1)
    fleet.create(all)
    fleet.go()
    fleet.follow(1, 'confirmed')
    fleet.go()
    fleet.follow(1, 'failed', 'install-failed')
    fleet.go()
    expect(row(fleet, 1)).toMatchObject({
      state: 'failed',
      reason: 'hop 2 of 2, to 1.2.0: the device could not install the package',
      toVersion: '1.1.0',
      touched: true,
    })
  })

  it('has its tries over the whole way, and goes on from the hop it is on', () => {
    const fleet = fleetOf(1)
    fleet.create({ ...all, retry: { attempts: 2, backoff: '1h', factor: 1, longest: '1h' } })
    fleet.go()
    fleet.follow(1, 'confirmed')
    fleet.go()
    for (const attempts of [1, 2]) {
      expect(row(fleet, 1)).toMatchObject({ state: 'updating', attempts })
      fleet.follow(1, 'failed', 'connection-lost')
      fleet.go()
      fleet.turn(hours(2))
      fleet.deliver()
    }
    expect(row(fleet, 1)).toMatchObject({ state: 'failed', attempts: 2 })
    expect(sentTo(fleet, 1).map((line) => line.split(' ')[0])).toEqual(['1.1.0', '1.2.0', '1.2.0'])
  })

  it('is left out where no way leads there, and where none is left it has failed', () => {
    const fleet = fleetOf(2, [v0, v2])
    fleet.create(all)
    fleet.go()
    expect(fleet.states()).toEqual({ 'skipped: runs a version from which no way leads to 1.2.0': 1, updating: 1 })
    const other = fleetOf(1)
    other.create(all)
    other.go()
    other.follow(1, 'confirmed')
    other.commit([{ op: 'device.learned', deviceId: 1, learned: { vitals: { version: '1.0.5' } } }])
    other.commit([{ op: 'image.delete', sha256: v1.sha256 }])
    other.go()
    expect(row(other, 1)).toMatchObject({
      state: 'failed',
      reason: 'runs a version from which no way leads to 1.2.0',
      detail: 'meter 1.2.0 goes over >=1.1.0, not over 1.0.5',
    })
  })

  it('is not taken further once the campaign has stopped, and goes back from where it is', () => {
    const fleet = fleetOf(1)
    fleet.create(all)
    fleet.go()
    fleet.follow(1, 'updating')
    const back = fleet.campaigns.rollBack(fleet.campaign(), undefined, { by: 'test' }, fleet.now)
    expect(back.image.version).toBe('1.0.0')
    fleet.go(3)
    fleet.follow(1, 'confirmed')
    fleet.go(3)
    expect(row(fleet, 1)).toMatchObject({ state: 'waiting', reason: 'runs 1.1.0, 1.2.0 comes next' })
    fleet.follow(1, 'confirmed')
    fleet.go(3)
    expect(sentTo(fleet, 1)).toEqual(['1.1.0 20000 confirmed', '1.0.0 20000 confirmed'])
    expect(fleet.campaign('spring-rollback').state).toBe('completed')
  })

  it('that waits between two hops at the deadline has failed', () => {
    const fleet = fleetOf(1)
    fleet.create({ ...all, deadline: '2h' })
    fleet.go()
    fleet.turn(hours(1))
    fleet.follow(1, 'confirmed')
    fleet.turn(hours(2))
    fleet.go()
    expect(fleet.states()).toEqual({ 'failed: the deadline came between two hops': 1 })
  })

  it('is begun again for each hop only where the window is open', () => {
    // The fleet lives from midnight UTC on.
    const fleet = fleetOf(1)
    fleet.create({ ...all, window: { from: '00:00', to: '01:00', zone: 'UTC' } })
    fleet.go()
    fleet.turn(hours(2))
    fleet.follow(1, 'confirmed')
    fleet.go()
    expect(row(fleet, 1)).toMatchObject({ state: 'waiting' })
    fleet.turn(hours(22))
    fleet.deliver()
    expect(row(fleet, 1)).toMatchObject({ state: 'updating', way: { done: 1 } })
  })
})

describe('deltas', () => {
  const toV1 = deltaOf(v0, v1, 3000)

  it('are handed over only where the campaign says that its devices take them', () => {
    for (const [deltas, size] of [
      [true, '1.1.0 delta 3000 pending'],
      [false, '1.1.0 20000 pending'],
    ] as const) {
      const fleet = fleetOf(1, [v0, v1], [toV1])
      fleet.create({ ...all, image: '1.1.0', deltas })
      fleet.go()
      expect(sentTo(fleet, 1)).toEqual([size])
    }
  })

  it('that are refused make way for whole images, within the same try', () => {
    const fleet = fleetOf(1, [v0, v1, v2], [toV1, deltaOf(v1, v2, 4000)])
    fleet.create({ ...all, deltas: true, retry: { attempts: 1 } })
    fleet.go()
    fleet.follow(1, 'failed', 'package-type')
    fleet.go()
    fleet.follow(1, 'confirmed')
    fleet.go()
    fleet.follow(1, 'confirmed')
    fleet.go()
    expect(sentTo(fleet, 1)).toEqual(['1.1.0 delta 3000 failed', '1.1.0 20000 confirmed', '1.2.0 20000 confirmed'])
    expect(row(fleet, 1)).toMatchObject({ state: 'succeeded', attempts: 1, bytes: 43_000 })
  })

  it('count in the budget as what they are, and what is larger is saved up for', () => {
    const fleet = fleetOf(9, [v0, v1], [toV1])
    // 1.1.0 is there already for the even ones: what is left are five deltas, or one image and nothing else.
    fleet.create({ ...all, image: '1.1.0', deltas: true, limits: { bytesPerSecond: 10 } })
    fleet.go()
    expect(fleet.states()).toEqual({ updating: 5, 'skipped: runs 1.1.0 already': 4 })
    expect(fleet.campaign().credit!.bytes).toBeLessThan(20_000 - 5 * 3000 + 100)
    for (const id of [1, 3, 5, 7, 9]) fleet.follow(id, 'failed', 'integrity')
    fleet.go()
    expect(fleet.states()).toMatchObject({ 'waiting: refused the delta; the whole image comes next': 5 })
    expect(fleet.campaign().credit).toMatchObject({ wants: 20_000 })
    fleet.turn(minutes(20))
    fleet.deliver()
    expect(fleet.states()).toMatchObject({ 'waiting: refused the delta; the whole image comes next': 5 })
    fleet.turn(minutes(6))
    fleet.deliver()
    expect(fleet.states()).toMatchObject({ updating: 1, 'waiting: refused the delta; the whole image comes next': 4 })
  })
})

describe('octets that are not at hand', () => {
  it('begin nobody, and the campaign says why until they are', () => {
    const fleet = fleetOf(2)
    fleet.octetsAt = (sha256) =>
      sha256 === v1.sha256 ? { atHand: false, obstacle: 'the bucket does not answer' } : { atHand: true }
    fleet.create(all)
    fleet.go()
    expect(fleet.states()).toEqual({ waiting: 1, updating: 1 })
    expect(fleet.campaign()).toMatchObject({ state: 'running', held: 'the bucket does not answer' })
    fleet.octetsAt = () => ({ atHand: true })
    fleet.turn(seconds(11))
    fleet.deliver()
    expect(fleet.states()).toEqual({ 'updating: hop 1 of 2, to 1.1.0': 1, updating: 1 })
    expect(fleet.campaign().held).toBeUndefined()
  })
})

describe('a rollback', () => {
  it('takes back those too that were still being updated when it began, once they were made to install', () => {
    const fleet = fleetOf(6, [v0, v1])
    fleet.commit(
      [2, 4, 6].map((deviceId) => ({ op: 'device.learned', deviceId, learned: { vitals: { version: '1.0.0' } } })),
    )
    fleet.create({ ...all, image: '1.1.0' })
    fleet.go()
    fleet.follow(1, 'confirmed')
    fleet.follow(2, 'updating')
    fleet.follow(3, 'updating')
    // 4, 5 and 6 are downloading, and are taken back before they install.
    fleet.campaigns.rollBack(fleet.campaign(), undefined, { by: 'test' }, fleet.now)
    fleet.go(4)
    fleet.follow(1, 'confirmed')
    fleet.go(4)
    expect(fleet.campaign('spring-rollback').state).toBe('running')
    fleet.follow(2, 'confirmed')
    fleet.follow(3, 'failed')
    fleet.go(12)
    for (const id of [2, 3]) fleet.follow(id, 'confirmed')
    fleet.go(12)
    expect(fleet.campaign('spring-rollback').state).toBe('completed')
    expect(fleet.states(2)).toEqual({ succeeded: 3, 'skipped: was not made to install': 3 })
  })
})

describe('a rollback of devices that came from several versions', () => {
  const [old, older, odd] = [imageOf('1.0.0'), imageOf('0.9.0'), imageOf('1.0.5', { securityCounter: 1 })]
  const came = ['1.0.0', '0.9.0', '1.0.0', '1.0.5', undefined]
  const updated = (images: readonly Image[]) => {
    const fleet = new CampaignFleet(5, (id) => (came[id - 1] === undefined ? {} : { version: came[id - 1]! }), images)
    fleet.create({ ...all, image: '1.1.0' })
    fleet.go()
    for (const id of [1, 2, 3, 4, 5]) fleet.follow(id, 'confirmed')
    fleet.go()
    return fleet
  }
  const rollBack = (fleet: CampaignFleet) =>
    fleet.campaigns.rollBack(fleet.campaign(), undefined, { by: 'anna' }, fleet.now)

  it('takes each to the version it came from, and to the most frequent who never told', () => {
    const fleet = updated([old, older, imageOf('1.0.5'), v1])
    expect(rollBack(fleet).backTo?.map(({ version }) => version)).toEqual(['1.0.0', '0.9.0', '1.0.5'])
    fleet.go(3)
    const begun = came.map((_, i) => fleet.store.openUpdate(i + 1)?.version)
    expect(begun).toEqual(['1.0.0', '0.9.0', '1.0.0', '1.0.5', '1.0.0'])
    for (const id of [1, 2, 3, 4, 5]) fleet.follow(id, 'confirmed')
    fleet.go(3)
    expect(fleet.states(2)).toEqual({ succeeded: 5 })
    expect(fleet.campaign('spring-rollback').state).toBe('completed')
  })

  it('leaves where it is who has nothing to go back to, and says so', () => {
    const fleet = updated([old, odd, imageOf('1.1.0', { securityCounter: 2 })])
    rollBack(fleet)
    fleet.go(3)
    expect(came.map((_, i) => fleet.store.openUpdate(i + 1)?.version)).toEqual([
      '1.0.0',
      undefined,
      '1.0.0',
      undefined,
      '1.0.0',
    ])
    expect(fleet.states(2)).toMatchObject({ 'skipped: has no image to go back to': 2 })
    expect(row(fleet, 2, 2).detail).toBe('it ran 0.9.0 before, and there is no image of that it could go back to')
    const why = fleet.store.campaignEntries(1, 20).find(({ what }) => what === 'rollback began')?.why
    expect(why).toContain('there is no image of meter 0.9.0, which 1 of its devices ran before')
    expect(why).toContain('the security counter of 1.0.5 is 1, that of 1.1.0 is 2')
  })

  it('that can go nowhere is refused with what is missing', () => {
    const fleet = updated([v1])
    expect(() => rollBack(fleet)).toThrow('there is no image of meter 1.0.0, which 2 of its devices ran before; there')
  })
})
