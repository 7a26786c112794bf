/** Updates by delta from the shipped server: taken, refused for its base, refused for its type; the whole image follows. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, it } from 'vitest'
import { demoImage } from '../../../src/device/firmware/demo-image.ts'
import type { DeviceOptions } from '../../../src/device/options.ts'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'
import { DeviceRun } from './device-run.ts'

const launcher = fileURLToPath(new URL('../../../bin/coapstan.cjs', import.meta.url))
const image = demoImage('1.1.0')!
/** Of 1.0.1 the server has another image than devices of that version run. */
const images = [demoImage('1.0.0')!, demoImage('1.0.1', 20_000)!, image]

interface Update {
  readonly state: string
  readonly size: number
  readonly failure?: string
  readonly result?: number
}

let directory: string
let server: ShippedServer

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-delta-'))
  const command = `${process.execPath} ${launcher} firmware make-demo-delta {from} {to} {out}`
  const flags = ['--firmware-delta-command', command, '--firmware-health-window', '0s']
  server = await startShippedServer(join(directory, 'data'), { flags })
  for (const octets of images) {
    await server.fetch('/v1/firmware-images?product=demo', {
      method: 'POST',
      body: Uint8Array.from(octets),
      headers: { 'content-type': 'application/octet-stream' },
    })
  }
  for (const from of ['1.0.0', '1.0.1']) {
    await server.fetch('/v1/firmware-deltas/make', { method: 'POST', body: JSON.stringify({ from, to: '1.1.0' }) })
  }
})
afterAll(async () => {
  await server.end('SIGTERM')
  rmSync(directory, { recursive: true })
})

interface Case {
  readonly endpoint: string
  readonly options: Partial<DeviceOptions>
  readonly says: RegExp
  readonly refusal?: Partial<Update>
}

it.concurrent.for<[string, Case]>([
  ['a device takes a delta', { endpoint: 'urn:dev:1', options: {}, says: /makes an image of 32768/ }],
  [
    'one that cannot apply deltas gets the whole image',
    {
      endpoint: 'urn:dev:2',
      options: { deltas: false },
      says: /refused: neither an MCUboot header/,
      refusal: { failure: 'package-type', result: 6 },
    },
  ],
  [
    'one that runs another image of that version gets the whole image',
    {
      endpoint: 'urn:dev:3',
      options: { version: '1.0.1' },
      says: /refused: the delta is for another image/,
      refusal: { failure: 'integrity', result: 5 },
    },
  ],
])('%s', async ([, { endpoint, options, says, refusal }], { expect, onTestFinished }) => {
  const device = new DeviceRun(`coap://127.0.0.1:${server.coapPort}`, { endpoint, ...options })
  onTestFinished(() => device.stop().then(() => undefined))
  await device.says(/→ register .* 2\.01/)
  // Which delta fits is known once its version is.
  const read = JSON.stringify({ kind: 'read', path: '/3/0/3' })
  await server.fetch(`/v1/devices/${endpoint}/operations?wait=20s`, { method: 'POST', body: read })
  const body = JSON.stringify({ image: '1.1.0', delta: true })
  const begun = await server.fetch(`/v1/devices/${endpoint}/firmware`, { method: 'POST', body })
  expect(begun.status).toBe(202)
  await device.says(says)
  await device.says(/image 1\.1\.0 confirmed/)
  const updates = async (): Promise<readonly Update[]> =>
    ((await (await server.fetch(`/v1/firmware-updates?endpoint=${endpoint}`)).json()) as { updates: Update[] }).updates
  await expect.poll(async () => (await updates())[0]?.state, { timeout: 10_000 }).toBe('confirmed')
  const [last, ...before] = await updates()
  expect(before).toMatchObject(refusal === undefined ? [] : [{ state: 'failed', ...refusal }])
  expect(last!.size === image.length).toBe(refusal !== undefined)
  expect(before.every(({ size }) => size < image.length)).toBe(true)
})
