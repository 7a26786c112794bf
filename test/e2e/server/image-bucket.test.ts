/** Images in a bucket, over a socket: a server that checks signatures, loses requests, and forgets. */
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
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
const open = (more: NodeJS.ProcessEnv = {}, where = directory): ImageFiles =>
  openImages(
    {
      ...defaultSettings,
      'images.s3.endpoint': server.url,
      'images.s3.bucket': 'firmware',
      'images.s3.region': 'eu-1',
    },
    where,
    { ...keys, ...more },
    silentLog,
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
