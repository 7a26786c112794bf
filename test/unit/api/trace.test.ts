/** The flight recorder over HTTP: the list, the stream, the capture. */
import { Value } from 'typebox/value'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { captureOf } from '../../../src/api/capture.ts'
import { traceSchema } from '../../../src/api/contract/trace.ts'
import { created, datagrams, post } from '../../support/captured-datagrams.ts'
import { apiUnderTest, token, type ApiUnderTest } from './api-under-test.ts'

let api: ApiUnderTest
beforeEach(async () => {
  api = await apiUnderTest()
  api.fleet.addDevice('a')
  api.fleet.addDevice('b')
})

const request = {
  type: 'CON',
  code: '0.02',
  codeName: 'POST',
  messageId: 7,
  token: '0a',
  options: [{ number: 11, name: 'Uri-Path', value: 'rd' }],
  payloadSize: 0,
  outcome: 'answered',
  answer: '2.01',
  roundTrip: 12,
} as const

describe('GET /v1/devices/{endpoint}/trace', () => {
  it('lists what is kept, oldest first', async () => {
    api.fleet.pass('a', { ...request, roundTrip: 12 as never })
    api.fleet.pass('a', { direction: 'sent', type: 'ACK', code: '2.01', after: 12 as never, fault: 'x' })
    const { json } = await api.call('GET', '/v1/devices/a/trace')
    expect(Value.Check(traceSchema, json)).toBe(true)
    const start = api.fleet.now * 1000
    expect(json).toMatchObject({
      endpoint: 'a',
      next: start + 1,
      datagrams: [
        {
          id: start,
          at: '2026-01-02T03:04:05.000Z',
          direction: 'received',
          address: '192.0.2.7',
          port: 40_000,
          size: 4,
          head: '40000001',
          type: 'CON',
          code: '0.02',
          codeName: 'POST',
          messageId: 7,
          token: '0a',
          options: [{ number: 11, name: 'Uri-Path', value: 'rd' }],
          payloadSize: 0,
          retransmission: false,
          outcome: 'answered',
          answer: '2.01',
          roundTripMilliseconds: 12,
        },
        { direction: 'sent', code: '2.01', afterMilliseconds: 12, fault: 'x' },
      ],
    })
  })

  it('is empty for a device that was not heard, and 404 for none', async () => {
    expect((await api.call('GET', '/v1/devices/b/trace')).json).toEqual({ endpoint: 'b', datagrams: [], next: 0 })
    for (const url of ['/v1/devices/nobody/trace', '/v1/devices/nobody/trace.pcap']) {
      expect((await api.call('GET', url)).json).toMatchObject({ status: 404, code: 'device.unknown' })
    }
  })

  it('goes on after a datagram', async () => {
    const first = api.fleet.pass('a')
    const second = api.fleet.pass('a')
    const { json } = await api.call('GET', `/v1/devices/a/trace?after=${first.id}`)
    expect(json).toMatchObject({ datagrams: [{ id: second.id }], next: second.id })
    const last = await api.call('GET', `/v1/devices/a/trace?after=${second.id}`)
    expect(last.json).toMatchObject({ datagrams: [], next: second.id })
  })

  it('streams what passes, from where the client was', async () => {
    const [first, second] = [api.fleet.pass('a'), api.fleet.pass('a')]
    const response = await api.app.inject({
      url: '/v1/devices/a/trace',
      headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream', 'last-event-id': String(first.id) },
      payloadAsStream: true,
    })
    expect(response.headers['content-type']).toBe('text/event-stream')
    let text = ''
    response
      .stream()
      .setEncoding('utf8')
      .on('data', (chunk: string) => (text += chunk))
    const ids = (): number[] => [...text.matchAll(/^id: (\d+)\nevent: datagram\ndata: {/gm)].map(([, id]) => Number(id))
    await vi.waitFor(() => expect(ids()).toEqual([second.id]))
    const third = api.fleet.pass('a')
    await vi.waitFor(() => expect(ids()).toEqual([second.id, third.id]))
    expect((await api.call('GET', '/v1/status')).json).toMatchObject({ counts: { eventStreams: 1 } })
    await api.app.close()
    expect(api.fleet.traceListeners.size).toBe(0)
  })
})

it('GET /v1/devices/{endpoint}/trace.pcap is a capture', async () => {
  api.fleet.pass('a')
  const response = await api.app.inject({
    url: '/v1/devices/a/trace.pcap',
    headers: { authorization: `Bearer ${token}` },
  })
  expect(response.headers['content-type']).toBe('application/vnd.tcpdump.pcap')
  expect(response.rawPayload.subarray(0, 4).toString('hex')).toBe('d4c3b2a1')
  expect(response.rawPayload).toHaveLength(24 + 16 + 20 + 8 + 4)
})

describe('a capture', () => {
  it('carries length and original length, and whole headers', () => {
    const file = Buffer.from(captureOf(datagrams, '192.0.2.1'))
    const first = file.subarray(24)
    expect(first.readUInt32LE(0)).toBe(1_795_219_200)
    expect(first.readUInt32LE(4)).toBe(123_456)
    expect([first.readUInt32LE(8), first.readUInt32LE(12)]).toEqual([46, 46])
    const cut = file.subarray(24 + 16 + 46 + 16 + 48 + created.length)
    expect([cut.readUInt32LE(8), cut.readUInt32LE(12)]).toEqual([48 + post.length, 48 + 500])
  })
})
