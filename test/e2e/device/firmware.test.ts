/** Object 5 over real UDP: pull, push, update, confirm, revert, and going on after a break or a restart. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { SeededRandom } from '../../../src/base/random.ts'
import { makeImage } from '../../../src/device/firmware/image.ts'
import type { DeviceOptions } from '../../../src/device/options.ts'
import { DeviceRun } from './device-run.ts'
import { ScriptedServer } from './scripted-server.ts'

const image = makeImage('1.1.0', 20_000, new SeededRandom(1))!
/** Blocks of 1024 octets, the size of the `ip` personality. */
const blocks = Math.ceil(image.length / 1024)

let server: ScriptedServer
let device: DeviceRun
let directory: string

beforeEach(async () => {
  server = await ScriptedServer.open()
  server.images.set('/fw/app', image)
  directory = mkdtempSync(join(tmpdir(), 'coapstan-device-'))
})
afterEach(async () => {
  await device.stop()
  server.close()
  rmSync(directory, { recursive: true })
})

async function start(options: Partial<DeviceOptions> = {}): Promise<void> {
  device = new DeviceRun(server.uri, options)
  await server.next('POST', '/rd')
  await device.says(/→ register .* 2\.01/)
}

async function read(path: string): Promise<string> {
  return (await server.ask({ path })).text
}

const writeUri = async (uri: string): Promise<string> =>
  (await server.ask({ method: 'PUT', path: '/5/0/1', contentFormat: 0, payload: uri })).code

const execute = async (path: string): Promise<string> => (await server.ask({ method: 'POST', path })).code

it('pulls an image, updates, registers with the new version and confirms it', async () => {
  await start()
  expect(await writeUri(`${server.uri}/fw/app`)).toBe('2.04')
  await device.says(/firmware {2}Downloaded/)
  expect(server.blocksServed).toEqual(Array.from({ length: blocks }, (_, num) => num))
  expect([await read('/5/0/3'), await read('/5/0/5'), await read('/5/0/7')]).toEqual(['2', '0', '1.1.0'])
  expect(await execute('/5/0/2')).toBe('2.04')
  expect(await read('/5/0/3')).toBe('3')
  await server.next('POST', '/rd')
  await device.says(/image 1\.1\.0 confirmed/)
  expect([await read('/3/0/3'), await read('/5/0/3'), await read('/5/0/5')]).toEqual(['1.1.0', '0', '1'])
})

it('pulls from another host and port than its server', async () => {
  const other = await ScriptedServer.open()
  other.images.set('/app', image)
  await start()
  await writeUri(`${other.uri}/app`)
  await device.says(/firmware {2}Downloaded/)
  expect(other.blocksServed).toHaveLength(blocks)
  other.close()
})

it('takes an image pushed in blocks', async () => {
  await start()
  const push = { method: 'PUT', path: '/5/0/0', contentFormat: 42, payload: image, block1Szx: 6 } as const
  expect((await server.ask(push)).code).toBe('2.04')
  expect([await read('/5/0/3'), await read('/5/0/7')]).toEqual(['2', '1.1.0'])
})

it('reverts an image that never registers, and says so', async () => {
  await start({ faultyImage: 'boot' })
  await writeUri(`${server.uri}/fw/app`)
  await device.says(/firmware {2}Downloaded/)
  await execute('/5/0/2')
  await device.says(/image 1\.1\.0 starts and hangs/)
  await server.next('POST', '/rd')
  await device.says(/→ register/)
  expect([await read('/3/0/3'), await read('/5/0/3'), await read('/5/0/5')]).toEqual(['1.0.0', '0', '8'])
})

it('with a late fault reports success, crashes unconfirmed, and comes back as it was', async () => {
  await start({ faultyImage: 'late' })
  await writeUri(`${server.uri}/fw/app`)
  await device.says(/firmware {2}Downloaded/)
  await execute('/5/0/2')
  await device.says(/reports success, yet will crash/)
  expect([await read('/3/0/3'), await read('/5/0/5')]).toEqual(['1.1.0', '1'])
  await device.says(/• crashed/)
  await device.says(/back to 1\.0\.0/)
  await device.says(/→ register .* 2\.01/)
  expect([await read('/3/0/3'), await read('/5/0/3'), await read('/5/0/5')]).toEqual(['1.0.0', '0', '8'])
})

it('goes on after its own restart, from the last block it had', async () => {
  server.silentAfter = 7
  await start({ stateDirectory: directory })
  await writeUri(`${server.uri}/fw/app`)
  await device.says(/firmware {2}.* 7168 of 20000/)
  await device.stop()
  server.silentAfter = Number.POSITIVE_INFINITY
  await start({ stateDirectory: directory })
  await device.says(/firmware {2}Downloaded/)
  expect(server.blocksServed).toEqual(Array.from({ length: blocks }, (_, num) => num))
  expect(await read('/5/0/7')).toBe('1.1.0')
})

it('begins anew after its restart where the image changed meanwhile', async () => {
  server.silentAfter = 7
  await start({ stateDirectory: directory })
  await writeUri(`${server.uri}/fw/app`)
  await device.says(/firmware {2}.* 7168 of 20000/)
  await device.stop()
  server.images.set('/fw/app', makeImage('1.2.0', 20_000, new SeededRandom(2))!)
  server.silentAfter = Number.POSITIVE_INFINITY
  await start({ stateDirectory: directory })
  await device.says(/firmware {2}Downloaded/)
  expect(await read('/5/0/7')).toBe('1.2.0')
})

it('keeps its new version over a restart', async () => {
  await start({ stateDirectory: directory })
  await writeUri(`${server.uri}/fw/app`)
  await device.says(/firmware {2}Downloaded/)
  await execute('/5/0/2')
  await device.says(/image 1\.1\.0 confirmed/)
  await device.stop()
  device = new DeviceRun(server.uri, { stateDirectory: directory })
  await device.says(/firmware 1\.1\.0/)
  await device.says(/→ register .* 2\.01/)
  expect(await read('/3/0/3')).toBe('1.1.0')
})

it.each([
  ['http://127.0.0.1/fw', '9'],
  ['fw/app', '7'],
])('answers the URI %s with result %s', async (uri, result) => {
  await start()
  expect(await writeUri(uri)).toBe('2.04')
  expect([await read('/5/0/3'), await read('/5/0/5')]).toEqual(['0', result])
})

it('finds a broken image broken, an unknown one unsupported, a missing one an invalid URI', async () => {
  await start()
  const broken = Buffer.from(image)
  broken[5000]! ^= 1
  server.images.set('/fw/broken', broken)
  server.images.set('/fw/unknown', Buffer.from('no image at all'))
  server.answers.set('GET /fw/missing', '4.04')
  for (const [name, result] of [
    ['broken', '5'],
    ['unknown', '6'],
    ['missing', '7'],
  ]) {
    await writeUri(`${server.uri}/fw/${name}`)
    await device.says(/firmware {2}Idle/)
    expect(await read('/5/0/5')).toBe(result)
  }
})

it('is reset by an empty URI and by a NUL package, and cancelled by /5/0/10', async () => {
  await start()
  const download = async (): Promise<void> => {
    await writeUri(`${server.uri}/fw/app`)
    await device.says(/firmware {2}Downloaded/)
  }
  await download()
  expect(await writeUri(`${server.uri}/fw/app`)).toBe('4.00')
  expect(await writeUri('')).toBe('2.04')
  expect([await read('/5/0/3'), await read('/5/0/5')]).toEqual(['0', '0'])
  await download()
  const nul = { method: 'PUT', path: '/5/0/0', contentFormat: 42, payload: Buffer.of(0) } as const
  expect((await server.ask(nul)).code).toBe('2.04')
  expect(await read('/5/0/3')).toBe('0')
  await download()
  expect(await execute('/5/0/10')).toBe('2.04')
  expect([await read('/5/0/3'), await read('/5/0/5')]).toEqual(['0', '10'])
  expect(await execute('/5/0/2')).toBe('4.05')
})

it('stops a download that is cancelled under way', async () => {
  server.silentAfter = 3
  await start()
  await writeUri(`${server.uri}/fw/app`)
  await device.says(/firmware {2}.* 3072 of 20000/)
  expect(await execute('/5/0/10')).toBe('2.04')
  expect(await read('/5/0/5')).toBe('10')
})
