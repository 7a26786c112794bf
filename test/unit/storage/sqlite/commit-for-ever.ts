/**
 * A process of its own that commits until it is killed, and says of each commit that it is done. Each
 * writes an operation and an event of the same id, so that half a commit would show.
 */
import { writeSync } from 'node:fs'
import { silentLog } from '../../../../src/base/log.ts'
import { instantOf } from '../../../../src/base/time.ts'
import type { StoreOp } from '../../../../src/fleet/store.ts'
import { openSqliteStore } from '../../../../src/storage/sqlite/store.ts'

const now = instantOf(0)
const [file] = process.argv.slice(2)
const store = openSqliteStore({
  file: file ?? '',
  now: () => now,
  log: silentLog,
  eventsKept: 1_000_000,
  operationsKept: 1_000_000,
})
store.commit([{ op: 'device.put', device: { id: 1, endpoint: 'a', tags: {}, createdAt: now } }])
for (let id = store.lastEventId() + 1; ; id++) {
  const ops: StoreOp[] = [
    { op: 'event.append', event: { id, at: now, kind: 'data', cause: 'test', detail: { filler: 'x'.repeat(500) } } },
    {
      op: 'operation.put',
      operation: {
        id,
        deviceId: 1,
        endpoint: 'a',
        kind: 'read',
        path: '/3/0',
        priority: 5,
        state: 'acknowledged',
        attempts: 1,
        createdAt: now,
        deadline: now,
        origin: 'operator',
      },
    },
  ]
  store.commit(ops)
  writeSync(1, `${id}\n`)
}
