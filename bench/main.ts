/**
 * `npm run bench -- <name> [--json] [--runs 5] [--seconds 2] [--only text]`. Runs are interleaved: every
 * subject once, then every subject again, so that a machine that changes its pace changes it for all.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { benches, type Bench, type BenchCase } from './benches.ts'
import { runLoad, type Load } from './load.ts'
import { reservations, type Running, type ThreadTime } from './process.ts'
import { rowsOf, table, type Row, type Run, type Runs } from './report.ts'
import { cEcho, dgramEcho, type Subject } from './subjects.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    runs: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    /** Only cases and subjects (beside the yardsticks) whose name contains this. */
    only: { type: 'string', default: '' },
  },
})

/** Those that need neither load nor yardsticks: programs of their own, which print a JSON line a row. */
const scripts: Readonly<Record<string, { readonly file: string; readonly about: string; readonly takesRuns?: true }>> =
  {
    memory: { file: 'memory.ts', about: 'octets for one CoAP peer and one DTLS association' },
    startup: {
      file: 'startup.ts',
      about: 'milliseconds until the server listens, with an empty database and with 200 000 devices',
      takesRuns: true,
    },
    restore: {
      file: 'restore.ts',
      about: '100 000 associations: start-up with them, and how many a second are brought back',
      takesRuns: true,
    },
    firmware: {
      file: 'firmware.ts',
      about: 'a thousand devices that fetch one image at once, beside plain GETs of the same run',
      takesRuns: true,
    },
    'cbc-timing': {
      file: 'cbc-timing.ts',
      about: 'whether the time of opening a CBC record tells its padding (dudect)',
    },
  }

for (const [name, text] of [
  ['runs', values.runs],
  ['seconds', values.seconds],
] as const) {
  if (/^[1-9]\d{0,3}$/.test(text)) continue
  console.error(`--${name} takes a whole number from 1 on, and not '${text}'`)
  process.exit(2)
}
const bench = benches.find(({ name }) => name === positionals[0])
const script = scripts[positionals[0] ?? '']
if (script !== undefined) {
  tell([script.file, ...(script.takesRuns ? [values.runs] : [])])
  process.exit(0)
}
if (bench === undefined) {
  console.error('npm run bench -- <name> [--json] [--runs 5] [--seconds 2] [--only text], where <name> is one of:')
  for (const { name, about } of benches) console.error(`  ${name.padEnd(12)} ${about}`)
  for (const [name, { about }] of Object.entries(scripts)) console.error(`  ${name.padEnd(12)} ${about}`)
  process.exit(2)
}
for (const reservation of reservations()) console.error(`note: ${reservation}`)
const rows = await measure(bench, Number(values.runs), Number(values.seconds), values.only)
if (values.json) for (const row of rows) console.log(JSON.stringify(row))
else console.log(table(rows))
if (bench.name === 'lwm2m' && 'memory and start-up'.includes(values.only)) {
  for (const parameters of [['lwm2m-memory.ts'], ['startup.ts', values.runs, '1000000']]) tell(parameters)
}

async function measure(bench: Bench, runs: number, seconds: number, only: string): Promise<Row[]> {
  const rows: Row[] = []
  const matches = (one: BenchCase): boolean => [one, ...one.subjects].some(({ name }) => name.includes(only))
  for (const one of bench.cases.filter(matches)) {
    const subjects = one.subjects.filter((subject) => {
      const missing = subject.missing?.()
      if (missing !== undefined) console.error(`note: no row for ${subject.name}: ${missing}`)
      const wanted =
        one.name.includes(only) || subject.name.includes(only) || subject === cEcho || subject === dgramEcho
      return missing === undefined && wanted
    })
    const processes = await startAll(subjects)
    const measured = new Map<Subject, Run[]>(subjects.map((subject) => [subject, []]))
    for (let run = 0; run < runs; run++) {
      for (const [index, subject] of subjects.entries()) {
        const prefix = `${one.load.prefix ?? 'bench'}-${run}`
        const load = subject.echo === true ? asEcho(one.load) : { ...one.load, prefix, run }
        if (load.secured === true) await processes[index]!.provision?.(endpointsOf(prefix, load.peers), run)
        const running = processes[index]!
        let cpuBefore = 0
        let threadsBefore: ReadonlyMap<string, ThreadTime> = new Map()
        const port = load.secured === true ? running.securedPort! : running.port
        const outcome = await runLoad(load, port, seconds, {
          registered: ({ peers }) => running.observe?.(endpointsOf(prefix, peers)) ?? Promise.resolve(),
          begins: () => {
            cpuBefore = running.cpuTime()
            threadsBefore = running.threadTimes()
          },
        })
        const perCpuSecond = outcome.total / (running.cpuTime() - cpuBefore)
        const used = [...running.threadTimes()].map(([id, { name, seconds }]) => ({
          name,
          seconds: seconds - (threadsBefore.get(id)?.seconds ?? 0),
        }))
        const perThreadSecond = outcome.total / Math.max(...used.map(({ seconds }) => seconds))
        if (outcome.refused > 0)
          console.error(`note: ${subject.name} refused with ${outcome.firstRefusal} (${one.name})`)
        measured
          .get(subject)!
          .push({ ...outcome, perCpuSecond, perThreadSecond, threads: perAnswer(used, outcome.total) })
      }
    }
    const all: Runs[] = subjects.map((subject, index) => ({
      case: one.name,
      subject: subject.name,
      measured: measured.get(subject)!,
      residentMiB: processes[index]!.residentMemory() / 1024 ** 2,
    }))
    await Promise.all(processes.map((process) => process.stop()))
    rows.push(...rowsOf(bench.name, all, dgramEcho.name, cEcho.name))
  }
  return rows
}

/** Microseconds of processor time for each answer, of threads of one name together. */
function perAnswer(used: readonly ThreadTime[], answers: number): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { name, seconds } of used) sums[name] = (sums[name] ?? 0) + (1e6 * seconds) / answers
  return sums
}

/** As `load.h` names the devices. */
function endpointsOf(prefix: string, peers: number): string[] {
  return Array.from({ length: peers }, (_, device) => `${prefix}-${String(device).padStart(7, '0')}`)
}

/** For an echo: requests of the same kind that need no protocol, and of which there is no end. */
function asEcho(load: Load): Load {
  const shape = { path: 'test', peers: 10_000, window: 32, burst: 4, echo: true }
  if (['register', 'update', 'notify', 'send', 'drain'].includes(load.scenario)) return { ...shape, scenario: 'post' }
  if (load.scenario.startsWith('dtls')) return { ...shape, scenario: 'get' }
  return { ...load, echo: true }
}

async function startAll(subjects: readonly Subject[]): Promise<Running[]> {
  const running: Running[] = []
  process.once('exit', () => running.forEach((one) => void one.stop()))
  for (const subject of subjects) running.push(await subject.start())
  return running
}

function tell([file, ...parameters]: readonly string[]): void {
  for (const line of linesOf(file!, ...parameters)) {
    console.log(values.json ? line : told(JSON.parse(line) as Record<string, unknown>))
  }
}

/** One line for people: the subject, then what was measured of it. */
function told({ subject, bench: _, ...measured }: Record<string, unknown>): string {
  const values = Object.entries(measured).map(([name, value]) => `${name} ${String(value)}`)
  return `${String(subject).padEnd(48)} ${values.join(', ')}`
}

/** What a script that measures by itself prints, line by line. */
function linesOf(name: string, ...parameters: readonly string[]): readonly string[] {
  const script = fileURLToPath(new URL(name, import.meta.url))
  const { status, stdout } = spawnSync(process.execPath, ['--expose-gc', script, ...parameters], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error(`${name} failed`)
  return stdout.trim().split('\n')
}
