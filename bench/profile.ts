/**
 * `npm run profile [name…]`: where the time of one core goes under each load. Runs the subject of a bench row under
 * V8's sampling profiler, adds its own time up by room of the house, and leaves a table, bars and flame graphs
 * in docs/pictures/. Proportions, not speeds: the profiler costs a tenth or two.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bars } from '../src/picture/bars.ts'
import { flame, type Frame } from '../src/picture/flame.ts'
import type { Tone } from '../src/picture/svg.ts'
import { runLoad, type Load } from './load.ts'
import { startServer, startSubjectScript } from './subjects.ts'
import type { Running } from './process.ts'

interface Profiled {
  readonly name: string
  readonly load: Load
  readonly start: (nodeFlags: readonly string[]) => Promise<Running>
}

const seconds = 6
const small = { window: 32, burst: 4 }
const durable = { window: 1024, burst: 1 }
const coap = (nodeFlags: readonly string[]) => startSubjectScript('subject-coapstan.ts', ['native'], nodeFlags)
const dtls = (nodeFlags: readonly string[]) => startSubjectScript('subject-coapstan-dtls.ts', ['native'], nodeFlags)
const server = (nodeFlags: readonly string[]) => startServer('native', { nodeFlags })

const cases: readonly Profiled[] = [
  { name: 'get', load: { scenario: 'get', peers: 256, ...small }, start: coap },
  { name: 'block2', load: { scenario: 'block2', path: 'image', peers: 1000, window: 1000, burst: 1 }, start: coap },
  { name: 'dtls-get', load: { scenario: 'dtls-get', peers: 256, window: 128, burst: 4 }, start: dtls },
  { name: 'dtls-handshake', load: { scenario: 'dtls-handshake', peers: 10_000, window: 128, burst: 4 }, start: dtls },
  { name: 'register', load: { scenario: 'register', peers: 500_000, ...durable }, start: server },
  { name: 'update', load: { scenario: 'update', peers: 10_000, ...durable }, start: server },
  { name: 'notify', load: { scenario: 'notify', peers: 2000, ...durable }, start: server },
]

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** Rooms of the house in the order a datagram passes them, and what is below the house. */
const tones: Readonly<Record<string, Tone>> = {
  server: 0,
  coap: 1,
  dtls: 2,
  lwm2m: 3,
  fleet: 4,
  engine: 5,
  storage: 'warning',
  base: 'busy',
  'native and node': 'waiting',
  'garbage collection': 'bad',
}

/** A profile is written where a process ends by itself, not where a signal ends it. */
const endsByItself = `--import=data:text/javascript,process.once('SIGTERM',()=>process.exit())`

const repository = fileURLToPath(new URL('..', import.meta.url))
const pictures = `${repository}docs/pictures/`
const wanted = process.argv.slice(2)
mkdirSync(pictures, { recursive: true })
for (const profiled of cases) {
  if (wanted.length > 0 && !wanted.includes(profiled.name)) continue
  const { profile, perSecond } = await profileOf(profiled)
  const root = treeOf(profile)
  const subtitle = `${Math.round(perSecond).toLocaleString('en')} a second under the profiler, one core`
  writeFileSync(
    `${pictures}flame-${profiled.name}.svg`,
    flame({ title: `Flame graph: ${profiled.name}`, subtitle, root }),
  )
  const rows = roomsOf(root)
  writeFileSync(
    `${pictures}profile-${profiled.name}.svg`,
    bars({
      title: `Where the time goes: ${profiled.name}`,
      subtitle,
      rows: rows.map(({ room, share }) => ({
        label: room,
        value: share,
        text: `${(100 * share).toFixed(1)} %`,
        tone: tones[room] ?? 'waiting',
      })),
    }),
  )
  console.log(
    `${profiled.name.padEnd(16)} ${rows.map(({ room, share }) => `${room} ${(100 * share).toFixed(1)} %`).join(', ')}`,
  )
  for (const { name, where, share } of heaviest(root)) {
    console.log(`  ${(100 * share).toFixed(1).padStart(5)} %  ${name} ${where}`)
  }
}

async function profileOf({ load, start }: Profiled): Promise<{ profile: CpuProfile; perSecond: number }> {
  mkdirSync(`${repository}.bench`, { recursive: true })
  const directory = mkdtempSync(`${repository}.bench/profile-`)
  const running = await start(['--cpu-prof', `--cpu-prof-dir=${directory}`, '--cpu-prof-interval=500', endsByItself])
  const registered = ({ peers }: Load): Promise<void> =>
    running.observe?.(Array.from({ length: peers }, (_, i) => `profile-${String(i).padStart(7, '0')}`)) ??
    Promise.resolve()
  const { perSecond } = await runLoad({ ...load, prefix: 'profile' }, running.port, seconds, {
    registered,
    begins: () => undefined,
  })
  await running.stop('SIGTERM')
  const [file] = readdirSync(directory)
  if (file === undefined) throw new Error(`${directory}: the subject left no profile`)
  const profile = JSON.parse(readFileSync(`${directory}/${file}`, 'utf8')) as CpuProfile
  rmSync(directory, { recursive: true })
  return { profile, perSecond }
}

/** Microseconds by call path; what was beside the load is left out. */
function treeOf({ nodes, samples, timeDeltas }: CpuProfile): Frame {
  const own = new Map<number, number>()
  for (const [i, id] of samples.entries()) own.set(id, (own.get(id) ?? 0) + (timeDeltas[i] ?? 0))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const frameOf = (id: number): Frame => {
    const { callFrame, children = [] } = byId.get(id)!
    const callees = children
      .filter((child) => !isBeside(byId.get(child)!.callFrame))
      .map(frameOf)
      .filter(({ total }) => total > 0)
    const total = callees.reduce((sum, callee) => sum + callee.total, own.get(id) ?? 0)
    const file = fileOf(callFrame.url)
    const where = file === '' ? '' : `${file}:${callFrame.lineNumber + 1}`
    return {
      name: callFrame.functionName || '(anonymous)',
      where,
      tone: tones[roomOf(callFrame.functionName, file)] ?? 'waiting',
      total,
      callees,
    }
  }
  return { ...frameOf(nodes[0]!.id), name: 'all' }
}

/** From the root of the repository, or of the packages, wherever those lie. */
function fileOf(url: string): string {
  const file = url.replace(/^file:\/\//, '')
  return file.replace(/^.*\/(?=node_modules\/)/, '').replace(repository, '')
}

/** Idle, the profiler's own, or the loading of the program before the load began. */
function isBeside({ functionName, url }: CpuProfile['nodes'][number]['callFrame']): boolean {
  return ['(idle)', '(program)'].includes(functionName) || /^node:internal\/(?:modules|process\/execution)/.test(url)
}

function roomOf(functionName: string, file: string): string {
  if (functionName === '(garbage collector)') return 'garbage collection'
  const [, room] = /^src\/(\w+)\//.exec(file) ?? []
  return room ?? 'native and node'
}

interface Spent {
  readonly name: string
  readonly where: string
  readonly room: string
  own: number
}

/** Time functions spent themselves. */
function spentIn(root: Frame): readonly Spent[] {
  const found = new Map<string, Spent>()
  const visit = (frame: Frame, caller: string): void => {
    const callees = frame.callees.reduce((sum, { total }) => sum + total, 0)
    const file = frame.where.replace(/:\d+$/, '')
    // What SQLite does is done in a function without a file, called from its wrapper.
    const isBelowStorage = frame.where === '' && caller === 'storage' && frame.name !== '(garbage collector)'
    const room = isBelowStorage ? 'storage' : roomOf(frame.name, file)
    const key = `${frame.name} ${frame.where}`
    const spent = found.get(key) ?? { name: frame.name, where: frame.where, room, own: 0 }
    spent.own += frame.total - callees
    found.set(key, spent)
    for (const callee of frame.callees) visit(callee, room)
  }
  visit(root, '')
  return [...found.values()].toSorted((a, b) => b.own - a.own)
}

function roomsOf(root: Frame): readonly { readonly room: string; readonly share: number }[] {
  const sums = new Map<string, number>()
  for (const { room, own } of spentIn(root)) sums.set(room, (sums.get(room) ?? 0) + own)
  return [...sums]
    .map(([room, own]) => ({ room, share: own / root.total }))
    .filter(({ share }) => share >= 0.005)
    .toSorted((a, b) => b.share - a.share)
}

function heaviest(root: Frame): readonly (Spent & { readonly share: number })[] {
  return spentIn(root)
    .slice(0, 12)
    .map((spent) => ({ ...spent, share: spent.own / root.total }))
}
