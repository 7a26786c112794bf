/** A database as a server leaves it behind: registered devices, some with operations that wait, made in one go. */
import { join } from 'node:path'
import { silentLog } from '../src/base/log.ts'
import { after, days, hours, instantOf, type Instant } from '../src/base/time.ts'
import type { StoreOp } from '../src/fleet/store.ts'
import { openSqliteStore } from '../src/storage/sqlite/store.ts'

export interface Filling {
  readonly devices: number
  /** Operations that wait at device `id`. */
  readonly operationsOf: (id: number) => number
}

const devicesACommit = 5000

/** Devices 1 to `devices`, all asleep, device n registered at `rd/r<n>`. */
export function fillDatabase(directory: string, { devices, operationsOf }: Filling): void {
  const now = instantOf(Date.now())
  const store = openSqliteStore({
    file: join(directory, 'coapstan.db'),
    now: () => now,
    log: silentLog,
    eventsKept: 1_000_000,
    operationsKept: 100,
  })
  let operation = 0
  for (let first = 1; first <= devices; first += devicesACommit) {
    const ops: StoreOp[] = []
    for (let id = first; id < first + devicesACommit && id <= devices; id++) {
      ops.push(...deviceOps(id, now))
      for (let waiting = operationsOf(id); waiting > 0; waiting--) ops.push(operationOp(++operation, id, now))
    }
    store.commit(ops)
  }
  store.close()
}

const endpointOf = (id: number): string => `urn:dev:filled-${id}`

function deviceOps(id: number, now: Instant): StoreOp[] {
  const endpoint = endpointOf(id)
  const earlier = instantOf(now - hours(1))
  return [
    {
      op: 'device.put',
      device: {
        id,
        endpoint,
        product: 'meter',
        tags: { site: `s${id % 100}` },
        createdAt: earlier,
        firstSeen: earlier,
        lastSeen: earlier,
      },
    },
    {
      op: 'registration.put',
      deviceId: id,
      registration: {
        id: `r${id}`,
        lwm2mVersion: '1.1',
        lifetime: 86_400,
        binding: 'U',
        queueMode: true,
        links: '</>;rt="oma.lwm2m";ct=110,</1/0>,</3/0>,</4/0>,</5/0>,</3303/0>',
        registeredAt: earlier,
        updatedAt: earlier,
        expiresAt: after(now, days(1)),
        address: `10.${id >> 16}.${(id >> 8) & 255}.${id & 255}`,
        port: 5683,
        messageId: id & 0xffff,
        token: '01',
        secured: false,
      },
    },
    {
      op: 'event.append',
      event: { id, at: earlier, kind: 'device.created', deviceId: id, endpoint, cause: 'register', detail: {} },
    },
  ]
}

function operationOp(id: number, deviceId: number, now: Instant): StoreOp {
  return {
    op: 'operation.put',
    operation: {
      id,
      deviceId,
      endpoint: endpointOf(deviceId),
      kind: 'read',
      path: '/3303/0/5700',
      priority: 5,
      state: 'queued',
      attempts: 0,
      createdAt: now,
      deadline: after(now, days(7)),
      origin: 'operator',
    },
  }
}
