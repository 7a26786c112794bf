import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EnvironmentError, UsageError } from '../../../src/base/errors.ts'
import { openDgramTransport } from '../../../src/server/udp-dgram.ts'
import { nativeAddon } from '../../../src/server/native-addon.ts'
import { openNativeTransport } from '../../../src/server/udp-native.ts'
import type { UdpOptions, UdpTransport } from '../../../src/server/udp-open.ts'
import { openClient, RecordingHandler, transportOptions, type Client } from './udp-clients.ts'

const implementations: [string, (options: UdpOptions) => Promise<UdpTransport>][] = [['dgram', openDgramTransport]]
// A machine without a C compiler has the first only.
if ('addon' in nativeAddon()) implementations.push(['native', openNativeTransport])

describe.each(implementations)('UDP over %s', (kind, open) => {
  let handler: RecordingHandler
  let transport: UdpTransport
  let client: Client

  beforeEach(async () => {
    handler = new RecordingHandler()
    transport = await open(transportOptions(handler))
    client = await openClient()
  })
  afterEach(async () => {
    await Promise.all([transport.close(), client.close()])
  })

  const answer = (path: number, text: string): void => {
    const bytes = Buffer.from(`..${text}..`, 'latin1')
    transport.send(path, bytes, 2, 2 + text.length)
    // The transport has taken its copy.
    bytes.fill(0x2e)
  }

  it('says what it is and where', () => {
    expect(transport.kind).toBe(kind)
    expect(transport.local.address).toBe('127.0.0.1')
    expect(transport.local.port).toBeGreaterThan(0)
    expect(transport.receiveBuffer).toBeGreaterThan(0)
  })

  it('hands over datagrams in order, under one path per client, and ends the burst with one turn', async () => {
    const other = await openClient()
    client.send('one', transport.local.port)
    client.send('two', transport.local.port)
    await handler.until(() => handler.texts().length === 2)
    other.send('three', transport.local.port)
    await handler.until(() => handler.texts().length === 3 && handler.seen.at(-1)?.what === 'turn')
    const paths = handler.seen.flatMap((entry) => entry.path ?? [])
    expect(handler.texts()).toEqual(['one', 'two', 'three'])
    expect(paths[0]).toBe(paths[1])
    expect(paths[2]).not.toBe(paths[0])
    expect(transport.addressOf(paths[2]!)).toEqual({ address: '127.0.0.1', port: other.port })
    expect(transport.pathOf({ address: '127.0.0.1', port: client.port })).toBe(paths[0])
    await other.close()
  })

  it('gives many datagrams that wait together fewer turns than receives', async () => {
    handler.onReceive = (_path, text) => {
      if (text !== 'first') return
      // Blocks the loop until everything else has arrived in the kernel: loopback delivers within the send.
      for (let i = 0; i < 200; i++) client.send(`${i}`, transport.local.port)
    }
    client.send('first', transport.local.port)
    await handler.until(() => handler.texts().length === 201 && handler.seen.at(-1)?.what === 'turn')
    expect(handler.texts().slice(1)).toEqual(Array.from({ length: 200 }, (_, i) => `${i}`))
    expect(handler.seen.filter(({ what }) => what === 'turn').length).toBeLessThan(20)
    client.send('afterwards', transport.local.port)
    await handler.until(() => handler.texts().at(-1) === 'afterwards')
  })

  it('answers from the port it was asked at, with its own copy of the octets, at the flush', async () => {
    handler.onReceive = (path, text) => {
      answer(path, `re ${text}`)
      answer(path, 'and more')
      transport.flush()
    }
    client.send('hello', transport.local.port)
    expect(await client.next()).toEqual({ text: 're hello', address: '127.0.0.1', port: transport.local.port })
    expect((await client.next()).text).toBe('and more')
    expect(transport.counts).toMatchObject({ received: 1, sent: 2, queueFull: 0, unsendable: 0 })
  })

  it('sends to a peer that has not spoken yet', async () => {
    answer(transport.pathOf({ address: '127.0.0.1', port: client.port }), 'wake up')
    transport.flush()
    expect((await client.next()).text).toBe('wake up')
  })

  it.each([0, 1, 63, 64, 65, 1280, 8192, 65_507])('carries %d octets unharmed there and back', async (length) => {
    const text = Buffer.from(Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff)).toString('latin1')
    handler.onReceive = (path, received) => {
      answer(path, received)
      transport.flush()
    }
    client.send(Buffer.from(text, 'latin1'), transport.local.port)
    expect((await client.next()).text === text).toBe(true)
  })

  it('carries many answers of one burst, each intact', async () => {
    const lengths = Array.from({ length: 100 }, (_, i) => (i * 37) % 300)
    handler.onReceive = (path) => {
      for (const [i, length] of lengths.entries()) answer(path, `${i}:${'x'.repeat(length)}`)
      transport.flush()
    }
    client.send('go', transport.local.port)
    for (const [i, length] of lengths.entries()) expect((await client.next()).text).toBe(`${i}:${'x'.repeat(length)}`)
  })

  it('drops and counts what it cannot send, without throwing', () => {
    const path = transport.pathOf({ address: '127.0.0.1', port: client.port })
    transport.send(path, new Uint8Array(70_000), 0, 70_000)
    answer(path + 999_000, 'to a path that never was')
    answer(transport.pathOf({ address: '2001:db8::1', port: 5683 }), 'IPv6 through an IPv4 socket')
    transport.flush()
    expect(transport.counts).toMatchObject({ sent: 0, unsendable: 3 })
  })

  it('forgets the path used longest ago, tells the handler, and no longer sends there', async () => {
    await transport.close()
    transport = await open({ ...transportOptions(handler), pathLimit: 64 })
    const paths = Array.from({ length: 64 }, (_, i) => transport.pathOf({ address: '192.0.2.1', port: 1000 + i }))
    expect(handler.seen).toEqual([])
    client.send('new', transport.local.port)
    await handler.until(() => handler.texts().length === 1)
    expect(handler.seen[0]).toEqual({ what: 'forgotten', path: paths[0] })
    expect(transport.addressOf(paths[0]!)).toBeUndefined()
    expect(transport.addressOf(paths[1]!)).toEqual({ address: '192.0.2.1', port: 1001 })
    answer(paths[0]!, 'nobody')
    transport.flush()
    expect(transport.counts.unsendable).toBe(1)
    expect(transport.pathOf({ address: '192.0.2.1', port: 1000 })).not.toBe(paths[0])
  })

  it('says what to do when the port is in use', async () => {
    const again = open({ ...transportOptions(handler), port: transport.local.port })
    await expect(again).rejects.toThrow(EnvironmentError)
    await expect(again).rejects.toMatchObject({
      code: 'udp.port-in-use',
      retriable: true,
      message: expect.stringContaining(`ss -ulpn sport = :${transport.local.port}`),
    })
  })

  it.each([
    ['192.0.2.200', 'udp.address-unavailable'],
    ['no-such-host.invalid', 'udp.host-unknown'],
  ])('says what is wrong with the host %s', async (host, code) => {
    await expect(open({ ...transportOptions(handler), host })).rejects.toMatchObject({ code })
  })

  it.each([
    { address: 'device.example', port: 5683 },
    { address: '192.0.2.1', port: 0 },
    { address: '192.0.2.1', port: 65_536 },
  ])('refuses $address port $port as an address', (remote) => {
    expect(() => transport.pathOf(remote)).toThrow(UsageError)
  })

  it('serves IPv4 and IPv6 on the unspecified address, and shows IPv4 as IPv4', async () => {
    const both = new RecordingHandler()
    const dual = await open(transportOptions(both, '::'))
    const six = await openClient('::1')
    both.onReceive = (path, text) => {
      dual.send(path, Buffer.from(text), 0, text.length)
      dual.flush()
    }
    client.send('four', dual.local.port)
    expect(await client.next()).toMatchObject({ text: 'four', address: '127.0.0.1' })
    six.send('six', dual.local.port)
    expect(await six.next()).toMatchObject({ text: 'six', address: '::1' })
    expect(both.seen.filter(({ path }) => path !== undefined).map(({ path }) => dual.addressOf(path!))).toEqual([
      { address: '127.0.0.1', port: client.port },
      { address: '::1', port: six.port },
    ])
    expect(dual.addressOf(dual.pathOf({ address: '2001:DB8:0::1', port: 9 }))?.address).toBe('2001:db8::1')
    await Promise.all([dual.close(), six.close()])
  })

  it('may be closed twice, and neither sends nor hands over anything afterwards', async () => {
    const path = transport.pathOf({ address: '127.0.0.1', port: client.port })
    await transport.close()
    await transport.close()
    answer(path, 'too late')
    transport.flush()
    expect(transport.counts).toMatchObject({ sent: 0, unsendable: 1 })
    expect(handler.seen).toEqual([])
  })
})
