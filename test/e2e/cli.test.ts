/**
 * The quick start as a user types it: the shipped command line against the shipped server and the virtual
 * device, each a process of its own, on free ports and in an empty directory.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

const launcher = join(import.meta.dirname, '../../bin/coapstan.cjs')
const endpoint = 'urn:dev:demo-1'
/** Milliseconds something may take on a busy machine. */
const patience = { timeout: 20_000, interval: 100 }

interface Process {
  readonly child: ChildProcess
  readonly texts: { out: string; err: string }
  readonly exit: Promise<number | null>
}

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

let directory: string
let httpPort = ''
let coapPort = ''
let server: Process
const devices: Process[] = []

function start(...argv: readonly string[]): Process {
  const child = spawn(process.execPath, [launcher, ...argv], {
    cwd: directory,
    env: { PATH: process.env['PATH'], ...(httpPort !== '' && { COAPSTAN_HTTP_PORT: httpPort }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const texts = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.err += text))
  return { child, texts, exit: once(child, 'close').then(([code]) => code as number | null) }
}

async function coapstan(...argv: readonly string[]): Promise<Ran> {
  const { texts, exit } = start(...argv)
  return { code: await exit, ...texts }
}

/** Starts a virtual device and waits until the server has it registered. */
async function startDevice(name: string, ...flags: readonly string[]): Promise<void> {
  const address = ['--server', `coap://127.0.0.1:${coapPort}`, '--reboot-time', '300ms']
  devices.push(start('device', '--endpoint', name, ...address, ...flags))
  await registered(name)
}

async function registered(name: string): Promise<void> {
  await vi.waitFor(async () => {
    const { out } = await coapstan('devices', 'list', '--status', 'awake', '-o', 'name')
    expect(out.split('\n')).toContain(name)
  }, patience)
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-'))
  server = start('serve', '--coap-port', '0', '--coaps-port', '0', '--http-port', '0')
  await vi.waitFor(() => {
    httpPort = /http:\/\/127\.0\.0\.1:(\d+)/.exec(server.texts.out)?.[1] ?? ''
    coapPort = /udp 127\.0\.0\.1:(\d+)/.exec(server.texts.out)?.[1] ?? ''
    if (httpPort === '' || coapPort === '') throw new Error(`no ports in: ${server.texts.out}${server.texts.err}`)
  }, patience)
  await startDevice(endpoint)
})

afterAll(async () => {
  for (const { child } of [...devices, server]) child.kill('SIGTERM')
  await Promise.all([...devices, server].map(({ exit }) => exit))
  rmSync(directory, { recursive: true })
})

describe('the quick start', () => {
  it('coapstan devices', async () => {
    const { code, out, err } = await coapstan('devices')
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(new RegExp(`^ENDPOINT +STATUS.*\n${endpoint} +awake`))
    expect((await coapstan('devices', '-o', 'name')).out).toBe(`${endpoint}\n`)
    expect(JSON.parse((await coapstan('devices', '-o', 'json')).out)).toMatchObject([{ endpoint, status: 'awake' }])
  })

  it('coapstan read /3/0, by name and unit', async () => {
    const { code, out, err } = await coapstan('read', endpoint, '/3/0')
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^\/3\/0\/0 +Manufacturer +\S/)
    expect(out).toMatch(/\n\/3\/0\/9 +Battery Level +\d+ %\n/)
    expect((await coapstan('read', endpoint, '/3/0/9')).out).toMatch(/^Battery Level {2}\d+ %\n$/)
    const { out: json } = await coapstan('read', endpoint, '/3/0/9', '-o', 'json')
    expect(JSON.parse(json)).toMatchObject({ path: '/3/0/9', unit: '%', value: expect.any(Number) as number })
  })

  it('coapstan write', async () => {
    expect(await coapstan('write', endpoint, '/3/0/14', '+02:00')).toEqual({
      code: 0,
      out: '/3/0/14 is written (2.04)\n',
      err: '',
    })
    expect((await coapstan('read', endpoint, '/3/0/14')).out).toBe('UTC Offset  +02:00\n')
  })

  it('coapstan execute: the device reboots and comes back', async () => {
    const newest = (await coapstan('events', '--limit', '1', '-o', 'name')).out.trim()
    expect(await coapstan('execute', endpoint, '/3/0/4')).toMatchObject({ code: 0, out: '/3/0/4 is executed (2.04)\n' })
    await vi.waitFor(async () => {
      const { out } = await coapstan('events', '--kind', 'registration.registered', '--after', newest, '-o', 'name')
      expect(out).not.toBe('')
    }, patience)
    await registered(endpoint)
  })

  it('coapstan discover', async () => {
    const { code, out } = await coapstan('discover', endpoint, '/3')
    expect(code).toBe(0)
    expect(out).toMatch(/\n\/3\/0\/9 +Battery Level/)
  })

  it('coapstan observe --follow: values as they come, until Ctrl-C', async () => {
    const following = start('observe', endpoint, '/3303/0/5700', '--follow')
    await vi.waitFor(() => {
      expect(following.texts.out.match(/^\S+Z {2}Sensor Value -?[\d.]+/gm)?.length ?? 0).toBeGreaterThanOrEqual(2)
    }, patience)
    following.child.kill('SIGINT')
    expect(await following.exit).toBe(0)
    expect(await coapstan('observe', endpoint, '/3303/0/5700', '--cancel')).toMatchObject({ code: 0 })
  })

  it('coapstan firmware: an image, and an update watched to its end', async () => {
    await coapstan('firmware', 'make-demo-image', '1.1.0', './app-1.1.0.bin', '--size', '20000')
    const added = await coapstan('firmware', 'add', './app-1.1.0.bin', '--version', '1.1.0', '--product', 'demo')
    expect(added).toMatchObject({ code: 0, err: '' })
    const { code, out, err } = await coapstan(
      'firmware',
      'update',
      endpoint,
      '1.1.0',
      '--health-window',
      '1s',
      '--watch',
    )
    expect([code, out]).toEqual([0, '1.1.0 confirmed\n'])
    expect(err).toMatch(/^Downloaded 20\.0 kB[^]*^1\.1\.0 was seen/m)
    expect((await coapstan('firmware', 'status', endpoint)).out).toContain('1.1.0 confirmed')
    expect((await coapstan('read', endpoint, '/3/0/3')).out).toBe('Firmware Version  1.1.0\n')
  })

  it('coapstan operations', async () => {
    const { code, out } = await coapstan('operations', endpoint)
    expect(code).toBe(0)
    for (const line of [
      /read +\/3\/0 +acknowledged/,
      /write +\/3\/0\/14 +acknowledged/,
      /execute +\/3\/0\/4 +acknowledged/,
    ]) {
      expect(out).toMatch(line)
    }
  })

  it('coapstan events --follow', async () => {
    const following = start('events', '--follow', '--endpoint', endpoint)
    await vi.waitFor(async () => {
      await coapstan('read', endpoint, '/3/0/9')
      expect(following.texts.out).toMatch(/operation\.finished {2}urn:dev:demo-1 .*path=\/3\/0\/9/)
    }, patience)
    following.child.kill('SIGINT')
    expect(await following.exit).toBe(0)
  })
})

describe('what goes wrong', () => {
  it.each<[string[], number, RegExp]>([
    [['read', 'urn:dev:demo-2', '/3'], 1, /no device is called 'urn:dev:demo-2'\n {2}did you mean urn:dev:demo-1\?\n/],
    [['read', endpoint, '/3303/7'], 2, /did not register \/3303\/7/],
    [['read', endpoint, '/3303/7', '--force'], 1, /the device said no: 4\.04/],
    [['read', endpoint, '/99'], 2, /did not register \/99\.\n.*objects 1, 3, 4, 5, 3303/],
    [['read', endpoint, '/3/0/77'], 2, /has no resource 77\.\n.*coapstan objects show 3/],
    [['read', endpoint, 'three'], 2, /three/],
    [['write', endpoint, '/1/0/1', 'soon'], 2, /'soon' is not a whole number/],
    [['write', endpoint, '/3/0/9', '50'], 2, /cannot be written/],
    [['firmware', 'update', endpoint, '9.9.9'], 1, /9\.9\.9/],
    [['operations', 'cancel', '99999'], 1, /there is no operation 99999/],
    [
      ['status', '--server', 'http://127.0.0.1:9'],
      1,
      /no server answers at http:\/\/127\.0\.0\.1:9\n.*npx coapstan serve/,
    ],
    [['status', '--token', 'wrong'], 1, /does not take the token of --token/],
  ])('%j ends with %i', async (argv, code, sentence) => {
    const ran = await coapstan(...argv)
    expect(ran).toMatchObject({ code, out: '' })
    expect(ran.err).toMatch(sentence)
  })

  it('an image that does not work ends the watched update with 1 and the reason', async () => {
    await startDevice('urn:dev:unlucky', '--faulty-image')
    const { code, out, err } = await coapstan('firmware', 'update', 'urn:dev:unlucky', '1.1.0', '--watch')
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/the update of urn:dev:unlucky to 1\.1\.0 failed: \S/)
    expect((await coapstan('read', 'urn:dev:unlucky', '/3/0/3')).out).toBe('Firmware Version  1.0.0\n')
  })

  it('an image that goes back after it was seen is caught by its health window', async () => {
    await startDevice('urn:dev:late', '--faulty-image', 'late')
    const { code, err } = await coapstan('firmware', 'update', 'urn:dev:late', '1.1.0', '--watch')
    expect(code).toBe(1)
    expect(err).toMatch(/^1\.1\.0 was seen/m)
    expect(err).toMatch(/failed: reverted: the device went back to 1\.0\.0 after it had run 1\.1\.0/)
  })

  it('a device that is killed in its download goes on with it, and the watching shows that', async () => {
    // Slow enough for whoever watches to see it on the way, on a busy machine too.
    const flags = ['--state', './flash', '--latency', '60ms']
    await startDevice('urn:dev:torn', ...flags)
    const watching = start('firmware', 'update', 'urn:dev:torn', '1.1.0', '--health-window', '0s', '--watch')
    await vi.waitFor(() => expect(watching.texts.err).toMatch(/Downloading [1-8]\d %/), patience)
    const torn = devices.pop()!
    torn.child.kill('SIGKILL')
    await torn.exit
    await startDevice('urn:dev:torn', ...flags)
    expect(await watching.exit).toBe(0)
    expect(watching.texts.err).toMatch(/^Downloaded 20\.0 kB \(\d+ B blocks, 1 resume\)/m)
    expect(watching.texts.out).toBe('1.1.0 confirmed\n')
  })
})

it('the server stops in good order', async () => {
  server.child.kill('SIGTERM')
  expect(await server.exit).toBe(0)
  expect(server.texts.err).not.toMatch(/"level":(?:50|60)/)
})
