/**
 * Resident memory of the server with 100 000 registered devices of which 1 000 are awake: registered with this
 * process, and found in the database of the one before; beside the same server with no devices. Prints one JSON
 * line a row. Linux only, like all of it.
 */
import { fillDatabase } from './filled-database.ts'
import { runLoad } from './load.ts'
import type { Running } from './process.ts'
import { startServer } from './subjects.ts'

const registered = 100_000
const awake = 1000
/** Updates of those awake, for so long, seconds. */
const stirring = 10

function row(subject: string, running: Running): void {
  const megabytes = Math.round(running.residentMemory() / 1024 ** 2)
  console.log(JSON.stringify({ bench: 'lwm2m', subject, residentMiB: megabytes }))
}

/** 1 000 devices that come and stay, and keep their registrations alive. */
async function stir(running: Running): Promise<void> {
  await runLoad({ scenario: 'update', peers: awake, window: 64, burst: 1, prefix: 'awake' }, running.port, stirring)
}

const empty = await startServer('native')
row('no devices', empty)
await stir(empty)
row(`${awake} awake`, empty)
await empty.stop()

const found = await startServer('native', {
  prepare: (data) => fillDatabase(data, { devices: registered, operationsOf: () => 0 }),
})
await stir(found)
row(`${registered} found in the database, ${awake} awake`, found)
await found.stop()

const grown = await startServer('native')
await runLoad(
  { scenario: 'register-all', peers: registered, window: 1024, burst: 1, prefix: 'asleep' },
  grown.port,
  120,
)
row(`${registered} registered just now`, grown)
await stir(grown)
row(`${registered} registered just now, ${awake} awake`, grown)
await grown.stop()
