/** The HTTP API over real connections: what only a socket can show. */
import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { apiUnderTest, token, type ApiUnderTest } from '../../unit/api/api-under-test.ts'

let api: ApiUnderTest
let port: number
beforeEach(async () => {
  api = await apiUnderTest({ 'http.streams': 1, 'firmware.image-limit': 1_000_000 })
  api.fleet.addDevice('dev')
  await api.app.listen({ port: 0, host: '127.0.0.1' })
  port = (api.app.server.address() as AddressInfo).port
})
afterEach(() => api.app.close())

const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' }

it.each([
  ['something that is not HTTP', 'HELO there\r\n\r\n', 400],
  ['headers without end', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
])('answers %s with a problem', async (_what, request, status) => {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  socket.write(request)
  await once(socket, 'close')
  expect(text).toContain(`HTTP/1.1 ${status}`)
  expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n')))).toMatchObject({ status })
})

it('gives the place of a reader that went away to the next', async () => {
  const leaving = new AbortController()
  const first = await fetch(`http://127.0.0.1:${port}/v1/events`, { headers, signal: leaving.signal })
  expect(first.status).toBe(200)
  expect((await fetch(`http://127.0.0.1:${port}/v1/events`, { headers })).status).toBe(503)
  leaving.abort()
  const next = await vi.waitFor(async () => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/events`, { headers })
    expect(response.status).toBe(200)
    return response
  })
  await next.body?.cancel()
})

it('carries a thousand events whole to a reader that takes its time', async () => {
  const response = await fetch(`http://127.0.0.1:${port}/v1/events`, { headers })
  for (let i = 0; i < 1000; i++) api.fleet.emit('send', 'dev', { text: 'x'.repeat(2000) })
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk, { stream: true })
    if (text.includes('id: 1000\n')) break
  }
  expect([...text.matchAll(/^id: (\d+)$/gm)]).toHaveLength(1000)
})

it('forgets a request that waits when its client leaves', async () => {
  const leaving = new AbortController()
  const waiting = fetch(`http://127.0.0.1:${port}/v1/devices/dev/operations?wait=60s`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ kind: 'read', path: '/3' }),
    signal: leaving.signal,
  }).catch(() => 'left')
  const waits = async (): Promise<number> => (await api.call('GET', '/v1/status')).json['counts']['waits']
  await vi.waitFor(async () => expect(await waits()).toBe(1))
  leaving.abort()
  expect(await waiting).toBe('left')
  await vi.waitFor(async () => expect(await waits()).toBe(0))
})

it('refuses half an image when its sender goes away', async () => {
  const socket = connect(port, '127.0.0.1')
  const adding = vi.spyOn(api.fleet.images, 'add')
  socket.write(
    `POST /v1/firmware-images?product=p&version=1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n` +
      'content-type: application/octet-stream\r\ncontent-length: 1000\r\n\r\nhalf of it',
  )
  await vi.waitFor(() => expect(adding).toHaveBeenCalled())
  socket.destroy()
  await expect(adding.mock.results[0]!.value).rejects.toMatchObject({ code: 'request.aborted' })
  expect(api.fleet.kept).toEqual([])
  expect(api.lines.filter(({ level }) => level === 'error')).toEqual([])
})
