/**
 * The LwM2M 1.1 client of Eclipse Leshan 2.0.0-M18 against the shipped server, in the clear: every operation in every
 * format, observations, Send, queue mode, registration. What goes wrong on its side is named where it is met.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LeshanPeer, leshanBuilt, leshanObjects } from '../../support/leshan-peer.ts'
import { Operator } from '../../support/operator.ts'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'

const temperature = '/3303/0/5700'

let directory: string
let server: ShippedServer
let leshan: LeshanPeer
const operator = new Operator(() => server)

beforeAll(async () => {
  if (!leshanBuilt) return
  directory = mkdtempSync(join(tmpdir(), 'coapstan-leshan-'))
  await start()
  // Its parser reads a definition of ours, too.
  leshan = new LeshanPeer('leshan', [`${leshanObjects}/3442.xml`, 'objects/3303-1.1.xml'])
})
afterAll(async () => {
  if (!leshanBuilt) return
  await leshan.close()
  await server.end('SIGTERM')
  rmSync(directory, { recursive: true })
})

async function start(coapPort = 0): Promise<void> {
  const flags = ['--objects-directory', leshanObjects, '--coap-profile', 'ip']
  server = await startShippedServer(join(directory, 'data'), { flags, coapPort })
}

async function registers(name: string, options: Readonly<Record<string, string | number>> = {}): Promise<string> {
  leshan.start(name, { server: `coap://127.0.0.1:${server.coapPort}`, ...options })
  return (await leshan.says(name, /^registered/)).split(' ')[1]!
}

interface Registered {
  readonly status: string
  readonly registration?: { readonly lifetimeSeconds: number; readonly links: string; readonly queueMode: boolean }
}
const device = (name: string): Promise<Registered> => operator.json('GET', `/v1/devices/${name}`)

interface Datagram {
  readonly at: string
  readonly direction: string
  readonly options: readonly { readonly name: string; readonly value: string }[]
}
async function heardOf(name: string): Promise<readonly Datagram[]> {
  const { datagrams } = await operator.json<{ datagrams: Datagram[] }>('GET', `/v1/devices/${name}/trace`)
  return datagrams.filter(({ direction }) => direction === 'received')
}

/** Content formats the device used. */
async function formatsOf(name: string): Promise<ReadonlySet<number>> {
  const options = (await heardOf(name)).flatMap((datagram) => datagram.options)
  const formats = options.filter((option) => option.name === 'Content-Format')
  return new Set(formats.map(({ value }) => Number.parseInt(value)))
}

/**
 * Values by resource of object 3442, each of another type. The largest unsigned one is 2^63: what is above comes
 * back from Leshan as a negative number where the format is TLV.
 */
const everyType: readonly (readonly [resource: number, value: unknown])[] = [
  [110, 'grüezi'],
  [120, -5],
  [120, '-9007199254740993'],
  [125, '9223372036854775808'],
  [130, -1.5],
  [140, false],
  [150, '00ff10'],
  [160, '2026-11-21T06:00:00Z'],
  [170, '3:0'],
  [180, '</3/0>;x="1",</4>'],
]

// What it registers and takes is narrowed, so that the server has no choice.
const narrowed: readonly (readonly [name: string, number: number])[] = [
  ['TLV', 11542],
  ['JSON', 11543],
  ['SENML_JSON', 110],
  ['SENML_CBOR', 112],
]

describe.skipIf(!leshanBuilt).concurrent('Leshan (skipped where scripts/build-peers.sh did not build it)', () => {
  it('registers, updates, deregisters, and registers again', async ({ expect }) => {
    const name = 'registering'
    const location = await registers(name, { lifetime: 300 })
    expect(location).toMatch(/^\/rd\/\w{11}$/)
    expect(await device(name)).toMatchObject({ status: 'awake', registration: { lifetimeSeconds: 300 } })
    leshan.tell('update', name)
    await leshan.says(name, /^updated/)
    // A new lifetime makes it tell.
    await operator.gets(name, 'write', '/1/0/1', 600)
    await leshan.says(name, /^updated/)
    await expect.poll(() => device(name), { timeout: 10_000 }).toMatchObject({ registration: { lifetimeSeconds: 600 } })
    leshan.tell('stop', name)
    await leshan.says(name, /^deregistered/)
    expect(await device(name)).toMatchObject({ status: 'offline' })
    expect(await registers(name)).not.toBe(location)
    expect(await device(name)).toMatchObject({ status: 'awake' })
  })

  it.each(narrowed)('%s: reads and writes every type', async (format, number) => {
    const name = `format-${format}`
    await registers(name, { formats: format })
    for (const [resource, value] of everyType) {
      await operator.gets(name, 'write', `/3442/0/${resource}`, value)
      expect(await operator.gets(name, 'read', `/3442/0/${resource}`)).toMatchObject({ value })
    }
    await operator.gets(name, 'write', '/3442/0/1110', { 0: 'a', 3: 'b' })
    await operator.gets(name, 'write-partial', '/3442/0/1110', { 5: 'c' })
    await operator.gets(name, 'write', '/3442/0/1110/5', 'd')
    const values = { 0: 'a', 3: 'b', 5: 'd' }
    expect(await operator.gets(name, 'read', '/3442/0/1110')).toMatchObject({ values })
    await operator.gets(name, 'write', '/3442/0/1150', { 0: 'aa', 4464: 'bb' })
    await operator.gets(name, 'write-partial', '/3442/0', { 110: 'part', 120: 7 })
    const instance = {
      resources: {
        110: { value: 'part' },
        120: { value: 7 },
        1110: { values },
        1150: { values: { 0: 'aa', 4464: 'bb' } },
      },
    }
    expect(await operator.gets(name, 'read', '/3442/0')).toMatchObject(instance)
    expect(await operator.gets(name, 'read', '/3442')).toMatchObject({ instances: { 0: instance } })
    expect(await operator.gets(name, 'observe', '/3442/0')).toMatchObject(instance)
    expect(await operator.gets(name, 'create', '/3442/7', { 110: 'seven' })).toEqual({ path: '/3442/7' })
    await leshan.says(name, /^updated/)
    expect(await operator.gets(name, 'read', '/3442/7/110')).toMatchObject({ value: 'seven' })
    // What is not mentioned goes.
    await operator.gets(name, 'write', '/3442/0', { 110: 'alone' })
    const replaced = (await operator.gets(name, 'read', '/3442/0')) as { resources: object }
    expect(replaced.resources).toEqual({ 110: expect.objectContaining({ value: 'alone' }) as unknown })
    expect(await formatsOf(name)).toEqual(new Set([40, number]))
  })

  it('CBOR alone: reads and writes one value of every type, and nothing larger', async ({ expect }) => {
    const name = 'format-CBOR'
    await registers(name, { formats: 'CBOR' })
    for (const [resource, value] of everyType) {
      await operator.gets(name, 'write', `/3442/0/${resource}`, value)
      expect(await operator.gets(name, 'read', `/3442/0/${resource}`)).toMatchObject({ value })
    }
    expect(await operator.gets(name, 'read', '/3442/0/1120/0')).toMatchObject({ value: 1024 })
    expect(await formatsOf(name)).toEqual(new Set([40, 60]))
    // It would answer in TLV, which it has not got here.
    expect(await operator.asks(name, 'read', '/3442/0')).toMatchObject({ state: 'failed', code: '5.00' })
  })

  it('executes, creates, deletes, discovers, and takes attributes', async ({ expect }) => {
    const name = 'managed'
    await registers(name)
    await operator.gets(name, 'execute', '/3442/0/3', "0='abc',4")
    expect(await operator.gets(name, 'read', '/3442/0/4')).toMatchObject({ values: { 0: 'abc', 4: '' } })
    await operator.gets(name, 'execute', '/3/0/4')
    await leshan.says(name, /^executed \/3\/0\/4/)
    const { path } = (await operator.gets(name, 'create', '/3442', { 110: 'new' })) as { path: string }
    expect(path).toMatch(/^\/3442\/[1-9]\d*$/)
    const links = async (): Promise<string> => (await device(name)).registration!.links
    await expect.poll(links, { timeout: 10_000 }).toContain(`<${path}>`)
    expect(await operator.gets(name, 'read', `${path}/110`)).toMatchObject({ value: 'new' })
    await operator.gets(name, 'delete', path)
    await expect.poll(links, { timeout: 10_000 }).not.toContain(`<${path}>`)
    await operator.gets(name, 'write-attributes', temperature, { pmin: 1, pmax: 60, st: 0.5 })
    expect(await operator.gets(name, 'discover', '/3303/0')).toEqual([
      { path: '/3303/0', name: 'Temperature', attributes: {} },
      { path: temperature, name: 'Sensor Value', attributes: { pmin: '1', pmax: '60', st: '0.5' } },
      { path: '/3303/0/5701', name: 'Sensor Units', attributes: {} },
    ])
    const discovered = (await operator.gets(name, 'discover', '/3442/0/1110')) as { attributes: object }[]
    expect(discovered.map(({ attributes }) => attributes)).toEqual([{ dim: '1' }, {}])
  })

  it.each<[what: string, kind: string, path: string, value: unknown, code: string]>([
    ['a hidden object', 'read', '/0/0', undefined, '4.04'],
    ['an instance it has not', 'read', '/3442/9', undefined, '4.04'],
    ['a resource it has not', 'read', '/3/0/2000', undefined, '4.04'],
    ['what is read-only', 'write', '/3/0/3', 'x', '4.05'],
    ['what cannot be read', 'read', '/3/0/4', undefined, '4.05'],
    ['what cannot be executed', 'execute', '/3/0/3', undefined, '4.05'],
    ['the only instance of an object', 'delete', '/3/0', undefined, '4.05'],
  ])('refuses %s: %s %s', async (what, kind, path, value, code) => {
    const name = `refusing-${what.replaceAll(' ', '-')}`
    await registers(name)
    expect(await operator.asks(name, kind, path, value, { force: true })).toMatchObject({ state: 'failed', code })
  })

  it('reads, writes and observes composites', async ({ expect }) => {
    const name = 'composite'
    await registers(name)
    const read = await operator.gets(name, 'read-composite', '/3/0/0 /3303/0')
    expect(read).toMatchObject({
      objects: {
        3: { instances: { 0: { resources: { 0: { value: 'Eclipse Leshan' } } } } },
        3303: { instances: { 0: { resources: { 5700: { value: 20.5 }, 5701: { value: 'Cel' } } } } },
      },
    })
    await operator.gets(name, 'write-composite', '/', { '/3442/0/120': 99, '/3/0/14': '+01:00' })
    await leshan.says(name, /^wrote \/3\/0\/14 \+01:00/)
    expect(await operator.gets(name, 'read', '/3442/0/120')).toMatchObject({ value: 99 })
    await operator.gets(name, 'observe-composite', `${temperature} /3/0/9`)
    leshan.tell('set', name, '30.25')
    const told = (): Promise<readonly unknown[]> => operator.samples(name, 'notification', temperature)
    await expect.poll(told, { timeout: 10_000 }).toEqual([30.25])
    expect(await operator.samples(name, 'notification', '/3/0/9')).toEqual([87])
    await operator.gets(name, 'cancel-observe', `${temperature} /3/0/9`)
    leshan.tell('set', name, '31')
    expect(await operator.gets(name, 'read', temperature)).toMatchObject({ value: 31 })
    expect(await operator.samples(name, 'notification', temperature)).toEqual([30.25])
  })

  it('notifies of a value until that is cancelled, also after it has started anew', async ({ expect }) => {
    const name = 'observed'
    await registers(name)
    expect(await operator.gets(name, 'observe', temperature, { st: 2 })).toMatchObject({ value: 20.5 })
    const told = (): Promise<readonly unknown[]> => operator.samples(name, 'notification', temperature)
    for (const value of ['21', '23', '23.5', '26']) leshan.tell('set', name, value)
    await expect.poll(told, { timeout: 10_000 }).toEqual([23, 26])
    leshan.tell('die', name)
    await registers(name)
    const established = async (): Promise<number> => (await operator.events(name, 'observation.established')).length
    await expect.poll(established, { timeout: 10_000 }).toBe(2)
    leshan.tell('set', name, '40')
    await expect.poll(told, { timeout: 10_000 }).toEqual([23, 26, 40])
    await operator.gets(name, 'cancel-observe', temperature)
    leshan.tell('set', name, '50')
    expect(await operator.gets(name, 'read', temperature)).toMatchObject({ value: 50 })
    expect(await told()).toEqual([23, 26, 40])
  })

  it('sends values, and values it has collected with their times', async ({ expect }) => {
    const name = 'sending'
    await registers(name)
    for (const format of ['SENML_JSON', 'SENML_CBOR']) {
      leshan.tell('send', name, format, `${temperature},/3442/0`)
      await leshan.says(name, /^sent CHANGED/)
    }
    expect(await operator.samples(name, 'send', temperature)).toEqual([20.5, 20.5])
    expect(await operator.samples(name, 'send', '/3442/0/125')).toEqual(['9223372036854775808', '9223372036854775808'])
    leshan.tell('collect', name, temperature)
    leshan.tell('set', name, '22')
    leshan.tell('collect', name, temperature)
    leshan.tell('flush', name, 'SENML_CBOR')
    await leshan.says(name, /^flushed/)
    await expect
      .poll(() => operator.samples(name, 'send', temperature), { timeout: 10_000 })
      .toEqual([20.5, 20.5, 20.5, 22])
    const { detail } = (await operator.events(name, 'send')).at(-1)!
    const times = (detail['samples'] as { at: string }[]).map(({ at }) => Date.parse(at))
    expect(times[0]).toBeLessThanOrEqual(times[1]!)
  })
})

describe.skipIf(!leshanBuilt)('Leshan in queue mode, and a server that is killed', () => {
  const name = 'sleeping'

  it('is asked what waits for it when it wakes, the newest server too', async () => {
    await registers(name, { queue: 'yes' })
    await operator.json('PATCH', `/v1/devices/${name}`, { profile: 'thread-sleepy' })
    expect(await device(name)).toMatchObject({ registration: { queueMode: true } })
    await operator.gets(name, 'observe', temperature)
    // It listens for 5 s after whatever it said last, an answer too.
    const silence = async (): Promise<number> => Date.now() - Date.parse((await heardOf(name)).at(-1)!.at)
    await expect.poll(silence, { timeout: 10_000 }).toBeGreaterThan(5500)
    expect(await device(name)).toMatchObject({ status: 'asleep' })
    const queued = await operator.json<{ id: number }>('POST', `/v1/devices/${name}/operations`, {
      kind: 'write',
      path: '/3/0/14',
      value: '+05:00',
    })
    const state = async (): Promise<unknown> => {
      const { state, reason } = await operator.json<{ state: string; reason?: string }>(
        'GET',
        `/v1/operations/${queued.id}`,
      )
      return { state, reason }
    }
    expect(await state()).toEqual({ state: 'queued', reason: 'device-asleep' })
    await server.end('SIGKILL')
    await start(server.coapPort)
    expect(await state()).toEqual({ state: 'queued', reason: 'device-asleep' })
    leshan.tell('update', name)
    await leshan.says(name, /^wrote \/3\/0\/14 \+05:00/)
    await expect.poll(state, { timeout: 10_000 }).toEqual({ state: 'acknowledged', reason: undefined })
  })

  it('its observation goes on as if nothing had been', async () => {
    leshan.tell('set', name, '28')
    await expect.poll(() => operator.samples(name, 'notification', temperature), { timeout: 10_000 }).toEqual([28])
    const registrations = await operator.events(name, 'registration.registered')
    assert.equal(registrations.length, 1)
  })
})
