/**
 * Foreign clients with connection ids against the shipped server: a NAT that forgets them, a server that is
 * killed, nobody's handshake. pion, Mbed TLS 3, wolfSSL and Scandium have RFC 9146, Mbed TLS 2.28 the draft with number
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
  wolfsslPeer,
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
  for (const { peer, nat } of clients) {
    nat?.close()
    await peer?.close()
  }
  await server.end('SIGTERM')
  rmSync(directory, { recursive: true })
})

async function start(coapsPort?: number): Promise<void> {
  // All of them have one identity.
  const flags = ['--dtls-legacy-cid', 'on', '--dtls-legacy-cbc', 'on', '--dtls-associations-per-identity', '16']
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

interface Client {
  readonly name: string
  /** Undefined where it was not built. */
  readonly program: string | undefined
  readonly suite: string
  readonly args: (port: number) => readonly (string | number)[]
  peer?: ForeignDtlsPeer
  /** For one that cannot change its port without a handshake of its own. */
  readonly behindNat?: true
  nat?: NatRelay
}

const ccm8 = 'PSK_WITH_AES_128_CCM_8'
const pion = (name: string, suite: string, ...more: readonly (string | number)[]): Client => ({
  name,
  program: pionPeer,
  suite,
  args: (at) => ['-port', at, '-identity', identity, '-key', key, '-suite', suite, ...more],
})
const mbedtls = (name: string, program: string | undefined, suite: string, named: string): Client => ({
  name,
  program,
  suite,
  args: (at) => [at, identity, key, named, 0, 1200, 1],
})
const scandium = (number: number): Client => ({
  name: `Scandium (number ${number})`,
  program: scandiumPeer && 'java',
  suite: ccm8,
  args: (at) => ['-cp', scandiumPeer!, 'Client', at, identity, key, number],
  behindNat: true,
})

const clients: readonly Client[] = [
  pion('pion', ccm8, '-cid', 0),
  pion('pion, with an id of its own and padding', ccm8, '-cid', 5, '-padding', 40),
  pion('pion, GCM', 'PSK_WITH_AES_128_GCM_SHA256', '-cid', 0),
  mbedtls('Mbed TLS 3', mbedtls3Peer, ccm8, 'TLS-PSK-WITH-AES-128-CCM-8'),
  mbedtls(
    'Mbed TLS 3, ECDHE_PSK and CBC',
    mbedtls3Peer,
    'ECDHE_PSK_WITH_AES_128_CBC_SHA256',
    'TLS-ECDHE-PSK-WITH-AES-128-CBC-SHA256',
  ),
  mbedtls('Mbed TLS 2.28 (number 254)', mbedtlsCidPeer, ccm8, 'TLS-PSK-WITH-AES-128-CCM-8'),
  {
    name: 'wolfSSL',
    program: wolfsslPeer,
    suite: ccm8,
    args: (at) => [at, identity, key, 'PSK-AES128-CCM-8', 1200, 1],
  },
  scandium(54),
  scandium(53),
]
const built = clients.filter(({ program }) => program !== undefined)

describe.skipIf(built.length === 0)('foreign clients (skipped where scripts/build-peers.sh did not run)', () => {
  it.each(built)('$name: a handshake, and on from another port', async (client) => {
    if (client.behindNat) client.nat = await NatRelay.open(() => port)
    const peer = new ForeignDtlsPeer(client.program!, client.args(client.nat?.port ?? port))
    client.peer = peer
    expect(await peer.says(20_000)).toMatch(/^open/)
    await posts(peer)
    const { suite } = client
    const connectionId = expect.stringMatching(/^[0-9a-f]{12}$/) as unknown
    expect((await handshakes())[0]).toMatchObject({ outcome: 'completed', suite, connectionId })
    await moves(client)
    await posts(peer)
  })

  it('all of them: on after kill -9, from another port again', async () => {
    await server.end('SIGKILL')
    await start(port)
    for (const client of built) {
      await posts(client.peer!)
      await moves(client)
      await posts(client.peer!)
    }
    expect(await handshakes()).toEqual([])
  })
})

async function moves({ peer, nat }: Client): Promise<void> {
  if (nat === undefined) expect(await peer!.move()).toMatch(/^moved/)
  else nat.rebind()
}
