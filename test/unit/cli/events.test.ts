/** `coapstan events` and `status`, and following through broken connections. */
import { beforeEach, expect, it, vi } from 'vitest'
import { cliUnderTest, type CliUnderTest } from './cli-under-test.ts'

let cli: CliUnderTest
beforeEach(async () => {
  cli = await cliUnderTest()
  cli.fleet.addDevice('a')
  cli.fleet.addDevice('b')
  cli.fleet.emit('registration.registered', 'a', { lifetime: 300, binding: 'U' })
  cli.fleet.emit('notification', 'b', {
    path: '/3303/0/5700',
    samples: [{ path: '/3303/0/5700', name: 'Sensor Value', unit: 'Cel', value: 21.5, at: '2026-01-02T03:00:00Z' }],
  })
})

it('lists what happened', async () => {
  expect((await cli.run('events')).out).toBe(
    `ID  AT                        KIND                     ENDPOINT  CAUSE  DETAIL
 1  2026-01-02T03:04:05.000Z  registration.registered  a         test   lifetime=300 binding=U
 2  2026-01-02T03:04:05.000Z  notification             b         test   Sensor Value 21.5 Cel (at 2026-01-02T03:00:00Z)
`,
  )
})

it('keeps what happened whole on a narrow screen', async () => {
  cli.terminal = { columns: 60 }
  expect((await cli.run('events', '--no-color')).out).toContain('  lifetime=300 binding=U\n')
})

it.each([
  [['--kind', 'notification'], '2\n'],
  [['--endpoint', 'a'], '1\n'],
  [['--limit', '1'], '2\n'],
  [['--after', '1'], '2\n'],
])('filters by %j', async (flags, out) => {
  expect((await cli.run('events', ...flags, '-o', 'name')).out).toBe(out)
})

it('names the kinds there are where one is not known', async () => {
  const { code, err } = await cli.run('events', '--kind', 'nonsense')
  expect(code).toBe(2)
  expect(err).toContain('coapstan: --kind must be one of device.created, ')
})

it('follows over a broken connection: nothing is lost, nothing told twice', async () => {
  const following = cli.begin('events', '--follow', '-o', 'name')
  await vi.waitFor(async () => {
    expect((await cli.api.call('GET', '/v1/status')).json).toMatchObject({ counts: { eventStreams: 1 } })
  })
  cli.fleet.emit('send', 'a')
  await vi.waitFor(() => expect(following.out()).toBe('3\n'))
  // The server stops: streams end in good order, and a new one takes its place after a while.
  cli.serverIsDown = true
  await cli.api.app.close()
  cli.fleet.emit('send', 'a')
  await vi.waitFor(() => expect(following.err()).toContain('the connection is lost, trying again …\n'))
  const next = await cliUnderTest()
  next.fleet.addDevice('a')
  next.fleet.happened.push(...cli.fleet.happened)
  Object.assign(cli.api, { app: next.api.app })
  cli.serverIsDown = false
  await vi.waitFor(() => expect(following.out()).toBe('3\n4\n'))
  next.fleet.emit('send', 'a')
  await vi.waitFor(() => expect(following.out()).toBe('3\n4\n5\n'))
  cli.interrupt()
  expect(await following.ran).toEqual({
    code: 0,
    out: '3\n4\n5\n',
    err: 'the connection is lost, trying again …\nconnected again\n',
  })
})

it('shows what the server says of itself', async () => {
  expect((await cli.run('status')).out).toBe(`Server         http://127.0.0.1:8080
Version        1.2.3
Up for         0 s
Listens on     coap 127.0.0.1 port 5683
Devices        2
Waits          0
Event streams  0
`)
})

it('logs what devices sent unasked: a row a value, with the time the device gave it', async () => {
  const sample = { path: '/3/0/9', name: 'Battery Level', unit: '%', value: 87, at: '2026-01-02T03:00:00Z' }
  cli.fleet.emit('send', 'a', { samples: [sample, { path: '/3/0/13', value: 'x' }] })
  cli.fleet.emit('send', 'b', { undecodable: 'cbor.truncated', detail: 'it ends early', payload: '81a1', size: 2 })
  expect((await cli.run('send-log', 'a')).out).toBe(
    `RECEIVED                  AT                    PATH     NAME           VALUE
2026-01-02T03:04:05.000Z  2026-01-02T03:00:00Z  /3/0/9   Battery Level  87 %
2026-01-02T03:04:05.000Z                        /3/0/13                 x
`,
  )
  expect((await cli.run('send-log', '-o', 'csv')).out).toContain('cannot be read: it ends early, octets 81a1')
  const following = cli.begin('send-log', 'a', '--follow')
  await vi.waitFor(() => expect(following.out()).toContain('Battery Level'))
  cli.fleet.emit('send', 'a', { samples: [{ ...sample, value: 86 }] })
  await vi.waitFor(() => expect(following.out()).toContain('Battery Level 86 %'))
  cli.interrupt()
  await following.ran
})
