/** Campaigns in SQLite and in memory: any changes from either writer, the same answers, and counts that are true. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { silentLog } from '../../../src/base/log.ts'
import { hours, instantOf } from '../../../src/base/time.ts'
import { definitionOf } from '../../../src/fleet/campaigns/definition.ts'
import {
  campaignDeviceStates,
  campaignStates,
  type Campaign,
  type DeviceWay,
} from '../../../src/fleet/campaigns/types.ts'
import type { FirmwareUpdate } from '../../../src/fleet/firmware/types.ts'
import type { Store, StoreOp } from '../../../src/fleet/store.ts'
import { MemoryStore } from '../../../src/sim/memory-store.ts'
import { openSqliteStore } from '../../../src/storage/sqlite/store.ts'
import { device } from '../../unit/storage/fixtures.ts'

const campaigns = [1, 2]
const devices = [1, 2, 3, 4, 5]
const campaignId = fc.constantFrom(...campaigns)
const deviceId = fc.constantFrom(...devices)
const instant = fc.integer({ min: 0, max: 40 }).map((quarter) => instantOf(1e12 + quarter * 250.25))
const state = fc.constantFrom(...campaignDeviceStates)
const reason = fc.constantFrom('asleep', 'reverted', null)

function campaign(id: number, as: Campaign['state'] = 'running'): Campaign {
  const image = { sha256: 'ab', key: 'ab', product: 'meter', version: '2.0.0', size: 100 }
  const definition = definitionOf({ name: `c${id}`, image: 'ab' }, 'meter', undefined)
  const over = as === 'completed' || as === 'aborted' ? { finishedAt: instantOf(1e12 + 5000) } : {}
  return { id, name: `c${id}`, image, definition, state: as, stage: 0, stages: [], createdAt: instantOf(1e12), ...over }
}

function update(id: number, of: number, more: Partial<FirmwareUpdate>): FirmwareUpdate {
  const at = instantOf(1e12 + 1000 * id)
  return {
    id,
    deviceId: of,
    endpoint: `urn:dev:test-${of}`,
    sha256: 'ab',
    version: '2.0.0',
    size: 100,
    target: '/5/0',
    state: 'pending',
    fetched: 40,
    resumes: 1,
    createdAt: at,
    changedAt: at,
    ...more,
  }
}

const anyUpdate = fc
  .tuple(
    fc.integer({ min: 1, max: 9 }),
    deviceId,
    fc.constantFrom<FirmwareUpdate['state']>('updating', 'confirmed', 'failed', 'cancelled'),
    fc.boolean(),
    fc.option(instant, { nil: undefined }),
  )
  .map(([id, of, as, installs, finishedAt]) =>
    update(id, of, {
      state: as,
      ...(installs ? { registrationAtUpdate: 'r1', fromVersion: '1.0.0' } : {}),
      ...(finishedAt === undefined ? {} : { finishedAt, result: 1, seen: { firmwareVersion: '2.0.0' } }),
    }),
  )

const way: DeviceWay = {
  legs: [
    { version: '1.5.0', kind: 'delta', size: 9 },
    { version: '2.0.0', kind: 'whole', size: 100 },
  ],
  done: 1,
  goesOn: true,
}

const anyOp: fc.Arbitrary<StoreOp> = fc.oneof(
  fc
    .tuple(campaignId, fc.constantFrom(...campaignStates))
    .map(([id, as]): StoreOp => ({ op: 'campaign.put', campaign: campaign(id, as) })),
  fc.tuple(campaignId, deviceId, instant, fc.nat(100)).map(([id, of, enrolledAt, rank]): StoreOp => ({
    op: 'campaign.enrol',
    device: {
      campaignId: id,
      deviceId: of,
      endpoint: `urn:dev:test-${of}`,
      rank: rank * 10 + of,
      state: 'waiting',
      attempts: 0,
      touched: false,
      bytes: 0,
      resumes: 0,
      enrolledAt,
    },
  })),
  fc
    .tuple(campaignId, deviceId, fc.uniqueArray(state, { minLength: 1 }), state, reason, instant)
    .map(([id, of, from, to, why, at]): StoreOp => ({
      op: 'campaign.device',
      campaignId: id,
      deviceId: of,
      from,
      change: {
        state: to,
        reason: why,
        dueAt: to === 'retrying' ? at : null,
        askedAt: at,
        ...(at > 1e12 + 5000 ? { way } : {}),
      },
    })),
  fc.tuple(campaignId, anyUpdate, fc.nat(2), instant).map(([id, each, stage, dueAt]): StoreOp => ({
    op: 'campaign.begun',
    campaignId: id,
    update: each,
    begin: { stage, dueAt, cell: each.id, prefix: '2001:db8::/64', ...(stage === 1 ? { way } : {}) },
  })),
  fc
    .tuple(campaignId, anyUpdate)
    .map(([id, each]): StoreOp => ({ op: 'campaign.followed', campaignId: id, update: each })),
  fc
    .tuple(campaignId, deviceId, fc.integer({ min: 1, max: 9 }))
    .map(([id, of, updateId]): StoreOp => ({ op: 'campaign.reverted', campaignId: id, deviceId: of, updateId })),
  deviceId.map((of): StoreOp => ({ op: 'device.delete', deviceId: of })),
  fc.tuple(campaignId, instant).map(([id, at]): StoreOp => ({
    op: 'campaign.entry',
    entry: { campaignId: id, at, what: 'paused', by: 'operator' },
  })),
)

/** What is forgotten when all is over. */
const anyForgetting: fc.Arbitrary<StoreOp> = fc.oneof(
  campaignId.map((id): StoreOp => ({ op: 'campaign.discard', id })),
  fc.tuple(campaignId, fc.nat(3)).map(([id, limit]): StoreOp => ({ op: 'campaign.shed', id, limit })),
  campaignId.map((id): StoreOp => ({ op: 'campaign.delete', id })),
)

const sorted = <T>(rows: readonly T[]): readonly T[] =>
  rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

function answersOf(store: Store): unknown {
  const [from, to] = [instantOf(1e12), instantOf(1e12 + 10_000)]
  return campaigns.map((id) => ({
    campaign: store.campaign(id),
    byName: store.campaignByName(`c${id}`),
    counts: sorted(store.campaignCounts(id)),
    all: store.campaignDevices(id, undefined, 0, 10),
    ofStates: campaignDeviceStates.map((each) => store.campaignDevices(id, each, 1, 3)),
    waiting: store.campaignDevicesWaiting(id, 50, 3),
    due: sorted(store.campaignDevicesDue(id, to, 10)),
    touched: store.campaignDevicesTouched(id, 0, 10),
    origins: sorted(store.campaignOrigins(id, 5)),
    bytes: store.campaignBytes(id),
    pace: store.campaignPace(id, instantOf(1e12 + 5000)),
    progress: store.campaignProgress(id, from, to, 5),
    entries: store.campaignEntries(id, 10),
    claims: devices.map((of) => sorted(store.campaignClaims(of))),
    busy: store.campaignPlacesBusy().reduce((sum, { count }) => sum + count, 0),
    over: [store.campaignsOver(1), store.countCampaignsOver(), store.campaignDiscarded()],
    evidence: [from, to, instantOf(2e12)].map((before) => store.campaignWithEvidence(before)),
    rest: [store.campaigns(undefined, 5), store.activeCampaigns(), store.lastCampaignId()],
  }))
}

/** Counted one by one, as nobody may do in a large fleet. */
function recounted(store: Store, id: number): unknown {
  const counts = new Map<string, number>()
  for (const { stage, state: as, reason: why } of store.campaignDevices(id, undefined, 0, 10)) {
    const key = JSON.stringify([stage ?? null, as, why ?? null])
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return sorted([...counts])
}

test('SQLite and memory keep campaigns alike, and count every device once', () => {
  const directory = mkdtempSync(join(tmpdir(), 'coapstan-'))
  let run = 0
  try {
    fc.assert(
      fc.property(
        fc.array(fc.array(anyOp, { maxLength: 6 }), { maxLength: 10 }),
        fc.array(anyForgetting),
        (batches, forgetting) => {
          const file = join(directory, `${run++}.db`)
          const sqlite = openSqliteStore({
            file,
            now: () => instantOf(0),
            log: silentLog,
            eventsKept: 10,
            operationsKept: 10,
          })
          const memory = new MemoryStore()
          try {
            for (const store of [sqlite, memory]) {
              store.commit(campaigns.map((id) => ({ op: 'campaign.put', campaign: campaign(id) }) as const))
              store.commit(devices.map((id) => ({ op: 'device.put', device: device(id) }) as const))
              for (const batch of batches) store.commit(batch)
            }
            expect(answersOf(sqlite)).toEqual(answersOf(memory))
            for (const id of campaigns) {
              const kept = sqlite
                .campaignCounts(id)
                .map(({ stage, state: as, reason: why, count }) => [
                  JSON.stringify([stage ?? null, as, why ?? null]),
                  count,
                ])
              expect(sorted(kept)).toEqual(recounted(sqlite, id))
            }
            for (const op of forgetting) for (const store of [sqlite, memory]) store.commit([op])
            expect(answersOf(sqlite)).toEqual(answersOf(memory))
          } finally {
            sqlite.close()
          }
        },
      ),
      { numRuns: 15 },
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

test('a time-out that ends well after all counts as what it ended in', () => {
  const store = new MemoryStore()
  const begun = update(1, 1, {})
  store.commit([
    { op: 'campaign.put', campaign: campaign(1) },
    { op: 'device.put', device: device(1) },
    {
      op: 'campaign.enrol',
      device: {
        campaignId: 1,
        deviceId: 1,
        endpoint: 'urn:dev:test-1',
        rank: 1,
        state: 'waiting',
        attempts: 0,
        touched: false,
        bytes: 0,
        resumes: 0,
        enrolledAt: instantOf(1e12),
      },
    },
    { op: 'campaign.begun', campaignId: 1, update: begun, begin: { stage: 0, dueAt: instantOf(1e12 + hours(1)) } },
    { op: 'campaign.device', campaignId: 1, deviceId: 1, from: ['updating'], change: { state: 'timed-out' } },
    { op: 'campaign.followed', campaignId: 1, update: { ...begun, state: 'confirmed', finishedAt: instantOf(2e12) } },
  ])
  expect(store.campaignDevice(1, 1)?.state).toBe('ended')
})
