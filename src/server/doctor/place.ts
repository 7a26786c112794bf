/** Checks of what the server works on: its data directory, its database, its ports, its object definitions. */
import { createSocket } from 'node:dgram'
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { tokenFileName } from '../../api/token.ts'
import type { Log, LogFields } from '../../base/log.ts'
import { silentLog } from '../../base/log.ts'
import type { Settings } from '../../config/tunables.ts'
import { inspectDatabase, type DatabaseReport } from '../../storage/sqlite/inspect.ts'
import { ObjectDefinitions } from '../objects.ts'
import { bad, good, sizeText, warning, type Finding } from './finding.ts'

/** Files only the server's own user may read. */
const secretFiles = [tokenFileName, 'store-key', 'url-key']
/** Free space below which a day of telemetry may not fit, octets. */
const enoughSpace = 1024 ** 3

export function checkDirectory(settings: Settings): Finding {
  const subject = 'data directory'
  const path = resolve(settings['data.directory'])
  const there = nearestThere(path)
  try {
    accessSync(`${there}/.`, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch {
    return bad(subject, `${there} cannot be written by this user`, 'run as the user it belongs to, or name another')
  }
  if (there !== path) return good(subject, `${path} will be made at the first start`)
  const open = ['', ...secretFiles].map((name) => join(path, name)).filter((file) => isOpenToOthers(file))
  if (open.length > 0) {
    return bad(subject, `others on this machine can read ${open.join(', ')}`, `chmod go= ${open.join(' ')}`)
  }
  const { bavail, bsize } = statfsSync(path)
  const free = bavail * bsize
  const found = `${path}, ${sizeText(free)} free`
  if (free < enoughSpace) return warning(subject, found, 'make room: with a full disk devices get no answers')
  return good(subject, found)
}

/** The directory, or the first of those above it that is there. */
function nearestThere(path: string): string {
  return existsSync(path) ? path : nearestThere(dirname(path))
}

const isOpenToOthers = (file: string): boolean => existsSync(file) && (statSync(file).mode & 0o077) !== 0

/** The database as it stands, without touching it. */
export function checkDatabase(settings: Settings): { readonly finding: Finding; readonly report?: DatabaseReport } {
  const subject = 'database'
  const file = join(resolve(settings['data.directory']), 'coapstan.db')
  if (!existsSync(file)) return { finding: good(subject, 'none yet; the first start makes it') }
  const report = inspectDatabase(file)
  if ('problem' in report) {
    return { finding: bad(subject, `${file}: ${report.problem}`, 'restore a backup, or name another data directory') }
  }
  const user = report.isInUse ? 'in use by a running server' : 'not in use'
  const { devices, octets, migration, newestMigration, sqlite } = report
  const found = `SQLite ${sqlite}, ${devices} ${devices === 1 ? 'device' : 'devices'}, ${sizeText(octets)}, schema ${migration}, ${user}`
  if (migration > newestMigration) {
    return {
      finding: bad(subject, found, `this program knows schema ${newestMigration}: run the newer Coapstan`),
      report,
    }
  }
  const older = migration < newestMigration ? `; the next start brings it to schema ${newestMigration}` : ''
  return { finding: good(subject, `${found}${older}`), report }
}

/** One finding a port; a port our own running server has is as it should be. */
export async function checkPorts(settings: Settings, isServerRunning: boolean): Promise<readonly Finding[]> {
  const udp = (listener: 'coap' | 'coaps'): Promise<Finding> =>
    portFinding(listener, 'udp', settings[`${listener}.host`], settings[`${listener}.port`], isServerRunning, bindUdp)
  const findings = [await udp('coap')]
  if (settings['coaps.listen'] !== 'off') findings.push(await udp('coaps'))
  const { 'http.host': host, 'http.port': port } = settings
  findings.push(await portFinding('http', 'tcp', host, port, isServerRunning, bindTcp))
  return findings
}

async function portFinding(
  listener: string,
  protocol: 'udp' | 'tcp',
  host: string,
  port: number,
  isServerRunning: boolean,
  bind: (host: string, port: number) => Promise<string | undefined>,
): Promise<Finding> {
  const subject = `${listener} port`
  const where = `${protocol} ${host.includes(':') ? `[${host}]` : host}:${port}`
  const error = await bind(host, port)
  if (error === undefined) return good(subject, `${where} is free`)
  if (error === 'EADDRINUSE' && isServerRunning) return good(subject, `${where} is in use; a server runs on this data`)
  const remedy =
    error === 'EADDRINUSE'
      ? `ss -${protocol === 'udp' ? 'u' : 't'}lpn sport = :${port} shows by whom; or choose another with --${listener}-port`
      : error === 'EACCES'
        ? 'choose a port from 1024 upwards, or grant CAP_NET_BIND_SERVICE'
        : `choose another address with --${listener}-host`
  return bad(subject, `${where} cannot be had (${error})`, remedy)
}

function bindUdp(host: string, port: number): Promise<string | undefined> {
  return new Promise((done) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close()
      done(error.code ?? error.message)
    })
    socket.bind(port, host, () => socket.close(() => done(undefined)))
  })
}

function bindTcp(host: string, port: number): Promise<string | undefined> {
  return new Promise((done) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
    server.listen(port, host, () => server.close(() => done(undefined)))
  })
}

export function checkObjects(settings: Settings): Finding {
  const problems: LogFields[] = []
  const keep = (fields: LogFields): void => void problems.push(fields)
  const log: Log = { ...silentLog, warn: keep, error: keep }
  const { library } = new ObjectDefinitions(settings['objects.directory'], log)
  const found = `${library.list().length} objects`
  if (problems.length === 0) return good('object definitions', found)
  const [{ file, where, problem } = {}] = problems
  return warning(
    'object definitions',
    `${found}; ${problems.length} flaws, the first in ${String(file)} (${String(where)}): ${String(problem)}`,
    'coapstan objects validate <file> lists them',
  )
}
