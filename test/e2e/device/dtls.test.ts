/** The virtual device over DTLS: the package node-dtls-client against our DTLS endpoint, CoAP answered by hand. */
import { afterEach, expect, it } from 'vitest'
import type { DeviceOptions } from '../../../src/device/options.ts'
import { DtlsUdpServer } from '../../support/dtls-udp-server.ts'
import { identity, key } from '../../support/dtls-peer.ts'
import { DeviceRun } from './device-run.ts'

let server: DtlsUdpServer | undefined
afterEach(() => server?.close())

const psk: NonNullable<DeviceOptions['psk']> = { identity: Buffer.from(identity).toString(), key }

/** 2.01 with the location /rd/r1 to the first POST, 2.04 to the next, 2.02 to a DELETE; piggybacked. */
function answerer(): { readonly answer: (request: Uint8Array) => Uint8Array; readonly requests: Buffer[] } {
  const requests: Buffer[] = []
  return {
    requests,
    answer(bytes) {
      const request = Buffer.from(bytes)
      requests.push(request)
      const posts = requests.filter((each) => each[1] === 2).length
      const code = request[1] === 4 ? 0x42 : posts === 1 ? 0x41 : 0x44
      const token = request.subarray(4, 4 + (request[0]! & 0xf))
      const head = Buffer.of(0x60 | token.length, code, request[2]!, request[3]!)
      const location = code === 0x41 ? Buffer.from('82726402' + '7231', 'hex') : Buffer.alloc(0)
      return Buffer.concat([head, token, location])
    },
  }
}

it('registers, updates and deregisters over one association', async () => {
  const { answer, requests } = answerer()
  server = await DtlsUdpServer.listen(answer)
  const device = new DeviceRun(`coaps://127.0.0.1:${server.port}`, { psk, until: 'registered' })
  expect(await device.exit).toBe(0)
  expect(requests.map((request) => request[1])).toEqual([2, 2, 4])
  expect(server.peer.opens).toHaveLength(1)
  expect(device.lines.join('\n')).toMatch(/DTLS association with .* identity urn:imei:350000000000001/)
})

it('says that the handshake failed, and ends with 1', async () => {
  server = await DtlsUdpServer.listen(answerer().answer)
  const wrong = { identity: psk.identity, key: new Uint8Array(16) }
  const device = new DeviceRun(`coaps://127.0.0.1:${server.port}`, { psk: wrong, until: 'registered' })
  expect(await device.exit).toBe(1)
  expect(device.lines.join('\n')).toMatch(/! cannot reach 127\.0\.0\.1:\d+: /)
})
