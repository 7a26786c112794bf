import { describe, expect, test } from 'vitest'
import { after, seconds } from '../../../../src/base/time.ts'
import { device, event, image, observation, openStore, operation, put, start, update } from '../fixtures.ts'

const devices = [1, 2, 3].map((id) => put.device(device(id)))

describe('operations', () => {
  test('come back as they were put', () => {
    const store = openStore()
    const least = operation(1, 1)
    const whole = operation(2, 1, {
      kind: 'write',
      value: { 0: 'a', nothing: null },
      priority: 0,
      state: 'failed',
      attempts: 3,
      reason: 'rejected',
      detail: 'no',
      code: '4.05',
      result: [1, 'two', null],
      sentAt: start,
      finishedAt: start,
      idempotencyKey: 'k',
      messageId: 65_535,
      token: 'aa',
    })
    store.commit([...devices, put.operation(least), put.operation(whole)])
    expect(store.operation(1)).toEqual(least)
    expect(store.operation(2)).toEqual(whole)
    expect(store.byIdempotencyKey(1, 'k')).toEqual(whole)
    expect(store.byIdempotencyKey(2, 'k')).toBeUndefined()
    store.commit([put.operation({ ...least, state: 'sent', messageId: 9 })])
    expect(store.operation(1)).toEqual({ ...least, state: 'sent', messageId: 9 })
  })

  test.each([
    ['null', null, null],
    ['a 64-bit integer as its digits', 2n ** 63n, '9223372036854775808'],
    ['false', false, false],
  ])('keep %s as a value', (_, value, kept) => {
    const store = openStore()
    store.commit([...devices, put.operation(operation(1, 1, { value }))])
    expect(store.operation(1)?.value).toBe(kept)
  })

  test('are listed newest first, by device and by state, page by page', () => {
    const store = openStore()
    store.commit([
      ...devices,
      ...Array.from({ length: 9 }, (_, i) =>
        put.operation(operation(i + 1, 1 + (i % 3), { state: i % 2 === 0 ? 'queued' : 'acknowledged' })),
      ),
    ])
    const ids = (...args: Parameters<typeof store.operations>) => store.operations(...args).map((o) => o.id)
    expect(ids({}, undefined, 3)).toEqual([9, 8, 7])
    expect(ids({}, 7, 3)).toEqual([6, 5, 4])
    expect(ids({ deviceId: 1 }, undefined, 10)).toEqual([7, 4, 1])
    expect(ids({ state: 'acknowledged' }, 8, 10)).toEqual([6, 4, 2])
    expect(ids({ deviceId: 1, state: 'queued' }, undefined, 10)).toEqual([7, 1])
  })

  test('that are open stand in the order they are to be sent', () => {
    const store = openStore()
    store.commit([
      ...devices,
      put.operation(operation(1, 1)),
      put.operation(operation(2, 1, { priority: 9 })),
      put.operation(operation(3, 1, { priority: 0, state: 'sent' })),
      put.operation(operation(4, 1, { state: 'cancelled' })),
      put.operation(operation(5, 1)),
      put.operation(operation(6, 3)),
    ])
    expect(store.openOperations(1, 10).map((o) => o.id)).toEqual([3, 1, 5, 2])
    expect(store.openOperations(1, 2).map((o) => o.id)).toEqual([3, 1])
    expect(store.snapshot({ by: 'id', deviceId: 1 }, 3)?.operations.map((o) => o.id)).toEqual([3, 1, 5])
    expect(store.devicesToRecover(0, 10)).toEqual([1, 3])
    expect(store.devicesToRecover(1, 10)).toEqual([3])
  })

  test('that are finished are kept up to the limit of a device, open ones always', () => {
    const store = openStore(undefined, { operationsKept: 5 })
    store.commit([
      ...devices,
      put.operation(operation(1, 1)),
      put.operation(operation(2, 2, { state: 'acknowledged' })),
      ...Array.from({ length: 40 }, (_, i) => put.operation(operation(i + 3, 1, { state: 'acknowledged' }))),
    ])
    expect(store.operations({ deviceId: 1 }, undefined, 100).map((o) => o.id)).toEqual([42, 41, 40, 39, 38, 1])
    expect(store.operations({ deviceId: 2 }, undefined, 100)).toHaveLength(1)
    expect(store.lastOperationId()).toBe(42)
  })
})

describe('observe intents', () => {
  test('are one a device and path, found by token', () => {
    const store = openStore()
    const whole = observation(1, '/4/0/2', {
      token: '0102030405060708',
      state: 'refused',
      reason: '4.05',
      lastNotification: start,
      lastSequence: 16_777_215,
      lastMessageId: 65_535,
      origins: ['firmware'],
    })
    store.commit([...devices, put.observation(observation(1, '/4/0/2')), put.observation(whole)])
    store.commit([put.observation(observation(1, '/3/0'))])
    expect(store.observations(1, 10)).toEqual([observation(1, '/3/0'), whole])
    expect(store.snapshot({ by: 'observation', token: whole.token }, 1)?.observations).toHaveLength(2)
    store.commit([{ op: 'observation.delete', deviceId: 1, path: '/4/0/2' }])
    expect(store.observations(1, 10)).toEqual([observation(1, '/3/0')])
    expect(store.snapshot({ by: 'observation', token: whole.token }, 1)).toBeUndefined()
  })
})

describe('firmware', () => {
  test('images are found by hash, key, version and product', () => {
    const store = openStore()
    const facts = {
      format: 'mcuboot',
      fromVersions: '>=1.0.0',
      hardware: ['A', 'B'],
      securityCounter: 3,
      signature: { state: 'verified', key: 'release' },
      dependencies: [{ image: 1, version: '2.0.0' }],
    } as const
    const one = image('aaaaaaaaaaaa', { notes: 'first' })
    const two = image('bbbbbbbbbbbb', { ...facts, product: 'valve', addedAt: after(start, seconds(1)) })
    const three = image('cccccccccccc', { version: '2.0.0' })
    store.commit([one, two, three].map(put.image))
    expect(store.image(one.sha256)).toEqual(one)
    expect(store.imageByKey('bbbbbbbbbbbb')).toEqual(two)
    expect(store.imageByVersion(undefined, '1.1.0')).toEqual([one, two])
    expect(store.imageByVersion('valve', '1.1.0')).toEqual([two])
    expect(store.images('meter')).toEqual([one, three])
    expect(store.images(undefined)).toHaveLength(3)
    store.commit([{ op: 'image.delete', sha256: one.sha256 }])
    expect(store.image(one.sha256)).toBeUndefined()
  })

  test('updates come back as they were put, newest first, with the open one at hand', () => {
    const store = openStore()
    const done = update(1, 1, { state: 'confirmed', finishedAt: start })
    const whole = update(2, 1, {
      state: 'updating',
      fetched: 4096,
      resumes: 2,
      blockSize: 512,
      fromVersion: '1.0.0',
      result: 0,
      reason: 'waits',
      dueAt: after(start, seconds(60)),
      registrationAtUpdate: 'r1',
      registrationAtOffer: 'r0',
      attempts: 2,
      registration: 'r2',
      seen: { state: 3, protocols: [0, 1] },
    })
    const other = update(3, 2)
    store.commit([...devices, ...[done, whole, other].map(put.update)])
    expect(store.update(2)).toEqual(whole)
    expect(store.updates(undefined, 10)).toEqual([other, whole, done])
    expect(store.updates(1, 1)).toEqual([whole])
    expect(store.openUpdate(1)).toEqual(whole)
    expect(store.openUpdate(3)).toBeUndefined()
    expect(store.snapshot({ by: 'id', deviceId: 1 }, 1)?.update).toEqual(whole)
    expect(store.snapshot({ by: 'id', deviceId: 3 }, 1)).not.toHaveProperty('update')
    expect(store.openUpdatesNeeding(whole.sha256, 9)).toContainEqual(whole)
    expect(store.openUpdatesNeeding(whole.sha256, 1)).toHaveLength(1)
    store.commit([put.update({ ...whole, state: 'failed' }), put.update({ ...other, state: 'cancelled' })])
    expect(store.openUpdatesNeeding(whole.sha256, 9)).toEqual([])
  })

  test('updates on their way need the images and deltas that are to come', () => {
    const store = openStore()
    const leg = { sha256: 'a'.repeat(64), product: 'meter', version: '1.5.0', size: 900 }
    const onward = { ...leg, sha256: 'b'.repeat(64), version: '2.0.0', delta: { sha256: 'd'.repeat(64), size: 90 } }
    const journey = { goal: '2.0.0', hop: 1, hops: 2, from: '1.0.0', leg, onward: [onward] }
    const first = update(1, 1, { sha256: leg.sha256, journey })
    store.commit([...devices, put.update(first)])
    const needing = (sha256: string) => store.openUpdatesNeeding(sha256, 9).map(({ id }) => id)
    expect(store.openUpdate(1)).toEqual(first)
    expect([leg.sha256, onward.sha256, onward.delta.sha256, 'c'.repeat(64)].map(needing)).toEqual([[1], [1], [1], []])
    const stopped = { ...first, journey: { ...journey, onward: [], isStopped: true as const } }
    store.commit([put.update(stopped)])
    expect(store.openUpdate(1)).toEqual(stopped)
    expect([leg.sha256, onward.sha256].map(needing)).toEqual([[1], []])
    store.commit([put.update({ ...stopped, state: 'confirmed' })])
    expect(needing(leg.sha256)).toEqual([])
  })
})

describe('events', () => {
  const some = [
    event(1, { deviceId: 1, endpoint: 'a' }),
    event(2, { kind: 'data', endpoint: 'c', detail: { value: 1.5 } }),
    event(5, { deviceId: 1, kind: 'send' }),
    event(6, { deviceId: 2, kind: 'data' }),
    event(7, { deviceId: 1, kind: 'data' }),
  ]
  test.each([
    ['all after', {}, 2, 2, [5, 6]],
    ['of a device', { deviceId: 1 }, 1, 9, [5, 7]],
    ['of kinds', { kinds: ['send', 'data'] }, 0, 3, [2, 5, 6]],
    ['of a kind named twice', { kinds: ['data', 'data'] }, 0, 9, [2, 6, 7]],
    ['of no kind', { kinds: [] }, 0, 9, []],
    ['of one that only knocked', { endpoint: 'c' }, 0, 9, [2]],
    ['of nobody', { endpoint: 'a' }, 0, 9, []],
    ['of a device and its name', { deviceId: 2, endpoint: 'c' }, 0, 9, [2, 6]],
    ['of a device and its name, and kinds', { deviceId: 1, endpoint: 'c', kinds: ['send', 'data'] }, 0, 9, [2, 5, 7]],
    ['of a device and kinds', { deviceId: 1, kinds: ['data', 'device.created'] }, 0, 9, [1, 7]],
  ] as const)('%s', (_, filter, afterId, limit, expected) => {
    const store = openStore()
    store.commit(some.map(put.event))
    const ids = (events: readonly { id: number }[]) => events.map(({ id }) => id)
    expect(ids(store.events(filter, afterId, limit))).toEqual(expected)
    expect(ids(store.latestEvents(filter, 100)).filter((id) => id > afterId)).toEqual(
      ids(store.events(filter, afterId, 100)),
    )
    expect(ids(store.latestEvents({}, 2))).toEqual([6, 7])
    expect(store.events({}, 0, 2)).toEqual(some.slice(0, 2))
    expect(store.lastEventId()).toBe(7)
  })

  test('are forgotten from the old end, twice as fast as new ones come until the limit is met', () => {
    const store = openStore(undefined, { eventsKept: 10 })
    const append = (from: number, count: number) =>
      store.commit(Array.from({ length: count }, (_, i) => put.event(event(from + i))))
    append(1, 40)
    expect(store.events({}, 0, 1)[0]?.id).toBe(31)
    append(41, 1)
    expect(store.events({}, 0, 100).map(({ id }) => id)).toEqual([32, 33, 34, 35, 36, 37, 38, 39, 40, 41])
    append(1000, 1)
    append(1001, 1)
    expect(store.events({}, 0, 1)[0]?.id).toBe(36)
  })
})
