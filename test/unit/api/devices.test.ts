/** The device routes: what they take, what they answer, and each way they say no. */
import { beforeEach, describe, expect, it } from 'vitest'
import { Value } from 'typebox/value'
import { devicePageSchema, deviceSchema, type DeviceJson } from '../../../src/api/contract/device.ts'
import { longestProduct } from '../../../src/fleet/registry/types.ts'
import { apiUnderTest, type ApiUnderTest } from './api-under-test.ts'
import { start } from './fake-fleet.ts'

let api: ApiUnderTest
beforeEach(async () => {
  api = await apiUnderTest()
})

const registration = {
  id: 'aBc1',
  lwm2mVersion: '1.1',
  lifetime: 86_400,
  binding: 'U',
  queueMode: true,
  links: '</3/0>',
  registeredAt: start,
  updatedAt: start,
  expiresAt: start,
  address: '192.0.2.7',
  port: 49152,
  secured: false,
  messageId: 1,
  token: 'beef',
}

describe('GET /v1/devices', () => {
  it('lists page by page', async () => {
    for (const name of ['c', 'a', 'b']) api.fleet.addDevice(name)
    const first = await api.call('GET', '/v1/devices?limit=2')
    expect(first.json).toMatchObject({ devices: [{ endpoint: 'a' }, { endpoint: 'b' }], next: 'b' })
    const second = await api.call('GET', '/v1/devices?limit=2&cursor=b')
    expect(second.json).toMatchObject({ devices: [{ endpoint: 'c' }] })
    expect(second.json).not.toHaveProperty('next')
    expect(Value.Check(devicePageSchema, first.json)).toBe(true)
  })

  it.each([
    ['product=meter', ['a']],
    ['status=asleep', ['b']],
    ['prefix=c', ['c']],
    ['tag=site%3Dberlin', ['a', 'b']],
    ['tag=site%3Dberlin&tag=floor%3D2%3D3', ['b']],
  ])('filters by %s', async (query, names) => {
    api.fleet.addDevice('a', { product: 'meter', tags: { site: 'berlin' } })
    api.fleet.addDevice('b', { status: 'asleep', tags: { site: 'berlin', floor: '2=3' } })
    api.fleet.addDevice('c')
    const { json } = await api.call('GET', `/v1/devices?${query}`)
    expect((json as { devices: DeviceJson[] }).devices.map(({ endpoint }) => endpoint)).toEqual(names)
  })

  it.each([
    ['limit=0', 'query.limit'],
    ['limit=1001', 'query.limit'],
    ['limit=many', 'query.limit'],
    ['status=happy', 'query.status'],
    ['tag=site', 'query.tag.0'],
    ['colour=red', 'query.colour'],
  ])('names the field of a wrong query: %s', async (query, field) => {
    const { status, headers, json } = await api.call('GET', `/v1/devices?${query}`)
    expect(status).toBe(400)
    expect(headers['content-type']).toContain('application/problem+json')
    expect(json).toMatchObject({ code: 'request.invalid', errors: [{ field }] })
  })
})

describe('GET /v1/devices/{endpoint}', () => {
  it('shows instants as ISO 8601 and keeps what is secret', async () => {
    api.fleet.addDevice('urn:dev:demo-1', { lastSeen: start, product: 'demo', registration })
    const { status, json, text } = await api.call('GET', '/v1/devices/urn:dev:demo-1')
    expect(status).toBe(200)
    expect(Value.Check(deviceSchema, json)).toBe(true)
    expect(json).toMatchObject({
      lastSeen: '2026-01-02T03:04:05.000Z',
      registration: { lifetimeSeconds: 86_400, address: '192.0.2.7' },
    })
    expect(text).not.toContain('beef')
  })

  it('takes any endpoint name percent-encoded, 255 octets of it', async () => {
    const name = 'ö/ ?#'.repeat(42)
    api.fleet.addDevice(name)
    const { json } = await api.call('GET', `/v1/devices/${encodeURIComponent(name)}`)
    expect(json).toMatchObject({ endpoint: name })
  })

  it('says which names are near an unknown one', async () => {
    api.fleet.addDevice('urn:dev:demo-1')
    const { status, json } = await api.call('GET', '/v1/devices/urn:dev:demo-2')
    expect(status).toBe(404)
    expect(json).toMatchObject({
      type: 'urn:coapstan:problem:device.unknown',
      title: 'Not Found',
      status: 404,
      code: 'device.unknown',
      similar: ['urn:dev:demo-1'],
      hint: expect.any(String) as string,
    })
  })
})

describe('PUT /v1/devices/{endpoint}', () => {
  it('creates with 201', async () => {
    const { status, json } = await api.call('PUT', '/v1/devices/new', { body: { product: 'p', profile: 'nbiot' } })
    expect(status).toBe(201)
    expect(json).toMatchObject({ endpoint: 'new', product: 'p', profile: 'nbiot' })
  })

  it('takes a product as long as images may have one', async () => {
    for (const [length, status] of [
      [longestProduct, 201],
      [longestProduct + 1, 400],
    ] as const) {
      const body = { product: 'p'.repeat(length) }
      expect((await api.call('PUT', `/v1/devices/of-${length}`, { body })).status).toBe(status)
    }
  })

  it('replaces with 200: what is absent goes', async () => {
    api.fleet.addDevice('old', { product: 'p', tags: { a: '1', b: '2' } })
    const { status, json } = await api.call('PUT', '/v1/devices/old', { body: { tags: { b: '3' } } })
    expect(status).toBe(200)
    expect(json).toMatchObject({ tags: { b: '3' } })
    expect(json).not.toHaveProperty('product')
  })
})

describe('PATCH /v1/devices/{endpoint}', () => {
  it('changes what is named, and null takes away', async () => {
    api.fleet.addDevice('d', { product: 'p', profile: 'ip', tags: { a: '1', b: '2' } })
    const { status, json } = await api.call('PATCH', '/v1/devices/d', {
      body: { profile: null, tags: { a: null, c: '3' } },
    })
    expect(status).toBe(200)
    expect(json).toMatchObject({ product: 'p', tags: { b: '2', c: '3' } })
    expect(json).not.toHaveProperty('profile')
  })

  it('does not create', async () => {
    expect((await api.call('PATCH', '/v1/devices/new', { body: {} })).status).toBe(404)
  })

  it.each<[unknown, string]>([
    [{ profile: 'lora' }, 'body.profile'],
    [{ product: 7 }, 'body.product'],
    [{ tags: { site: 7 } }, 'body.tags.site'],
    [{ colour: 'red' }, 'body.colour'],
    [[], 'body'],
  ])('names the field of a wrong body: %j', async (body, field) => {
    api.fleet.addDevice('d')
    const { status, json } = await api.call('PATCH', '/v1/devices/d', { body })
    expect(status).toBe(400)
    expect((json as { errors: { field: string }[] }).errors.map((error) => error.field)).toContain(field)
  })
})

describe('DELETE /v1/devices/{endpoint}', () => {
  it('answers 204 without a body, then 404', async () => {
    api.fleet.addDevice('d')
    const gone = await api.call('DELETE', '/v1/devices/d')
    expect([gone.status, gone.text]).toEqual([204, ''])
    expect((await api.call('DELETE', '/v1/devices/d')).status).toBe(404)
  })
})
