/**
 * Devices we did not write against the shipped server: they register, update and deregister, fetch a
 * firmware image of 256 KiB block by block, and ask what there is.
 */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LibcoapClient, libcoapClient, libcoapSecureClient } from '../../support/libcoap.ts'
import { LossyRelay } from '../../support/lossy-relay.ts'
import { NpmClient } from '../../support/npm-coap.ts'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'

const image = randomBytes(262_144)
const imageSha256 = sha256(image)
const links = '</>;rt="oma.lwm2m";ct="60 110 112",</1/0>,</3/0>'

let directory: string
let server: ShippedServer
let imagePath: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-interop-'))
  server = await startShippedServer(join(directory, 'data'))
  const added = await server.fetch('/v1/firmware-images?version=1.1.0&product=interop', {
    method: 'POST',
    body: image,
    headers: { 'content-type': 'application/octet-stream' },
  })
  imagePath = `/fw/${((await added.json()) as { key: string }).key}`
})

afterAll(async () => {
  await server.end('SIGTERM')
  rmSync(directory, { recursive: true, force: true })
})

async function statusOf(endpoint: string): Promise<{ status: string; lifetime?: number }> {
  const answer = await server.fetch(`/v1/devices/${endpoint}`)
  const device = (await answer.json()) as { status: string; registration?: { lifetimeSeconds: number } }
  const { status, registration } = device
  return registration === undefined ? { status } : { status, lifetime: registration.lifetimeSeconds }
}

describe.skipIf(libcoapClient === undefined)(
  'coap-client of libcoap (skipped where libcoap3-bin is not installed)',
  () => {
    const client = new LibcoapClient()

    it('registers, updates and deregisters', async () => {
      const registered = await client.ask(server.coapPort, '/rd?ep=libcoap-1&lt=300&lwm2m=1.1&b=U', {
        method: 'post',
        payload: links,
        contentFormat: 40,
      })
      expect(registered.code).toBe('2.01')
      expect(await statusOf('libcoap-1')).toEqual({ status: 'awake', lifetime: 300 })
      const updated = await client.ask(server.coapPort, `${registered.location}?lt=600`, { method: 'post' })
      expect(updated.code).toBe('2.04')
      expect(await statusOf('libcoap-1')).toMatchObject({ lifetime: 600 })
      expect((await client.ask(server.coapPort, registered.location, { method: 'delete' })).code).toBe('2.02')
      expect(await statusOf('libcoap-1')).toEqual({ status: 'offline' })
      expect((await client.ask(server.coapPort, registered.location, { method: 'post' })).code).toBe('4.04')
    })

    it.each([16, 64, 256, 1024])('fetches the image in blocks of %i', async (blockSize) => {
      const output = join(directory, `libcoap-${blockSize}`)
      await client.ask(server.coapPort, imagePath, { blockSize, output })
      expect(sha256(readFileSync(output))).toBe(imageSha256)
    })

    it('is told what there is, filtered', async () => {
      const { output } = await client.ask(server.coapPort, '/.well-known/core?rt=core.rd')
      expect(output).toContain('</rd>')
      expect(output).not.toContain('</fw>')
    })

    it('registers where a tenth of the datagrams is lost', async () => {
      const relay = await LossyRelay.open(server.coapPort, { seed: 5, drop: 0.1, duplicate: 0.1, delay: 0.1 })
      const target = '/rd?ep=libcoap-lossy&lt=300&lwm2m=1.1&b=U'
      const registered = await client.ask(relay.port, target, { method: 'post', payload: links, contentFormat: 40 })
      relay.close()
      expect(registered.code).toBe('2.01')
    })
  },
)

describe.skipIf(libcoapSecureClient === undefined)(
  'coap-client of libcoap over DTLS (skipped where libcoap3-bin is not installed)',
  () => {
    const client = new LibcoapClient()
    const psk = { identity: 'meter', key: 'a key of 16 byte' }
    let port: number

    beforeAll(async () => {
      const { listeners } = (await (await server.fetch('/v1/status')).json()) as {
        listeners: { protocol: string; port: number }[]
      }
      port = listeners.find(({ protocol }) => protocol === 'coaps')!.port
      const draft = { endpoint: 'urn:dev:plain', identity: psk.identity, key: Buffer.from(psk.key).toString('hex') }
      const added = await server.fetch('/v1/credentials', { method: 'POST', body: JSON.stringify(draft) })
      assert.equal(added.status, 201)
    })

    it('fetches the image', async () => {
      const output = join(directory, 'libcoap-secured')
      await client.ask(port, imagePath, { psk, output })
      expect(sha256(readFileSync(output))).toBe(imageSha256)
    })

    it('posts data as the device its credential stands for, without ever having registered', async () => {
      const posted = await client.ask(port, '/data', { psk, method: 'post', payload: '{"t":21}', contentFormat: 50 })
      expect(posted.code).toBe('2.04')
      const answer = await server.fetch('/v1/events?endpoint=urn:dev:plain&limit=10')
      const { events } = (await answer.json()) as { events: { kind: string; detail: object }[] }
      expect(events.map(({ kind }) => kind)).toEqual(['credential.added', 'device.created', 'data'])
      expect(events[2]!.detail).toEqual({ contentFormat: 'application/json', value: { t: 21 } })
    })

    it('fetches its configuration, and hears of a change', async () => {
      const set = (document: unknown): Promise<Response> =>
        server.fetch('/v1/devices/urn:dev:plain/config', { method: 'PUT', body: JSON.stringify({ document }) })
      expect((await set({ interval: 60 })).status).toBe(200)
      const observing = client.ask(port, '/config', { psk, observeFor: 3, patience: 6 })
      await new Promise((resolve) => setTimeout(resolve, 1000))
      await set({ interval: 30 })
      const { output } = await observing
      expect(output).toContain('{"interval":60}')
      expect(output).toContain('{"interval":30}')
    })

    it('is seen once in the trace, message by message', async () => {
      const answer = await server.fetch('/v1/devices/urn:dev:plain/trace')
      const { datagrams } = (await answer.json()) as {
        datagrams: { direction: string; port: number; type: string; messageId: number }[]
      }
      const heard = datagrams.filter(({ direction, type }) => direction === 'received' && type === 'CON')
      expect(heard.length).toBeGreaterThan(0)
      expect(new Set(heard.map(({ port: from, messageId }) => `${from} ${messageId}`)).size).toBe(heard.length)
    })
  },
)

describe('npm coap', () => {
  const client = new NpmClient()
  afterAll(() => client.close())

  it('registers, updates and deregisters', async () => {
    const registered = await client.ask(server.coapPort, {
      method: 'POST',
      path: '/rd',
      query: 'ep=npm-1&lt=300&lwm2m=1.1&b=U',
      payload: Buffer.from(links),
      contentFormat: 'application/link-format',
    })
    expect(registered.code).toBe('2.01')
    expect(await statusOf('npm-1')).toEqual({ status: 'awake', lifetime: 300 })
    const at = { path: registered.location }
    expect((await client.ask(server.coapPort, { ...at, method: 'POST', query: 'lt=600' })).code).toBe('2.04')
    expect(await statusOf('npm-1')).toMatchObject({ lifetime: 600 })
    expect((await client.ask(server.coapPort, { ...at, method: 'DELETE' })).code).toBe('2.02')
    expect(await statusOf('npm-1')).toEqual({ status: 'offline' })
    expect((await client.ask(server.coapPort, { ...at, method: 'POST' })).code).toBe('4.04')
  })

  it('registers with its links in blocks of 16', async () => {
    const registered = await client.ask(server.coapPort, {
      method: 'POST',
      path: '/rd',
      query: 'ep=npm-blocks&lt=300&lwm2m=1.1&b=U',
      payload: Buffer.from(links),
      contentFormat: 'application/link-format',
      blockSize: 16,
    })
    expect(registered.code).toBe('2.01')
  })

  it.each([16, 64, 256, 1024])('fetches the image in blocks of %i', async (blockSize) => {
    const { code, payload } = await client.ask(server.coapPort, { path: imagePath, blockSize })
    expect(code).toBe('2.05')
    expect(sha256(payload)).toBe(imageSha256)
  })
})

function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex')
}
