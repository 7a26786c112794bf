/**
 * A thousand devices that fetch one image from the whole server at once, block by block, beside plain GETs of the
 * same peers in the same run; with and without progress that is told to each device's actor, for a small image and
 * a large one, and beside a C program that only sends as many octets. Prints one JSON line a row: blocks a second,
 * their ratio to the GETs, resident memory after each run.
 */
import { randomBytes } from 'node:crypto'
import { runLoad, type Load, type Measured } from './load.ts'
import type { Running } from './process.ts'
import { cAnswers, startServer } from './subjects.ts'

const runs = Number(process.argv[2] ?? 5)
const seconds = 2
/** Of a device nobody told the server more about: nbiot, 512 octets. */
const szx = 5
const devices = 1000
const small = 256 * 1024
const large = 4 * 1024 * 1024

/** Each peer has one request under way. */
const everybody = { peers: devices, window: devices, burst: 1 } as const
const prefix = 'pull'

interface Case {
  readonly name: string
  readonly load: Load
  readonly running: Running
  readonly rates: number[]
  readonly cpuRates: number[]
  resident: number[]
}

/** What the system alone asks for an answer as long as the greeting, and as long as a block: see `echo.c`. */
const [shortAnswers, longAnswers] = [await cAnswers(46).start(), await cAnswers(537).start()]
const server = await startServer('native')
try {
  const measure = (load: Load, running: Running = server): Promise<Measured> => runLoad(load, running.port, seconds)
  await measure({ scenario: 'register', ...everybody, prefix })
  const keys = [await addImage('1.0.0', small), await addImage('1.1.0', large)] as const
  await startUpdates()
  const cases: Case[] = [
    caseOf('plain GET', { scenario: 'get', path: '', ...everybody }),
    caseOf('C in batches, 46 octets answered', { scenario: 'get', path: '', ...everybody, echo: true }, shortAnswers),
    caseOf('C in batches, 537 octets answered', { ...pull(keys[0]), echo: true }, longAnswers),
    caseOf('256 KiB, 100 devices', { ...pull(keys[0]), peers: 100, window: 100 }),
    caseOf('256 KiB, 1 000 devices', pull(keys[0])),
    caseOf('4 MiB, 1 000 devices', pull(keys[1])),
    caseOf('256 KiB, 1 000 devices, each with its update', { ...pull(keys[0]), numbered: true }),
  ]
  for (let run = 0; run < runs; run++) {
    for (const one of cases) await measureInto(one, measure)
  }
  const plain = median(cases[0]!.cpuRates)
  for (const { name, rates, cpuRates, resident } of cases) {
    const ratio = Number((median(cpuRates) / plain).toFixed(2))
    const row = { perSecond: Math.round(median(rates)), perCpuSecond: Math.round(median(cpuRates)), ratioToGet: ratio }
    console.log(JSON.stringify({ bench: 'firmware', subject: name, ...row, residentMiB: resident, runs }))
  }
} finally {
  for (const running of [server, shortAnswers, longAnswers]) await running.stop()
}

function caseOf(name: string, load: Load, running: Running = server): Case {
  return { name, load, running, rates: [], cpuRates: [], resident: [] }
}

function pull(key: string): Load {
  return { scenario: 'block2', path: `fw/${key}`, szx, ...everybody }
}

async function measureInto(one: Case, measure: (load: Load, running: Running) => Promise<Measured>): Promise<void> {
  const { running } = one
  const before = running.cpuTime()
  const measured = await measure(one.load, running)
  if (measured.refused > 0) throw new Error(`${one.name}: ${measured.refused} refused, ${measured.firstRefusal}`)
  one.rates.push(measured.perSecond)
  one.cpuRates.push(measured.total / (running.cpuTime() - before))
  one.resident.push(Math.round(running.residentMemory() / 2 ** 20))
}

async function addImage(version: string, size: number): Promise<string> {
  const body = randomBytes(size)
  const headers = { 'content-type': 'application/octet-stream' }
  const answer = await server.call(`/firmware-images?product=bench&version=${version}`, {
    method: 'POST',
    body,
    headers,
  })
  return ((await answer.json()) as { key: string }).key
}

async function startUpdates(): Promise<void> {
  const body = JSON.stringify({ image: '1.0.0' })
  for (let first = 0; first < devices; first += 50) {
    const group = Array.from({ length: 50 }, (_, i) => `${prefix}-${String(first + i).padStart(7, '0')}`)
    await Promise.all(group.map((endpoint) => server.call(`/devices/${endpoint}/firmware`, { method: 'POST', body })))
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
