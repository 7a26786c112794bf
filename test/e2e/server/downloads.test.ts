/** Firmware over HTTP and HTTPS from the listener itself: ranges, links that hold and do not, limits, progress. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { get, type RequestOptions } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../../src/base/log.ts'
import { instantOf } from '../../../src/base/time.ts'
import { defaultSettings, type Settings } from '../../../src/config/tunables.ts'
import type { FirmwareFetch, FirmwareUpdate } from '../../../src/fleet/firmware/types.ts'
import { DeviceReach, linkSecretOf } from '../../../src/server/device-reach.ts'
import { openDownloads, type Downloads } from '../../../src/server/downloads/open.ts'
import { bodySource } from '../../support/body-source.ts'
import { tlsCertificate } from '../../support/tls-certificate.ts'
import { update } from '../../unit/storage/fixtures.ts'

const image = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251))
const key = 'abababababab'
const storeKey = Buffer.alloc(32, 7)
const lifetime = 3_600_000

let begun: FirmwareUpdate
let now: number
let told: (FirmwareFetch & { endpoint: string })[]
let listener: Downloads
let link: string

async function open(more: Partial<Settings> = {}): Promise<void> {
  const clock = () => instantOf(now)
  const reach = new DeviceReach({ storeKey, settings: { 'downloads.link-lifetime': lifetime }, now: clock })
  const body = bodySource(image)
  listener = (await openDownloads({
    settings: {
      ...defaultSettings,
      'downloads.listen': 'on',
      'downloads.host': '127.0.0.1',
      'downloads.port': 0,
      ...more,
    },
    secret: linkSecretOf(storeKey),
    now: clock,
    log: silentLog,
    store: { update: (id) => (id === begun.id ? begun : undefined) },
    bodies: { of: (wanted) => (wanted === key ? body : undefined) },
    commands: {
      submit: (command) => {
        if (command.command === 'firmware.fetched') told.push({ endpoint: command.endpoint, ...command.fetch })
        return Promise.resolve(undefined as never)
      },
    },
  }))!
  reach.serve(listener.uri)
  link = reach.servers()[listener.via]! + reach.downloadPath(key, begun)
}

beforeEach(() => {
  begun = update(71, 1)
  now = begun.createdAt + 1000
  told = []
})
afterEach(() => listener.close())

const fetched = (url: string, headers: Record<string, string> = {}, method = 'GET') => fetch(url, { headers, method })

describe('a device', () => {
  beforeEach(() => open())

  it('fetches the whole image, told as it goes', async () => {
    const response = await fetched(link)
    expect(Buffer.from(await response.arrayBuffer()).equals(image)).toBe(true)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      etag: '"010203"',
      'accept-ranges': 'bytes',
      'content-length': '300000',
      'content-type': 'application/octet-stream',
    })
    expect(told.length).toBeGreaterThan(3)
    expect(told.at(-1)).toMatchObject({ endpoint: begun.endpoint, update: 71, size: 300_000 })
    expect(told.reduce((at, { offset, length }) => (offset === at ? at + length : Number.NaN), 0)).toBe(300_000)
  })

  it('goes on where it stopped', async () => {
    const response = await fetched(link, { range: 'bytes=299000-', 'if-range': '"010203"' })
    expect([response.status, response.headers.get('content-range')]).toEqual([206, 'bytes 299000-299999/300000'])
    expect(Buffer.from(await response.arrayBuffer()).equals(image.subarray(299_000))).toBe(true)
    expect(told).toEqual([
      {
        endpoint: begun.endpoint,
        update: 71,
        offset: 299_000,
        length: 1000,
        size: 300_000,
        isBeginning: true,
      },
    ])
  })

  it('asks for no octets', async () => {
    const head = await fetched(link, { range: 'bytes=0-9' }, 'HEAD')
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '300000', ''])
    expect((await fetched(link, { 'if-none-match': '"010203"' })).status).toBe(304)
    const beyond = await fetched(link, { range: 'bytes=300000-' })
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */300000'])
    expect(told).toEqual([])
  })

  it('gets nothing by a link that does not hold', async () => {
    expect((await fetched(link, {}, 'POST')).status).toBe(405)
    expect((await fetched(new URL('/', link).href)).status).toBe(404)
    expect((await fetched(link.slice(0, -2))).status).toBe(404)
    expect((await fetched(link.replace(key, 'cdcdcdcdcdcd'))).status).toBe(403)
    begun = { ...begun, endpoint: 'urn:dev:other' }
    expect((await fetched(link)).status).toBe(403)
    begun = update(72, 1)
    expect((await fetched(link)).status).toBe(403)
    expect(told).toEqual([])
  })

  it.each(['confirmed', 'failed', 'cancelled', 'gone'] as const)(
    'is told that its update is over: %s',
    async (state) => {
      begun = update(71, 1, { state })
      expect((await fetched(link)).status).toBe(410)
    },
  )

  it('is told that its link is over, however often it asks', async () => {
    now += 2 * lifetime
    for (let time = 0; time < 5; time++) expect((await fetched(link, {}, 'HEAD')).status).toBe(410)
  })
})

it('who asks too often has to wait', async () => {
  await open({ 'downloads.requests-per-minute': 2, 'downloads.refusals-per-minute': 2 })
  const status = async (url: string): Promise<number> => (await fetched(url, {}, 'HEAD')).status
  expect([await status(link), await status(link), await status(link)]).toEqual([200, 200, 429])
  now += 60_000
  expect(await status(link)).toBe(200)
  const wrong = link.replace(key, 'cdcdcdcdcdcd')
  expect([await status(wrong), await status(wrong), await status(wrong), await status(link)]).toEqual([
    403, 403, 429, 429,
  ])
})

it('over TLS with the certificate of the operator', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'coapstan-tls-'))
  const [certificate, privateKey] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
  const { cert, key } = tlsCertificate()
  writeFileSync(certificate, cert)
  writeFileSync(privateKey, key)
  await open({ 'downloads.certificate': certificate, 'downloads.key': privateKey })
  expect(link).toMatch(/^https:/)
  const options: RequestOptions = {
    ca: cert,
    headers: { range: 'bytes=0-9' },
  }
  const answer = await new Promise<[number | undefined, Buffer]>((resolve, reject) => {
    get(link, options, (response) => {
      const chunks: Buffer[] = []
      response
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () => resolve([response.statusCode, Buffer.concat(chunks)]))
    }).on('error', reject)
  })
  expect(answer).toEqual([206, image.subarray(0, 10)])
})

it('a certificate that is none is told at the start', async () => {
  await open()
  await expect(open({ 'downloads.certificate': '/nowhere.pem' })).rejects.toMatchObject({
    code: 'downloads.certificate',
  })
  await expect(open({ 'downloads.port': listener.port })).rejects.toMatchObject({ code: 'downloads.listen' })
})
