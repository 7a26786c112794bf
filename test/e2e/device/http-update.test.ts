/** An update over http and https from the shipped server: a kill in the middle, the rest by Range, a link that is over. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it, type TestContext } from 'vitest'
import { SeededRandom } from '../../../src/base/random.ts'
import { makeImage } from '../../../src/device/firmware/image.ts'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'
import { freeTcpPort, TcpGate } from '../../support/tcp-gate.ts'
import { tlsCertificate } from '../../support/tls-certificate.ts'
import { DeviceRun } from './device-run.ts'

const endpoint = 'urn:dev:http-1'
const image = makeImage('1.1.0', 400_000, new SeededRandom(1))!
const path = `/v1/devices/${endpoint}/firmware`

interface Update {
  readonly state: string
  readonly failure?: string
  readonly result?: number
  readonly resumes: number
}

type House = Awaited<ReturnType<typeof house>>

async function house(via: 'http' | 'https', { onTestFinished, expect }: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'coapstan-http-update-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const gate = await TcpGate.open()
  onTestFinished(() => gate.close())
  gate.target = await freeTcpPort()
  const flags = ['--downloads-listen', 'on', '--downloads-host', '127.0.0.1', '--downloads-port', String(gate.target)]
  flags.push('--downloads-public-uri', `${via}://127.0.0.1:${gate.port}`, '--firmware-health-window', '0s')
  const { cert, key } = tlsCertificate()
  if (via === 'https') {
    const [certificate, privateKey] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
    writeFileSync(certificate, cert)
    writeFileSync(privateKey, key)
    flags.push('--downloads-certificate', certificate, '--downloads-key', privateKey)
  }
  let server: ShippedServer | undefined
  onTestFinished(() => server?.end('SIGKILL'))
  const start = async (): Promise<ShippedServer> => {
    const ports = server === undefined ? {} : { coapPort: server.coapPort }
    return (server = await startShippedServer(join(directory, 'data'), { ...ports, flags }))
  }
  const { coapPort } = await start()
  await server!.fetch('/v1/firmware-images?product=demo', {
    method: 'POST',
    body: Uint8Array.from(image),
    headers: { 'content-type': 'application/octet-stream' },
  })
  const device = new DeviceRun(`coap://127.0.0.1:${coapPort}`, {
    endpoint,
    protocols: [via],
    trustedCertificates: cert,
  })
  onTestFinished(() => device.stop().then(() => undefined))
  await device.says(/→ register .* 2\.01/)
  const begin = async (): Promise<unknown> =>
    (await server!.fetch(path, { method: 'POST', body: JSON.stringify({ image: '1.1.0' }) })).status
  const update = async (): Promise<Update> => (await (await server!.fetch(path)).json()) as Update
  const restart = async (): Promise<void> => {
    await server!.end('SIGKILL')
    await start()
  }
  return { expect, gate, device, begin, update, restart }
}

it.concurrent(
  'over http an answer of 410 is an invalid URI, and a download outlives a kill of the server',
  async (context) => {
    const one = await house('http', context)
    const { expect, gate, device, begin, update } = one
    gate.answer = 'HTTP/1.1 410 Gone\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'
    expect(await begin()).toBe(202)
    await device.says(/the server answers 410/)
    await expect.poll(update, { timeout: 10_000 }).toMatchObject({ state: 'failed', failure: 'uri', result: 7 })
    gate.answer = undefined
    expect(await outlivesKill(one)).toMatchObject({ state: 'confirmed', resumes: 1 })
  },
)

it.concurrent('over https a download outlives a kill of the server', async (context) => {
  const { expect } = context
  const one = await house('https', context)
  expect(await outlivesKill(one)).toMatchObject({ state: 'confirmed', resumes: 1 })
})

async function outlivesKill({ expect, gate, device, begin, update, restart }: House): Promise<Update> {
  gate.limit = 150_000
  expect(await begin()).toBe(202)
  await gate.held
  gate.limit = Number.POSITIVE_INFINITY
  await restart()
  const [, kept] = /goes on from (\d+) in 2 s/.exec(await device.says(/goes on from/))!
  expect(Number(kept)).toBeGreaterThan(100_000)
  await device.says(/image 1\.1\.0 confirmed/)
  // What came before the break was not fetched again; heads and TLS add some octets of their own.
  const afterwards = gate.passed.slice(1).reduce((sum, octets) => sum + octets, 0)
  expect(afterwards).toBeLessThan(image.length - Number(kept) + 20_000)
  await expect.poll(update, { timeout: 10_000 }).toHaveProperty('finishedAt')
  return update()
}
