import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nativeAddon, type NativeAddon } from '../../../src/server/native-addon.ts'
import { openNativeTransport } from '../../../src/server/udp-native.ts'
import type { UdpTransport } from '../../../src/server/udp-open.ts'
import { openClient, RecordingHandler, transportOptions, type Client } from './udp-clients.ts'

const found = nativeAddon()

it('says what to do where the add-on is missing', async () => {
  const opened = openNativeTransport(transportOptions(new RecordingHandler()), { missing: 'it is not built' })
  await expect(opened).rejects.toMatchObject({ code: 'udp.native-missing', message: 'it is not built' })
})

if ('addon' in found) {
  describe('what only the native transport does', () => {
    let handler: RecordingHandler
    let client: Client
    beforeEach(async () => {
      handler = new RecordingHandler()
      client = await openClient()
    })
    afterEach(() => client.close())

    it('answers from the address it was asked at', async () => {
      const transport = await openNativeTransport(transportOptions(handler, '0.0.0.0'))
      handler.onReceive = (path, text) => {
        transport.send(path, Buffer.from(text), 0, text.length)
        transport.flush()
      }
      client.send('hello', transport.local.port, '127.0.0.77')
      expect(await client.next()).toMatchObject({ text: 'hello', address: '127.0.0.77' })
      await transport.close()
    })

    it('tells which peer cannot be reached, and goes on serving the others', async () => {
      const transport = await openNativeTransport(transportOptions(handler))
      const gone = await openClient()
      const path = transport.pathOf({ address: '127.0.0.1', port: gone.port })
      await gone.close()
      for (let i = 0; i < 3; i++) {
        transport.send(path, Buffer.from('anybody?'), 0, 8)
        transport.send(transport.pathOf({ address: '127.0.0.1', port: client.port }), Buffer.from('you'), 0, 3)
        transport.flush()
        expect((await client.next()).text).toBe('you')
      }
      await handler.until(() => handler.seen.some(({ what }) => what === 'unreachable'))
      expect(handler.seen.find(({ what }) => what === 'unreachable')?.path).toBe(path)
      expect(transport.counts.unreachable).toBeGreaterThan(0)
      client.send('still there', transport.local.port)
      await handler.until(() => handler.texts().includes('still there'))
      await transport.close()
    })

    it('shares its port with others where asked to', async () => {
      const first = await openNativeTransport({ ...transportOptions(handler), reusePort: true })
      const second = await openNativeTransport({
        ...transportOptions(handler),
        port: first.local.port,
        reusePort: true,
      })
      expect(second.local.port).toBe(first.local.port)
      await Promise.all([first.close(), second.close()])
    })

    it('gives timers their turn under a flood', async () => {
      const transport = await openNativeTransport(transportOptions(handler))
      let immediate = false
      let seenFirst = 0
      handler.onReceive = () => {
        // The flood keeps itself alive until a timer has run.
        if (!immediate) for (let i = 0; i < 2; i++) client.send('more', transport.local.port)
      }
      client.send('start', transport.local.port)
      await handler.until(() => handler.texts().length > 0)
      await new Promise<void>((resolve) =>
        setImmediate(() => {
          immediate = true
          seenFirst = handler.texts().length
          resolve()
        }),
      )
      expect(seenFirst).toBeLessThan(5000)
      await transport.close()
    })
  })

  describe('a system that is busy', () => {
    /** The real add-on, but the system takes only so many datagrams until it is woken. */
    const busyAddon = (
      real: NativeAddon,
      state: { room: number; wake?: (readable: boolean) => void },
    ): NativeAddon => ({
      ...real,
      udpOpen: (address, port, pathLimit, receiveBuffer, reusePort, wake) => {
        state.wake = wake
        return real.udpOpen(address, port, pathLimit, receiveBuffer, reusePort, wake)
      },
      udpSend: (socket, count) => {
        const taken = Math.min(count, state.room)
        state.room -= taken
        return taken === 0 ? 0 : real.udpSend(socket, taken)
      },
    })
    const real = found.addon
    let client: Client
    let transport: UdpTransport
    let state: { room: number; wake?: (readable: boolean) => void }
    const say = (text: string): void => {
      transport.send(transport.pathOf({ address: '127.0.0.1', port: client.port }), Buffer.from(text), 0, text.length)
    }

    beforeEach(async () => {
      client = await openClient()
      state = { room: 0 }
      transport = await openNativeTransport(
        { ...transportOptions(new RecordingHandler()), sendQueueLimit: 1000 },
        { addon: busyAddon(real, state) },
      )
    })
    afterEach(() => Promise.all([client.close(), transport.close()]))

    it('gets what waits when it is ready, in order and nothing twice', async () => {
      state.room = 2
      for (let i = 0; i < 5; i++) say(`a${i}`)
      transport.flush()
      for (let i = 0; i < 5; i++) say(`b${i}`)
      transport.flush()
      expect(transport.counts).toMatchObject({ sent: 2, queueFull: 0 })
      say('c0')
      state.room = 3
      state.wake!(false)
      expect(transport.counts.sent).toBe(5)
      state.room = 100
      state.wake!(false)
      const expected = ['a0', 'a1', 'a2', 'a3', 'a4', 'b0', 'b1', 'b2', 'b3', 'b4', 'c0']
      for (const text of expected) expect((await client.next()).text).toBe(text)
      expect(transport.counts).toMatchObject({ sent: 11, queueFull: 0, unsendable: 0 })
    })

    it('makes the queue no longer than its limit; the rest is dropped and counted', async () => {
      for (let i = 0; i < 200; i++) say(`datagram ${String(i).padStart(3, '0')}`)
      transport.flush()
      expect(transport.counts).toMatchObject({ sent: 0, queueFull: 200 - 83 })
      state.room = 1000
      state.wake!(false)
      expect(transport.counts.sent).toBe(83)
      say('the queue is free again')
      transport.flush()
      for (let i = 0; i < 83; i++) expect((await client.next()).text).toBe(`datagram ${String(i).padStart(3, '0')}`)
      expect((await client.next()).text).toBe('the queue is free again')
    })
  })
}
