/**
 * Who may import whom: ARCHITECTURE §2 as data, read against every import of every source file. A breach
 * names the file, the rule and the remedy. Types count: what a file names it depends on.
 */
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { filesIn, importsOf, readSource, resolvedImport, type SourceFile } from '../../scripts/source-tree.ts'

interface Room {
  /** Globs below `src` beside the room itself. */
  readonly mayImport: readonly string[]
  /** npm packages it may use; a trailing `*` stands for the rest of a name. */
  readonly packages: readonly string[]
  /** `node:` modules it may use, or 'any'. */
  readonly node: readonly string[] | 'any'
}

const rooms: Readonly<Record<string, Room>> = {
  base: { mayImport: [], packages: [], node: ['node:buffer'] },
  config: { mayImport: ['base/*'], packages: [], node: [] },
  coap: { mayImport: ['base/*', 'config/**'], packages: [], node: [] },
  // crypto.ts is the port's own implementation; the rest of the room sees the port only.
  dtls: { mayImport: ['base/*', 'config/**'], packages: [], node: [] },
  lwm2m: { mayImport: ['base/*', 'config/**', 'coap/**'], packages: ['cbor-x', 'fast-xml-parser'], node: [] },
  fleet: { mayImport: ['base/*', 'config/**', 'lwm2m/**'], packages: ['semver', 'croner'], node: [] },
  engine: {
    mayImport: ['base/*', 'config/**', 'coap/**', 'dtls/**', 'lwm2m/**', 'fleet/**'],
    packages: [],
    node: [],
  },
  storage: {
    mayImport: ['base/*', 'fleet/**/store.ts', 'fleet/**/types.ts'],
    packages: ['aws4fetch'],
    node: 'any',
  },
  api: {
    mayImport: ['base/*', 'config/**', 'fleet/**'],
    packages: ['fastify', '@fastify/*', 'typebox', 'typebox/*', 'prom-client'],
    node: 'any',
  },
  picture: { mayImport: [], packages: ['d3-scale', 'd3-shape'], node: [] },
  // The virtual device shares no protocol code with the server: it is there to disagree with us.
  device: {
    mayImport: ['base/*', 'config/**'],
    packages: ['coap', 'coap/*', 'node-dtls-client', 'cbor-x'],
    node: 'any',
  },
  cli: {
    mayImport: ['base/*', 'config/**', 'api/contract.ts', 'api/contract/**', 'device/**', 'picture/*', 'sim/**'],
    packages: ['commander', '@clack/prompts', 'yaml', 'coap', 'coap-packet', 'node-dtls-client', 'cbor-x'],
    node: 'any',
  },
  sim: {
    mayImport: [
      'base/*',
      'config/**',
      'coap/**',
      'dtls/**',
      'lwm2m/**',
      'fleet/**',
      'engine/**',
      'storage/sqlite/**',
      'picture/*',
      // The fleet of \`coapstan sim\` seals with what the server seals with (decision 0011).
      'server/crypto-*.ts',
      'server/native-addon.ts',
      'server/system-random.ts',
    ],
    packages: ['typebox', 'typebox/*', 'yaml'],
    node: 'any',
  },
  server: {
    mayImport: [
      'base/*',
      'config/**',
      'coap/**',
      'dtls/**',
      'lwm2m/**',
      'fleet/**',
      'engine/**',
      'storage/**',
      'api/**',
    ],
    packages: ['commander', 'pino', 'prom-client', 'yaml', 'lru-cache'],
    node: 'any',
  },
}

/** A file that may use a `node:` module its room may not: it implements the port the room is given. */
const nodeExceptions: Readonly<Record<string, readonly string[]>> = {
  'src/dtls/crypto.ts': ['node:crypto'],
}

/** Deterministic rooms: the same input gives the same output, on every machine and at every hour. */
const cores = ['base', 'config', 'coap', 'dtls', 'lwm2m', 'fleet', 'engine']
/** Runs the cores in virtual time: may touch files, may not look at a clock or throw dice. */
const clockless = [...cores, 'picture', 'sim']

const clockRules: readonly [pattern: RegExp, name: string, remedy: string][] = [
  [/\bDate\s*\.\s*now\b/, 'Date.now', 'take `now: Instant` as an argument'],
  [/\bnew\s+Date\b(?:\s*\(\s*\)|(?!\s*\())/, 'new Date()', 'take `now: Instant` as an argument'],
  [/(?<!new\s+|\.)\bDate\s*\(/, 'Date()', 'take `now: Instant` as an argument'],
  [/\bperformance\s*\./, 'performance', 'take `now: Instant` as an argument'],
  [/\bMath\s*\.\s*random\b/, 'Math.random', 'take a `Random` (base/random.ts)'],
  [
    /\bcrypto\s*\.\s*(?:getRandomValues|randomUUID|randomBytes)\b/,
    'crypto randomness',
    'take a `Random` (base/random.ts)',
  ],
  [/\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/, 'a timer', 'put a deadline into a DeadlineQueue'],
]

const coreRules: typeof clockRules = [
  [/(?<!\.)\b(?:async|await)\s/, 'async', 'push an effect and take its result as the next input'],
  [/(?<![.\w])process\s*\./, 'process', 'be handed the value'],
  [/(?<![.\w])console\s*\./, 'console', 'take a `Log` (base/log.ts)'],
]

/** A service of the fleet is the API's way in: it waits for commits and uploads, and knows no clock all the same. */
const isDoor = (file: string): boolean => /^src\/fleet\/[^/]+\/service\.ts$/.test(file)

const forbiddenNames = ['index', 'util', 'utils', 'helper', 'helpers', 'common', 'manager', 'misc', 'shared', 'lib']

const sources = filesIn('src', '.ts').map(readSource)

const roomOf = (file: string): string => file.split('/')[1] ?? ''

/** `registry` for `src/fleet/registry/types.ts`; undefined for a file that belongs to the fleet as a whole. */
function serviceOf(file: string): string | undefined {
  const parts = file.split('/')
  return parts[1] === 'fleet' && parts.length > 3 ? parts[2] : undefined
}

function relativeBreach(from: SourceFile, target: string): string | undefined {
  if (!target.startsWith('src/')) return 'nothing in src may import from outside src; move what is shared into a room'
  const [here, there] = [roomOf(from.path), roomOf(target)]
  if (here === there) {
    const [own, other] = [serviceOf(from.path), serviceOf(target)]
    if (own === undefined || other === undefined || own === other) return undefined
    if (['types.ts', 'service.ts'].includes(target.split('/').slice(3).join('/'))) return undefined
    return `fleet/${own} may see fleet/${other} only by its types.ts and service.ts; ask its service instead`
  }
  const allowed = rooms[here]?.mayImport ?? []
  if (allowed.some((glob) => path.matchesGlob(target.slice('src/'.length), glob))) return undefined
  return `${here} may import ${allowed.join(', ') || 'no other room'}; hand the value in, or move the type down`
}

function packageBreach(from: SourceFile, specifier: string): string | undefined {
  const room = rooms[roomOf(from.path)]
  if (room === undefined) return undefined
  if (specifier.startsWith('node:')) {
    const allowed = nodeExceptions[from.path] ?? room.node
    if (allowed === 'any' || allowed.includes(specifier)) return undefined
    return `this room does no IO (${specifier}); define a port and let server implement it`
  }
  const matches = (name: string): boolean =>
    name.endsWith('*') ? specifier.startsWith(name.slice(0, -1)) : specifier === name
  if (room.packages.some(matches)) return undefined
  return `${roomOf(from.path)} may use ${room.packages.join(', ') || 'no package'}; add ${specifier} to its row with a reason`
}

/** Every line of `source` that breaks one of the rules. */
function lineBreaches(source: SourceFile, rules: typeof clockRules): string[] {
  return source.code
    .split('\n')
    .flatMap((line, index) =>
      rules
        .filter(([pattern]) => pattern.test(line))
        .map(([, name, remedy]) => `${source.path}:${index + 1}: no ${name} in ${roomOf(source.path)}; ${remedy}`),
    )
}

/** One path per import cycle: files from which each can reach the next and the last the first. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const walk = (file: string, trail: string[]): void => {
    const start = trail.indexOf(file)
    if (start !== -1) found.push([...trail.slice(start), file].join(' → '))
    if (start !== -1 || done.has(file)) return
    for (const next of graph.get(file) ?? []) walk(next, [...trail, file])
    done.add(file)
  }
  for (const file of graph.keys()) walk(file, [])
  return found
}

describe('imports', () => {
  it('stay within the rooms of the house', () => {
    const breaches = sources.flatMap((source) =>
      importsOf(source).flatMap(({ specifier, line }) => {
        const breach = specifier.startsWith('.')
          ? relativeBreach(source, resolvedImport(source.path, specifier))
          : packageBreach(source, specifier)
        return breach === undefined ? [] : [`${source.path}:${line} imports ${specifier}: ${breach}`]
      }),
    )
    expect(breaches).toEqual([])
  })

  it('form no cycle', () => {
    const graph = new Map(
      sources.map((source) => [
        source.path,
        importsOf(source)
          .filter(({ specifier }) => specifier.startsWith('.'))
          .map(({ specifier }) => resolvedImport(source.path, specifier)),
      ]),
    )
    expect(cycles(graph).map((cycle) => `${cycle}: move what both need into a file of its own`)).toEqual([])
  })
})

describe('rooms', () => {
  it('are the ones of ARCHITECTURE §2', () => {
    const breaches = sources
      .filter(({ path: file }) => rooms[roomOf(file)] === undefined)
      .map(({ path: file }) => `${file} is in no known room: a new room needs a row in ARCHITECTURE §2 and here`)
    expect(breaches).toEqual([])
  })

  it('have no barrel and no file named for nothing', () => {
    const breaches = sources.flatMap(({ path: file, code }) => {
      const words = file.replace(/\.ts$/, '').split(/[/.-]/)
      const vague = words.filter((word) => forbiddenNames.includes(word))
      const starred = /\bexport\s*\*/.test(code)
      const onlyReexports = code.replaceAll(/\bexport\b[^;'"]*\bfrom\s*(['"])\s*\1;?/g, '').trim() === ''
      return [
        ...vague.map((word) => `${file}: '${word}' says nothing; name the file for the one thing inside`),
        ...(starred || onlyReexports ? [`${file}: re-exports; let importers name the file that has the thing`] : []),
      ]
    })
    expect(breaches).toEqual([])
  })

  it('that are deterministic read no clock, throw no dice and set no timer', () => {
    const within = sources.filter(({ path: file }) => clockless.includes(roomOf(file)))
    expect(within.flatMap((source) => lineBreaches(source, clockRules))).toEqual([])
  })

  it('that are cores wait for nothing and touch no process', () => {
    const within = sources.filter(({ path: file }) => cores.includes(roomOf(file)) && !isDoor(file))
    expect(within.flatMap((source) => lineBreaches(source, coreRules))).toEqual([])
  })
})

describe('the law itself', () => {
  it.each([
    ['const t = Date.now()', 'Date.now'],
    ['const t = new Date()', 'new Date()'],
    ['const t = new Date', 'new Date()'],
    ['const t = Date()', 'Date()'],
    ['const r = Math.random()', 'Math.random'],
    ['setTimeout(f, 1)', 'a timer'],
    ['const t = performance.now()', 'performance'],
  ])('sees through %s', (text, name) => {
    const source = { path: 'src/coap/x.ts', text, withoutComments: text, code: text }
    expect(lineBreaches(source, clockRules).join()).toContain(`no ${name} in coap`)
  })

  it('lets an instant be written as a date', () => {
    const text = 'const text = new Date(now).toISOString()'
    expect(lineBreaches({ path: 'src/api/x.ts', text, withoutComments: text, code: text }, clockRules)).toEqual([])
  })

  it('finds a cycle through three files and none in a diamond', () => {
    const cycle = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['a']],
    ])
    expect(cycles(cycle)).toEqual(['a → b → c → a'])
    const diamond = new Map([
      ['a', ['b', 'c']],
      ['b', ['d']],
      ['c', ['d']],
    ])
    expect(cycles(diamond)).toEqual([])
  })

  it.each([
    ['src/coap/x.ts', 'src/dtls/record.ts', false],
    ['src/coap/x.ts', 'src/config/profiles.ts', true],
    ['src/fleet/operations/rules.ts', 'src/fleet/registry/types.ts', true],
    ['src/fleet/operations/rules.ts', 'src/fleet/registry/store.ts', false],
    ['src/fleet/operations/rules.ts', 'src/fleet/commands.ts', true],
    ['src/storage/sqlite/x.ts', 'src/fleet/registry/store.ts', true],
    ['src/storage/sqlite/x.ts', 'src/fleet/store.ts', true],
    ['src/storage/sqlite/x.ts', 'src/fleet/registry/service.ts', false],
    ['src/cli/devices.ts', 'src/api/contract.ts', true],
    ['src/cli/devices.ts', 'src/api/routes.ts', false],
    ['src/cli/serve.ts', 'src/server/main.ts', false],
    ['src/device/device.ts', 'src/coap/types.ts', false],
    ['src/server/main.ts', 'src/cli/main.ts', false],
    ['src/base/bytes.ts', 'test/support/world.ts', false],
  ])('knows that %s importing %s is allowed: %s', (from, target, allowed) => {
    const source = { path: from, text: '', withoutComments: '', code: '' }
    expect(relativeBreach(source, target) === undefined).toBe(allowed)
  })
})
