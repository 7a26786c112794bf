/** The SQLite store against a store of plain maps: any ops in any batches, and the same answers. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { silentLog } from '../../../src/base/log.ts'
import { instantOf } from '../../../src/base/time.ts'
import type { Operation, OperationState } from '../../../src/fleet/operations/types.ts'
import type { Device, Registration } from '../../../src/fleet/registry/types.ts'
import type { Store, StoreOp } from '../../../src/fleet/store.ts'
import { openSqliteStore } from '../../../src/storage/sqlite/store.ts'
import { device, operation, registration } from '../../unit/storage/fixtures.ts'

const ids = [1, 2, 3, 4]
const id = fc.constantFrom(...ids)
/** Whole and broken milliseconds, close together so that they collide. */
const instant = fc.integer({ min: 0, max: 40 }).map((quarter) => instantOf(1e12 + quarter / 4))
const product = fc.constantFrom('meter', 'valve', undefined)
const tags = fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('1', '2'))
const state: fc.Arbitrary<OperationState> = fc.constantFrom('queued', 'sent', 'acknowledged', 'failed')

const anyOp: fc.Arbitrary<StoreOp> = fc.oneof(
  fc.tuple(id, product, tags, fc.option(instant, { nil: undefined })).map(([of, what, named, lastSeen]): StoreOp => ({
    op: 'device.put',
    device: {
      ...device(of),
      tags: named,
      ...(what === undefined ? {} : { product: what }),
      ...(lastSeen === undefined ? {} : { lastSeen }),
    },
  })),
  id.map((deviceId): StoreOp => ({ op: 'device.delete', deviceId })),
  fc.tuple(id, fc.nat(3), instant, instant).map(([deviceId, n, updatedAt, expiresAt]): StoreOp => ({
    op: 'registration.put',
    deviceId,
    registration: registration(`r${deviceId}-${n}`, { updatedAt, expiresAt }),
  })),
  fc.tuple(id, instant, instant).map(([deviceId, updatedAt, expiresAt]): StoreOp => ({
    op: 'registration.touch',
    deviceId,
    updatedAt,
    expiresAt,
    address: '::9',
    port: 9,
  })),
  id.map((deviceId): StoreOp => ({ op: 'registration.delete', deviceId })),
  fc.tuple(id, instant).map(([deviceId, at]): StoreOp => ({ op: 'device.seen', deviceId, at })),
  fc.tuple(fc.integer({ min: 1, max: 12 }), fc.nat(9), state, instant).map(([n, priority, as, deadline]): StoreOp => ({
    op: 'operation.put',
    // An operation keeps its device for life.
    operation: operation(n, 1 + (n % ids.length), { priority, state: as, deadline }),
  })),
)

/** The store's contract in maps. */
class Model {
  devices = new Map<number, Device>()
  registrations = new Map<number, Registration>()
  operations = new Map<number, Operation>()

  /** False where an actor could never ask for this, since there is no such device or registration. */
  apply(op: StoreOp): boolean {
    switch (op.op) {
      case 'device.put':
        this.devices.set(op.device.id, op.device)
        return true
      case 'device.delete':
        this.devices.delete(op.deviceId)
        this.registrations.delete(op.deviceId)
        for (const { id: of, deviceId } of this.operations.values()) {
          if (deviceId === op.deviceId) this.operations.delete(of)
        }
        return true
      case 'registration.put':
        if (!this.#seen(op.deviceId, op.registration.updatedAt)) return false
        this.registrations.set(op.deviceId, op.registration)
        return true
      case 'registration.touch': {
        const of = this.registrations.get(op.deviceId)
        if (of === undefined || !this.#seen(op.deviceId, op.updatedAt)) return false
        const { updatedAt, expiresAt, address, port } = op
        this.registrations.set(op.deviceId, { ...of, updatedAt, expiresAt, address, port })
        return true
      }
      case 'registration.delete':
        this.registrations.delete(op.deviceId)
        return true
      case 'device.seen':
        return this.#seen(op.deviceId, op.at)
      case 'operation.put':
        if (!this.devices.has(op.operation.deviceId)) return false
        this.operations.set(op.operation.id, op.operation)
        return true
      default:
        return false
    }
  }

  #seen(deviceId: number, lastSeen: Device['lastSeen'] & number): boolean {
    const of = this.devices.get(deviceId)
    if (of === undefined) return false
    this.devices.set(deviceId, { ...of, lastSeen })
    return true
  }

  row(of: number) {
    const found = this.devices.get(of)
    if (found === undefined) return undefined
    const registered = this.registrations.get(of)
    return registered === undefined ? { device: found } : { device: found, registration: registered }
  }

  open(of: number): Operation[] {
    return [...this.operations.values()]
      .filter(({ deviceId, state: as }) => deviceId === of && (as === 'queued' || as === 'sent'))
      .sort((a, b) => a.priority - b.priority || a.id - b.id)
  }

  due(at: number): Set<number> {
    const ended = [...this.registrations].filter(([, { expiresAt }]) => expiresAt <= at).map(([of]) => of)
    const overdue = ids.filter((of) => this.open(of).some(({ deadline }) => deadline <= at))
    return new Set([...ended, ...overdue])
  }
}

function expectAlike(store: Store, model: Model): void {
  for (const of of ids) {
    expect(store.deviceById(of)).toEqual(model.row(of))
    expect(store.openOperations(of, 99)).toEqual(model.open(of))
    const snapshot = store.snapshot({ by: 'id', deviceId: of }, 99)
    expect(snapshot?.operations ?? []).toEqual(model.open(of))
    const registered = model.registrations.get(of)
    if (registered !== undefined) expect(store.deviceByRegistration(registered.id)?.device.id).toBe(of)
  }
  const rows = ids.flatMap((of) => model.row(of) ?? [])
  expect(store.devices({}, undefined, 99)).toEqual(rows)
  for (const wanted of [{ product: 'meter' }, { tags: { a: '1' } }, { product: 'valve', tags: { a: '2', b: '1' } }]) {
    const expected = rows.filter(
      ({ device: of }) =>
        (wanted.product === undefined || of.product === wanted.product) &&
        Object.entries(wanted.tags ?? {}).every(([name, value]) => of.tags[name] === value),
    )
    expect(store.devices(wanted, undefined, 99)).toEqual(expected)
  }
  for (const at of [1e12, 1e12 + 5, 1e12 + 10]) {
    expect(new Set(store.devicesDue(instantOf(at), 99))).toEqual(model.due(at))
  }
  expect(store.operations({}, undefined, 99)).toEqual([...model.operations.values()].sort((a, b) => b.id - a.id))
}

test('answers what it was told', () => {
  const directory = mkdtempSync(join(tmpdir(), 'coapstan-'))
  let run = 0
  try {
    fc.assert(
      fc.property(fc.array(fc.array(anyOp, { maxLength: 6 }), { maxLength: 12 }), (batches) => {
        const file = join(directory, `${++run}.db`)
        const now = () => instantOf(0)
        const store = openSqliteStore({ file, now, log: silentLog, eventsKept: 1000, operationsKept: 100 })
        try {
          const model = new Model()
          for (const batch of batches) {
            store.commit(batch.filter((op) => model.apply(op)))
            expectAlike(store, model)
          }
          expect(store.countDevices()).toBe(model.devices.size)
        } finally {
          store.close()
        }
      }),
      { numRuns: 60 },
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
