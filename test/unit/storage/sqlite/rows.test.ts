/** Rows made by another thread leave the store as the ops they were made of would. */
import { expect, it } from 'vitest'
import { after, milliseconds } from '../../../../src/base/time.ts'
import type { StoredAssociation } from '../../../../src/fleet/associations/types.ts'
import type { StoreOp } from '../../../../src/fleet/store.ts'
import { eventsIn, heardIn, numberEvents, receivedRows, rowsOf, sentRows } from '../../../../src/storage/sqlite/rows.ts'
import { openSqliteStore, type SqliteStore } from '../../../../src/storage/sqlite/store.ts'
import { silentLog } from '../../../../src/base/log.ts'
import { device, event, observation, operation, put, registration, start, temporaryDirectory } from '../fixtures.ts'

const later = after(start, milliseconds(1234.5))
const association: StoredAssociation = {
  id: 3,
  cid: '00ab',
  identity: 'psk urn:dev:test-1',
  endpoint: 'urn:dev:test-1',
  address: '192.0.2.1',
  port: 5,
  sealed: new Uint8Array([1, 2, 3]),
  reservedUpTo: 100,
  windowEdge: 7,
  windowBitmap: 1n,
  openedAt: start,
  heardAt: start,
}
const before: readonly StoreOp[] = [
  put.device(device(1)),
  put.registration(1, registration('r1')),
  put.observation(observation(1, '/3303/0/5700')),
  { op: 'association.put', association },
]
const touch = { op: 'registration.touch', deviceId: 1, updatedAt: later, expiresAt: later } as const

const cases: Record<string, readonly StoreOp[]> = {
  'a new device': [
    { op: 'device.add', device: device(2, { firstSeen: start, profile: 'nbiot', quarantinedAt: later }) },
    put.registration(2, registration('r2', { queueMode: true, smsNumber: '123', profileId: 'p', secured: true })),
    put.event(event(1, { deviceId: 2, endpoint: 'urn:dev:test-2', detail: { big: 2n ** 60n, text: 'ü' } })),
  ],
  'a known device that registers anew': [put.registration(1, registration('r3')), put.event(event(2))],
  'a keep-alive': [{ ...touch, address: '2001:db8::7', port: 49_152 }],
  'a keep-alive from elsewhere': [{ ...touch, address: '192.0.2.9', port: 1 }],
  'a new device that is heard at once': [
    { op: 'device.add', device: device(3) },
    { op: 'device.seen', deviceId: 3, at: later },
  ],
  'a notification over DTLS': [
    { op: 'observation.heard', deviceId: 1, path: '/3303/0/5700', at: later, sequence: 9, messageId: 77 },
    { ...association, op: 'association.window', windowEdge: 9, windowBitmap: 2n ** 64n - 1n, heardAt: later },
    put.event(event(3)),
    put.event(event(4)),
  ],
  'a notification that was not numbered': [{ op: 'observation.heard', deviceId: 1, path: '/3303/0/5700', at: later }],
}

function opened(): SqliteStore {
  const file = `${temporaryDirectory()}/coapstan.db`
  const store = openSqliteStore({ file, now: () => start, log: silentLog, eventsKept: 100, operationsKept: 10 })
  store.commit(before)
  return store
}

function contentsOf(store: SqliteStore) {
  return {
    devices: [1, 2, 3].map((deviceId) => store.snapshot({ by: 'id', deviceId }, 10)),
    due: store.devicesDue(after(start, milliseconds(600_000)), 10),
    events: store.events({}, 0, 10),
    association: store.associationByCid('00ab'),
  }
}

it('leave what the ops leave', () => {
  const [byOps, byRows] = [opened(), opened()]
  for (const [name, ops] of Object.entries(cases)) {
    byOps.commit(ops)
    const rows = rowsOf(ops)
    expect([name, rows === undefined]).toEqual([name, false])
    byRows.commit([{ op: 'rows', rows: receivedRows(structuredClone(sentRows(rows!))) }])
    expect([name, contentsOf(byRows)]).toEqual([name, contentsOf(byOps)])
  }
  byOps.close()
  byRows.close()
})

it('rows and ops of one commit are all there, or none of them is', () => {
  const store = opened()
  const rows = rowsOf(cases['a new device']!)!
  const broken: StoreOp = put.operation(operation(1, 99))
  expect(() => store.commit([{ op: 'rows', rows }, broken])).toThrow(/FOREIGN KEY/)
  expect(store.snapshot({ by: 'id', deviceId: 2 }, 1)).toBeUndefined()
  store.commit([{ op: 'rows', rows }, put.operation(operation(1, 2))])
  expect(store.snapshot({ by: 'id', deviceId: 2 }, 1)?.operations).toHaveLength(1)
  store.close()
})

it.each([
  ['whose device has tags, which are rows of their own', { op: 'device.add', device: device(2, { tags: { a: 'b' } }) }],
  ['whose device has a product', { op: 'device.add', device: device(2, { product: 'meter' }) }],
  ['that look at what is stored', put.device(device(1))],
] as const)('ops %s are not made rows', (_, op) => {
  expect(rowsOf([op])).toBeUndefined()
})

it('events get their ids where they are committed, and are told with all they say', () => {
  const rows = rowsOf([put.event(event(0, { deviceId: 4, detail: { a: 1 } })), put.event(event(0))])!
  expect(numberEvents(rows, 17)).toBe(2)
  expect(eventsIn(rows).map(({ id, deviceId, detail }) => ({ id, deviceId, detail }))).toEqual([
    { id: 17, deviceId: 4, detail: { a: 1 } },
    { id: 18, deviceId: undefined, detail: {} },
  ])
  expect(numberEvents({}, 17)).toBe(0)
})

it('who follows commits hears of rows which devices have spoken', () => {
  const ops = Object.values(cases).flatMap((list) => heardIn(rowsOf(list)!))
  expect(ops.map((op) => op.op === 'device.seen' && [op.deviceId, op.at])).toEqual([
    [2, start],
    [1, start],
    [1, later],
    [1, later],
    [3, later],
  ])
})

it('devices that register anew and for the first time in one commit', () => {
  const store = opened()
  const ids = Array.from({ length: 40 }, (_, i) => i + 2)
  const first = ids.flatMap((id): StoreOp[] => [
    { op: 'device.add', device: device(id) },
    put.registration(id, registration(`r${id}`)),
  ])
  const again = Array.from({ length: 20 }, () => put.registration(1, registration('r1')))
  store.commit([...first.slice(0, 6), ...again, ...first.slice(6)])
  expect(ids.map((deviceId) => store.snapshot({ by: 'id', deviceId }, 1)?.registration?.id)).toEqual(
    ids.map((id) => `r${id}`),
  )
  store.close()
})
