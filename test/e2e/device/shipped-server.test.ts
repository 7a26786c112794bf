/** The virtual device against the shipped server over real UDP, driven through the HTTP API. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { SeededRandom } from '../../../src/base/random.ts'
import { makeImage } from '../../../src/device/firmware/image.ts'
import type { DeviceOptions } from '../../../src/device/options.ts'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'
import { DeviceRun } from './device-run.ts'

const endpoint = 'urn:dev:e2e-1'
const image = makeImage('1.1.0', 40_000, new SeededRandom(1))!

let directory: string
let server: ShippedServer
let device: DeviceRun

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-shipped-'))
  server = await startShippedServer(join(directory, 'data'))
})
afterEach(async () => {
  await device.stop()
  await server.end('SIGTERM')
  rmSync(directory, { recursive: true })
})

async function start(options: Partial<DeviceOptions> = {}): Promise<void> {
  device = new DeviceRun(`coap://127.0.0.1:${server.coapPort}`, {
    stateDirectory: join(directory, 'flash'),
    ...options,
  })
  await device.says(/→ register .* 2\.01/)
}

interface Operation {
  readonly state: string
  readonly code?: string
  readonly result?: unknown
}

async function ask(kind: string, path: string, value?: unknown, force = false): Promise<Operation> {
  const body = JSON.stringify({ kind, path, force, ...(value === undefined ? {} : { value }) })
  const answer = await server.fetch(`/v1/devices/${endpoint}/operations?wait=20s`, { method: 'POST', body })
  expect([answer.status, await answer.clone().text()]).toEqual([200, expect.any(String)])
  return (await answer.json()) as Operation
}

async function addImage(octets: Buffer, version: string): Promise<void> {
  const answer = await server.fetch(`/v1/firmware-images?version=${version}&product=demo`, {
    method: 'POST',
    body: octets,
    headers: { 'content-type': 'application/octet-stream' },
  })
  expect(answer.status).toBe(201)
}

interface Update {
  readonly id: number
  readonly state: string
  readonly fetched: number
  readonly resumes: number
  readonly result?: number
  readonly finishedAt?: string
}

async function startUpdate(version: string): Promise<Update> {
  const answer = await server.fetch(`/v1/devices/${endpoint}/firmware`, {
    method: 'POST',
    body: JSON.stringify({ image: version, healthWindow: 0 }),
  })
  expect([answer.status, await answer.clone().text()]).toEqual([202, expect.any(String)])
  return (await answer.json()) as Update
}

/** The update once `when` holds of it, asked for anew as the command line does. */
async function updateOnce(id: number, when: (update: Update) => boolean): Promise<Update> {
  for (;;) {
    const update = (await (await server.fetch(`/v1/firmware-updates/${id}`)).json()) as Update
    if (when(update)) return update
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

it('registers, is read, written, executed, discovered and observed', async () => {
  await start({ product: 'meter' })
  expect(await ask('read', '/3/0/1')).toMatchObject({ state: 'acknowledged', code: '2.05', result: { value: 'meter' } })
  expect(JSON.stringify((await ask('read', '/3/0')).result)).toContain('Coapstan virtual device')
  expect(await ask('write', '/3/0/14', '+02:00')).toMatchObject({ state: 'acknowledged', code: '2.04' })
  expect(await ask('read', '/3/0/14')).toMatchObject({ result: { value: '+02:00' } })
  expect(await ask('write-attributes', '/4/0/2', { pmin: 1, pmax: 2 })).toMatchObject({ code: '2.04' })
  expect(JSON.stringify((await ask('discover', '/4')).result)).toContain('"pmax":"2"')
  expect(await ask('observe', '/4/0/2')).toMatchObject({ state: 'acknowledged' })
  await device.says(/→ notify \/4\/0\/2/)
  expect(await ask('write', '/3/0/3', '2.0.0', true)).toMatchObject({ state: 'failed', code: '4.05' })
  expect(await ask('execute', '/3/0/4')).toMatchObject({ state: 'acknowledged', code: '2.04' })
  await device.says(/→ register .* 2\.01/)
})

it('is updated to confirmed', async () => {
  await start()
  await addImage(image, '1.1.0')
  const { id } = await startUpdate('1.1.0')
  const update = await updateOnce(id, ({ finishedAt }) => finishedAt !== undefined)
  expect(update).toMatchObject({ state: 'confirmed', fetched: image.length, resumes: 0 })
  expect(await ask('read', '/3/0/3')).toMatchObject({ result: { value: '1.1.0' } })
})

it('reverts a faulty image, and the server calls the update failed', async () => {
  await start({ faultyImage: 'boot' })
  await addImage(image, '1.1.0')
  const { id } = await startUpdate('1.1.0')
  const update = await updateOnce(id, ({ finishedAt }) => finishedAt !== undefined)
  expect(update).toMatchObject({ state: 'failed' })
  expect(await ask('read', '/3/0/3')).toMatchObject({ result: { value: '1.0.0' } })
})

it('goes on with its download after its own restart', async () => {
  await start({ latency: 5 as NonNullable<DeviceOptions['latency']> })
  await addImage(image, '1.1.0')
  const { id } = await startUpdate('1.1.0')
  await device.says(/firmware {2}.* octets in blocks/)
  await device.says(/firmware {2}.* octets in blocks/)
  await device.stop()
  await start()
  await device.says(/firmware {2}download goes on at [1-9]\d* octets/)
  const update = await updateOnce(id, ({ finishedAt }) => finishedAt !== undefined)
  expect(update).toMatchObject({ state: 'confirmed', fetched: image.length })
})

it('goes on with its download when the server is killed and comes back', async () => {
  await start({ latency: 20 as NonNullable<DeviceOptions['latency']> })
  await addImage(image, '1.1.0')
  const { id } = await startUpdate('1.1.0')
  await device.says(/firmware {2}.* octets in blocks/)
  const { coapPort } = server
  await server.end('SIGKILL')
  server = await startShippedServer(join(directory, 'data'), { coapPort })
  const update = await updateOnce(id, ({ finishedAt }) => finishedAt !== undefined)
  expect(update).toMatchObject({ state: 'confirmed' })
  expect(device.lines.filter((line) => line.includes('→ register'))).toHaveLength(2)
})
