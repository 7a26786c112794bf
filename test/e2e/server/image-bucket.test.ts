/** Images in a bucket, over a socket: a server that checks signatures, loses requests, and forgets. */
import { createHash } from 'node:crypto'
import { readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Bytes } from '../../../src/base/bytes.ts'
import { silentLog } from '../../../src/base/log.ts'
import { defaultSettings } from '../../../src/config/tunables.ts'
import type { ImageFiles } from '../../../src/fleet/images/store.ts'
import { openImages } from '../../../src/server/image-store.ts'
import { s3Server, signatureOf, type S3Server } from '../../support/s3-server.ts'
import { temporaryDirectory } from '../../unit/storage/fixtures.ts'

const keys = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret' }
const image = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251))
const sha256 = createHash('sha256').update(image).digest('hex')
const object = `/firmware/coapstan/${sha256}.bin`

async function* upload(): AsyncGenerator<Bytes> {
  yield await Promise.resolve(image.subarray(0, 90_000))
  yield image.subarray(90_000)
}

let server: S3Server
let directory: string
const open = (
  more: NodeJS.ProcessEnv = {},
  where = directory,
  { copies = defaultSettings['images.s3.copies'], isNeeded = (_: string): boolean => false } = {},
): ImageFiles =>
  openImages(
    {
      ...defaultSettings,
      'images.s3.copies': copies,
      'images.s3.endpoint': server.url,
      'images.s3.bucket': 'firmware',
      'images.s3.region': 'eu-1',
    },
    where,
    { ...keys, ...more },
    silentLog,
    isNeeded,
  )

beforeEach(async () => {
  server = await s3Server('AKID', 'secret', 'eu-1')
  directory = temporaryDirectory()
})
afterEach(() => server.close())

it('the signatures of the test server are those of the published example', () => {
  const empty = createHash('sha256').digest('hex')
  const headers = {
    host: 'examplebucket.s3.amazonaws.com',
    range: 'bytes=0-9',
    'x-amz-content-sha256': empty,
    'x-amz-date': '20130524T000000Z',
  }
  const request = {
    method: 'GET',
    path: '/test.txt',
    headers,
    signedHeaders: Object.keys(headers),
    region: 'us-east-1',
  }
  expect(signatureOf(request, 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY')).toBe(
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  )
})

describe('an image', () => {
  it('is in the bucket once it is added, and gone once it is removed', async () => {
    const files = open()
    expect(await files.add(upload(), 1_000_000)).toEqual({ sha256, size: 200_000 })
    expect(server.objects.get(object)?.equals(image)).toBe(true)
    expect(files.read(sha256, 100, 3)).toEqual(new Uint8Array(image.subarray(100, 103)))
    expect(await files.verify(sha256)).toEqual({ intact: true })
    await files.remove(sha256)
    expect([...server.objects.keys(), ...readdirSync(directory)]).toEqual([])
    expect(await files.verify(sha256)).toEqual({ intact: false, detail: 'it is not in the bucket' })
  })

  it('is fetched by ranges where the data directory is new', async () => {
    await open().add(upload(), 1_000_000)
    const fresh = open({}, temporaryDirectory())
    expect(fresh.read(sha256, 0, 10)).toBeUndefined()
    await vi.waitFor(() => expect(fresh.read(sha256, 0, 10)).toEqual(new Uint8Array(image.subarray(0, 10))))
    expect(server.asked.at(-1)).toBe(`GET ${object} bytes=0-8388607`)
    const other = open({}, temporaryDirectory())
    expect(await Promise.all([other.ready(sha256), other.ready(sha256)])).toEqual([true, true])
    expect(await other.ready('ab'.repeat(32))).toBe(false)
    expect(server.asked.filter((line) => line.startsWith('GET'))).toHaveLength(3)
  })

  it('is asked for again where the store is overloaded, and no more than that', async () => {
    server.troubles.push(503)
    await open().add(upload(), 1_000_000)
    expect(server.asked).toEqual([`PUT ${object}`, `PUT ${object}`])
  })

  it('the bucket refuses is kept nowhere', async () => {
    const refused = open({ AWS_SECRET_ACCESS_KEY: 'wrong' }).add(upload(), 1_000_000)
    await expect(refused).rejects.toMatchObject({
      code: 'images.bucket',
      message: expect.stringMatching(/403 SignatureDoesNotMatch: no/) as string,
    })
    expect([...server.objects.keys(), ...readdirSync(directory)]).toEqual([])
  })

  it('that is another in the bucket is not served', async () => {
    await open().add(upload(), 1_000_000)
    server.objects.set(object, Buffer.from('something else'))
    const fresh = open({}, temporaryDirectory())
    await expect(fresh.ready(sha256)).rejects.toMatchObject({ code: 'images.bucket' })
    expect(fresh.read(sha256, 0, 10)).toBeUndefined()
    expect(await fresh.verify(sha256)).toMatchObject({ intact: false })
  })
})

it.each([{ AWS_ACCESS_KEY_ID: '' }, { AWS_SECRET_ACCESS_KEY: '' }])(
  'without %j the server does not start',
  (environment) => {
    expect(() => open(environment)).toThrow(expect.objectContaining({ code: 'images.s3' }) as Error)
  },
)

describe('copies beyond their limit', () => {
  const size = 1000
  const octetsOf = (n: number) => Buffer.alloc(size, n)
  const hashOf = (n: number) => createHash('sha256').update(octetsOf(n)).digest('hex')
  const copies = () => [1, 2, 3, 4].filter((n) => readdirSync(directory).includes(`${hashOf(n)}.bin`))
  const limited = (isNeeded: (sha256: string) => boolean = () => false) =>
    open({}, directory, { copies: 2 * size, isNeeded })

  async function* octets(n: number): AsyncGenerator<Bytes> {
    yield await Promise.resolve(octetsOf(n))
  }

  /** As if each had been used a second after the one before. */
  async function add(files: ImageFiles, ...numbers: readonly number[]): Promise<void> {
    for (const [i, n] of numbers.entries()) {
      await files.add(octets(n), 1_000_000)
      if (copies().includes(n)) utimesSync(join(directory, `${hashOf(n)}.bin`), 1000 + i, 1000 + i)
    }
  }

  it('go, the longest unused first, and are fetched again when they are wanted', async () => {
    const files = limited()
    await add(files, 1, 2)
    expect(await files.ready(hashOf(1))).toBe(true)
    await add(files, 3)
    expect(copies()).toEqual([1, 3])
    expect(await files.ready(hashOf(2))).toBe(true)
    expect(files.read(hashOf(2), 0, 1)).toEqual(Uint8Array.of(2))
    expect(copies()).toHaveLength(2)
  })

  it('stay while they are needed, and become the youngest', async () => {
    let needed = hashOf(1)
    const files = limited((sha256) => sha256 === needed)
    await add(files, 1, 2, 3)
    expect(copies()).toEqual([1, 3])
    needed = ''
    await files.add(octets(4), 1_000_000)
    expect(copies()).toEqual([1, 4])
  })

  it('stay where the bucket does not have them, or does not answer', async () => {
    const files = limited()
    await add(files, 1, 2)
    server.objects.delete(`/firmware/coapstan/${hashOf(1)}.bin`)
    await add(files, 3)
    expect(copies()).toEqual([1, 3])
    server.objects.delete(`/firmware/coapstan/${hashOf(3)}.bin`)
    await files.add(octets(4), 1_000_000)
    expect(copies()).toEqual([1, 3, 4])
  })
})
