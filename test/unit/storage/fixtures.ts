/** Rows for the storage tests, and stores in directories that go away with the test. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { silentLog } from '../../../src/base/log.ts'
import { after, instantOf, seconds, type Instant } from '../../../src/base/time.ts'
import type { FleetEvent } from '../../../src/fleet/events/types.ts'
import type { FirmwareUpdate } from '../../../src/fleet/firmware/types.ts'
import type { Image } from '../../../src/fleet/images/types.ts'
import type { Observation } from '../../../src/fleet/observations/types.ts'
import type { Operation } from '../../../src/fleet/operations/types.ts'
import type { Device, Registration } from '../../../src/fleet/registry/types.ts'
import type { Store, StoreOp } from '../../../src/fleet/store.ts'
import { openSqliteStore } from '../../../src/storage/sqlite/store.ts'

/** A fraction of a millisecond, because instants have them. */
export const start: Instant = instantOf(1_790_000_000_000.25)

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'coapstan-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export function openStore(
  file: string = join(temporaryDirectory(), 'coapstan.db'),
  limits: { eventsKept?: number; operationsKept?: number } = {},
): Store {
  const store = openSqliteStore({
    file,
    now: () => start,
    log: silentLog,
    eventsKept: limits.eventsKept ?? 1000,
    operationsKept: limits.operationsKept ?? 100,
  })
  onTestFinished(() => store.close())
  return store
}

export function device(id: number, more: Partial<Device> = {}): Device {
  return { id, endpoint: `urn:dev:test-${id}`, tags: {}, createdAt: start, ...more }
}

export function registration(id: string, more: Partial<Registration> = {}): Registration {
  return {
    id,
    lwm2mVersion: '1.1',
    lifetime: 300,
    binding: 'U',
    queueMode: false,
    links: '</>;rt="oma.lwm2m",</1/0>,</3/0>',
    registeredAt: start,
    updatedAt: start,
    expiresAt: after(start, seconds(300)),
    address: '2001:db8::7',
    port: 49_152,
    secured: false,
    messageId: 7,
    token: 'c0ffee',
    ...more,
  }
}

export function operation(id: number, deviceId: number, more: Partial<Operation> = {}): Operation {
  return {
    id,
    deviceId,
    endpoint: `urn:dev:test-${deviceId}`,
    kind: 'read',
    path: '/3/0',
    priority: 5,
    state: 'queued',
    attempts: 0,
    createdAt: start,
    deadline: after(start, seconds(3600)),
    origin: 'operator',
    ...more,
  }
}

export function observation(deviceId: number, path: string, more: Partial<Observation> = {}): Observation {
  return {
    deviceId,
    path,
    token: `00000000000000${String(deviceId).padStart(2, '0')}`,
    createdAt: start,
    origins: ['operator'],
    state: 'wanted',
    ...more,
  }
}

export function image(key: string, more: Partial<Image> = {}): Image {
  return {
    sha256: key.padEnd(64, '0'),
    key,
    size: 4096,
    version: '1.1.0',
    product: 'meter',
    addedAt: start,
    format: 'opaque',
    ...more,
  }
}

export function update(id: number, deviceId: number, more: Partial<FirmwareUpdate> = {}): FirmwareUpdate {
  return {
    id,
    deviceId,
    endpoint: `urn:dev:test-${deviceId}`,
    sha256: 'ab'.repeat(32),
    version: '1.1.0',
    size: 4096,
    target: '/5/0',
    state: 'pending',
    fetched: 0,
    resumes: 0,
    createdAt: start,
    changedAt: start,
    ...more,
  }
}

export function event(id: number, more: Partial<FleetEvent> = {}): FleetEvent {
  return { id, at: start, kind: 'device.created', cause: 'register', detail: {}, ...more }
}

export const put = {
  device: (value: Device): StoreOp => ({ op: 'device.put', device: value }),
  registration: (deviceId: number, value: Registration): StoreOp => ({
    op: 'registration.put',
    deviceId,
    registration: value,
  }),
  operation: (value: Operation): StoreOp => ({ op: 'operation.put', operation: value }),
  observation: (value: Observation): StoreOp => ({ op: 'observation.put', observation: value }),
  image: (value: Image): StoreOp => ({ op: 'image.put', image: value }),
  update: (value: FirmwareUpdate): StoreOp => ({ op: 'update.put', update: value }),
  event: (value: FleetEvent): StoreOp => ({ op: 'event.append', event: value }),
}
