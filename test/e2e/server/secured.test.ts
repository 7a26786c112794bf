/**
 * The shipped server on coaps: foreign clients and devices let in by credentials of the command line, the
 * whole quick start over DTLS, `kill -9` without anybody's handshake, revocation that holds at once.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bytesOfHex } from '../../../src/base/bytes.ts'
import { DtlsSocketDevice } from '../../support/dtls-socket-device.ts'
import { LibcoapClient } from '../../support/libcoap.ts'
import { isInstalled } from '../../support/program.ts'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'
import { DeviceRun } from '../device/device-run.ts'
import { runCli } from './run-cli.ts'

const launcher = join(import.meta.dirname, '../../../bin/coapstan.cjs')
const links = '"</>;rt=oma.lwm2m;ct=110,</1/0>,</3/0>"'
const register = (endpoint: string): string => `POST /rd ?ep=${endpoint}&lt=3600&lwm2m=1.1 Content-Format=40 ${links}`

let directory: string
let server: ShippedServer
let coapsPort: number
const closers: (() => unknown)[] = []

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-secured-'))
  await start()
})
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
  await server.end('SIGTERM')
  rmSync(directory, { recursive: true })
})

async function start(port?: number): Promise<void> {
  server = await startShippedServer(join(directory, 'data'), port === undefined ? {} : { coapsPort: port })
  const { listeners } = await json<{ listeners: { protocol: string; port: number }[] }>('/v1/status')
  coapsPort = listeners.find(({ protocol }) => protocol === 'coaps')!.port
}

async function json<T>(path: string, body?: object): Promise<T> {
  const answer = await server.fetch(path, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) })
  expect([answer.ok, answer.ok ? '' : await answer.clone().text()]).toEqual([true, ''])
  return (await answer.json()) as T
}

interface Handshakes {
  readonly counts: { readonly completed: number; readonly failed: number }
  readonly handshakes: readonly { readonly outcome: string; readonly identity?: string }[]
}

const coapstan = (...argv: readonly string[]): Promise<string> => runCli(server, ...argv)

/** Gives an endpoint a key, under its own name. */
async function keyFor(endpoint: string): Promise<string> {
  return (await json<{ newKey: string }>('/v1/credentials', { endpoint })).newKey
}

async function deviceOf(endpoint: string, key: string, connectionId: boolean, seed: number): Promise<DtlsSocketDevice> {
  const options = { port: coapsPort, identity: endpoint, key: bytesOfHex(key)!, connectionId, seed }
  const device = await DtlsSocketDevice.open(options)
  closers.push(() => device.close())
  return device
}

describe.each(['coap-client-openssl', 'coap-client-gnutls'])('%s', (program) => {
  describe.skipIf(!isInstalled(program))('(skipped where libcoap3-bin is not installed)', () => {
    it('registers and reads with a key of the command line', async () => {
      const hex = Buffer.from('sixteen-octets-x').toString('hex')
      await coapstan('credentials', 'add', 'urn:dev:libcoap', '--identity', 'libcoap', '--key', hex)
      const client = new LibcoapClient()
      const psk = { identity: 'libcoap', key: 'sixteen-octets-x' }
      const rd = '/rd?ep=urn:dev:libcoap&lt=300&lwm2m=1.1'
      const payload = '</1/0>,</3/0>'
      const registered = await client.ask(coapsPort, rd, { program, psk, method: 'post', payload, contentFormat: 40 })
      expect(registered).toMatchObject({ code: '2.01', location: expect.stringMatching(/^\/rd\/\w+$/) })
      expect(await client.ask(coapsPort, '/.well-known/core', { program, psk })).toMatchObject({ code: '2.05' })
      expect(await json('/v1/devices/urn:dev:libcoap')).toMatchObject({ registration: { lifetimeSeconds: 300 } })
      expect((await json<Handshakes>('/v1/handshakes')).counts).toMatchObject({ completed: 2, failed: 0 })
    })
  })
})

it('the quick start works over coaps', async () => {
  const endpoint = 'urn:dev:demo-2'
  const key = '7d1f0c2b9a8e4d3c6b5a49382716e5f4'
  await coapstan('credentials', 'add', endpoint, '--identity', 'demo-2', '--key', key)
  const address = ['--server', `coaps://127.0.0.1:${coapsPort}`, '--psk', `demo-2:${key}`]
  const device = spawn(process.execPath, [launcher, 'device', '--endpoint', endpoint, ...address], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  closers.push(async () => {
    device.kill('SIGTERM')
    if (device.exitCode === null && device.signalCode === null) await once(device, 'exit')
  })
  let said = ''
  device.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await expect.poll(() => said, { timeout: 15_000 }).toMatch(/→ register .* 2\.01/)
  expect(await coapstan('devices', '-o', 'name')).toContain(endpoint)
  expect(await coapstan('read', endpoint, '/3/0')).toContain('Coapstan virtual device')
  expect(await coapstan('write', endpoint, '/3/0/14', '+02:00')).toContain('2.04')
  expect(await coapstan('read', endpoint, '/3/0/14')).toContain('+02:00')
  expect(await coapstan('discover', endpoint, '/3')).toContain('/3/0/0')
  expect(await coapstan('handshakes')).toContain('demo-2')
  expect(await coapstan('execute', endpoint, '/3/0/4')).toContain('2.04')
  // It comes back with a handshake of its own: what it knew was in its memory.
  await expect.poll(() => said.match(/→ register .* 2\.01/g), { timeout: 15_000 }).toHaveLength(2)
  expect(await coapstan('credentials', 'list')).not.toContain(key)
})

it('kill -9 in the middle of traffic: everybody goes on without a handshake', async () => {
  const names = Array.from({ length: 24 }, (_, i) => `urn:dev:radio-${i}`)
  const devices = await Promise.all(
    names.map(async (name, i) => deviceOf(name, await keyFor(name), i % 4 !== 0, 100 + i)),
  )
  expect(await Promise.all(devices.map((device) => device.connect()))).not.toContain(false)
  const locations = await Promise.all(
    devices.map(async (device, i) => {
      const answer = await device.ask(register(names[i]!))
      expect(answer).toMatch(/^2\.01 /)
      return [...answer.matchAll(/Location-Path=(\w+)/g)].map(([, segment]) => `/${segment}`).join(' ')
    }),
  )
  // A device that shares no code with us, and knows no connection ids.
  const foreignKey = await keyFor('urn:dev:foreign')
  const psk = { identity: 'urn:dev:foreign', key: bytesOfHex(foreignKey)! }
  const foreign = new DeviceRun(`coaps://127.0.0.1:${coapsPort}`, {
    endpoint: 'urn:dev:foreign',
    psk,
    stateDirectory: join(directory, 'flash'),
  })
  closers.push(() => foreign.stop())
  await foreign.says(/→ register .* 2\.01/)

  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGKILL'] as const) {
    const underWay = devices.flatMap((device, i) =>
      Array.from({ length: 5 }, () => device.ask(`POST ${locations[i]}`, 15_000)),
    )
    await new Promise((resolve) => setTimeout(resolve, 10))
    await server.end(signal)
    // Translators forget those with a connection id, too.
    await Promise.all(devices.filter((_, i) => i % 4 === 1).map((device) => device.move()))
    await start(coapsPort)
    expect(new Set(await Promise.all(underWay))).toEqual(new Set(['2.04']))
    const read = { kind: 'read', path: '/3/0/0' }
    const operation = await json<{ state: string }>('/v1/devices/urn:dev:foreign/operations?wait=10s', read)
    expect(operation.state).toBe('acknowledged')
    expect((await json<Handshakes>('/v1/handshakes')).handshakes).toEqual([])
  }
  expect(devices.map(({ peer }) => [peer.opens.length, peer.closes.length])).toEqual(devices.map(() => [1, 0]))
})

it('revoked: the association ends now, and the next handshake is refused', async () => {
  const device = await deviceOf('urn:dev:lost', await keyFor('urn:dev:lost'), true, 7)
  expect(await device.connect()).toBe(true)
  expect(await device.ask(register('urn:dev:lost'))).toMatch(/^2\.01 /)
  await coapstan('credentials', 'revoke', 'urn:dev:lost')
  await expect.poll(() => device.peer.closes, { timeout: 5000 }).toMatchObject([{ reason: 'peer-alert' }])
  expect(await device.connect(2000)).toBe(false)
  const { counts } = await json<Handshakes>('/v1/handshakes')
  expect(counts).toMatchObject({ completed: 1 })
  // Not after a restart either: what is in the store is not brought back.
  await server.end('SIGKILL')
  await start(coapsPort)
  expect(await device.connect(2000)).toBe(false)
})

it('a wrong key and an unknown identity look the same from outside', async () => {
  const key = await keyFor('urn:dev:known')
  const right = await deviceOf('urn:dev:known', key, true, 1)
  const wrong = await deviceOf('urn:dev:known', '00'.repeat(15) + '01', true, 2)
  const unknown = await deviceOf('urn:dev:nobod', key, true, 3)
  expect(await Promise.all([right, wrong, unknown].map((device) => device.connect(3000)))).toEqual([true, false, false])
  expect(wrong.heard.length).toBeGreaterThan(1)
  expect(wrong.heard).toEqual(unknown.heard)
  expect(right.heard.slice(0, 2)).toEqual(wrong.heard.slice(0, 2))
})
