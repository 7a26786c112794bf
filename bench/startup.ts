/**
 * From the start of the process to the line that says it listens, with an empty database and with one of
 * 200 000 registered devices, each with an event and every hundredth with an operation that waits. Prints
 * one JSON line a row.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../src/base/log.ts'
import { days, after, instantOf } from '../src/base/time.ts'
import type { StoreOp } from '../src/fleet/store.ts'
import { openSqliteStore } from '../src/storage/sqlite/store.ts'
import { startUpTimes } from './start-up-time.ts'

const deviceCount = 200_000
const devicesACommit = 5_000
const runs = Number(process.argv[2] ?? 5)

const directory = mkdtempSync(join(tmpdir(), 'coapstan-startup-'))
try {
  const [empty, full] = [join(directory, 'empty'), join(directory, 'full')]
  fill(full)
  for (const [subject, milliseconds] of await startUpTimes({ empty, [`${deviceCount} devices`]: full }, runs)) {
    console.log(JSON.stringify({ bench: 'startup', subject, milliseconds, runs }))
  }
} finally {
  rmSync(directory, { recursive: true, force: true })
}

function fill(path: string): void {
  const now = instantOf(Date.now())
  const store = openSqliteStore({
    file: join(path, 'coapstan.db'),
    now: () => now,
    log: silentLog,
    eventsKept: 1_000_000,
    operationsKept: 100,
  })
  for (let first = 1; first <= deviceCount; first += devicesACommit) {
    const ids = Array.from({ length: devicesACommit }, (_, i) => first + i)
    store.commit(ids.flatMap((id) => deviceOps(id, now)))
  }
  store.close()
}

function deviceOps(id: number, now: ReturnType<typeof instantOf>): StoreOp[] {
  const endpoint = `urn:dev:startup-${id}`
  const ops: StoreOp[] = [
    {
      op: 'device.put',
      device: { id, endpoint, product: 'meter', tags: { site: `s${id % 100}` }, createdAt: now, firstSeen: now },
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
        links: '</>;rt="oma.lwm2m";ct=110,</1/0>,</3/0>,</4/0>,</5/0>',
        registeredAt: now,
        updatedAt: now,
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
      event: { id, at: now, kind: 'device.created', deviceId: id, endpoint, cause: 'register', detail: {} },
    },
  ]
  if (id % 100 !== 0) return ops
  ops.push({
    op: 'operation.put',
    operation: {
      id: id / 100,
      deviceId: id,
      endpoint,
      kind: 'read',
      path: '/3/0',
      priority: 5,
      state: 'queued',
      attempts: 0,
      createdAt: now,
      deadline: after(now, days(7)),
      origin: 'operator',
    },
  })
  return ops
}
