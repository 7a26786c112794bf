/** A virtual device is bootstrapped by the shipped server over real sockets, and registers with what it was given. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'
import { DeviceRun } from './device-run.ts'

const endpoint = 'urn:dev:e2e-1'
const flags = ['--coaps-host', '127.0.0.1', '--bootstrap-listen', 'both', '--bootstrap-port', '0']
flags.push('--bootstrap-coaps-port', '0', '--bootstrap-policy', 'open', '--bootstrap-pause', '0')

let directory: string
let server: ShippedServer
let device: DeviceRun | undefined

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-bootstrap-'))
  server = await startShippedServer(join(directory, 'data'), { flags })
  await json('PUT', '/v1/bootstrap/templates/any', {
    servers: [{ uri: 'self', shortId: 1, lifetime: 120 }],
    verify: true,
  })
})
afterEach(async () => {
  await device?.stop()
  device = undefined
  await server.end('SIGTERM')
  rmSync(directory, { recursive: true })
})

async function json(method: string, path: string, body?: unknown): Promise<Record<string, never>> {
  const answer = await server.fetch(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  expect([answer.ok, await answer.clone().text()]).toEqual([true, expect.any(String)])
  return (await answer.json()) as Record<string, never>
}

async function port(protocol: string): Promise<number> {
  const { listeners } = (await json('GET', '/v1/status')) as unknown as {
    listeners: { protocol: string; port: number }[]
  }
  return listeners.find((one) => one.protocol === protocol)!.port
}

it('in the clear: gets a key for coaps and registers with it', async () => {
  const bootstrap = `coap://127.0.0.1:${await port('bootstrap-coap')}`
  device = new DeviceRun('', { bootstrap, bootstrapAccount: 1, endpoint })
  await device.says(/bootstrap write \/0\/0 .* 2\.04/)
  await device.says(/bootstrap finish {2}2\.04/)
  await device.says(/DTLS association with .* identity urn:dev:e2e-1/)
  await device.says(/→ register .* 120 s.* 2\.01/)
  const run = await json('GET', `/v1/devices/${endpoint}/bootstrap`)
  expect(run).toMatchObject({ state: 'finished', secured: false, credential: 1 })
})

it('over DTLS: the key for bootstrapping is good for nothing else, and a trigger has it ask again', async () => {
  const { newKey } = (await json('POST', '/v1/credentials', { endpoint, purpose: 'bootstrap' })) as unknown as {
    newKey: string
  }
  const psk = { identity: endpoint, key: Buffer.from(newKey, 'hex') }
  const wrongDoor = new DeviceRun(`coaps://127.0.0.1:${await port('coaps')}`, { psk, until: 'registered' })
  expect(await wrongDoor.exit).toBe(1)
  const bootstrap = `coaps://127.0.0.1:${await port('bootstrap-coaps')}`
  device = new DeviceRun('', { bootstrap, psk, endpoint })
  await device.says(/bootstrap read \/1 {2}2\.05/)
  await device.says(/→ register .* 2\.01/)
  await json('POST', `/v1/devices/${endpoint}/bootstrap`, {})
  await device.says(/told to ask its bootstrap server/)
  await device.says(/bootstrap finish {2}2\.04/)
  // The first key was used, so this is another one.
  await device.says(/DTLS association with .* identity urn:dev:e2e-1#2/)
  await device.says(/→ register .* 2\.01/)
  const { runs } = (await json('GET', '/v1/bootstrap/runs')) as unknown as {
    runs: { state: string; secured: boolean }[]
  }
  expect(runs).toMatchObject([
    { state: 'finished', secured: true },
    { state: 'finished', secured: true },
  ])
})
