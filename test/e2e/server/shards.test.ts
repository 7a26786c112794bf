/**
 * The shipped server in several threads: whichever socket the kernel gives a datagram to, a device is one
 * device, its association goes on, and what it is asked is asked once. Also over a `kill -9`, and when the
 * number of threads is another one afterwards.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { bytesOfHex } from '../../../src/base/bytes.ts'
import { DtlsSocketDevice } from '../../support/dtls-socket-device.ts'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'
import { SocketDevice } from '../../support/socket-device.ts'
import { runCli } from './run-cli.ts'

const deviceCount = 12
const links = '"</>;rt=oma.lwm2m;ct=110,</1/0>,</3/0>"'

let directory: string
let server: ShippedServer
const closers: (() => unknown)[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-shards-'))
})
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
  await server.end('SIGTERM')
  rmSync(directory, { recursive: true })
})

async function start(shards: number, ports: { coapPort?: number; coapsPort?: number } = {}): Promise<void> {
  // Nothing it asks is repeated within half a minute: an answer that the wrong socket swallowed would not come again.
  const flags = ['--shards', String(shards), '--coap-profile', 'nbiot-deep']
  server = await startShippedServer(join(directory, 'data'), { ...ports, flags })
}

async function json<T>(path: string, body?: object): Promise<T> {
  const answer = await server.fetch(path, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) })
  expect([answer.ok, answer.ok ? '' : await answer.clone().text()]).toEqual([true, ''])
  return (await answer.json()) as T
}

/** How writing it to each of them ended. */
async function written(devices: readonly SocketDevice[], value: string): Promise<Set<string>> {
  const operations = devices.map(({ endpoint }) =>
    json<{ state: string }>(`/v1/devices/${endpoint}/operations?wait=10s`, { kind: 'write', path: '/3/0/14', value }),
  )
  return new Set((await Promise.all(operations)).map(({ state }) => state))
}

async function coapsPortNow(): Promise<number> {
  const { listeners } = await json<{ listeners: { protocol: string; port: number }[] }>('/v1/status')
  return listeners.find(({ protocol }) => protocol === 'coaps')!.port
}

it('devices over DTLS that move from socket to socket need one handshake for all their life', async () => {
  await start(3)
  const coapsPort = await coapsPortNow()
  const devices = await Promise.all(
    Array.from({ length: deviceCount }, async (_, i) => {
      const identity = `urn:dev:roamer-${i}`
      const { newKey } = await json<{ newKey: string }>('/v1/credentials', { endpoint: identity })
      const options = { port: coapsPort, identity, key: bytesOfHex(newKey)!, connectionId: true, seed: 500 + i }
      const device = await DtlsSocketDevice.open(options)
      closers.push(() => device.close())
      expect(await device.connect()).toBe(true)
      const answer = await device.ask(`POST /rd ?ep=${identity}&lt=3600&lwm2m=1.1 Content-Format=40 ${links}`)
      expect(answer).toMatch(/^2\.01 /)
      const location = [...answer.matchAll(/Location-Path=(\w+)/g)].map(([, segment]) => `/${segment}`).join(' ')
      return { device, location }
    }),
  )
  /** Everybody speaks from a new port: two of three end up at another socket. */
  const roam = async (): Promise<void> => {
    await Promise.all(devices.map(({ device }) => device.move()))
    const answers = await Promise.all(devices.map(({ device, location }) => device.ask(`POST ${location}`)))
    expect(new Set(answers)).toEqual(new Set(['2.04']))
  }
  await roam()
  await roam()
  await server.end('SIGKILL')
  await start(2, { coapsPort })
  await roam()
  await server.end('SIGTERM')
  await start(1, { coapsPort })
  await roam()
  expect(devices.map(({ device }) => device.peer.opens.length)).toEqual(devices.map(() => 1))
  expect(await json<object>('/v1/handshakes')).toMatchObject({ counts: { completed: 0, failed: 0 } })
})

it('commands find a device at the socket it speaks to, and what is asked runs once over a kill', async () => {
  await start(3)
  const { coapPort } = server
  const devices = Array.from(
    { length: deviceCount },
    (_, i) => new SocketDevice(`urn:dev:plain-${i}`, coapPort, 900 + i),
  )
  for (const device of devices) closers.push(() => device.close())
  await Promise.all(devices.map((device) => device.open()))
  expect(await Promise.all(devices.map((device) => device.register()))).not.toContain(false)

  expect(await written(devices, '+01:00')).toEqual(new Set(['acknowledged']))
  const queued = devices.map(({ endpoint }) =>
    server.fetch(`/v1/devices/${endpoint}/operations`, {
      method: 'POST',
      body: JSON.stringify({ kind: 'write', path: '/3/0/14', value: '+02:00' }),
    }),
  )
  expect((await Promise.all(queued)).every((answer) => answer.ok)).toBe(true)
  await server.end('SIGKILL')
  await start(2, { coapPort })
  // None has spoken since: whichever socket its answer comes to, the thread that asked hears it.
  expect(await written(devices, '+03:00')).toEqual(new Set(['acknowledged']))
  for (const { writes } of devices) {
    const values = writes.map(({ value }) => value)
    expect(values).toEqual([...new Set(values)])
    expect(values.at(-1)).toBe('+03:00')
  }

  // What people look at is of all threads together.
  const { counts } = await json<{ counts: Record<string, number> }>('/v1/status')
  expect(counts['devices']).toBe(deviceCount)
  const metrics = await (await server.fetch('/metrics')).text()
  expect(metrics).toMatch(/^coapstan_store_transactions_total [1-9]/m)
  expect(await runCli(server, 'trace', devices[0]!.endpoint)).toContain('/3/0/14')
})

it('who registers while it starts is heard when asked', async () => {
  await start(2)
  const { coapPort } = server
  await server.end('SIGKILL')
  const devices: SocketDevice[] = []
  const registered: Promise<boolean>[] = []
  // From so many ports, and so often, that some are heard whenever anything listens; where it starts slowly, less often.
  const begun = performance.now()
  let knocking: NodeJS.Timeout
  const knock = (): void => {
    const device = new SocketDevice(`urn:dev:early-${devices.length}`, coapPort, devices.length)
    devices.push(device)
    closers.push(() => device.close())
    registered.push(device.open().then(() => device.register()))
    knocking = setTimeout(knock, Math.max(4, (performance.now() - begun) / 50))
  }
  knock()
  await start(2, { coapPort })
  clearTimeout(knocking!)
  expect(new Set(await Promise.all(registered))).toEqual(new Set([true]))
  expect(await written(devices, '+01:00')).toEqual(new Set(['acknowledged']))
})
