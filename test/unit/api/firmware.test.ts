/** The firmware routes: images as octets, and the update of one device. */
import { createHash, generateKeyPairSync } from 'node:crypto'
import { Readable } from 'node:stream'
import { beforeEach, describe, expect, it } from 'vitest'
import { Value } from 'typebox/value'
import { updateSchema } from '../../../src/api/contract/firmware.ts'
import { deltaSchema, imageSchema, verificationSchema } from '../../../src/api/contract/image.ts'
import { EnvironmentError } from '../../../src/base/errors.ts'
import { apiUnderTest, token, type ApiUnderTest, type CallResult } from './api-under-test.ts'

let api: ApiUnderTest
beforeEach(async () => {
  api = await apiUnderTest({ 'firmware.image-limit': 4096 })
  api.fleet.addDevice('dev')
})

const octets = { 'content-type': 'application/octet-stream' }
const file = Buffer.alloc(3000, 7)
const sha256 = createHash('sha256').update(file).digest('hex')
const upload = '/v1/firmware-images?product=demo&version=1.1.0'
const add = (url = upload): Promise<CallResult> => api.call('POST', url, { body: file, headers: octets })

describe('firmware images', () => {
  it('takes the file as it is; 200 where it was there already', async () => {
    const { status, headers, json } = await add(`${upload}&notes=first%20one`)
    expect(status).toBe(201)
    expect(headers['location']).toBe(`/v1/firmware-images/${sha256}`)
    expect(json).toMatchObject({ sha256, size: 3000, version: '1.1.0', product: 'demo', notes: 'first one' })
    expect(Value.Check(imageSchema, json)).toBe(true)
    expect((await add()).status).toBe(200)
  })

  it('takes a file of unknown length', async () => {
    const response = await api.app.inject({
      method: 'POST',
      url: upload,
      headers: { authorization: `Bearer ${token}`, ...octets },
      payload: Readable.from([file.subarray(0, 1000), file.subarray(1000)]),
    })
    expect(response.json()).toMatchObject({ sha256 })
  })

  it.each<[string, string, object, number, string]>([
    ['no product', '/v1/firmware-images?version=1', octets, 400, 'request.invalid'],
    ['half a hash', `${upload}&sha256=abcdef`, octets, 400, 'request.invalid'],
    ['an unknown member', `${upload}&colour=red`, octets, 400, 'request.invalid'],
    ['JSON', upload, { 'content-type': 'application/json' }, 415, 'request.media-type'],
    ['another type', upload, { 'content-type': 'image/png' }, 415, 'request.media-type'],
    ['too long', upload, { ...octets, 'content-length': '4097' }, 413, 'firmware.too-large'],
  ])('refuses %s', async (_what, url, headers, status, code) => {
    const body = code === 'firmware.too-large' ? Buffer.alloc(4097) : '{}'
    const answer = await api.call('POST', url, { body, headers: headers as Record<string, string> })
    expect(answer.json).toMatchObject({ status, code })
    expect(api.fleet.kept).toEqual([])
  })

  it('hands on what is said of the file, and takes notes later', async () => {
    const query = `${upload}&fromVersions=${encodeURIComponent('>=1.0.0')}&hardware=B,%20C&securityCounter=4`
    const { json } = await add(query)
    expect(json).toMatchObject({ fromVersions: '>=1.0.0', hardware: ['B', 'C'], securityCounter: 4 })
    const noted = await api.call('PATCH', '/v1/firmware-images/1.1.0', { body: { notes: 'new: everything' } })
    expect(noted.json).toMatchObject({ notes: 'new: everything', securityCounter: 4 })
    expect((await api.call('PATCH', '/v1/firmware-images/1.1.0', { body: { version: '2' } })).status).toBe(400)
  })

  it('answers 503 where the disk is full', async () => {
    api.fleet.failure = undefined
    api.fleet.images.add = () =>
      Promise.reject(new EnvironmentError('firmware.disk-full', 'no space left', { retriable: true }))
    expect((await add()).json).toMatchObject({ status: 503, code: 'firmware.disk-full' })
  })

  it('lists, shows, verifies and removes', async () => {
    await add()
    expect((await api.call('GET', '/v1/firmware-images')).json).toMatchObject({ images: [{ version: '1.1.0' }] })
    expect((await api.call('GET', '/v1/firmware-images?product=other')).json).toEqual({ images: [] })
    expect((await api.call('GET', '/v1/firmware-images/1.1.0')).json).toMatchObject({ sha256 })
    const verified = await api.call('POST', `/v1/firmware-images/${sha256}/verify`)
    expect(verified.json).toMatchObject({ intact: true, image: { sha256 } })
    expect(Value.Check(verificationSchema, verified.json)).toBe(true)
    expect((await api.call('DELETE', '/v1/firmware-images/1.1.0')).status).toBe(204)
    expect((await api.call('GET', '/v1/firmware-images/1.1.0')).json).toMatchObject({
      status: 404,
      code: 'image.unknown',
    })
  })
})

describe('firmware updates', () => {
  beforeEach(() => add())

  it('starts, shows, lists and cancels', async () => {
    const started = await api.call('POST', '/v1/devices/dev/firmware', { body: { image: '1.1.0' } })
    expect([started.status, started.headers['location']]).toEqual([202, '/v1/firmware-updates/1'])
    expect(Value.Check(updateSchema, started.json)).toBe(true)
    expect((await api.call('GET', '/v1/devices/dev/firmware')).json).toEqual(started.json)
    expect((await api.call('GET', '/v1/firmware-updates/1')).json).toEqual(started.json)
    expect((await api.call('GET', '/v1/firmware-updates?endpoint=dev')).json).toEqual({ updates: [started.json] })
    expect((await api.call('DELETE', '/v1/devices/dev/firmware')).json).toMatchObject({ state: 'cancelled' })
  })

  it.each<['GET' | 'POST' | 'DELETE', string, object | undefined, number, string]>([
    ['POST', '/v1/devices/dev/firmware', {}, 400, 'request.invalid'],
    ['POST', '/v1/devices/dev/firmware', { image: '9.9.9' }, 404, 'image.unknown'],
    ['POST', '/v1/devices/nobody/firmware', { image: '1.1.0' }, 404, 'device.unknown'],
    ['GET', '/v1/devices/dev/firmware', undefined, 404, 'update.none'],
    ['GET', '/v1/devices/nobody/firmware', undefined, 404, 'device.unknown'],
    ['DELETE', '/v1/devices/dev/firmware', undefined, 404, 'update.none'],
    ['GET', '/v1/firmware-updates/1', undefined, 404, 'update.unknown'],
    ['GET', '/v1/firmware-updates?endpoint=nobody', undefined, 404, 'device.unknown'],
  ])('%s %s %j is %i %s', async (method, url, body, status, code) => {
    expect((await api.call(method, url, { body })).json).toMatchObject({ status, code })
  })
})

describe('signing keys', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const pem = publicKey.export({ format: 'pem', type: 'spki' })

  it('are registered, listed and removed', async () => {
    const added = await api.call('POST', '/v1/firmware-keys', { body: { name: 'release', pem, product: 'demo' } })
    expect(added).toMatchObject({ status: 201, json: { name: 'release', kind: 'ed25519', product: 'demo', pem } })
    expect((await api.call('GET', '/v1/firmware-keys')).json).toEqual({ keys: [added.json] })
    expect((await api.call('DELETE', '/v1/firmware-keys/release')).status).toBe(204)
    expect((await api.call('GET', '/v1/firmware-keys')).json).toEqual({ keys: [] })
  })

  it.each<[string, object, number, string]>([
    ['no key', { name: 'a', pem: 'hello' }, 422, 'signing-key.pem'],
    ['a private key', { name: 'a', pem: privateKey.export({ format: 'pem', type: 'pkcs8' }) }, 422, 'signing-key.pem'],
    ['a strange name', { name: 'a b', pem }, 422, 'signing-key.name'],
    ['the same key under another name', { name: 'b', pem }, 409, 'signing-key.exists'],
  ])('are refused: %s', async (_what, body, status, code) => {
    await api.call('POST', '/v1/firmware-keys', { body: { name: 'release', pem } })
    expect((await api.call('POST', '/v1/firmware-keys', { body })).json).toMatchObject({ status, code })
  })

  it('unknown cannot be removed', async () => {
    expect((await api.call('DELETE', '/v1/firmware-keys/x')).json).toMatchObject({ code: 'signing-key.unknown' })
  })
})

describe('deltas', () => {
  beforeEach(async () => {
    await add()
    const other = '/v1/firmware-images?product=demo&version=1.2.0'
    await api.call('POST', other, { body: Buffer.alloc(2000, 8), headers: octets })
  })
  const pair = 'from=1.1.0&to=1.2.0'
  const body = Buffer.alloc(100, 9)
  const send = (query: string, content: Buffer<ArrayBuffer> = body): Promise<CallResult> =>
    api.call('POST', `/v1/firmware-deltas?${query}`, { body: content, headers: octets })

  it('are uploaded, listed and removed', async () => {
    const added = await send(pair)
    expect(added).toMatchObject({ status: 201, json: { from: sha256, size: 100, madeBy: 'uploaded' } })
    expect(Value.Check(deltaSchema, added.json)).toBe(true)
    expect((await send(pair)).json).toEqual(added.json)
    expect((await api.call('GET', '/v1/firmware-deltas?to=1.2.0')).json).toEqual({ deltas: [added.json] })
    expect((await api.call('GET', '/v1/firmware-deltas?to=1.1.0')).json).toEqual({ deltas: [] })
    const { key } = added.json as { key: string }
    expect((await api.call('DELETE', `/v1/firmware-deltas/${key}`)).status).toBe(204)
    expect((await api.call('DELETE', `/v1/firmware-deltas/${key}`)).json).toMatchObject({ code: 'delta.unknown' })
  })

  it('are made once for a pair', async () => {
    const make = () => api.call('POST', '/v1/firmware-deltas/make', { body: { from: '1.1.0', to: '1.2.0' } })
    const [one, two] = await Promise.all([make(), make()])
    expect(one).toMatchObject({ status: 200, json: { size: 11, madeBy: 'make {from} {to} {out}' } })
    expect([two.json, (await make()).json]).toEqual([one.json, one.json])
  })

  it.each<[string, string, Buffer<ArrayBuffer>, number, string]>([
    ['of an unknown image', 'from=9&to=1.2.0', body, 404, 'image.unknown'],
    ['of an image to itself', 'from=1.2.0&to=1.2.0', body, 422, 'delta.pair'],
    ['no smaller than the image', pair, Buffer.alloc(2000), 422, 'delta.size'],
    ['other than the one there is', pair, Buffer.alloc(99), 409, 'delta.exists'],
  ])('are refused: %s', async (_what, query, content, status, code) => {
    await send(pair)
    expect((await send(query, content)).json).toMatchObject({ status, code })
  })
})
