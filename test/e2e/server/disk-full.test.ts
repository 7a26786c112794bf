/**
 * The disk is full while the server runs: nobody is told that something was kept, devices try again, and
 * when there is room again all goes on without a restart. The disk is a limit on the size of the files of
 * the running process, which needs no privilege.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isInstalled } from '../../support/program.ts'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'
import { SocketDevice } from '../../support/socket-device.ts'

let directory: string
let server: ShippedServer
let devices: SocketDevice[]

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-disk-full-'))
  server = await startShippedServer(directory)
  devices = []
})
afterEach(async () => {
  for (const device of devices) device.close()
  await server.end('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})

async function device(name: string): Promise<SocketDevice> {
  const opened = new SocketDevice(name, server.coapPort, devices.length + 1)
  devices.push(opened)
  await opened.open()
  return opened
}

async function eventsOf(): Promise<readonly string[]> {
  const answer = await server.fetch('/v1/events?limit=100')
  return ((await answer.json()) as { events: { kind: string }[] }).events.map(({ kind }) => kind)
}

describe.skipIf(process.platform !== 'linux' || !isInstalled('prlimit'))(
  'a full disk (skipped where there is no prlimit of util-linux)',
  () => {
    it('no false success, an alarm, and recovery without a restart', async () => {
      expect(await (await device('urn:dev:before')).register()).toBe(true)
      const pid = server.process.pid!
      limitFiles(pid, statSync(join(directory, 'coapstan.db-wal')).size)

      const waiting = await device('urn:dev:while')
      const registered = waiting.register()
      const created = await server.fetch('/v1/devices/urn:dev:operator', { method: 'PUT', body: '{}' })
      expect(created.status).toBe(503)
      expect(created.headers.get('content-type')).toContain('application/problem+json')
      expect((await server.fetch('/readyz')).status).toBe(503)
      // Reading goes on.
      expect((await server.fetch('/v1/devices/urn:dev:before')).status).toBe(200)
      await elapse(2500)
      expect(waiting.acknowledged).toEqual([])
      expect((await server.fetch('/v1/devices/urn:dev:while')).status).toBe(404)
      expect((await server.fetch('/v1/devices/urn:dev:operator')).status).toBe(404)

      limitFiles(pid, 'unlimited')
      // Its own repetition is the retry; no restart.
      expect(await registered).toBe(true)
      expect(server.process.exitCode).toBeNull()
      expect((await server.fetch('/readyz')).status).toBe(200)
      expect((await server.fetch('/v1/devices/urn:dev:operator', { method: 'PUT', body: '{}' })).status).toBe(201)
      const kinds = await eventsOf()
      expect(kinds.filter((kind) => kind.startsWith('alarm'))).toEqual(['alarm.raised', 'alarm.cleared'])
      expect(kinds.filter((kind) => kind === 'registration.registered')).toHaveLength(2)
    })

    it('keeps nothing of an image it has no room for, and says what to do', async () => {
      const pid = server.process.pid!
      limitFiles(pid, roomyFile)
      const refused = await upload(2 * roomyFile)
      expect(refused.status).toBe(503)
      expect(await refused.json()).toMatchObject({
        code: 'firmware.disk-full',
        hint: expect.stringContaining('make room') as string,
      })
      expect(await imagesOf()).toEqual([])
      expect(readdirSync(join(directory, 'images'))).toEqual([])
      // What fits is kept, and devices are served meanwhile.
      expect((await upload(roomyFile / 2)).status).toBe(201)
      expect(await (await device('urn:dev:beside')).register()).toBe(true)

      limitFiles(pid, 'unlimited')
      expect((await upload(2 * roomyFile)).status).toBe(201)
      expect(await imagesOf()).toHaveLength(2)
      expect(server.process.exitCode).toBeNull()
    })
  },
)

/** Octets; the store needs less for what is asked of it here. */
const roomyFile = 8 * 1024 * 1024

function upload(octets: number): Promise<Response> {
  const query = `product=meter&version=1.0.${octets}`
  const headers = { 'content-type': 'application/octet-stream' }
  return server.fetch(`/v1/firmware-images?${query}`, { method: 'POST', headers, body: new Uint8Array(octets).fill(7) })
}

async function imagesOf(): Promise<readonly unknown[]> {
  return ((await (await server.fetch('/v1/firmware-images')).json()) as { images: unknown[] }).images
}

/** The largest file the server may write from now on, octets: of the process and of those it has started. */
function limitFiles(pid: number, octets: number | 'unlimited'): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
  for (const each of [String(pid), ...children]) {
    expect(spawnSync('prlimit', ['--pid', each, `--fsize=${octets}:unlimited`]).status).toBe(0)
  }
}

function elapse(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
