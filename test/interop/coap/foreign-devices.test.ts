/**
 * Devices on aiocoap (Python), java-coap (Java) and go-coap (Go) against the shipped server: they register, are read
 * and written, in blocks too, send, fetch images; go-coap over DTLS also as a device without LwM2M, under a server that
 * is killed.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aiocoapPeer, CoapDevice, goCoapPeer, javaCoapPeer, type Ask } from '../../support/coap-devices.ts'
import { Operator } from '../../support/operator.ts'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'

const key = '7d1f0c2b9a8e4d3c6b5a49382716e5f4'
const links = '</>;rt="oma.lwm2m",</1/0>,</3/0>,</19/0>,</3303/0>'
const value = '/3303/0/5700'
const hex = (text: string): string => Buffer.from(text).toString('hex')

let directory: string
let server: ShippedServer
let coapsPort = 0
const operator = new Operator(() => server)

async function start(): Promise<void> {
  const flags = ['--coap-profile', 'ip', '--coaps-profile', 'ip', '--coaps-host', '127.0.0.1']
  server = await startShippedServer(join(directory, 'data'), { flags, coapsPort })
  coapsPort = await server.port('coaps')
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-devices-'))
  await start()
})
afterAll(async () => {
  await server.end('SIGTERM')
  rmSync(directory, { recursive: true })
})

interface Row {
  readonly name: string
  readonly peer: { readonly built: boolean; readonly skipped: string }
  readonly endpoint: string
  readonly open: () => Promise<CoapDevice>
  /** First blocks it can ask for. */
  readonly sizes: readonly (Ask & { szx?: number })[]
  /** It can be observed. */
  readonly notifies?: true
}

const rows: readonly Row[] = [
  {
    name: 'aiocoap',
    peer: aiocoapPeer,
    endpoint: 'aiocoap',
    open: () => CoapDevice.onAiocoap(server.coapPort),
    sizes: [{ szx: 0 }, { szx: 2 }, { szx: 4 }, { szx: 6 }],
    notifies: true,
  },
  {
    name: 'java-coap, with ETags and Request-Tags',
    peer: javaCoapPeer,
    endpoint: 'java-coap',
    open: () => CoapDevice.onJavaCoap(server.coapPort),
    sizes: [{ szx: 1 }, { szx: 5 }],
    notifies: true,
  },
  {
    name: 'go-coap',
    peer: goCoapPeer,
    endpoint: 'go-coap',
    open: () => CoapDevice.onGoCoap(server.coapPort),
    sizes: [{}],
  },
  {
    name: 'go-coap over DTLS',
    peer: goCoapPeer,
    endpoint: 'go-coap-secured',
    open: async () => {
      await operator.json('POST', '/v1/credentials', { endpoint: 'go-coap-secured', identity: 'go-coap', key })
      return CoapDevice.onGoCoap(coapsPort, { identity: 'go-coap', key })
    },
    sizes: [{}],
  },
]

describe.each(rows)('$name $peer.skipped', ({ peer, endpoint, open, sizes, notifies }) => {
  let device: CoapDevice
  let location: string
  beforeAll(async () => {
    if (peer.built) device = await open()
  })
  afterAll(() => device?.close())

  it.skipIf(!peer.built)('registers, and updates', async () => {
    const query = [`ep=${endpoint}`, 'lt=300', 'lwm2m=1.1', 'b=U']
    const registered = await device.asks('POST', '/rd', { query, format: 40, payload: hex(links), ...sizes[0] })
    expect(registered.code).toBe('2.01')
    location = registered.location
    expect((await device.asks('POST', location, { query: ['lt=600'] })).code).toBe('2.04')
    expect(await operator.json('GET', `/v1/devices/${endpoint}`)).toMatchObject({
      status: 'awake',
      registration: { lifetimeSeconds: 600, links },
    })
  })

  it.skipIf(!peer.built)('is read, written, executed, and says what it has not', async () => {
    expect(await operator.gets(endpoint, 'read', value)).toMatchObject({ value: 20.5 })
    await operator.gets(endpoint, 'write', '/3/0/14', '+07:00')
    expect(await operator.gets(endpoint, 'read', '/3/0/14')).toMatchObject({ value: '+07:00' })
    await operator.gets(endpoint, 'execute', '/3/0/4')
    expect(await operator.asks(endpoint, 'read', '/3303')).toMatchObject({ state: 'failed', code: '4.04' })
  })

  it.skipIf(!peer.built)('takes 3000 octets in blocks, and gives them back in blocks', async () => {
    const octets = randomBytes(3000).toString('hex')
    await operator.gets(endpoint, 'write', '/19/0/0/0', octets)
    expect(await operator.gets(endpoint, 'read', '/19/0/0/0')).toMatchObject({ value: octets })
  })

  it.skipIf(!peer.built)('sends values, and is refused what cannot be read', async () => {
    const send = (text: string): Promise<{ code: string }> =>
      device.asks('POST', '/dp', { format: 110, payload: hex(text) })
    expect(await send(`[{"n":"${value}","v":30}]`)).toMatchObject({ code: '2.04' })
    expect(await operator.samples(endpoint, 'send', value)).toEqual([30])
    expect(await send('[{')).toMatchObject({ code: '4.00' })
  })

  it.skipIf(!peer.built).each(sizes)('fetches an image, first block %o', async (size) => {
    const image = randomBytes(20_000)
    const headers = { 'content-type': 'application/octet-stream' }
    const path = `/v1/firmware-images?version=1.0.${size.szx ?? 0}&product=${endpoint}`
    const added = await server.fetch(path, { method: 'POST', body: new Uint8Array(image), headers })
    const { key: name } = (await added.json()) as { key: string }
    const { code, payload } = await device.asks('GET', `/fw/${name}`, size)
    expect([code, sha256(Buffer.from(payload, 'hex'))]).toEqual(['2.05', sha256(image)])
  })

  it.skipIf(!peer.built || !notifies)('notifies until that is cancelled', async () => {
    const samples = (): Promise<readonly unknown[]> => operator.samples(endpoint, 'notification', value)
    expect(await operator.gets(endpoint, 'observe', value)).toMatchObject({ value: 20.5 })
    device.set(21)
    await expect.poll(samples, { timeout: 10_000 }).toEqual([21])
    device.set(22.5)
    await expect.poll(samples, { timeout: 10_000 }).toEqual([21, 22.5])
    await operator.gets(endpoint, 'cancel-observe', value)
    device.set(23)
    expect(await operator.gets(endpoint, 'read', value)).toMatchObject({ value: 23 })
    expect(await samples()).toEqual([21, 22.5])
  })

  it.skipIf(!peer.built)('deregisters', async () => {
    expect((await device.asks('DELETE', location)).code).toBe('2.02')
    expect(await operator.json('GET', `/v1/devices/${endpoint}`)).toMatchObject({ status: 'offline' })
  })
})

describe.skipIf(!goCoapPeer.built)(`go-coap as a device without LwM2M ${goCoapPeer.skipped}`, () => {
  const endpoint = 'go-coap-plain'
  let device: CoapDevice
  beforeAll(async () => {
    await operator.json('POST', '/v1/credentials', { endpoint, identity: endpoint, key: key.replaceAll('7', 'a') })
    device = await CoapDevice.onGoCoap(coapsPort, { identity: endpoint, key: key.replaceAll('7', 'a') })
  })
  afterAll(() => device.close())

  const configure = (interval: number): Promise<unknown> =>
    operator.json('PUT', `/v1/devices/${endpoint}/config`, { document: { interval } })
  /** Until then a server that is killed tells it once more. */
  const untilTold = async (): Promise<void> => {
    const told = async (): Promise<unknown> => operator.json('GET', `/v1/devices/${endpoint}/config`)
    await expect.poll(told, { timeout: 10_000 }).toMatchObject({ observers: { count: 1, told: 1 } })
  }

  it('posts data, and hears of every change of its configuration', async () => {
    const posted = await device.asks('POST', '/data', { format: 50, payload: hex('{"t":21}') })
    expect(posted.code).toBe('2.04')
    await configure(60)
    const observed = await device.asks('GET', '/config', { observe: true })
    expect(observed).toMatchObject({ code: '2.05', payload: hex('{"interval":60}') })
    await configure(30)
    expect(await device.says('observed')).toEqual({ observed: hex('{"interval":30}') })
    await untilTold()
  })

  it('goes on where the server was killed, without a handshake', async () => {
    await server.end('SIGKILL')
    await start()
    const posted = await device.asks('POST', '/data', { format: 50, payload: hex('{"t":22}') })
    expect(posted.code).toBe('2.04')
    expect(await operator.json('GET', '/v1/handshakes')).toMatchObject({ handshakes: [] })
  })

  it('is known to observe by a server that was killed', async () => {
    await server.end('SIGKILL')
    await start()
    await configure(90)
    expect((await device.asks('POST', '/data', { format: 50, payload: hex('{"t":23}') })).code).toBe('2.04')
    expect(await device.says('observed')).toEqual({ observed: hex('{"interval":90}') })
    await untilTold()
  })
})

function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex')
}
