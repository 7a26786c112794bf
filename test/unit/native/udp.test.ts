import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addon } from './addon.ts'

if (addon !== undefined) describeNative(addon)
else it('needs a C compiler: npm run build:native', () => expect(addon).toBeUndefined())

function describeNative(present: NonNullable<typeof addon>): void {
  const open = (): ReturnType<typeof present.udpOpen> =>
    present.udpOpen('127.0.0.1', 0, 100, 65_536, false, () => undefined)

  describe('sockets of the add-on', () => {
    it('cannot be changed by JavaScript, and are refused once closed', () => {
      const opened = open()
      expect(Object.isFrozen(opened)).toBe(true)
      present.udpClose(opened.socket)
      for (const call of [
        () => present.udpReceive(opened.socket),
        () => present.udpSend(opened.socket, 0),
        () => present.udpPathOf(opened.socket, '127.0.0.1', 1),
        () => present.udpAddressOf(opened.socket, 0),
        () => present.udpClose(opened.socket),
      ]) {
        expect(call).toThrow('not an open socket')
      }
    })

    it('take no other object for a socket', () => {
      for (const wrong of [{}, null, undefined, 7, 'socket', () => undefined, new ArrayBuffer(8)]) {
        expect(() => present.udpReceive(wrong as object)).toThrow('not an open socket')
      }
    })

    it('send nothing from outside of the slab, whatever the shared memory says', () => {
      const opened = open()
      const bytes = new DataView(opened.shared)
      const path = present.udpPathOf(opened.socket, ...opened.local)
      const word = fc.oneof(
        fc.constantFrom(0, 1, 262_143, 262_144, 262_145, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
        fc.nat(0xffff_ffff),
      )
      const number = fc.oneof(
        fc.constantFrom(path, -1, 0.5, path + 100, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY),
        fc.double(),
      )
      fc.assert(
        fc.property(fc.array(fc.tuple(number, word, word), { minLength: 1, maxLength: 64 }), (entries) => {
          for (const [i, [to, start, length]] of entries.entries()) {
            bytes.setFloat64(1024 + 8 * i, to, true)
            bytes.setUint32(1792 + 4 * i, start, true)
            bytes.setUint32(2048 + 4 * i, length, true)
          }
          expect(present.udpSend(opened.socket, entries.length)).toBe(entries.length)
          while (present.udpReceive(opened.socket) > 0) continue
        }),
        { numRuns: 500 },
      )
      present.udpClose(opened.socket)
    })

    it('refuse counts, ports, limits and addresses that are none', () => {
      const opened = open()
      for (const count of [-1, 65, 0.5, Number.NaN, 2 ** 32])
        expect(() => present.udpSend(opened.socket, count)).toThrow()
      for (const port of [-1, 65_536, 0.5, Number.NaN]) {
        expect(() => present.udpPathOf(opened.socket, '127.0.0.1', port)).toThrow()
      }
      for (const text of ['', 'localhost', '1.2.3', '1.2.3.4.5', ':::', 'x'.repeat(5000)]) {
        expect(() => present.udpPathOf(opened.socket, text, 1)).toThrow()
      }
      for (const path of [-1, 0.5, 1e300, Number.NaN]) expect(present.udpAddressOf(opened.socket, path)).toBeUndefined()
      const wake = (): void => undefined
      expect(() => present.udpOpen('127.0.0.1', 0, 2 ** 25, 65_536, false, wake)).toThrow('limit')
      expect(() => present.udpOpen('nowhere', 0, 100, 65_536, false, wake)).toThrow('not an IP address')
      const call = present.udpOpen as (...anything: unknown[]) => unknown
      expect(() => call()).toThrow('wrong number of arguments')
      present.udpClose(opened.socket)
    })

    it('keep the paths of a whole batch apart even where fewer are asked for', () => {
      const opened = present.udpOpen('127.0.0.1', 0, 1, 65_536, false, () => undefined)
      const paths = Array.from({ length: 64 }, (_, i) => present.udpPathOf(opened.socket, '192.0.2.1', i + 1))
      expect(new Set(paths).size).toBe(64)
      expect(paths.every((path) => present.udpAddressOf(opened.socket, path) !== undefined)).toBe(true)
      present.udpClose(opened.socket)
    })

    it('die with their worker thread, whether it closes them or not', async () => {
      const file = fileURLToPath(new URL('../../../src/server/native-addon.ts', import.meta.url))
      const program = `
        import(${JSON.stringify(file)}).then(({ nativeAddon }) => {
          const { addon } = nativeAddon()
          const opened = addon.udpOpen('127.0.0.1', 0, 1000, 65536, false, () => undefined)
          const key = addon.aeadKey(0, new Uint8Array(16))
          addon.aeadRun(1, key, new Uint8Array(12), new Uint8Array(0), new Uint8Array(4), 0, 4, new Uint8Array(12), 0)
          require('node:worker_threads').parentPort.postMessage(opened.local[1])
        })`
      for (let i = 0; i < 3; i++) {
        const worker = new Worker(program, { eval: true })
        const [port] = (await once(worker, 'message')) as [number]
        await worker.terminate()
        const again = present.udpOpen('127.0.0.1', port, 100, 65_536, false, () => undefined)
        expect(again.local[1], 'the port is free again').toBe(port)
        present.udpClose(again.socket)
      }
    })
  })
}
