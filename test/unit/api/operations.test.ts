/** The operation routes: submitting, waiting for the outcome, listing, cancelling. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Value } from 'typebox/value'
import { operationPageSchema, operationSchema } from '../../../src/api/contract/operation.ts'
import { EnvironmentError, UsageError } from '../../../src/base/errors.ts'
import { apiUnderTest, type ApiUnderTest } from './api-under-test.ts'

let api: ApiUnderTest
beforeEach(async () => {
  api = await apiUnderTest({ 'http.waiters': 2 })
  api.fleet.addDevice('dev')
  api.fleet.addDevice('other')
})
afterEach(() => vi.useRealTimers())

const submit = '/v1/devices/dev/operations'
const read = { kind: 'read', path: '/3/0' }

describe('POST /v1/devices/{endpoint}/operations', () => {
  it('answers 202 at once without `wait`, and says where to look', async () => {
    const { status, headers, json, text } = await api.call('POST', submit, { body: read })
    expect(status).toBe(202)
    expect(headers['location']).toBe('/v1/operations/1')
    expect(Value.Check(operationSchema, json)).toBe(true)
    expect(json).toMatchObject({ id: 1, state: 'queued', deadline: '2026-01-03T03:04:05.000Z' })
    expect(text).not.toContain('secret')
    expect(text).not.toContain('4711')
  })

  it('answers 200 with the outcome where it was there before the wait began', async () => {
    api.fleet.answer = () => ({ state: 'acknowledged', code: '2.05', result: { path: '/3/0', nodes: [] } })
    const { status, json } = await api.call('POST', `${submit}?wait=20s`, { body: read })
    expect(status).toBe(200)
    expect(json).toMatchObject({ state: 'acknowledged', code: '2.05', result: { nodes: [] } })
  })

  it('answers 200 when the outcome comes while it waits, not before, and for its own operation alone', async () => {
    const waiting = api.call('POST', `${submit}?wait=20s`, { body: read })
    await vi.waitFor(() => expect(api.fleet.asked).toHaveLength(1))
    await api.call('POST', submit, { body: read })
    await api.call('POST', '/v1/devices/other/operations', { body: read })
    api.fleet.finish(2, { state: 'acknowledged' })
    api.fleet.finish(3, { state: 'acknowledged' })
    api.fleet.finish(1, { state: 'failed', reason: 'rejected', code: '4.04' })
    const { status, json } = await waiting
    expect(status).toBe(200)
    expect(json).toMatchObject({ id: 1, state: 'failed', reason: 'rejected', code: '4.04' })
  })

  it.each([
    ['20s', 20_000],
    ['500ms', 500],
    ['5m', 60_000],
  ])('answers 202 when a wait of %s is over, at most http.wait-limit', async (wait, milliseconds) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const answered = vi.fn<() => void>()
    const waiting = api.call('POST', `${submit}?wait=${wait}`, { body: read }).then((result) => {
      answered()
      return result
    })
    // The request is under way once its timer is set; immediates are real.
    while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve))
    await vi.advanceTimersByTimeAsync(milliseconds - 1)
    expect(answered).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect((await waiting).status).toBe(202)
  })

  it('does not let more wait than http.waiters', async () => {
    const waiting = [1, 2].map(() => api.call('POST', `${submit}?wait=20s`, { body: read }))
    await vi.waitFor(() => expect(api.fleet.asked).toHaveLength(2))
    const third = await api.call('POST', `${submit}?wait=20s`, { body: read })
    expect(third.status).toBe(202)
    for (const id of [1, 2]) api.fleet.finish(id, { state: 'acknowledged' })
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200])
  })

  it('lets those who wait go when the server stops', async () => {
    const waiting = api.call('POST', `${submit}?wait=60s`, { body: read })
    await vi.waitFor(() => expect(api.fleet.asked).toHaveLength(1))
    await api.app.close()
    expect((await waiting).status).toBe(202)
    expect(api.fleet.listeners.size).toBe(0)
  })

  it('does once what is asked twice with one key', async () => {
    const headers = { 'idempotency-key': 'k1' }
    const [first, second] = [
      await api.call('POST', submit, { body: read, headers }),
      await api.call('POST', submit, { body: read, headers }),
    ]
    expect(second.json).toEqual(first.json)
    expect(api.fleet.asked).toHaveLength(1)
  })

  it('hands on value, priority, deadline and force', async () => {
    const body = { kind: 'write', path: '/3/0/14', value: '+02:00', priority: 1, deadline: '2026-01-02T04:00:00Z' }
    const { json } = await api.call('POST', submit, { body: { ...body, force: true } })
    expect(json).toMatchObject({ value: '+02:00', priority: 1, deadline: '2026-01-02T04:00:00.000Z' })
  })

  it.each<[object, string]>([
    [{ path: '/3' }, 'body.kind'],
    [{ kind: 'read' }, 'body.path'],
    [{ kind: 'reed', path: '/3' }, 'body.kind'],
    [{ kind: 'read', path: '/3', priority: 10 }, 'body.priority'],
    [{ kind: 'read', path: '/3', deadline: 'tomorrow' }, 'body.deadline'],
    [{ kind: 'read', path: '/3', deadline: '2026-01-02T03:04:05Z' }, 'body.deadline'],
    [{ kind: 'read', path: '/3', vaule: 1 }, 'body.vaule'],
  ])('names the field of a wrong body: %j', async (body, field) => {
    const { status, json } = await api.call('POST', submit, { body })
    expect(status).toBe(400)
    expect(json).toMatchObject({ errors: [{ field }] })
  })

  it('says no to a wait it does not understand', async () => {
    const { status, json } = await api.call('POST', `${submit}?wait=soon`, { body: read })
    expect([status, (json as { errors: { field: string }[] }).errors[0]!.field]).toEqual([400, 'query.wait'])
  })

  it.each<[Error, number, object, string | undefined]>([
    [
      new UsageError('path.not-registered', 'no /99', { status: 422, hint: 'it has /3', members: { exists: ['/3'] } }),
      422,
      { code: 'path.not-registered', detail: 'no /99', hint: 'it has /3', exists: ['/3'] },
      undefined,
    ],
    [new UsageError('operation.queue-full', 'full', { status: 409 }), 409, { code: 'operation.queue-full' }, undefined],
    [new EnvironmentError('store.full', 'the disk is full', { retriable: true }), 503, { code: 'store.full' }, '5'],
    [new EnvironmentError('store.gone', 'no store', { retriable: false }), 503, { code: 'store.gone' }, undefined],
    [new Error('at /secret/path.ts'), 500, { code: 'internal' }, undefined],
  ])('turns %s into %i', async (failure, status, problem, retryAfter) => {
    api.fleet.failure = failure
    const answer = await api.call('POST', submit, { body: read })
    expect(answer.status).toBe(status)
    expect(answer.json).toMatchObject({ ...problem, status })
    expect(answer.headers['retry-after']).toBe(retryAfter)
    expect(answer.text).not.toContain('secret')
  })
})

describe('GET operations', () => {
  beforeEach(async () => {
    for (let i = 0; i < 3; i++) await api.call('POST', submit, { body: read })
    await api.call('POST', '/v1/devices/other/operations', { body: read })
    api.fleet.finish(1, { state: 'acknowledged' })
  })

  it.each([
    [submit, [3, 2, 1]],
    [`${submit}?state=queued`, [3, 2]],
    ['/v1/operations', [4, 3, 2, 1]],
    ['/v1/operations?endpoint=other', [4]],
    ['/v1/operations?state=acknowledged', [1]],
    ['/v1/operations?before=3', [2, 1]],
  ])('lists %s newest first', async (url, ids) => {
    const { json } = await api.call('GET', url)
    expect(Value.Check(operationPageSchema, json)).toBe(true)
    expect((json as { operations: { id: number }[] }).operations.map(({ id }) => id)).toEqual(ids)
  })

  it('says where the next page begins', async () => {
    expect((await api.call('GET', '/v1/operations?limit=2')).json).toMatchObject({ next: 3 })
    expect((await api.call('GET', '/v1/operations?limit=5')).json).not.toHaveProperty('next')
  })

  it.each(['/v1/devices/nobody/operations', '/v1/operations?endpoint=nobody'])('knows no device of %s', async (url) => {
    expect((await api.call('GET', url)).json).toMatchObject({ status: 404, code: 'device.unknown' })
  })

  it('shows one, and waits for its end where asked to', async () => {
    expect((await api.call('GET', '/v1/operations/1')).json).toMatchObject({ id: 1, state: 'acknowledged' })
    const waiting = api.call('GET', '/v1/operations/2?wait=20s')
    await vi.waitFor(async () => {
      expect((await api.call('GET', '/v1/status')).json).toMatchObject({ counts: { waits: 1 } })
    })
    api.fleet.finish(2, { state: 'expired', reason: 'deadline' })
    expect((await waiting).json).toMatchObject({ id: 2, state: 'expired' })
  })

  it.each([
    ['/v1/operations/99', 404, 'operation.unknown'],
    ['/v1/operations/x', 400, 'request.invalid'],
    ['/v1/operations/0', 400, 'request.invalid'],
  ])('answers %s with %i %s', async (url, status, code) => {
    expect((await api.call('GET', url)).json).toMatchObject({ status, code })
  })

  it('tells those who wait when the device is deleted', async () => {
    const waiting = api.call('GET', '/v1/operations/2?wait=20s')
    await vi.waitFor(async () => {
      expect((await api.call('GET', '/v1/status')).json).toMatchObject({ counts: { waits: 1 } })
    })
    api.fleet.asked.length = 0
    await api.call('DELETE', '/v1/devices/dev')
    expect((await waiting).status).toBe(404)
  })
})

describe('POST /v1/operations/{id}/cancel', () => {
  it('cancels what is queued, once', async () => {
    await api.call('POST', submit, { body: read })
    expect((await api.call('POST', '/v1/operations/1/cancel')).json).toMatchObject({ state: 'cancelled' })
    expect((await api.call('POST', '/v1/operations/1/cancel')).json).toMatchObject({ status: 409 })
  })
})
