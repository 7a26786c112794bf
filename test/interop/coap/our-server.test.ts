/**
 * Our endpoint as a server of clients we did not write: GET, PUT and DELETE, bodies of up to 1 MiB in
 * blocks of 16 to 1024, observers, on a good network and on one that loses a tenth.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CoapSocket } from '../../support/coap-socket.ts'
import { LibcoapClient, libcoapClient } from '../../support/libcoap.ts'
import { LossyRelay } from '../../support/lossy-relay.ts'
import { NpmClient } from '../../support/npm-coap.ts'

const mebibyte = 1_048_576
const badNetwork = { seed: 9, drop: 0.1, duplicate: 0.05, delay: 0.1, delayLimit: 10 }
const sizes = [
  [1, 16],
  [1000, 16],
  [5000, 64],
  [20_000, 256],
  [mebibyte, 1024],
] as const

let server: CoapSocket
let ticks: NodeJS.Timeout
let directory: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-interop-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

beforeEach(async () => {
  server = await CoapSocket.open(2)
  let tick = 0
  server.publish('time', Buffer.from('tick 0'))
  ticks = setInterval(() => server.publish('time', Buffer.from(`tick ${++tick}`)), 100)
})
afterEach(() => {
  clearInterval(ticks)
  server.close()
})

describe.skipIf(libcoapClient === undefined)(
  'coap-client of libcoap (skipped where libcoap3-bin is not installed)',
  () => {
    const client = new LibcoapClient()

    /** Writes a body and reads it back: whether it is the same. */
    async function roundTrip(port: number, size: number, blockSize: number): Promise<boolean> {
      const [input, output] = [join(directory, `in-${size}`), join(directory, `out-${size}`)]
      writeFileSync(input, bodyOf(size))
      const written = await client.ask(port, '/body', { method: 'put', payloadFile: input, blockSize })
      expect(written.code).toBe('2.01')
      await client.ask(port, '/body', { blockSize, output })
      return readFileSync(output).equals(bodyOf(size))
    }

    it.each(sizes)('writes and reads %i octets in blocks of %i', async (size, blockSize) => {
      expect(await roundTrip(server.port, size, blockSize)).toBe(true)
    })

    // It repeats itself after two to three seconds, so that few blocks have to do.
    it('writes and reads 6 KiB where a tenth of the datagrams is lost', async () => {
      const relay = await LossyRelay.open(server.port, badNetwork)
      expect(await roundTrip(relay.port, 6144, 1024)).toBe(true)
      expect(relay.counts.dropped).toBeGreaterThan(0)
      relay.close()
    })

    it('reads by NON and deletes', async () => {
      server.publish('thing', Buffer.from('a thing'))
      expect((await client.ask(server.port, '/thing', { confirmable: false })).code).toBe('2.05')
      expect((await client.ask(server.port, '/thing', { method: 'delete' })).code).toBe('2.02')
      expect((await client.ask(server.port, '/thing')).code).toBe('4.04')
    })

    it.each([['a good network', undefined] as const, ['a network that loses a tenth', badNetwork] as const])(
      'observes over %s',
      async (_, trouble) => {
        const relay = trouble && (await LossyRelay.open(server.port, trouble))
        const { output } = await client.ask(relay?.port ?? server.port, '/time', { observeFor: 2, patience: 4 })
        relay?.close()
        const values = [...output.matchAll(/Observe:\d+.*?tick (\d+)/g)].map(([, value]) => Number(value))
        expect(new Set(values).size).toBeGreaterThan(trouble ? 5 : 10)
      },
    )
  },
)

describe('npm coap as a client', () => {
  const client = new NpmClient()
  afterAll(() => client.close())

  // Its client throws at a block option of no octets, `0/0/16`, as the answer to a single block of 16 has it.
  it.each([[1, 32], ...sizes.slice(1)] as const)(
    'writes and reads %i octets in blocks of %i',
    async (size, blockSize) => {
      const written = await client.ask(server.port, { method: 'PUT', path: '/body', payload: bodyOf(size), blockSize })
      expect(written.code).toBe('2.01')
      const read = await client.ask(server.port, { path: '/body', blockSize })
      expect(read.code).toBe('2.05')
      expect(read.payload.equals(bodyOf(size))).toBe(true)
    },
  )

  // Its client repeats itself four times in a transfer, not in a block: no more than that may be lost.
  it('writes and reads 6 KiB where a tenth of the datagrams is lost', async () => {
    const relay = await LossyRelay.open(server.port, badNetwork)
    const body = bodyOf(6144)
    const written = await client.ask(relay.port, { method: 'PUT', path: '/body', payload: body, blockSize: 1024 })
    expect(written.code).toBe('2.01')
    expect((await client.ask(relay.port, { path: '/body', blockSize: 1024 })).payload.equals(body)).toBe(true)
    expect(relay.counts.dropped).toBeGreaterThan(0)
    relay.close()
  })

  it('observes, and once more after it stopped', async () => {
    expect(await client.observe(server.port, '/time', 4)).toHaveLength(4)
    expect(await client.observe(server.port, '/time', 4)).toHaveLength(4)
  })

  it('observes where a tenth of the datagrams is lost', async () => {
    const relay = await LossyRelay.open(server.port, badNetwork)
    expect(await client.observe(relay.port, '/time', 6)).toHaveLength(6)
    relay.close()
  })
})

function bodyOf(size: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 8) * 13 + (i >> 16)) & 0xff))
}
