/** `coapstan devices`: what it prints, in every format, and what it asks of the server. */
import { beforeEach, describe, expect, it } from 'vitest'
import { instantOf } from '../../../src/base/time.ts'
import { start } from '../api/fake-fleet.ts'
import { cliUnderTest, type CliUnderTest } from './cli-under-test.ts'

let cli: CliUnderTest
beforeEach(async () => {
  cli = await cliUnderTest()
  cli.fleet.addDevice('urn:dev:b', {
    status: 'asleep',
    product: 'meter',
    lastSeen: instantOf(start - 65_000),
    nextExpectedAt: instantOf(start + 3_600_000),
  })
  cli.fleet.addDevice('urn:dev:a', { tags: { site: 'berlin', floor: '2' }, profile: 'nbiot' })
})

describe('coapstan devices', () => {
  it('prints an aligned table', async () => {
    expect(await cli.run('devices')).toEqual({
      code: 0,
      out: `ENDPOINT   STATUS  PRODUCT  PROFILE  LAST SEEN  NEXT EXPECTED  TAGS
urn:dev:a  awake            nbiot                              site=berlin floor=2
urn:dev:b  asleep  meter             1 min ago  in 1 h
`,
      err: '',
    })
  })

  it('fits a narrow terminal', async () => {
    cli.terminal = { columns: 66 }
    const { out } = await cli.run('devices', '--no-color')
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(66)
    expect(out).toMatch(/site=\w*…/)
  })

  it('drops what is empty and cuts names in the middle before it cuts the rest', async () => {
    cli.fleet.addDevice('urn:imei:863703031234567', { product: 'tracker' })
    cli.fleet.addDevice('urn:imei:863703031234999', { product: 'tracker' })
    cli.terminal = { columns: 34 }
    expect((await cli.run('devices', '--product', 'tracker', '--no-color')).out)
      .toBe(`ENDPOINT           STATUS  PRODUCT
urn:imei…31234567  awake   tracker
urn:imei…31234999  awake   tracker
`)
  })

  it('gives a character as many columns as a terminal does', async () => {
    cli.fleet.addDevice('urn:dev:東京', { product: 'meter' })
    cli.fleet.addDevice('urn:dev:🔋', { product: 'meter' })
    expect((await cli.run('devices', '--product', 'meter')).out).toContain(`
urn:dev:東京  awake   meter
urn:dev:🔋    awake   meter
`)
    cli.terminal = { columns: 62 }
    cli.fleet.addDevice('東京'.repeat(9), { product: 'meter' })
    expect((await cli.run('devices', '--product', 'meter', '--no-color')).out).toContain('東京東京…京東京東京  awake')
  })

  it('colours a terminal, and only where colours are welcome', async () => {
    cli.terminal = { columns: 100 }
    expect((await cli.run('devices')).out).toContain('\u001b[')
    expect((await cli.run('devices', '--no-color')).out).not.toContain('\u001b[')
    cli.environment['NO_COLOR'] = '1'
    expect((await cli.run('devices')).out).not.toContain('\u001b[')
  })

  it.each([
    ['name', 'urn:dev:a\nurn:dev:b\n'],
    [
      'csv',
      `ENDPOINT,STATUS,PRODUCT,PROFILE,LAST SEEN,NEXT EXPECTED,TAGS
urn:dev:a,awake,,nbiot,,,site=berlin floor=2
urn:dev:b,asleep,meter,,${new Date(start - 65_000).toISOString()},${new Date(start + 3_600_000).toISOString()},
`,
    ],
  ])('prints %s', async (format, out) => {
    expect(await cli.run('devices', '-o', format)).toEqual({ code: 0, out, err: '' })
  })

  it('prints JSON and YAML as the API has it', async () => {
    expect(JSON.parse((await cli.run('devices', '-o', 'json')).out)).toMatchObject([{ endpoint: 'urn:dev:a' }, {}])
    expect((await cli.run('-o', 'yaml', 'devices')).out).toContain('- id: 2\n  endpoint: urn:dev:a\n')
  })

  it.each([
    [['--status', 'asleep'], 'urn:dev:b\n'],
    [['--tag', 'site=berlin', '--tag', 'floor=2'], 'urn:dev:a\n'],
    [['--product', 'meter'], 'urn:dev:b\n'],
    [['--prefix', 'urn:dev:a'], 'urn:dev:a\n'],
  ])('filters by %j', async (flags, out) => {
    expect((await cli.run('devices', ...flags, '-o', 'name')).out).toBe(out)
  })

  it('shows who waits to be accepted, and accepts one', async () => {
    cli.fleet.addDevice('urn:dev:new', { status: 'quarantined', quarantinedAt: start })
    expect((await cli.run('devices', '--pending', '-o', 'name')).out).toBe('urn:dev:new\n')
    expect(await cli.run('devices', 'accept', 'urn:dev:new')).toEqual({
      code: 0,
      out: 'urn:dev:new is accepted\n',
      err: '',
    })
    expect(await cli.run('devices', '--pending')).toMatchObject({ err: 'no device waits to be accepted\n' })
    expect(await cli.run('devices', '--pending', '--status', 'awake')).toMatchObject({ code: 2 })
  })

  it('fetches page after page, and says where it stopped', async () => {
    for (let i = 0; i < 1200; i++) cli.fleet.addDevice(`many-${i}`)
    const some = await cli.run('devices', '-o', 'name')
    expect(some.out.split('\n')).toHaveLength(1001)
    expect(some.err).toContain('--limit 0')
    const all = await cli.run('devices', '--limit', '0', '-o', 'name')
    expect(all.out.split('\n')).toHaveLength(1203)
    expect(all.err).toBe('')
  })

  it('says how to begin where there are none', async () => {
    cli.fleet.known.clear()
    expect(await cli.run('devices')).toMatchObject({
      code: 0,
      out: '',
      err: expect.stringContaining('coapstan device') as string,
    })
    expect((await cli.run('devices', '-o', 'json')).out).toBe('[]\n')
  })

  it('keeps what a device calls itself from steering the terminal', async () => {
    cli.fleet.addDevice('evil\u001b[2J\n', { product: 'x\u202ey' })
    const { out } = await cli.run('devices', '--prefix', 'evil')
    expect(out).toContain('evil�[2J�')
    expect(out).toContain('x�y')
  })
})

describe('coapstan devices show', () => {
  it('prints all that is known', async () => {
    cli.fleet.addDevice('dev', {
      lastSeen: start,
      registration: {
        id: 'r1',
        lwm2mVersion: '1.1',
        lifetime: 300,
        binding: 'U',
        queueMode: true,
        links: '</>;rt="oma.lwm2m";ct=110,</1/0>,</3/0>',
        registeredAt: start,
        updatedAt: start,
        expiresAt: instantOf(start + 300_000),
        address: '192.0.2.7',
        port: 49152,
        secured: false,
        messageId: 1,
        token: '',
      },
    })
    expect((await cli.run('devices', 'show', 'dev')).out).toBe(`Endpoint    dev
Status      awake
Profile     nbiot (the default)
Created     2026-01-02T03:04:05.000Z (now)
Last seen   2026-01-02T03:04:05.000Z (now)
Registered  2026-01-02T03:04:05.000Z (now)
Expires     2026-01-02T03:09:05.000Z (in 5 min)
Lifetime    5 min
LwM2M       1.1
Binding     U, sleeps between uplinks
Address     192.0.2.7 port 49152
Objects     /1/0 /3/0
Listens     always
Revision    777f6e810d72640c
`)
  })

  it('names the nearest where there is none of that name', async () => {
    const { code, err } = await cli.run('devices', 'show', 'urn:dev:x')
    expect(code).toBe(1)
    expect(err).toBe(`coapstan: no device is called 'urn:dev:x'
  did you mean urn:dev:b or urn:dev:a?
`)
  })
})

describe('coapstan devices set', () => {
  it('changes what is named', async () => {
    const ran = await cli.run(
      'devices',
      'set',
      'urn:dev:a',
      '--product',
      'p',
      '--tag',
      'x=1=2',
      '--untag',
      'floor',
      '--profile',
      '',
    )
    expect(ran).toEqual({ code: 0, out: 'urn:dev:a is set\n', err: '' })
    expect(cli.fleet.known.get('urn:dev:a')).toMatchObject({ product: 'p', tags: { site: 'berlin', x: '1=2' } })
    expect(cli.fleet.known.get('urn:dev:a')).not.toHaveProperty('profile')
  })

  it('retires', async () => {
    await cli.run('devices', 'set', 'urn:dev:a', '--retire')
    expect(cli.fleet.known.get('urn:dev:a')).toMatchObject({ status: 'retired' })
  })

  it('creates only where told to', async () => {
    expect((await cli.run('devices', 'set', 'new', '--product', 'p')).code).toBe(1)
    expect((await cli.run('devices', 'set', 'new', '--product', 'p', '--create')).code).toBe(0)
    expect(cli.fleet.known.get('new')).toMatchObject({ product: 'p' })
  })

  it.each([
    [[], 'nothing to set'],
    [['--tag', 'x'], 'not name=value'],
    [['--retire', '--restore'], 'not both'],
    [['--profile', 'lora'], 'coapstan: profile must be one of'],
  ])('says no to %j', async (flags, sentence) => {
    const { code, err } = await cli.run('devices', 'set', 'urn:dev:a', ...flags)
    expect(code).toBe(2)
    expect(err).toContain(sentence)
  })
})

it('coapstan devices delete forgets one', async () => {
  expect(await cli.run('devices', 'delete', 'urn:dev:a')).toMatchObject({ code: 0, out: 'urn:dev:a is forgotten\n' })
  expect(cli.fleet.known.has('urn:dev:a')).toBe(false)
})
