/** What holds for every route: tokens, problems, limits, headers, and what the server says of itself. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Value } from 'typebox/value'
import { paths } from '../../../src/api/contract/paths.ts'
import { problemSchema } from '../../../src/api/contract/problem.ts'
import { statusSchema } from '../../../src/api/contract/status.ts'
import { InvariantError } from '../../../src/base/errors.ts'
import { apiUnderTest, token, type ApiUnderTest } from './api-under-test.ts'
import { start } from './fake-fleet.ts'

let api: ApiUnderTest
beforeEach(async () => {
  api = await apiUnderTest({ 'http.body-limit': 1024, 'http.refusals-per-minute': 3 })
})
afterEach(() => api.app.close())

const open = ['/healthz', '/readyz', '/v1/openapi.json', '/']

describe('the token', () => {
  const guarded = Object.values(paths).filter(({ url }) => !open.includes(url))

  it.each(guarded)('is wanted by $method $url', async ({ method, url }) => {
    const { status, json, headers } = await api.call(method, url, { headers: { authorization: '' } })
    expect(status).toBe(401)
    expect(json).toMatchObject({ hint: expect.stringContaining('api-token') as string })
    expect(headers['www-authenticate']).toMatch(/^Bearer/)
  })

  it.each(open)('is not wanted by %s', async (url) => {
    expect((await api.app.inject(url)).statusCode).toBe(200)
  })

  it.each([`Bearer ${token}x`, `Bearer ${token.slice(0, -1)}`, `Basic ${token}`, token, 'Bearer'])(
    'has to be right: %s is not',
    async (authorization) => {
      const { json } = await api.call('GET', '/v1/status', { headers: { authorization } })
      expect(json).toMatchObject({ status: 401, code: 'token.wrong' })
    },
  )

  it('slows down an address that keeps guessing, and never the one that knows it', async () => {
    const guess = { headers: { authorization: 'Bearer guess' } }
    const codes = []
    for (let i = 0; i < 5; i++) codes.push((await api.call('GET', '/v1/status', guess)).status)
    expect(codes).toEqual([401, 401, 401, 429, 429])
    const last = await api.call('GET', '/v1/status', guess)
    expect(last.json).toMatchObject({ code: 'token.too-many-failures' })
    expect(Number(last.headers['retry-after'])).toBeGreaterThan(0)
    expect((await api.call('GET', '/v1/status')).status).toBe(200)
  })

  it('hides what exists from those who do not have it', async () => {
    expect((await api.call('GET', '/v1/nothing', { headers: { authorization: '' } })).status).toBe(401)
  })
})

describe('problems', () => {
  it.each<['GET' | 'POST' | 'DELETE' | 'PUT', string, number, string, string | undefined]>([
    ['GET', '/v1/nothing', 404, 'route.unknown', undefined],
    ['GET', '/nowhere', 404, 'route.unknown', undefined],
    ['DELETE', '/v1/devices', 405, 'route.method', 'GET, HEAD'],
    ['POST', '/v1/devices/d', 405, 'route.method', 'GET, HEAD, PUT, PATCH, DELETE'],
    ['PUT', '/v1/operations/7/cancel', 405, 'route.method', 'POST'],
    ['GET', '/v1/devices/%zz', 400, 'request.invalid', undefined],
  ])('%s %s is %i %s', async (method, url, status, code, allow) => {
    const answer = await api.call(method, url)
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(Value.Check(problemSchema, answer.json)).toBe(true)
    expect(answer.json).toMatchObject({ status, code })
    expect(answer.headers['allow']).toBe(allow)
  })

  it.each(['/v1/devices', '/healthz', '/v1/events'])(
    'HEAD %s is GET without a body, and never a stream',
    async (url) => {
      const headers = { accept: 'text/event-stream' }
      expect(await api.call('HEAD', url, { headers })).toMatchObject({ status: 200, text: '' })
      expect((await api.call('GET', '/v1/status')).json).toMatchObject({ counts: { eventStreams: 0 } })
    },
  )

  it.each<[string, string | Buffer, string, number, string]>([
    ['no JSON', '{"kind":', 'application/json', 400, 'request.invalid'],
    ['no body', '', 'application/json', 400, 'request.invalid'],
    ['another media type', 'kind=read', 'application/x-www-form-urlencoded', 415, 'request.media-type'],
    ['plain text', 'read', 'text/plain', 415, 'request.media-type'],
    ['octets', Buffer.from('read'), 'application/octet-stream', 400, 'request.invalid'],
    ['more than the limit', `"${'x'.repeat(1100)}"`, 'application/json', 413, 'request.too-large'],
    ['a poisoned prototype', '{"__proto__":{"kind":"read"}}', 'application/json', 400, 'request.invalid'],
  ])('a body that is %s', async (_what, body, type, status, code) => {
    api.fleet.addDevice('d')
    const { json } = await api.call('POST', '/v1/devices/d/operations', { body, headers: { 'content-type': type } })
    expect(json).toMatchObject({ status, code })
  })

  it('is fatal where it is our own bug', async () => {
    api.fleet.failure = new InvariantError('impossible')
    expect((await api.call('GET', '/v1/devices')).status).toBe(500)
    expect(api.fatal).toHaveLength(1)
    expect(api.lines.some(({ level }) => level === 'error')).toBe(true)
  })
})

it('answers with the headers that keep a browser from harm', async () => {
  const { headers } = await api.call('GET', '/v1/status')
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.any(String) as string,
  })
})

describe('what the server says of itself', () => {
  it('status', async () => {
    api.fleet.addDevice('d')
    api.fleet.now = (start + 90_000) as typeof start
    const { json } = await api.call('GET', '/v1/status')
    expect(Value.Check(statusSchema, json)).toBe(true)
    expect(json).toMatchObject({
      version: '1.2.3',
      uptimeSeconds: 90,
      counts: { devices: 1, waits: 0, eventStreams: 0 },
      listeners: [{ protocol: 'coap', port: 5683 }],
    })
  })

  it('readiness, with the reasons where it is not', async () => {
    api.fleet.reasons = ['the store is full']
    const { json } = await api.call('GET', '/readyz')
    expect(json).toMatchObject({ status: 503, code: 'server.not-ready', reasons: ['the store is full'] })
  })

  it('metrics for Prometheus', async () => {
    await api.call('GET', '/v1/devices/nobody')
    const { text, headers } = await api.call('GET', '/metrics')
    expect(headers['content-type']).toContain('text/plain')
    expect(text).toContain('coapstan_count{of="devices"} 0')
    expect(text).toContain('coapstan_http_requests_total{method="GET",route="/v1/devices/:endpoint",status="4xx"} 1')
  })
})

describe('application/json without a body', () => {
  const call = (method: 'DELETE' | 'POST' | 'PATCH', url: string) =>
    api.app.inject({ method, url, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } })

  it('is no mistake where none is wanted', async () => {
    api.fleet.addDevice('a')
    expect((await call('DELETE', '/v1/devices/a')).statusCode).toBe(204)
    expect((await call('DELETE', '/v1/devices')).statusCode).toBe(405)
  })

  it('is named where one is', async () => {
    const { statusCode, body } = await call('PATCH', '/v1/devices/a')
    expect([statusCode, JSON.parse(body)]).toMatchObject([
      400,
      { code: 'request.invalid', detail: expect.stringContaining('body') as string },
    ])
  })
})
