/** Credentials of the shipped server, proved by foreign DTLS: let in, refused as another, rotated, revoked, restarted. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'
import { DeviceRun } from '../device/device-run.ts'

let directory: string
let server: ShippedServer
let coapsPort: number
const devices: DeviceRun[] = []

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-credentials-'))
  await start()
})
afterEach(async () => {
  await Promise.all(devices.splice(0).map((device) => device.stop()))
  await server.end('SIGTERM')
  rmSync(directory, { recursive: true })
})

async function start(): Promise<void> {
  server = await startShippedServer(join(directory, 'data'))
  const { listeners } = await json<{ listeners: { protocol: string; port: number }[] }>('/v1/status')
  coapsPort = listeners.find(({ protocol }) => protocol === 'coaps')!.port
}

async function json<T>(path: string, body?: object): Promise<T> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  const answer = await server.fetch(path, init)
  expect([answer.ok, answer.ok ? '' : await answer.clone().text()]).toEqual([true, ''])
  return (await answer.json()) as T
}

function deviceWith(identity: string, key: string, endpoint = 'urn:dev:secured'): DeviceRun {
  const psk = { identity, key: Buffer.from(key, 'hex') }
  const state = join(directory, `flash-${devices.length}`)
  const device = new DeviceRun(`coaps://127.0.0.1:${coapsPort}`, { endpoint, psk, stateDirectory: state })
  devices.push(device)
  return device
}

const added = async (): Promise<string> =>
  (await json<{ newKey: string }>('/v1/credentials', { endpoint: 'urn:dev:secured' })).newKey

const isRead = async (endpoint: string): Promise<boolean> => {
  const read = { kind: 'read', path: '/3/0/0' }
  return (await json<{ state: string }>(`/v1/devices/${endpoint}/operations?wait=1s`, read)).state === 'acknowledged'
}

it('lets a device in by its key, as its endpoint and as no other', async () => {
  const key = await added()
  await deviceWith('urn:dev:secured', key).says(/→ register .* 2\.01/)
  await deviceWith('urn:dev:secured', key, 'urn:dev:another').says(/→ register .* 4\.03/)
  const { handshakes } = await json<{ handshakes: object[] }>('/v1/handshakes')
  expect(handshakes[0]).toMatchObject({ outcome: 'completed', identity: 'urn:dev:secured', address: '127.0.0.1' })
})

it('accepts old and new key while a rotation goes on, after a restart too', async () => {
  const old = await added()
  const { newKey, credential } = await json<{ newKey: string; credential: { identity: string } }>(
    '/v1/credentials/urn:dev:secured/rotate',
    {},
  )
  await deviceWith('urn:dev:secured', old).says(/→ register .* 2\.01/)
  await devices[0]!.stop()
  await server.end('SIGKILL')
  await start()
  await deviceWith(credential.identity, newKey).says(/→ register .* 2\.01/)
  // Written down within a second.
  await expect.poll(() => json('/v1/credentials/1'), { timeout: 10_000 }).toHaveProperty('acceptedUntil')
})

it('turns a revoked device away at once', async () => {
  const key = await added()
  await deviceWith('urn:dev:secured', key).says(/→ register .* 2\.01/)
  expect(await json('/v1/credentials/urn:dev:secured/revoke', {})).toMatchObject({ revoked: [{ state: 'revoked' }] })
  await deviceWith('urn:dev:secured', key).says(/cannot reach/)
  expect(await json('/v1/handshakes')).toMatchObject({ counts: { completed: 1 } })
  // What was open is closed: nothing can be asked over it.
  expect(await isRead('urn:dev:secured')).toBe(false)
})
