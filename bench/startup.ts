/**
 * `startup.ts <runs> <devices>`: from the start of the process to the line that says it listens, with an empty
 * database and with one of so many registered devices, each with an event and every hundredth with an operation
 * that waits. Prints one JSON line a row.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fillDatabase } from './filled-database.ts'
import { startUpTimes } from './start-up-time.ts'

const runs = Number(process.argv[2] ?? 5)
const devices = Number(process.argv[3] ?? 200_000)

const directory = mkdtempSync(join(tmpdir(), 'coapstan-startup-'))
try {
  const [empty, full] = [join(directory, 'empty'), join(directory, 'full')]
  mkdirSync(full)
  fillDatabase(full, { devices, operationsOf: (id) => (id % 100 === 0 ? 1 : 0) })
  for (const [subject, milliseconds] of await startUpTimes({ empty, [`${devices} devices`]: full }, runs)) {
    console.log(JSON.stringify({ bench: 'startup', subject, milliseconds, runs }))
  }
} finally {
  rmSync(directory, { recursive: true, force: true })
}
