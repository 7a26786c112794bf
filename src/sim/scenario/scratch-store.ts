/** The store that ships, in a directory of its own that is gone afterwards: in memory where the system has such. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../../base/log.ts'
import { instantOf } from '../../base/time.ts'
import { defaultSettings } from '../../config/tunables.ts'
import type { Store } from '../../fleet/store.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'

/** Of Linux: a directory in memory. A simulation commits as often as a server does, and nobody needs it after a power cut. */
const inMemory = '/dev/shm'

export function openScratchStore(): { readonly store: Store; readonly close: () => void } {
  const directory = mkdtempSync(join(existsSync(inMemory) ? inMemory : tmpdir(), 'coapstan-sim-'))
  const store = openSqliteStore({
    file: join(directory, 'sim.db'),
    now: () => instantOf(0),
    log: silentLog,
    eventsKept: defaultSettings['events.kept'],
    operationsKept: defaultSettings['operations.kept-per-device'],
  })
  return {
    store,
    close: () => {
      store.close()
      rmSync(directory, { recursive: true })
    },
  }
}
