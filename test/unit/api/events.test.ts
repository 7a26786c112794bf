/** Events: pages, and streams that resume, keep up, and let go of readers that do not. */
import type { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Value } from 'typebox/value'
import { eventPageSchema } from '../../../src/api/contract/event.ts'
import { EventStreams } from '../../../src/api/event-streams.ts'
import { silentLog } from '../../../src/base/log.ts'
import { apiUnderTest, token, type ApiUnderTest } from './api-under-test.ts'
import { FakeFleet } from './fake-fleet.ts'

describe('GET /v1/events', () => {
  let api: ApiUnderTest
  beforeEach(async () => {
    api = await apiUnderTest({ 'http.streams': 1 })
    api.fleet.addDevice('a')
    api.fleet.addDevice('b')
    api.fleet.emit('registration.registered', 'a')
    api.fleet.emit('notification', 'b', { path: '/3303/0/5700', nodes: [] })
    api.fleet.emit('notification', 'a', { big: 12345678901234567890n })
  })

  it.each([
    ['', [1, 2, 3]],
    ['?limit=2', [2, 3]],
    ['?after=0&limit=2', [1, 2]],
    ['?after=2', [3]],
    ['?after=3', []],
    ['?endpoint=a', [1, 3]],
    ['?kind=notification', [2, 3]],
    ['?kind=notification&kind=registration.registered&endpoint=a', [1, 3]],
  ])('pages %s', async (query, ids) => {
    const { json } = await api.call('GET', `/v1/events${query}`)
    expect(Value.Check(eventPageSchema, json)).toBe(true)
    expect((json as { events: { id: number }[] }).events.map(({ id }) => id)).toEqual(ids)
    expect(json).toMatchObject({ next: 3 - (query.includes('after=0') ? 1 : 0) })
  })

  it('tells what became of one that only knocked, and of a device before it was one', async () => {
    const refused = api.fleet.emit('bootstrap.refused', 'stranger', { reason: 'no template is for this device' })
    const { json } = await api.call('GET', '/v1/events?endpoint=stranger')
    expect(json).toMatchObject({ events: [{ id: refused.id, endpoint: 'stranger' }] })
    api.fleet.addDevice('stranger')
    const registered = api.fleet.emit('registration.registered', 'stranger')
    const known = (await api.call('GET', '/v1/events?endpoint=stranger')).json
    expect(known).toMatchObject({ events: [{ id: refused.id }, { id: registered.id }] })
  })

  it('shows 64-bit integers as strings', async () => {
    const { text } = await api.call('GET', '/v1/events?after=2')
    expect(text).toContain('"big":"12345678901234567890"')
  })

  it.each([
    ['?kind=nothing', 400, 'request.invalid'],
    ['?after=-1', 400, 'request.invalid'],
    ['?endpoint=nobody', 404, 'device.unknown'],
  ])('answers %s with %i', async (query, status, code) => {
    expect((await api.call('GET', `/v1/events${query}`)).json).toMatchObject({ status, code })
  })

  /** Begins a stream as a client would, without a socket. */
  async function follow(query: string, headers: Record<string, string> = {}) {
    const response = await api.app.inject({
      url: `/v1/events${query}`,
      headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream', ...headers },
      payloadAsStream: true,
    })
    const stream = response.stream()
    let text = ''
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    return {
      response,
      stream,
      text: () => text,
      ids: () => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id)),
    }
  }

  it('streams what comes from now on', async () => {
    const followed = await follow('')
    expect(followed.response.headers['content-type']).toBe('text/event-stream')
    api.fleet.emit('send', 'a', { n: 1 })
    await vi.waitFor(() => expect(followed.ids()).toEqual([4]))
    expect(followed.text()).toMatch(/^retry: \d+\n\nid: 4\nevent: send\ndata: {"id":4,.*"detail":{"n":1}}\n\n$/)
    await api.app.close()
  })

  it('resumes after Last-Event-ID, then goes on', async () => {
    const followed = await follow('?kind=notification', { 'last-event-id': '1' })
    await vi.waitFor(() => expect(followed.ids()).toEqual([2, 3]))
    api.fleet.emit('send', 'a')
    api.fleet.emit('notification', 'b')
    await vi.waitFor(() => expect(followed.ids()).toEqual([2, 3, 5]))
    await api.app.close()
  })

  it('begins at `after` and filters by endpoint', async () => {
    const followed = await follow('?after=0&endpoint=a')
    api.fleet.emit('send', 'b')
    api.fleet.emit('send', 'a')
    await vi.waitFor(() => expect(followed.ids()).toEqual([1, 3, 5]))
    await api.app.close()
  })

  it('refuses more streams than http.streams', async () => {
    const followed = await follow('')
    const headers = { accept: 'text/event-stream' }
    const second = await api.call('GET', '/v1/events', { headers })
    expect(second.json).toMatchObject({ status: 503, code: 'streams.too-many' })
    expect(second.headers['retry-after']).toBeDefined()
    followed.stream.destroy()
    await api.app.close()
  })

  it('ends streams in good order when the server stops', async () => {
    const followed = await follow('')
    const ended = new Promise((resolve) => followed.stream.on('end', resolve))
    await api.app.close()
    await ended
    expect(api.fleet.listeners.size).toBe(0)
  })

  it('answers a wrong Last-Event-ID with 400', async () => {
    const headers = { accept: 'text/event-stream', 'last-event-id': 'x' }
    expect((await api.call('GET', '/v1/events', { headers })).json).toMatchObject({
      status: 400,
      errors: [{ field: 'headers.last-event-id' }],
    })
  })
})

describe('an event stream and its reader', () => {
  const limits = { streams: 10, stall: 30_000, heartbeat: 15_000 }
  let fleet: FakeFleet
  let streams: EventStreams
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
    fleet = new FakeFleet()
    fleet.addDevice('a')
    streams = new EventStreams(fleet.events, limits, silentLog)
  })
  afterEach(() => {
    streams.close()
    if (vi.getTimerCount() > 0) throw new Error('a timer outlives its stream')
    vi.useRealTimers()
  })

  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  const idsOf = (text: string): number[] => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))
  const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)

  function readAll(stream: Readable): () => string {
    let text = ''
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    return () => text
  }

  it('misses and repeats nothing when events come while it catches up', async () => {
    for (let i = 0; i < 450; i++) fleet.emit('send', 'a')
    const text = readAll(streams.open({}, 0))
    for (let i = 0; i < 20; i++) {
      fleet.emit('send', 'a')
      await turn()
      fleet.emit('send', 'a')
    }
    await turn()
    expect(idsOf(text())).toEqual(range(1, 490))
  })

  it('carries a comment when nothing happens', async () => {
    const text = readAll(streams.open({}, undefined))
    await vi.advanceTimersByTimeAsync(limits.heartbeat)
    await turn()
    expect(text()).toMatch(/^: .+$/m)
  })

  it('keeps a bounded part in memory for a reader that stands still, then disconnects it', async () => {
    const stream = streams.open({}, undefined)
    const ended = vi.fn<(error: Error) => void>()
    stream.on('error', ended)
    stream.read(0)
    for (let i = 0; i < 5000; i++) fleet.emit('send', 'a', { text: 'x'.repeat(100) })
    await turn()
    expect(stream.readableLength).toBeLessThan(2 * 64 * 1024)
    await vi.advanceTimersByTimeAsync(limits.stall - 1)
    expect(ended).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(ended).toHaveBeenCalledWith(expect.objectContaining({ code: 'streams.stalled' }))
    expect(streams.count).toBe(0)
  })

  it('goes on without a gap for a reader that was only slow', async () => {
    const stream = streams.open({}, undefined)
    stream.read(0)
    for (let i = 0; i < 3000; i++) fleet.emit('send', 'a', { text: 'x'.repeat(100) })
    await vi.advanceTimersByTimeAsync(limits.stall / 2)
    const text = readAll(stream)
    for (let i = 0; i < 50; i++) await turn()
    fleet.emit('send', 'a')
    await turn()
    expect(idsOf(text())).toEqual(range(1, 3001))
  })

  it('ends a stream whose store cannot be read', async () => {
    fleet.emit('send', 'a')
    fleet.failure = new Error('gone')
    const stream = streams.open({}, 0)
    const ended = vi.fn<(error: Error) => void>()
    stream.on('error', ended).resume()
    await turn()
    expect(ended).toHaveBeenCalled()
  })
})
