/** The command line as a process: exit codes, pipes, signals and files, against the API on a socket. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { apiUnderTest, token, type ApiUnderTest } from '../../unit/api/api-under-test.ts'

const launcher = join(import.meta.dirname, '../../../bin/coapstan.cjs')

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-cli-'))
  mkdirSync(join(directory, 'data'))
  writeFileSync(join(directory, 'data', 'api-token'), `${token}\n`)
})
afterAll(() => rmSync(directory, { recursive: true }))

let api: ApiUnderTest
let port: number
beforeEach(async () => {
  api = await apiUnderTest()
  await api.app.listen({ port: 0, host: '127.0.0.1' })
  port = (api.app.server.address() as AddressInfo).port
})
afterEach(() => api.app.close())

interface Process {
  readonly child: ChildProcess
  readonly texts: { out: string; err: string }
  readonly exit: Promise<number | null>
}

function start(...argv: readonly string[]): Process {
  const child = spawn(process.execPath, [launcher, ...argv], {
    cwd: directory,
    env: { PATH: process.env['PATH'], COAPSTAN_HTTP_PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const texts = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.err += text))
  return { child, texts, exit: once(child, 'close').then(([code]) => code as number | null) }
}

it('finds server and token by itself', async () => {
  api.fleet.addDevice('urn:dev:demo-1')
  const { texts, exit } = start('devices', '-o', 'name')
  expect([await exit, texts]).toEqual([0, { out: 'urn:dev:demo-1\n', err: '' }])
})

it('ends with 1 where the server says no, 2 where it was misused', async () => {
  const [no, misuse] = [start('devices', 'show', 'nobody'), start('devices', '--bad')]
  expect([await no.exit, await misuse.exit]).toEqual([1, 2])
  expect(no.texts.err).toContain("no device is called 'nobody'")
})

it('ends with 1 where no server runs', async () => {
  await api.app.close()
  const { texts, exit } = start('status')
  expect(await exit).toBe(1)
  expect(texts.err).toContain(`no server answers at http://127.0.0.1:${port}`)
})

it('uploads a file from disk', async () => {
  writeFileSync(join(directory, 'app.bin'), Buffer.alloc(300_000, 1))
  const { texts, exit } = start('firmware', 'add', './app.bin', '--version', '1.1.0', '--product', 'demo')
  expect([await exit, texts.err]).toEqual([0, ''])
  expect(api.fleet.kept).toMatchObject([{ size: 300_000, version: '1.1.0' }])
})

it('follows until Ctrl-C and ends well', async () => {
  api.fleet.addDevice('dev')
  const { child, texts, exit } = start('events', '--follow', '-o', 'name')
  await vi.waitFor(
    async () => expect((await api.call('GET', '/v1/status')).json).toMatchObject({ counts: { eventStreams: 1 } }),
    { timeout: 10_000 },
  )
  api.fleet.emit('send', 'dev')
  await vi.waitFor(() => expect(texts.out).toBe('1\n'))
  child.kill('SIGINT')
  expect(await exit).toBe(0)
})

it('does not mind a reader that has enough', async () => {
  for (let i = 0; i < 3000; i++) api.fleet.addDevice(`device-${i}`)
  const { child, texts, exit } = start('devices', '--limit', '0')
  child.stdout!.destroy()
  expect([await exit, texts.err]).toEqual([0, ''])
})

describe.skipIf(!hasBash())('completion in bash, where it is installed', () => {
  it.each<[string[], string]>([
    [['fir'], 'firmware'],
    [['devices', 'sh'], 'show'],
    [['firmware', 'update', '--w'], '--watch'],
    [['read', '--outp'], '--output'],
    // What stands before the last colon is a word of its own to bash.
    [['read', 'urn:demo:'], '1'],
  ])('%j becomes %s', async (words, completed) => {
    api.fleet.addDevice('urn:demo:1')
    const script = start('completion', 'bash')
    await script.exit
    const line = ['coapstan', ...words].join(' ')
    const completing = `coapstan() { '${process.execPath}' '${launcher}' "$@"; }
${script.texts.out}
COMP_LINE='${line}'; COMP_POINT=${line.length}; _coapstan; echo "\${COMPREPLY[@]}"`
    const child = spawn('bash', ['-c', completing], {
      cwd: directory,
      env: { PATH: process.env['PATH'], COAPSTAN_HTTP_PORT: String(port) },
    })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    await once(child, 'close')
    expect(out).toBe(`${completed}\n`)
  })
})

function hasBash(): boolean {
  return spawnSync('bash', ['-c', 'true']).status === 0
}
