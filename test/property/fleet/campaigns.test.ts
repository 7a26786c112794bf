/**
 * Campaigns as a state machine: whatever devices do, in any order, and wherever the server dies, the limits
 * hold at every commit, the gates fire where they should and nowhere else, and nobody is updated twice.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { minutes } from '../../../src/base/time.ts'
import { totalsOf } from '../../../src/fleet/campaigns/counts.ts'
import { breachOf, sampleOf, shareOf, shareUpTo, shortfallOf } from '../../../src/fleet/campaigns/gates.ts'
import type { CampaignDraft } from '../../../src/fleet/campaigns/definition.ts'
import { CampaignFleet, imageOf } from '../../support/campaign-fleet.ts'

const devices = 24

type Deed =
  | { readonly deed: 'wait'; readonly minutes: number }
  | { readonly deed: 'deliver' | 'restart' | 'pause' | 'resume' }
  | { readonly deed: 'install' | 'succeed' | 'fail' | 'lose' | 'delete' | 'hear'; readonly device: number }

const device = fc.integer({ min: 1, max: devices })
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 90 }).map((of): Deed => ({ deed: 'wait', minutes: of })) },
  { weight: 5, arbitrary: fc.constant<Deed>({ deed: 'deliver' }) },
  {
    weight: 14,
    arbitrary: fc
      .tuple(fc.constantFrom('install', 'succeed', 'succeed', 'succeed', 'fail', 'lose', 'hear'), device)
      .map(([what, of]): Deed => ({ deed: what as 'install', device: of })),
  },
  { weight: 1, arbitrary: device.map((of): Deed => ({ deed: 'delete', device: of })) },
  { weight: 1, arbitrary: fc.constantFrom<Deed>({ deed: 'restart' }, { deed: 'pause' }, { deed: 'resume' }) },
)

const draft: fc.Arbitrary<Partial<CampaignDraft>> = fc
  .record({
    canary: fc.integer({ min: 1, max: 5 }),
    percent: fc.integer({ min: 10, max: 80 }),
    parallel: fc.integer({ min: 1, max: 8 }),
    perPrefix: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
    perCell: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
    budget: fc.option(fc.integer({ min: 5, max: 50 }), { nil: undefined }),
    failPercent: fc.integer({ min: 0, max: 60 }),
    sample: fc.integer({ min: 1, max: 8 }),
    count: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    attempts: fc.integer({ min: 1, max: 3 }),
    rollback: fc.boolean(),
    over: fc.boolean(),
  })
  .map(
    ({
      canary,
      percent,
      parallel,
      perPrefix,
      perCell,
      budget,
      failPercent,
      sample,
      count,
      attempts,
      rollback,
      over,
    }) => ({
      image: over ? '1.2.0' : '1.1.0',
      deltas: over,
      stages: [{ count: canary, soak: '10m' }, { percent, soak: '10m' }, { percent: 100 }],
      advance: 0,
      failure: { percent: failPercent, minimumSample: sample, ...(count === undefined ? {} : { count }) },
      limits: {
        parallel,
        ...(perPrefix === undefined ? {} : { perPrefix }),
        ...(perCell === undefined ? {} : { perCell }),
        ...(budget === undefined ? {} : { bytesPerSecond: budget }),
      },
      retry: { attempts, backoff: '5m', factor: 2, longest: '1h' },
      timeout: '3h',
      onBreach: rollback ? ('rollback' as const) : ('pause' as const),
    }),
  )

const [v0, v1, v2] = [imageOf('1.0.0'), imageOf('1.1.0'), imageOf('1.2.0', { fromVersions: '>=1.1.0' })]
const patch = { sha256: 'd'.repeat(64), key: 'd'.repeat(12), size: 3000, madeBy: 'uploaded', addedAt: v0.addedAt }

/** Eight cells; a few devices run 1.1.0 before. To 1.2.0 it goes over 1.1.0 alone, and there by a delta, too. */
function fleetOf(): CampaignFleet {
  const vitals = (id: number) => ({ version: id % 11 === 0 ? '1.1.0' : '1.0.0', cell: id % 8 })
  const fleet = new CampaignFleet(devices, vitals, [v0, v1, v2])
  fleet.commit([{ op: 'delta.put', delta: { ...patch, from: v0.sha256, to: v1.sha256 } }])
  return fleet
}

/** What has to hold after every commit of anybody. */
function watched(fleet: CampaignFleet): void {
  let stage = 0
  fleet.asked = (id) => {
    const { state, definition, pardoned } = fleet.store.campaign(id)!
    const sample = sampleOf(totalsOf(fleet.store.campaignCounts(id)), pardoned)
    expect(state).toBe('running')
    expect(breachOf(definition.failure, sample)).toBeUndefined()
  }
  fleet.watch = (ops) => {
    for (const id of [1, 2]) {
      const campaign = fleet.store.campaign(id)
      if (campaign === undefined) continue
      const { definition, image } = campaign
      const totals = totalsOf(fleet.store.campaignCounts(id))
      const busy = fleet.store.campaignDevices(id, 'updating', 0, devices)
      expect(busy.length).toBeLessThanOrEqual(definition.limits.parallel)
      const gone = fleet.store.campaignDevices(id, 'gone', 0, devices).length
      expect(totals.begun).toBeLessThanOrEqual(
        shareUpTo(definition.stages, campaign.stage, totals.eligible + gone) + totals.states.skipped + gone,
      )
      const rate = definition.limits.bytesPerSecond
      if (rate !== undefined && campaign.startedAt !== undefined) {
        const elapsed = (fleet.now - campaign.startedAt) / 1000
        const handed = fleet.store.updates(undefined, 1000).filter((update) => update.campaign === id)
        expect(handed.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(image.size + rate * elapsed + 1)
      }
      if (id === 1) {
        expect(campaign.stage).toBeGreaterThanOrEqual(stage)
        stage = campaign.stage
      }
      // As it fires; a device that timed out may yet come to a better end.
      const fired = ops.some(
        (op) => op.op === 'campaign.entry' && op.entry.campaignId === id && op.entry.what === 'halted',
      )
      if (fired && campaign.reason?.includes('attempted devices failed')) {
        expect(totals.attempted - (campaign.pardoned?.attempted ?? 0)).toBeGreaterThanOrEqual(
          definition.failure.minimumSample,
        )
      }
      if (campaign.rollbackOf !== undefined) {
        for (const row of fleet.store.campaignDevices(id, undefined, 0, devices)) {
          if (row.attempts === 0) continue
          expect(fleet.store.campaignDevice(campaign.rollbackOf, row.deviceId)?.touched).toBe(true)
        }
      }
    }
    crowds(fleet)
  }
}

function crowds(fleet: CampaignFleet): void {
  const limits = fleet.store.campaign(1)?.definition.limits
  const byPlace = new Map<string, number>()
  for (const { cell, prefix, count } of fleet.store.campaignPlacesBusy()) {
    for (const place of [`cell ${cell}`, `prefix ${prefix}`]) byPlace.set(place, (byPlace.get(place) ?? 0) + count)
  }
  for (const [place, count] of byPlace) {
    const limit = place.startsWith('cell') ? limits?.perCell : limits?.perPrefix
    if (limit !== undefined) expect({ place, over: count > limit }).toEqual({ place, over: false })
  }
}

function carryOut(fleet: CampaignFleet, each: Deed): void {
  switch (each.deed) {
    case 'wait':
      fleet.turn(minutes(each.minutes))
      return
    case 'deliver':
      fleet.deliver()
      return
    case 'restart':
      fleet.restart()
      return
    case 'pause':
      if (['running', 'soaking'].includes(fleet.campaign().state)) {
        fleet.campaigns.act(fleet.campaign(), 'pause', { by: 'test' }, fleet.now)
      }
      return
    case 'resume':
      if (['paused', 'halted'].includes(fleet.campaign().state) && fleet.campaign().rollback === undefined) {
        fleet.campaigns.act(fleet.campaign(), 'resume', { by: 'test' }, fleet.now)
      }
      return
    case 'install':
      return void fleet.follow(each.device, 'updating')
    case 'succeed':
      return void fleet.follow(each.device, 'confirmed')
    case 'fail':
      return void fleet.follow(each.device, 'failed', 'reverted')
    case 'lose':
      return void fleet.follow(each.device, 'failed', 'connection-lost')
    case 'delete':
      fleet.delete(each.device)
      return
    case 'hear':
      fleet.hear(each.device)
  }
}

/** Everybody who is begun succeeds, until the campaigns rest. */
function runOut(fleet: CampaignFleet, outcome: (deviceId: number) => 'confirmed' | 'failed' = () => 'confirmed'): void {
  for (let i = 0; i < 400; i++) {
    fleet.turn(minutes(30))
    fleet.deliver()
    for (let id = 1; id <= devices; id++) fleet.follow(id, outcome(id))
    const open = fleet.store
      .activeCampaigns()
      .filter((id) => !['paused', 'halted'].includes(fleet.store.campaign(id)!.state))
    if (open.length === 0) return
  }
  throw new Error(`the campaign does not end: ${JSON.stringify(fleet.store.campaignCounts(1))}`)
}

describe('whatever happens', () => {
  test('the limits hold, the stages rise, and it comes to an end', () => {
    fc.assert(
      fc.property(draft, fc.array(deed, { maxLength: 80 }), (wanted, deeds) => {
        const fleet = fleetOf()
        watched(fleet)
        fleet.create(wanted)
        for (const each of deeds) carryOut(fleet, each)
        if (fleet.campaign().state === 'paused') {
          fleet.campaigns.act(fleet.campaign(), 'resume', { by: 'test' }, fleet.now)
        }
        runOut(fleet)
        expect(['completed', 'halted']).toContain(fleet.campaign().state)
        expect(fleet.store.campaignPlacesBusy()).toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  test.each([
    ['straight', '1.1.0'],
    ['over another image', '1.2.0'],
  ])('a death before or after any commit repeats no step (%s)', (_what, image) => {
    const wanted: Partial<CampaignDraft> = {
      image,
      stages: [{ count: 3, soak: '10m' }, { percent: 100 }],
      failure: { percent: 20, minimumSample: 6 },
      limits: { parallel: 5, bytesPerSecond: 200 },
      onBreach: 'rollback',
    }
    // The third of the fleet gets a bad image, so that it stops and goes back, too.
    const outcome = (fleet: CampaignFleet) => (id: number) =>
      fleet.store.openUpdate(id)?.version === image && id % 3 === 0 ? 'failed' : 'confirmed'
    const undisturbed = fleetOf()
    undisturbed.create(wanted)
    const first = undisturbed.commits
    runOut(undisturbed, outcome(undisturbed))
    expect(undisturbed.campaign().state).toBe('halted')
    expect(undisturbed.campaign('spring-rollback').state).toBe('completed')
    for (let at = first + 1; at <= undisturbed.commits; at++) {
      for (const when of ['before', 'after'] as const) {
        const fleet = fleetOf()
        watched(fleet)
        fleet.create(wanted)
        fleet.death = { at, when }
        runOut(fleet, outcome(fleet))
        expect(fleet.restarts).toBe(1)
        expect(fleet.campaign().state).toBe('halted')
        expect(fleet.campaign('spring-rollback').state).toBe('completed')
        expect(fleet.store.campaigns(undefined, 10)).toHaveLength(2)
        for (let id = 1; id <= devices; id++) {
          const updates = fleet.store.updates(id, 10).filter(({ campaign }) => campaign === 1)
          expect(new Set(updates.map(({ version }) => version)).size).toBe(updates.length)
          expect(fleet.store.campaignDevice(1, id)?.attempts ?? 0).toBe(Math.min(1, updates.length))
          // Whoever was touched runs the old version again.
          const { touched = false } = fleet.store.campaignDevice(1, id) ?? {}
          if (touched) expect(fleet.store.deviceById(id)?.device.learned?.vitals?.version).toBe('1.0.0')
        }
      }
    }
  })
})

describe('the gates', () => {
  const counts = fc.record({
    succeeded: fc.nat(500),
    failed: fc.nat(500),
    timedOut: fc.nat(50),
    waiting: fc.nat(5000),
    updating: fc.nat(500),
  })
  const totals = ({ succeeded, failed, timedOut, waiting, updating }: Record<string, number>) =>
    totalsOf([
      { stage: 0, state: 'succeeded', count: succeeded! },
      { stage: 0, state: 'failed', count: failed! },
      { stage: 0, state: 'timed-out', count: timedOut! },
      { stage: 0, state: 'updating', count: updating! },
      { state: 'waiting', count: waiting! },
    ])

  test('the failure gate fires exactly above its percentage of the attempted, and never below its sample', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20_000 }),
        fc.integer({ min: 0, max: 10_000 }),
        fc.integer({ min: -1, max: 1 }),
        fc.integer({ min: -1, max: 1 }),
        (attempted, hundredths, beyond, early) => {
          // At the very edge of both, in whole numbers.
          const failed = Math.min(attempted, Math.max(0, Math.floor((hundredths * attempted) / 10_000) + beyond))
          const minimumSample = Math.max(1, attempted + early)
          const fires = breachOf({ percent: hundredths / 100, minimumSample }, { attempted, failed }) !== undefined
          expect(fires).toBe(attempted >= minimumSample && failed * 10_000 > hundredths * attempted)
        },
      ),
    )
  })

  test('the count fires whatever the sample', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 300 }), (each, count) => {
        const fires = breachOf({ minimumSample: 1000, count }, sampleOf(totals(each))) !== undefined
        expect(fires).toBe(each.failed + each.timedOut >= count)
      }),
    )
  })

  test('who waits or is under way moves neither gate', () => {
    fc.assert(
      fc.property(counts, fc.nat(10_000), fc.nat(10_000), (each, waiting, updating) => {
        const other = { ...each, waiting, updating }
        expect(sampleOf(totals(other))).toEqual(sampleOf(totals(each)))
        expect(shortfallOf(95, totals(other))).toEqual(shortfallOf(95, totals(each)))
      }),
    )
  })

  test('shares rise with their percentage, never beyond the fleet, and a started percent counts whole', () => {
    fc.assert(
      fc.property(
        fc.nat(200_000),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 10_000 }),
        (eligible, a, b) => {
          const [low, high] = [Math.min(a, b) / 100, Math.max(a, b) / 100]
          expect(shareOf({ percent: low }, eligible)).toBeLessThanOrEqual(shareOf({ percent: high }, eligible))
          expect(shareOf({ percent: 100 }, eligible)).toBe(eligible)
          expect(shareOf({ percent: low }, eligible) * 100).toBeGreaterThanOrEqual(low * eligible - 1e-3)
        },
      ),
    )
  })
})
