/**
 * The launcher in a tree of its own: which Node it takes, what it starts, and that signals and exit codes
 * pass through it. An old Node is played by this one with another version number.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

const launcher = new URL('../../bin/coapstan.cjs', import.meta.url).pathname

/** Says what it was started as, then does what its first argument asks for. */
const entry = (room: string): string => `
const [wish, detail] = process.argv.slice(2)
const say = () => process.stdout.write(JSON.stringify({ room: '${room}', args: process.argv.slice(2) }) + '\\n')
if (wish !== 'wait') say()
if (wish === 'exit') process.exit(Number(detail))
if (wish === 'warn') process.emitWarning('news', detail)
if (wish === 'wait') {
  const timer = setTimeout(() => {}, 60_000)
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) {
    process.on(signal, () => { process.stdout.write(signal + '\\n'); process.exitCode = 3; clearTimeout(timer) })
  }
  say()
}
if (wish === 'die') process.kill(process.pid, 'SIGKILL')
`

let tree = ''
let treeWithoutNode = ''

function plant(withNode: boolean): string {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'coapstan-launcher-')))
  for (const room of ['bin', 'src/cli', 'src/server']) mkdirSync(path.join(root, room), { recursive: true })
  cpSync(launcher, path.join(root, 'bin/coapstan.cjs'))
  writeFileSync(path.join(root, 'package.json'), '{"type":"module"}')
  writeFileSync(path.join(root, 'src/cli/main.ts'), entry('cli'))
  writeFileSync(path.join(root, 'src/server/main.ts'), entry('server'))
  writeFileSync(
    path.join(root, 'old.cjs'),
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: process.env.PLAY_NODE } })",
  )
  if (withNode) {
    const home = path.join(root, 'node_modules', `node-${process.platform}-${process.arch}`)
    mkdirSync(path.join(home, 'bin'), { recursive: true })
    writeFileSync(path.join(home, 'package.json'), '{}')
    symlinkSync(process.execPath, path.join(home, 'bin/node'))
  }
  return root
}

beforeAll(() => {
  tree = plant(true)
  treeWithoutNode = plant(false)
})
afterAll(() => {
  for (const root of [tree, treeWithoutNode]) rmSync(root, { recursive: true, force: true })
})

function start(root: string, version: string, ...args: string[]): ChildProcess {
  return spawn(process.execPath, ['-r', path.join(root, 'old.cjs'), path.join(root, 'bin/coapstan.cjs'), ...args], {
    env: { ...process.env, PLAY_NODE: version, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

interface End {
  readonly code: number | null
  readonly signal: string | null
  readonly out: string
  readonly err: string
}

function ended(child: ChildProcess): Promise<End> {
  let out = ''
  let err = ''
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()))
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, out, err })))
}

const young = ['24.15.0', '24.99.1', '26.0.0', '27.1.0']
const old = ['18.20.0', '20.20.2', '22.22.0', '24.14.9', '25.9.0']

it.each([...young, ...old])('runs the command line from Node %s', async (version) => {
  const end = await ended(start(tree, version, 'devices', '-o', 'json'))
  expect(end).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(end.out)).toEqual({ room: 'cli', args: ['devices', '-o', 'json'] })
})

it.each(['26.10.0', '20.20.2'])('starts the server for `serve` from Node %s', async (version) => {
  const end = await ended(start(tree, version, 'serve', '--coap-port', '0'))
  expect(JSON.parse(end.out)).toEqual({ room: 'server', args: ['--coap-port', '0'] })
})

it.each(['26.10.0', '20.20.2'])('ends with the exit code of what it started from Node %s', async (version) => {
  expect((await ended(start(tree, version, 'exit', '7'))).code).toBe(7)
})

it.each(['26.10.0', '20.20.2'])('dies of the signal its child died of from Node %s', async (version) => {
  expect((await ended(start(tree, version, 'die'))).signal).toBe('SIGKILL')
})

it.each([
  ['26.10.0', 'SIGTERM'],
  ['20.20.2', 'SIGTERM'],
  ['20.20.2', 'SIGHUP'],
  ['20.20.2', 'SIGINT'],
] as const)('hands on, from Node %s, %s and waits for the end', async (version, signal) => {
  const child = start(tree, version, 'wait')
  const end = ended(child)
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  child.kill(signal)
  expect(await end).toMatchObject({ code: 3, out: expect.stringContaining(`\n${signal}\n`) })
})

it('leaves nothing behind when it is killed: what it started ends with it', async () => {
  const child = start(tree, '20.20.2', 'wait')
  // Closes only once nobody holds the pipes any more, the server included.
  const end = ended(child)
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  child.kill('SIGKILL')
  expect(await end).toMatchObject({ signal: 'SIGKILL' })
})

it.each(old)('says which Node to install when Node %s finds no other', async (version) => {
  const end = await ended(start(treeWithoutNode, version, 'devices'))
  expect(end).toMatchObject({ code: 69, out: '' })
  expect(end.err).toContain(`Node ${version}`)
  expect(end.err).toContain('Install Node 26')
})

it('keeps experimental features to itself and passes other warnings on', async () => {
  expect((await ended(start(tree, '26.10.0', 'warn', 'ExperimentalWarning'))).err).toBe('')
  expect((await ended(start(tree, '26.10.0', 'warn', 'Warning'))).err).toContain('news')
})

it('says what to run when a library is missing', async () => {
  writeFileSync(path.join(treeWithoutNode, 'src/cli/main.ts'), "import 'a-library-that-is-not-there'")
  const end = await ended(start(treeWithoutNode, '26.10.0'))
  expect(end.code).toBe(69)
  expect(end.err).toContain('npm ci')
})

it('prefers the compiled program', async () => {
  mkdirSync(path.join(tree, 'dist/cli'), { recursive: true })
  writeFileSync(path.join(tree, 'dist/cli/main.js'), "process.stdout.write('compiled')")
  expect((await ended(start(tree, '26.10.0'))).out).toBe('compiled')
  rmSync(path.join(tree, 'dist'), { recursive: true })
})
