/** Commands that ask something of a device: what they ask, what they print, how they end. */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { ContentJson } from '../../../src/api/contract/content.ts'
import { instantOf } from '../../../src/base/time.ts'
import { start } from '../api/fake-fleet.ts'
import { cliUnderTest, type CliUnderTest } from './cli-under-test.ts'

let cli: CliUnderTest
beforeEach(async () => {
  cli = await cliUnderTest()
  cli.fleet.addDevice('dev')
  cli.fleet.addDevice('away', { status: 'offline' })
  cli.fleet.addDevice('sleepy', { status: 'asleep', nextExpectedAt: instantOf(start + 3 * 3_600_000) })
})

/** The device answers everything with `result`. */
function answering(result?: unknown, code = '2.05'): void {
  cli.fleet.answer = () => ({ state: 'acknowledged', code, ...(result !== undefined && { result }) })
}

const battery: ContentJson = { path: '/3/0/9', name: 'Battery Level', type: 'integer', unit: '%', value: 97 }
const deviceObject: ContentJson = {
  path: '/3/0',
  name: 'Device',
  resources: {
    0: { path: '/3/0/0', name: 'Manufacturer', type: 'string', value: 'Coapstan' },
    6: { path: '/3/0/6', name: 'Available Power Sources', type: 'integer', values: { 0: 1, 1: 5 } },
    9: battery,
    26248: { path: '/3/0/26248', type: 'opaque', value: 'cafe' },
  },
}

describe('coapstan read', () => {
  it('prints one value with its name and unit', async () => {
    answering(battery)
    expect(await cli.run('read', 'dev', '/3/0/9')).toEqual({ code: 0, out: 'Battery Level  97 %\n', err: '' })
    expect(cli.fleet.asked[0]).toMatchObject({
      kind: 'read',
      path: '/3/0/9',
      idempotencyKey: expect.any(String) as string,
    })
  })

  it('prints several with their paths', async () => {
    answering(deviceObject)
    expect((await cli.run('read', 'dev', '/3/0')).out).toBe(`/3/0/0      Manufacturer             Coapstan
/3/0/6/0    Available Power Sources  1
/3/0/6/1    Available Power Sources  5
/3/0/9      Battery Level            97 %
/3/0/26248                           cafe
`)
  })

  it.each([
    ['name', '/3/0/9\n'],
    ['csv', 'PATH,NAME,VALUE,UNIT\n/3/0/9,Battery Level,97,%\n'],
    ['json', `${JSON.stringify(battery, null, 2)}\n`],
    ['yaml', 'path: /3/0/9\nname: Battery Level\ntype: integer\nunit: "%"\nvalue: 97\n'],
  ])('prints %s', async (format, out) => {
    answering(battery)
    expect((await cli.run('read', 'dev', '/3/0/9', '-o', format)).out).toBe(out)
  })

  it('says that it is empty', async () => {
    answering({ path: '/3303', name: 'Temperature', instances: {} })
    expect(await cli.run('read', 'dev', '/3303')).toEqual({ code: 0, out: '', err: '/3303 is empty\n' })
  })
})

describe('what is asked', () => {
  it.each<[string[], object, string]>([
    [
      ['write', 'dev', '/3/0/14', '+02:00'],
      { kind: 'write', path: '/3/0/14', value: '+02:00' },
      '/3/0/14 is written (2.04)\n',
    ],
    [['write', 'dev', '/3303/0/5700', '-5'], { kind: 'write', value: '-5' }, '/3303/0/5700 is written (2.04)\n'],
    [
      ['write', 'dev', '/1/0', '{"2":60}', '--json', '--partial'],
      { kind: 'write-partial', value: { 2: 60 } },
      '/1/0 is written (2.04)\n',
    ],
    [['execute', 'dev', '/3/0/4'], { kind: 'execute', path: '/3/0/4' }, '/3/0/4 is executed (2.04)\n'],
    [['execute', 'dev', '/5/0/2', "0='x'"], { kind: 'execute', value: "0='x'" }, '/5/0/2 is executed (2.04)\n'],
    [
      ['create', 'dev', '/3303', '{"5701":"Cel"}'],
      { kind: 'create', value: { 5701: 'Cel' } },
      'an instance of /3303 is created (2.04)\n',
    ],
    [['delete', 'dev', '/3303/1'], { kind: 'delete', path: '/3303/1' }, '/3303/1 is deleted (2.04)\n'],
    [
      ['observe', 'dev', '/4/0/2', '--cancel'],
      { kind: 'cancel-observe', path: '/4/0/2' },
      '/4/0/2 is no longer observed\n',
    ],
  ])('coapstan %j', async (argv, asked, out) => {
    answering(undefined, '2.04')
    expect(await cli.run(...argv)).toEqual({ code: 0, out, err: '' })
    expect(cli.fleet.asked).toMatchObject([asked])
  })

  it('coapstan discover lists paths, names and attributes', async () => {
    answering([
      { path: '/3', name: 'Device', attributes: { ver: '1.2' } },
      { path: '/3/0', name: 'Device', attributes: {} },
      { path: '/3/0/9', name: 'Battery Level', attributes: { pmin: '10', pmax: '60' } },
    ])
    expect((await cli.run('discover', 'dev', '/3')).out).toBe(`PATH    NAME           ATTRIBUTES
/3      Device         ver=1.2
/3/0    Device
/3/0/9  Battery Level  pmin=10 pmax=60
`)
  })

  it('does not wait where told not to', async () => {
    expect(await cli.run('write', 'sleepy', '/3/0/14', 'x', '--detach')).toEqual({
      code: 0,
      out: 'operation 1 is queued: the device is asleep, and asked as soon as it wakes, expected in 3 h\n',
      err: '',
    })
  })

  it('says no to a value that is no JSON, before anything is asked', async () => {
    const { code, err } = await cli.run('write', 'dev', '/1/0', '{', '--json')
    expect([code, cli.fleet.asked.length]).toEqual([2, 0])
    expect(err).toMatch(/^coapstan: the value is no JSON/)
  })
})

describe('how it ends', () => {
  it.each<[object, string]>([
    [
      { state: 'failed', reason: 'rejected', code: '4.04', detail: '4.04 Not Found: the device has no /9' },
      'the device said no: 4.04 Not Found: the device has no /9\n  what there is: coapstan discover dev /9\n',
    ],
    [
      { state: 'failed', reason: 'timed-out', attempts: 1 },
      'the device did not answer, asked 1 time\n  is it on? coapstan devices show dev\n',
    ],
    [
      { state: 'failed', reason: 'undecodable', detail: 'bad TLV' },
      'the answer could not be understood: bad TLV\n  its octets: coapstan operations show 1\n',
    ],
    [{ state: 'failed', reason: 'outcome-unknown' }, 'nobody knows whether the device did it'],
    [{ state: 'expired', reason: 'deadline' }, 'the device was not reached within 24 h\n'],
    [{ state: 'cancelled', reason: 'cancelled-by-operator' }, 'the operation was cancelled\n'],
    [{ state: 'failed', reason: 'device-gone' }, 'the device is gone'],
    [{ state: 'failed', reason: 'reset' }, 'try again'],
    [{ state: 'failed' }, 'the operation is failed\n'],
  ])('%j', async (outcome, sentence) => {
    cli.fleet.answer = () => outcome
    const { code, out, err } = await cli.run('read', 'dev', '/9/0')
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain(sentence)
  })

  it('gives up after --timeout, and says what goes on without it', async () => {
    const { code, err } = await cli.run('read', 'dev', '/3/0', '--timeout', '0s')
    expect(code).toBe(1)
    expect(err).toContain('coapstan: no outcome yet: it is about to be sent\n  operation 1 stays with the server until')
  })

  it('does not wait for a device that sleeps, and says when it is expected', async () => {
    const { code, err } = await cli.run('read', 'sleepy', '/3/0')
    expect(code).toBe(1)
    expect(err).toBe(`coapstan: no outcome yet: the device is asleep, and asked as soon as it wakes, expected in 3 h
  wait for it with --wait 10m; --at-wake is content with that
  operation 1 stays with the server until 2026-01-03T03:04:05.000Z
  see what becomes of it: coapstan operations sleepy --follow
  take it back: coapstan operations cancel 1
`)
  })

  it('waits until the outcome comes', async () => {
    const reading = cli.begin('read', 'dev', '/3/0/9')
    await vi.waitFor(() => expect(cli.fleet.asked).toHaveLength(1))
    cli.fleet.finish(1, { state: 'acknowledged', code: '2.05', result: battery })
    expect(await reading.ran).toEqual({ code: 0, out: 'Battery Level  97 %\n', err: '' })
  })

  it('waits for a sleeping device where told to', async () => {
    const reading = cli.begin('read', 'sleepy', '/3/0/9', '--wait', '10m')
    await vi.waitFor(() => expect(cli.fleet.asked).toHaveLength(1))
    cli.fleet.finish(1, { state: 'acknowledged', code: '2.05', result: battery })
    expect(await reading.ran).toEqual({ code: 0, out: 'Battery Level  97 %\n', err: '' })
  })

  it('is content with a question for the next wake where told so', async () => {
    expect(await cli.run('execute', 'sleepy', 'Device/0/Reboot', '--at-wake')).toEqual({
      code: 0,
      out: 'operation 1 is queued: the device is asleep, and asked as soon as it wakes, expected in 3 h\n',
      err: '',
    })
    expect(await cli.run('execute', 'away', 'Device/0/Reboot', '--at-wake')).toMatchObject({
      code: 0,
      out: 'operation 2 is queued: the device is not registered, and asked as soon as it is\n',
    })
    answering(battery)
    expect(await cli.run('read', 'dev', '/3/0/9', '--at-wake')).toMatchObject({ out: 'Battery Level  97 %\n' })
    expect(await cli.run('read', 'dev', '/3/0/9', '--at-wake', '--wait', '1m')).toMatchObject({ code: 2 })
  })

  it('can be interrupted', async () => {
    const reading = cli.begin('read', 'dev', '/3/0')
    await vi.waitFor(() => expect(cli.fleet.asked).toHaveLength(1))
    cli.interrupt()
    expect((await reading.ran).code).toBe(130)
  })
})

describe('coapstan operations', () => {
  beforeEach(async () => {
    answering(battery)
    await cli.run('read', 'dev', '/3/0/9')
    cli.fleet.answer = () => ({ state: 'failed', reason: 'rejected', code: '4.05' })
    await cli.run('write', 'dev', '/3/0/0', 'x')
    cli.fleet.answer = undefined
    await cli.run('execute', 'sleepy', '/3/0/4', '--detach')
  })

  it('lists those of all devices, newest first', async () => {
    expect((await cli.run('operations')).out).toBe(`ID  ENDPOINT  KIND     PATH    STATE         ASKED  OUTCOME
 3  sleepy    execute  /3/0/4  queued        now    device-asleep
 2  dev       write    /3/0/0  failed        now    rejected: 4.05
 1  dev       read     /3/0/9  acknowledged  now    Battery Level 97 %
`)
  })

  it.each([
    [['operations', 'dev', '-o', 'name'], '2\n1\n'],
    [['operations', '--state', 'queued', '-o', 'name'], '3\n'],
    [['operations', '--limit', '1', '-o', 'name'], '3\n'],
  ])('%j', async (argv, out) => {
    expect(await cli.run(...argv)).toEqual({ code: 0, out, err: '' })
  })

  it('shows one with its result', async () => {
    const { out } = await cli.run('operations', 'show', '1')
    expect(out).toContain('Asked      read /3/0/9\n')
    expect(out).toContain('Result     Battery Level 97 %\n')
  })

  it('cancels one', async () => {
    expect(await cli.run('operations', 'cancel', '3')).toMatchObject({ code: 0, out: 'operation 3 is cancelled\n' })
    expect(await cli.run('operations', 'cancel', '3')).toMatchObject({
      code: 1,
      err: 'coapstan: operation 3 is cancelled\n',
    })
    expect(await cli.run('operations', 'cancel', 'x')).toMatchObject({ code: 2 })
  })

  it('follows what changes', async () => {
    const following = cli.begin('operations', 'sleepy', '--follow')
    await vi.waitFor(async () => {
      expect((await cli.api.call('GET', '/v1/status')).json).toMatchObject({ counts: { eventStreams: 1 } })
    })
    expect(following.out()).toContain('queued')
    cli.fleet.finish(3, { state: 'acknowledged', code: '2.04' })
    await vi.waitFor(() => expect(following.out()).toContain('3  sleepy  execute  /3/0/4  acknowledged  2.04\n'))
    cli.interrupt()
    expect(await following.ran).toMatchObject({ code: 0 })
  })
})

describe('coapstan observe', () => {
  const sample = (value: number) => ({
    path: '/4/0/2',
    samples: [{ path: '/4/0/2', name: 'RSSI', unit: 'dBm', value }],
  })
  const first = { path: '/4/0/2', name: 'RSSI', unit: 'dBm', type: 'integer', value: -80 }

  it('prints the first value and says that it stays observed', async () => {
    answering(first)
    expect(await cli.run('observe', 'dev', '/4/0/2', '--attributes', 'pmin=1')).toEqual({
      code: 0,
      out: 'RSSI  -80 dBm\n',
      err: 'it stays observed; end that with: coapstan observe dev /4/0/2 --cancel\n',
    })
    expect(cli.fleet.asked).toMatchObject([{ kind: 'observe', value: 'pmin=1' }])
  })

  it('follows notifications of the path until Ctrl-C, and then ends well', async () => {
    answering(first)
    const following = cli.begin('observe', 'dev', '/4/0/2', '--follow')
    await vi.waitFor(() => expect(following.err()).toContain('following'))
    cli.fleet.emit('notification', 'dev', sample(-81))
    cli.fleet.emit('notification', 'dev', { ...sample(-99), path: '/4/0' })
    cli.fleet.emit('notification', 'sleepy', sample(-99))
    cli.fleet.emit('notification', 'dev', { path: '/4/0/2', undecodable: 'tlv.length' })
    cli.fleet.emit('observation.ended', 'dev', { path: '/4/0/2' })
    await vi.waitFor(() => expect(following.err()).toContain('ended'))
    cli.interrupt()
    expect(await following.ran).toEqual({
      code: 0,
      out: `2026-01-02T03:04:05.000Z  RSSI -80 dBm
2026-01-02T03:04:05.000Z  RSSI -81 dBm
2026-01-02T03:04:05.000Z  cannot be read: tlv.length
`,
      err: `following /4/0/2 of dev; Ctrl-C ends this, the observation stays
the observation ended: test
`,
    })
  })

  it('shows what is to be observed, and whether it is', async () => {
    const intent = { deviceId: 1, token: '00', createdAt: start, origins: ['operator'] as const }
    cli.fleet.intents.set('dev', [
      { ...intent, path: '/3/0/9', state: 'established', lastNotification: instantOf(start - 120_000) },
      {
        ...intent,
        path: '/3303/0/5700',
        origins: ['operator', 'rule'],
        state: 'established',
        attributes: {
          wanted: { pmin: 10, st: 0.5 },
          state: 'due',
          drift: [{ name: 'pmin', wanted: 10, actual: null }],
        },
      },
      { ...intent, path: '/3303', state: 'refused', reason: '4.04: there is no /3303 on the device' },
      { ...intent, path: '/4/0/2', state: 'wanted' },
    ])
    expect(await cli.run('observe', 'status', 'dev')).toEqual({
      code: 0,
      out: `PATH          STATE        WANTED BY       WHEN                                                         LAST TOLD  REASON
/3/0/9        established  operator                                                                     2 min ago
/3303/0/5700  established  operator, rule  pmin=10 st=0.5 (to be told; pmin was not set on the device)
/3303         refused      operator                                                                                4.04: there is no /3303 on the device
/4/0/2        wanted       operator
`,
      err: '',
    })
    expect(await cli.run('observe', 'status', 'sleepy')).toMatchObject({ err: 'nothing is observed on sleepy\n' })
    const { json } = await cli.api.call('GET', '/v1/devices/dev/observations')
    expect(JSON.stringify(json)).not.toContain('token')
  })

  it('follows as lines of JSON', async () => {
    answering(first)
    const following = cli.begin('observe', 'dev', '/4/0/2', '--follow', '-o', 'json')
    await vi.waitFor(() => expect(following.err()).toContain('following'))
    cli.fleet.emit('notification', 'dev', sample(-81))
    await vi.waitFor(() => expect(following.out().split('\n')).toHaveLength(3))
    cli.interrupt()
    const lines = (await following.ran).out.trim().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { samples: { value: number }[] }).samples[0]!.value)).toEqual([
      -80, -81,
    ])
  })
})
