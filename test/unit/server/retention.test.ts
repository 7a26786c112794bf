/** What is forgotten by itself and by hand, a slice at a time, and what stays. */
import { expect, test } from 'vitest'
import { silentLog } from '../../../src/base/log.ts'
import { days, seconds } from '../../../src/base/time.ts'
import { defaultSettings } from '../../../src/config/tunables.ts'
import type { EventDraft } from '../../../src/fleet/events/types.ts'
import type { StoreOp } from '../../../src/fleet/store.ts'
import { Retention, type RetentionSettings } from '../../../src/server/retention.ts'
import { CampaignFleet } from '../../support/campaign-fleet.ts'

const author = { by: 'ada', why: 'tidying up' }
const quick = { stages: [{ percent: 100 }], failure: { percent: 100 } }

/** Each campaign in turn, to its end. */
function fleetAfter(devices: number, names: readonly string[]): CampaignFleet {
  const fleet = new CampaignFleet(devices)
  for (const name of names) {
    fleet.create({ ...quick, name })
    for (let round = 0; round < 6; round++) {
      fleet.turn(seconds(1))
      fleet.deliver()
      for (let id = 1; id <= devices; id++) fleet.follow(id, 'confirmed')
    }
    expect(fleet.campaign(name).state).toBe('completed')
  }
  return fleet
}

function retentionOf(fleet: CampaignFleet, settings: Partial<RetentionSettings>) {
  const events: EventDraft[] = []
  const commits: (readonly StoreOp[])[] = []
  const retention = new Retention({
    store: fleet.store,
    commit: (ops, drafts) => {
      commits.push(ops)
      events.push(...drafts)
      fleet.store.commit(ops)
    },
    now: () => fleet.now,
    settings: { ...defaultSettings, ...settings },
    log: silentLog,
  })
  return {
    events,
    commits,
    pass: () => {
      while (retention.step());
    },
  }
}

const names = (fleet: CampaignFleet) => fleet.store.campaigns(undefined, 99).map(({ name }) => name)

test('beyond their number the oldest campaigns go, and say so', () => {
  const fleet = fleetAfter(2, ['one', 'two', 'three'])
  const { events, pass } = retentionOf(fleet, { 'campaigns.kept': 2 })
  pass()
  expect(names(fleet)).toEqual(['three', 'two'])
  expect(fleet.store.campaignDevices(1, undefined, 0, 9)).toEqual([])
  expect(fleet.store.campaignEntries(1, 9)).toEqual([])
  expect(events).toMatchObject([{ kind: 'campaign.removed', cause: 'retention', detail: { name: 'one' } }])
})

test('devices of old campaigns go first, and the numbers stay', () => {
  const fleet = fleetAfter(3, ['one'])
  const { pass, events } = retentionOf(fleet, { 'campaigns.devices-kept-for': days(10) })
  fleet.now = (fleet.now + days(9)) as typeof fleet.now
  pass()
  expect(fleet.store.campaignDevices(1, undefined, 0, 9)).toHaveLength(3)
  fleet.now = (fleet.now + days(2)) as typeof fleet.now
  pass()
  expect(fleet.store.campaignDevices(1, undefined, 0, 9)).toEqual([])
  expect(fleet.store.campaignCounts(1)).toMatchObject([{ state: 'succeeded', count: 3 }])
  expect(events).toEqual([])
})

test('no commit is a long one: devices go five hundred at a time', () => {
  const fleet = fleetAfter(1100, ['one'])
  const { pass, commits } = retentionOf(fleet, {})
  fleet.campaigns.remove(fleet.campaign('one'), author)
  expect(names(fleet)).toEqual([])
  pass()
  expect(commits).toEqual([
    ...Array.from({ length: 3 }, () => [{ op: 'campaign.shed', id: 1, limit: 500 }]),
    [{ op: 'campaign.delete', id: 1 }],
  ])
})

test('old updates go, but not what a device runs', () => {
  const fleet = fleetAfter(2, ['one'])
  const [of2, of1] = fleet.store.updates(undefined, 2)
  const later = [
    { ...of1!, id: 11, state: 'confirmed' },
    { ...of2!, id: 12, state: 'failed' },
  ] as const
  fleet.store.commit(later.map((update) => ({ op: 'update.put', update }) as const))
  const { pass } = retentionOf(fleet, { 'firmware.updates-kept-for': days(10) })
  fleet.now = (fleet.now + days(11)) as typeof fleet.now
  pass()
  expect(fleet.store.updates(undefined, 99).map(({ id }) => id)).toEqual([11, of2!.id])
})

test('a campaign under way stays, and so does one whose devices are being taken back', () => {
  const fleet = fleetAfter(3, ['one'])
  fleet.create({ ...quick, name: 'two' })
  const { pass } = retentionOf(fleet, { 'campaigns.kept': 1, 'campaigns.kept-for': 1 })
  const remove = (name: string) => () => fleet.campaigns.remove(fleet.campaign(name), author)
  expect(remove('two')).toThrow('it cannot be removed: it is under way')
  const back = fleet.campaigns.rollBack(fleet.campaign('one'), undefined, author, fleet.now)
  expect(remove('one')).toThrow(`it cannot be removed: campaign ${back.name} takes its devices back`)
  fleet.now = (fleet.now + 1000) as typeof fleet.now
  pass()
  expect(names(fleet)).toEqual([back.name, 'two', 'one'])
})

test('a name is free again as soon as its campaign is removed', () => {
  const fleet = fleetAfter(1, ['one'])
  fleet.campaigns.remove(fleet.campaign('one'), author)
  expect(fleet.create({ ...quick, name: 'one' })).toMatchObject({ id: 2, name: 'one' })
})
