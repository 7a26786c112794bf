import { describe, expect, test } from 'vitest'
import { after, seconds } from '../../../../src/base/time.ts'
import type { Device } from '../../../../src/fleet/registry/types.ts'
import { device, observation, openStore, operation, put, registration, start, update } from '../fixtures.ts'

const everything: Device = device(2, {
  product: 'meter',
  tags: { site: 'berlin', floor: '3' },
  profile: 'nbiot',
  firstSeen: start,
  lastSeen: after(start, seconds(1)),
  retiredAt: after(start, seconds(2)),
  quirks: [{ name: 'location-in-uri', at: start, example: '3c2f333e' }],
  quarantinedAt: after(start, seconds(3)),
  learned: { formats: { answered: 11542 }, wake: { lateAnswers: [], misses: [4000], intervals: [3_600_000] } },
})

describe('a device', () => {
  test.each([['with the least', device(1)] as const, ['with everything', everything] as const])(
    '%s comes back as it was put',
    (_, put1) => {
      const store = openStore()
      store.commit([put.device(put1)])
      expect(store.device(put1.endpoint)).toEqual({ device: put1 })
      expect(store.deviceById(put1.id)).toEqual({ device: put1 })
      expect(store.snapshot({ by: 'endpoint', endpoint: put1.endpoint }, 10)).toEqual({
        device: put1,
        configurationObservers: [],
        operations: [],
        observations: [],
      })
    },
  )

  test('put again is replaced, but keeps when it was created', () => {
    const store = openStore()
    store.commit([put.device(everything), put.device(device(2, { createdAt: after(start, seconds(9)) }))])
    expect(store.deviceById(2)).toEqual({ device: device(2) })
  })

  test('that is deleted takes everything along but its events and updates, and its id is never given again', () => {
    const store = openStore()
    store.commit([
      put.device(everything),
      put.registration(2, registration('r2')),
      put.operation(operation(1, 2)),
      put.observation(observation(2, '/3/0')),
      put.update(update(1, 2)),
      put.event({ id: 1, at: start, kind: 'device.created', deviceId: 2, cause: 'register', detail: {} }),
      { op: 'device.delete', deviceId: 2 },
    ])
    expect(store.device(everything.endpoint)).toBeUndefined()
    expect(store.deviceByRegistration('r2')).toBeUndefined()
    expect(store.operation(1)).toBeUndefined()
    expect(store.observations(2, 10)).toEqual([])
    expect(store.update(1)).toMatchObject({ deviceId: 2 })
    expect(store.devices({ tags: { site: 'berlin' } }, undefined, 10)).toEqual([])
    expect(store.events({ deviceId: 2 }, 0, 10)).toHaveLength(1)
    expect([store.lastDeviceId(), store.lastOperationId(), store.lastUpdateId()]).toEqual([2, 1, 1])
  })
})

describe('a registration', () => {
  const first = registration('r1', { smsNumber: '+49', queueMode: true })

  test('is found by its id, and sets when the device was last seen', () => {
    const store = openStore()
    store.commit([put.device(device(1)), put.registration(1, first)])
    const row = { device: device(1, { lastSeen: start }), registration: first }
    expect(store.deviceByRegistration('r1')).toEqual(row)
    expect(store.snapshot({ by: 'registration', registrationId: 'r1' }, 10)).toMatchObject(row)
    expect(store.snapshot({ by: 'registration', registrationId: 'r2' }, 10)).toBeUndefined()
  })

  test('put again drops the old location', () => {
    const store = openStore()
    const second = registration('r2', { updatedAt: after(start, seconds(5)), expiresAt: after(start, seconds(9)) })
    store.commit([put.device(device(1)), put.registration(1, first), put.registration(1, second)])
    expect(store.deviceByRegistration('r1')).toBeUndefined()
    expect(store.deviceById(1)?.registration).toEqual(second)
  })

  test('moves with a keep-alive', () => {
    const store = openStore()
    const at = { updatedAt: after(start, seconds(60)), expiresAt: after(start, seconds(360)), address: '::2', port: 9 }
    store.commit([
      put.device(device(1)),
      put.registration(1, first),
      { op: 'registration.touch', deviceId: 1, ...at },
      { op: 'device.seen', deviceId: 1, at: after(start, seconds(70)) },
    ])
    expect(store.deviceById(1)).toEqual({
      device: device(1, { lastSeen: after(start, seconds(70)) }),
      registration: { ...first, ...at },
    })
  })

  test('goes and leaves the device', () => {
    const store = openStore()
    store.commit([put.device(device(1)), put.registration(1, first), { op: 'registration.delete', deviceId: 1 }])
    expect(store.deviceById(1)).toEqual({ device: device(1, { lastSeen: start }) })
    expect(store.devicesDue(after(start, seconds(1e6)), 10)).toEqual([])
  })
})

describe('a page of devices', () => {
  const fleet = ['a:1', 'a:2', 'b:1', 'b:2', 'b:3'].map((endpoint, i) =>
    device(10 - i, {
      endpoint,
      ...(i < 4 ? { product: 'meter' } : {}),
      tags: { site: i % 2 === 0 ? 'berlin' : 'paris', row: 'x' },
    }),
  )

  test.each([
    ['all', {}, undefined, 10, ['a:1', 'a:2', 'b:1', 'b:2', 'b:3']],
    ['the first ones', {}, undefined, 2, ['a:1', 'a:2']],
    ['behind the cursor', {}, 'a:2', 2, ['b:1', 'b:2']],
    ['with a prefix', { prefix: 'b:' }, undefined, 10, ['b:1', 'b:2', 'b:3']],
    ['with a prefix, behind the cursor', { prefix: 'b:' }, 'b:1', 10, ['b:2', 'b:3']],
    ['of a product', { product: 'meter', prefix: 'b' }, undefined, 10, ['b:1', 'b:2']],
    ['with a tag', { tags: { site: 'berlin' } }, 'a:1', 10, ['b:1', 'b:3']],
    ['with all of several', { product: 'meter', tags: { site: 'berlin', row: 'x' } }, undefined, 10, ['a:1', 'b:1']],
    ['with a value nobody has', { tags: { site: 'rome' } }, undefined, 10, []],
    ['of a product that is only a tag elsewhere', { product: 'berlin' }, undefined, 10, []],
  ])('%s', (_, filter, cursor, limit, expected) => {
    const store = openStore()
    store.commit(fleet.map(put.device))
    expect(store.devices(filter, cursor, limit).map((row) => row.device.endpoint)).toEqual(expected)
    expect(store.countDevices()).toBe(5)
  })

  test('follows changed tags and a changed product', () => {
    const store = openStore()
    store.commit([...fleet.map(put.device), put.device({ ...fleet[0]!, product: 'valve', tags: { site: 'rome' } })])
    const endpoints = (filter: object) => store.devices(filter, undefined, 10).map((row) => row.device.endpoint)
    expect(endpoints({ tags: { site: 'rome' }, product: 'valve' })).toEqual(['a:1'])
    expect(endpoints({ tags: { site: 'berlin' } })).toEqual(['b:1', 'b:3'])
    expect(endpoints({ product: 'meter' })).toEqual(['a:2', 'b:1', 'b:2'])
  })
})

describe('names like one that is not there', () => {
  const names = [
    'urn:dev:mac:0080e1a1', 'urn:dev:mac:0080e1a2', 'urn:dev:mac:1180e1a1', 'meter-north', 'meter-south', 'x',
  ] // prettier-ignore
  test.each([
    ['a wrong character', 'metre-north', ['meter-north']],
    ['two swapped', 'meter-nroth', ['meter-north']],
    ['a missing one', 'urn:dev:mac:080e1a1', ['urn:dev:mac:0080e1a1']],
    ['the beginning', 'meter', ['meter-north', 'meter-south']],
    ['nothing like it', 'completely-different-thing', []],
  ])('%s', (_, wanted, expected) => {
    const store = openStore()
    store.commit(names.map((endpoint, i) => put.device(device(i + 1, { endpoint }))))
    const found = store.similarEndpoints(wanted, 2)
    expect(found.slice(0, expected.length)).toEqual(expected)
    if (expected.length === 0) expect(found).toEqual([])
  })

  test('are found among many without looking at all of them', () => {
    const store = openStore()
    const many = Array.from({ length: 5000 }, (_, i) => `a:${i}`)
    store.commit([...many, 'zebra:stripes'].map((endpoint, i) => put.device(device(i + 1, { endpoint }))))
    expect(store.similarEndpoints('xebra:stripes', 1)).toEqual(['zebra:stripes'])
  })
})

describe('devices that are due', () => {
  const at = (s: number) => after(start, seconds(s))

  test('are those with an ended registration, an expired operation or an overdue update, earliest first', () => {
    const store = openStore()
    store.commit([
      ...[1, 2, 3, 4, 5].map((id) => put.device(device(id))),
      put.registration(1, registration('r1', { expiresAt: at(30) })),
      put.registration(4, registration('r4', { expiresAt: at(31) })),
      put.operation(operation(1, 2, { deadline: at(20) })),
      put.operation(operation(2, 2, { deadline: at(25) })),
      put.operation(operation(3, 5, { deadline: at(1), state: 'expired' })),
      put.update(update(1, 3, { dueAt: at(10), state: 'updating' })),
      put.update(update(2, 5, { dueAt: at(1), state: 'failed' })),
    ])
    expect(store.devicesDue(at(9), 10)).toEqual([])
    expect(store.devicesDue(at(20), 10)).toEqual([3, 2])
    expect(store.devicesDue(at(30), 10)).toEqual([3, 2, 1])
    expect(store.devicesDue(at(30), 2)).toEqual([3, 2])
  })

  test('are not those that kept their registration alive, however many', () => {
    const store = openStore()
    const ids = Array.from({ length: 2000 }, (_, i) => i + 1)
    store.commit(
      ids.flatMap((id) => [
        put.device(device(id)),
        put.registration(id, registration(`r${id}`, { expiresAt: at(300) })),
      ]),
    )
    const touched = ids.filter((id) => id % 1000 !== 0)
    store.commit(
      touched.map((deviceId) => ({
        op: 'registration.touch',
        deviceId,
        updatedAt: at(200),
        expiresAt: at(500),
        address: '::1',
        port: 1,
      })),
    )
    expect(store.devicesDue(at(300), 10)).toEqual([1000, 2000])
    expect(store.devicesDue(at(499), 10)).toEqual([1000, 2000])
    expect(store.devicesDue(at(500), 5000)).toHaveLength(2000)
  })

  test('follow a registration whose end came nearer', () => {
    const store = openStore()
    store.commit([
      put.device(device(1)),
      put.registration(1, registration('r1', { expiresAt: at(300) })),
      { op: 'registration.touch', deviceId: 1, updatedAt: at(1), expiresAt: at(5), address: '::1', port: 1 },
    ])
    expect(store.devicesDue(at(5), 10)).toEqual([1])
  })
})
