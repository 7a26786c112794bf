/**
 * Foreign clients with connection ids against the shipped server: a NAT that forgets them, a server that is
 * killed, nobody's handshake. pion, Mbed TLS 3 and Scandium have RFC 9146, Mbed TLS 2.28 the draft with number
 * 254, Scandium that with 53 too.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hexOf, utf8, type Bytes } from '../../../src/base/bytes.ts'
import {
  ForeignDtlsPeer,
  mbedtls3Peer,
  mbedtlsCidPeer,
  pionPeer,
  scandiumPeer,
} from '../../support/foreign-dtls-peer.ts'
import { NatRelay } from '../../support/nat-relay.ts'
import { startShippedServer, type ShippedServer } from '../../support/shipped-server.ts'

const identity = 'urn:dev:foreign'
const key = '7d1f0c2b9a8e4d3c6b5a49382716e5f4'

let directory: string
let server: ShippedServer
let port: number

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-foreign-'))
  await start()
  await server.fetch('/v1/credentials', {
    method: 'POST',
    body: JSON.stringify({ endpoint: identity, kind: 'psk', identity, key }),
  })
})
afterAll(async () => {
  await server.end('SIGTERM')
  rmSync(directory, { recursive: true })
})

async function start(coapsPort?: number): Promise<void> {
  const flags = ['--dtls-legacy-cid', 'on', '--dtls-legacy-cbc', 'on']
  const options = coapsPort === undefined ? { flags } : { flags, coapsPort }
  server = await startShippedServer(join(directory, 'data'), options)
  const status = (await (await server.fetch('/v1/status')).json()) as {
    listeners: { protocol: string; port: number }[]
  }
  port = status.listeners.find(({ protocol }) => protocol === 'coaps')!.port
}

interface Handshake {
  readonly outcome: string
  readonly suite?: string
  readonly connectionId?: string
}
async function handshakes(): Promise<readonly Handshake[]> {
  return ((await (await server.fetch('/v1/handshakes')).json()) as { handshakes: Handshake[] }).handshakes
}

let messageId = 1
/** CON POST /data with text that differs each time. */
function post(): Bytes {
  const id = messageId++
  const head = [0x40, 2, id >>> 8, id & 0xff, 0xb4, ...utf8('data'), 0x10, 0xff]
  return Uint8Array.of(...head, ...utf8(`{"/3303/0/5700":${id}}`))
}
/** An ACK with that message's id and 2.04. */
const changed = (message: Bytes): string => `got 6044${hexOf(message.subarray(2, 4))}`
async function posts(peer: ForeignDtlsPeer): Promise<void> {
  const message = post()
  expect(await peer.ask(message)).toBe(changed(message))
}

const pion =
  (...more: (string | number)[]) =>
  () =>
    new ForeignDtlsPeer(pionPeer!, ['-port', port, '-identity', identity, '-key', key, ...more])
const mbedtls = (program: string | undefined, suite: string) => () =>
  new ForeignDtlsPeer(program!, [port, identity, key, suite, 0, 1200, 1])

const clients: readonly [string, string | undefined, () => ForeignDtlsPeer, string][] = [
  ['pion', pionPeer, pion('-cid', 0), 'PSK_WITH_AES_128_CCM_8'],
  ['pion, with an id of its own', pionPeer, pion('-cid', 5), 'PSK_WITH_AES_128_CCM_8'],
  ['pion, with padding', pionPeer, pion('-cid', 5, '-padding', 40), 'PSK_WITH_AES_128_CCM_8'],
  ['pion, GCM', pionPeer, pion('-cid', 0, '-suite', 'PSK_WITH_AES_128_GCM_SHA256'), 'PSK_WITH_AES_128_GCM_SHA256'],
  ['Mbed TLS 3', mbedtls3Peer, mbedtls(mbedtls3Peer, 'TLS-PSK-WITH-AES-128-CCM-8'), 'PSK_WITH_AES_128_CCM_8'],
  [
    'Mbed TLS 2.28 (number 254)',
    mbedtlsCidPeer,
    mbedtls(mbedtlsCidPeer, 'TLS-PSK-WITH-AES-128-CCM-8'),
    'PSK_WITH_AES_128_CCM_8',
  ],
  [
    'Mbed TLS 3, ECDHE_PSK CBC',
    mbedtls3Peer,
    mbedtls(mbedtls3Peer, 'TLS-ECDHE-PSK-WITH-AES-128-CBC-SHA256'),
    'ECDHE_PSK_WITH_AES_128_CBC_SHA256',
  ],
]

describe.each(clients)('%s', (_name, program, open, suite) => {
  it.skipIf(program === undefined)(
    'goes on from another port, and after kill -9 (skipped where scripts/build-peers.sh did not run)',
    { timeout: 30_000 },
    async () => {
      const peer = open()
      expect(await peer.says()).toMatch(/^open /)
      expect((await handshakes())[0]).toMatchObject({
        outcome: 'completed',
        suite,
        connectionId: expect.stringMatching(/^[0-9a-f]{12}$/),
      })
      await posts(peer)
      expect(await peer.move()).toMatch(/^moved/)
      await posts(peer)
      await posts(peer)
      await server.end('SIGKILL')
      await start(port)
      await posts(peer)
      expect(await peer.move()).toMatch(/^moved/)
      await posts(peer)
      expect(await handshakes()).toEqual([])
      await peer.close()
    },
  )
})

// It changes its address only with a handshake of its own: a NAT between does it without its knowledge.
describe.skipIf(scandiumPeer === undefined)('Scandium (skipped where scripts/build-peers.sh did not run)', () => {
  it.each([54, 53])('with number %i goes on behind a NAT that forgot it, and after kill -9', async (number) => {
    const nat = await NatRelay.open(() => port)
    const peer = new ForeignDtlsPeer('java', ['-cp', scandiumPeer!, 'Client', nat.port, identity, key, number])
    expect(await peer.says(20_000)).toBe('open')
    await posts(peer)
    expect((await handshakes())[0]).toMatchObject({ outcome: 'completed', connectionId: expect.any(String) })
    nat.rebind()
    await posts(peer)
    await server.end('SIGKILL')
    await start(port)
    nat.rebind()
    await posts(peer)
    expect(await handshakes()).toEqual([])
    await peer.close()
    nat.close()
  })
})
