/**
 * The Python library aiocoap: its client against our endpoint, bodies both ways and an observation; and a device made
 * of it (`peers/aiocoap/peer.py`) against the shipped server, asking and being asked.
 */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CoapSocket } from '../../support/coap-socket.ts'
import { LinePeer } from '../../support/line-peer.ts'
import { LossyRelay } from '../../support/lossy-relay.ts'
import { Operator } from '../../support/operator.ts'
import { runProgram } from '../../support/program.ts'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'

const peers = join(import.meta.dirname, 'peers')
const programs = join(peers, 'build/aiocoap/bin')
const program = join(programs, 'aiocoap-client')
const built = existsSync(program)
const skipped = '(skipped where scripts/build-peers.sh did not build it)'
/** What it says, asked for all it knows, when a notification has found its request. */
const acknowledged = /matched to request[^]*Sending empty ACK/

function ask(port: number, path: string, ...args: readonly string[]): Promise<string> {
  const until = args.includes('--observe') ? acknowledged : /(?!)/
  // Python keeps what it writes to a pipe until the end, unless told otherwise.
  return runProgram({
    program: 'env',
    args: ['PYTHONUNBUFFERED=1', program, ...args, `coap://127.0.0.1:${port}/${path}`],
    until,
    deadline: 20_000,
  })
}

describe.skipIf(!built)(`aiocoap-client ${skipped}`, () => {
  let server: CoapSocket
  beforeAll(async () => {
    server = await CoapSocket.open(4)
  })
  afterAll(() => server.close())

  it('writes and reads a body of many blocks', async () => {
    const text = 'all work and no play '.repeat(1000)
    await ask(server.port, 'body', '-m', 'PUT', '--payload', text)
    expect(Buffer.from(server.held.get('body')!.payload).toString()).toBe(text)
    expect((await ask(server.port, 'body', '--quiet')).trimEnd()).toBe(text.trimEnd())
  })

  it('reads where a tenth of the datagrams is lost', async () => {
    const relay = await LossyRelay.open(server.port, {
      seed: 6,
      drop: 0.1,
      duplicate: 0.1,
      delay: 0.1,
      delayLimit: 10,
    })
    server.publish('lossy', Buffer.from('a'.repeat(4096)))
    expect((await ask(relay.port, 'lossy', '--quiet')).trimEnd()).toBe('a'.repeat(4096))
    relay.close()
  })

  it('observes', async () => {
    let tick = 0
    server.publish('time', Buffer.from('tick 0'))
    const ticks = setInterval(() => server.publish('time', Buffer.from(`tick ${++tick}`)), 300)
    expect(await ask(server.port, 'time', '-vvv', '--observe')).toMatch(acknowledged)
    clearInterval(ticks)
  })
})

describe.skipIf(!built)(`a device on aiocoap ${skipped}`, () => {
  const endpoint = 'aiocoap-1'
  const links = '</>;rt="oma.lwm2m",</1/0>,</3/0>,</19/0>,</3303/0>'
  let directory: string
  let server: ShippedServer
  let device: LinePeer
  let location: string
  const operator = new Operator(() => server)

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'coapstan-aiocoap-'))
    server = await startShippedServer(join(directory, 'data'), { flags: ['--coap-profile', 'ip'] })
    device = new LinePeer(join(programs, 'python'), [join(peers, 'aiocoap/peer.py')])
    await told('ready')
  })
  afterAll(async () => {
    await device.close()
    await server.end('SIGTERM')
    rmSync(directory, { recursive: true })
  })

  interface Told {
    readonly code?: string
    readonly payload?: string
    readonly location?: string
  }
  async function told(member: string): Promise<Told> {
    const line = await device.hear((text) => member in (JSON.parse(text) as object), 15_000)
    return JSON.parse(line ?? '{}') as Told
  }

  function asks(method: string, path: string, more: object = {}): Promise<Told> {
    device.tell(JSON.stringify({ method, uri: `coap://127.0.0.1:${server.coapPort}${path}`, ...more }))
    return told('code')
  }

  it('registers in blocks of 16, and updates', async () => {
    const query = [`ep=${endpoint}`, 'lt=300', 'lwm2m=1.1', 'b=U']
    const payload = Buffer.from(links).toString('hex')
    const registered = await asks('POST', '/rd', { query, format: 40, payload, szx: 0 })
    expect(registered.code).toBe('2.01')
    location = registered.location!
    expect((await asks('POST', location, { query: ['lt=600'] })).code).toBe('2.04')
    expect(await operator.json('GET', `/v1/devices/${endpoint}`)).toMatchObject({
      status: 'awake',
      registration: { lifetimeSeconds: 600, links },
    })
  })

  it('is read, written, executed, and says what it has not', async () => {
    expect(await operator.gets(endpoint, 'read', '/3303/0/5700')).toMatchObject({ value: 20.5 })
    await operator.gets(endpoint, 'write', '/3/0/14', '+07:00')
    expect(await operator.gets(endpoint, 'read', '/3/0/14')).toMatchObject({ value: '+07:00' })
    await operator.gets(endpoint, 'execute', '/3/0/4')
    expect(await operator.asks(endpoint, 'read', '/3303')).toMatchObject({ state: 'failed', code: '4.04' })
  })

  it('takes 3000 octets in blocks, and gives them back in blocks', async () => {
    const value = randomBytes(3000).toString('hex')
    await operator.gets(endpoint, 'write', '/19/0/0/0', value)
    expect(await operator.gets(endpoint, 'read', '/19/0/0/0')).toMatchObject({ value })
  })

  it('notifies until that is cancelled', async () => {
    const samples = (): Promise<readonly unknown[]> => operator.samples(endpoint, 'notification', '/3303/0/5700')
    expect(await operator.gets(endpoint, 'observe', '/3303/0/5700')).toMatchObject({ value: 20.5 })
    device.tell('{"set":"21"}')
    await expect.poll(samples, { timeout: 10_000 }).toEqual([21])
    device.tell('{"set":"22.5"}')
    await expect.poll(samples, { timeout: 10_000 }).toEqual([21, 22.5])
    await operator.gets(endpoint, 'cancel-observe', '/3303/0/5700')
    device.tell('{"set":"23"}')
    expect(await operator.gets(endpoint, 'read', '/3303/0/5700')).toMatchObject({ value: 23 })
    expect(await samples()).toEqual([21, 22.5])
  })

  it('sends values, and what cannot be read is refused', async () => {
    const send = (text: string): Promise<Told> =>
      asks('POST', '/dp', { format: 110, payload: Buffer.from(text).toString('hex') })
    expect((await send('[{"n":"/3303/0/5700","v":30}]')).code).toBe('2.04')
    expect(await operator.samples(endpoint, 'send', '/3303/0/5700')).toEqual([30])
    expect((await send('[{')).code).toBe('4.00')
  })

  it.each([0, 2, 4, 6])('fetches an image from its first block of size %i on', async (szx) => {
    const image = randomBytes(20_000)
    const headers = { 'content-type': 'application/octet-stream' }
    const path = `/v1/firmware-images?version=1.0.${szx}&product=aiocoap`
    const added = await server.fetch(path, { method: 'POST', body: new Uint8Array(image), headers })
    const { key } = (await added.json()) as { key: string }
    const { code, payload } = await asks('GET', `/fw/${key}`, { szx })
    expect([code, payload?.length]).toEqual(['2.05', 2 * image.length])
    expect(sha256(Buffer.from(payload!, 'hex'))).toBe(sha256(image))
  })

  it('deregisters', async () => {
    expect((await asks('DELETE', location)).code).toBe('2.02')
    expect(await operator.json('GET', `/v1/devices/${endpoint}`)).toMatchObject({ status: 'offline' })
  })
})

function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex')
}
