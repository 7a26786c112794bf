/**
 * `npm run sim:week [-- --devices 5000 --days 7 --seed 1 --dtls --json]`: a fleet of every kind of client lives
 * through a week in virtual time while its server is killed and stopped under it; ends with the figures, or
 * with the first promise that was broken and the seed that brings it back. Not part of the test suite.
 */
import { parseArgs } from 'node:util'
import { days } from '../src/base/time.ts'
import { nodeCrypto } from '../src/server/crypto-node.ts'
import { readObjectLibrary } from '../src/sim/object-files.ts'
import { liveThrough, weekOf } from '../src/sim/week.ts'

const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '5000' },
    days: { type: 'string', default: '7' },
    seed: { type: 'string', default: '1' },
    dtls: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

const world = weekOf({
  seed: Number(values.seed),
  devices: Number(values.devices),
  library: readObjectLibrary(),
  ...(values.dtls ? { security: { crypto: nodeCrypto(), withoutCidEvery: 8 } } : {}),
})
const figures = {
  ...liveThrough(world, days(Number(values.days)), (day) => {
    const { counts } = world.ledger
    console.error(
      `day ${day}: ${world.network.counts.sent} datagrams, ${counts.notifications + counts.sends} reports, ` +
        `${counts.writes + counts.executes} effects, ${world.server.starts} lives of the server, ${cpuSeconds()} CPU s`,
    )
  }),
  steps: world.timeline.steps,
  cpuSeconds: cpuSeconds(),
  residentMiB: Math.round(process.resourceUsage().maxRSS / 1024),
}
if (values.json) console.log(JSON.stringify(figures))
else for (const [name, figure] of Object.entries(figures)) console.log(`${name.padEnd(20)} ${figure}`)

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return Math.round((user + system) / 1e5) / 10
}
