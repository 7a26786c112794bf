/** The virtual device against the LwM2M server of Eclipse Leshan 2.0.0-M18: a device of ours to somebody else's eyes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DeviceRun } from '../../e2e/device/device-run.ts'
import { LeshanPeer, leshanServerBuilt } from '../../support/leshan-peer.ts'

const key = '7d1f0c2b9a8e4d3c6b5a49382716e5f4'

let leshan: LeshanPeer
let ports: { readonly coap: string; readonly coaps: string }

beforeAll(async () => {
  if (!leshanServerBuilt) return
  leshan = new LeshanPeer('leshan-server')
  const [, coap, coaps] = (await leshan.says('server', /^open/)).split(' ')
  ports = { coap: coap!, coaps: coaps! }
})
afterAll(() => leshan?.close())

const doors = [
  ['in the clear', 'urn:dev:clear'],
  ['over DTLS', 'urn:dev:secured'],
] as const

describe.skipIf(!leshanServerBuilt).each(doors)(
  'the virtual device, %s (skipped where scripts/build-peers.sh did not build Leshan)',
  (door, endpoint) => {
    let device: DeviceRun

    /** What Leshan makes of the answer to `command`. */
    function asks(command: string, ...words: readonly string[]): Promise<string> {
      leshan.tell(command, endpoint, ...words)
      return leshan.says(endpoint, new RegExp(`^(${command}|failed ${command}) `))
    }

    it('registers', async () => {
      if (door === 'in the clear') device = new DeviceRun(`coap://127.0.0.1:${ports.coap}`, { endpoint })
      else {
        leshan.tell('key', endpoint, 'leshan', key)
        await leshan.says(endpoint, /^known/)
        const psk = { identity: 'leshan', key: Buffer.from(key, 'hex') }
        device = new DeviceRun(`coaps://127.0.0.1:${ports.coaps}`, { endpoint, psk })
      }
      expect(await leshan.says(endpoint, /^registered/)).toBe('registered 1.1 300')
    })

    it.each(['TLV', 'SENML_JSON', 'SENML_CBOR'])('is read in %s', async (format) => {
      expect(await asks('read', '/3/0/9', format)).toContain('[id=9, value=100, type=INTEGER]')
      expect(await asks('read', '/3/0', format)).toContain('[id=0, value=Coapstan virtual device, type=STRING]')
      expect(await asks('read', '/3', format)).toMatch(/LwM2mObject \[id=3, instances=\{0=LwM2mObjectInstance \[id=0/)
    })

    it.each([
      ['TEXT', '/3/0/9', 'value=100, type=INTEGER'],
      ['CBOR', '/3/0/9', 'value=100, type=INTEGER'],
      ['CBOR', '/3/0/13', 'type=TIME'],
    ])('is read in %s: %s', async (format, path, value) => {
      expect(await asks('read', path, format)).toContain(value)
    })

    it('is written and discovered', async () => {
      expect(await asks('write', '/3/0/14', '+02:00')).toContain('CHANGED(204)')
      expect(await asks('read', '/3/0/14', 'TLV')).toContain('value=+02:00')
      expect(await asks('discover', '/3')).toContain('</3>, </3/0>, </3/0/0>')
    })

    it.each([
      ['read', '/99/0', 'TLV', 'NOT_FOUND(404)'],
      ['read', '/3/0/4', 'TLV', 'METHOD_NOT_ALLOWED(405)'],
      ['read', '/3/0', 'JSON', 'NOT_ACCEPTABLE(406)'],
      ['write', '/3/0/3', 'x', 'METHOD_NOT_ALLOWED(405)'],
    ])('refuses to %s %s %s: %s', async (command, path, word, code) => {
      expect(await asks(command, path, word)).toContain(code)
    })

    it('is read by composites, and notifies', async () => {
      const read = await asks('composite', 'SENML_CBOR', '/3/0/9,/4/0')
      expect(read).toContain('/3/0/9=LwM2mSingleResource [id=9, value=100, type=INTEGER]')
      expect(read).toContain('/4/0=LwM2mObjectInstance')
      expect(await asks('observe', '/4/0/2', 'SENML_CBOR')).toContain('CONTENT(205)')
      expect(await leshan.says(endpoint, /^notified/)).toMatch(/\/4\/0\/2 .*value=-\d+, type=INTEGER/)
    })

    it('is restarted, and registers again', async () => {
      expect(await asks('execute', '/3/0/4')).toContain('CHANGED(204)')
      expect(await leshan.says(endpoint, /^registered/)).toBe('registered 1.1 300')
    })

    it('deregisters when it is stopped', async () => {
      await device.stop()
      expect(await leshan.says(endpoint, /^deregistered/)).toBe('deregistered')
    })
  },
)
