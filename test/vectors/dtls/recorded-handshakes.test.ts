/**
 * Handshakes of OpenSSL, GnuTLS and libcoap as they were recorded, replayed octet by octet: with the same
 * randomness our server has to say the very same, and take the peer's Finished and data for genuine.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bytesOfHex, hexOf } from '../../../src/base/bytes.ts'
import { instantOf } from '../../../src/base/time.ts'
import { coapAnswer, interopServer } from '../../support/dtls-interop.ts'
import { DtlsPeer } from '../../support/dtls-peer.ts'
import { RecordedCrypto, recordedRandom, type RecordedHandshake } from '../../support/recorded-handshake.ts'

const directory = new URL('recorded/', import.meta.url)
const names = readdirSync(directory).map((file) => file.replace('.json', ''))
const read = (name: string): RecordedHandshake =>
  JSON.parse(readFileSync(new URL(`${name}.json`, directory), 'utf8')) as RecordedHandshake

function serverOf(recorded: RecordedHandshake): DtlsPeer {
  return new DtlsPeer({
    ...interopServer(),
    crypto: new RecordedCrypto().replaying(recorded.signatures),
    random: recordedRandom(),
    addressOf: () => bytesOfHex(recorded.address)!,
  })
}

/** Everything our server says to what the peer said then. */
function replay(recorded: RecordedHandshake, server: DtlsPeer): readonly string[] {
  const now = instantOf(recorded.at)
  const said: string[] = []
  for (const datagram of recorded.datagrams) {
    const [direction, octets] = datagram.split(' ') as [string, string]
    if (direction !== 'up') continue
    server.receive(now, 0, bytesOfHex(octets)!)
    for (const { id, bytes } of server.received) {
      const answer = recorded.program.startsWith('coap-client') ? coapAnswer(bytes) : bytes
      if (answer !== undefined) server.endpoint.send(now, id, answer, 0, answer.length)
    }
    server.received.length = 0
    said.push(...server.take().map(({ bytes }) => `down ${hexOf(bytes)}`))
  }
  return said
}

describe('recorded handshakes', () => {
  it('are there for three programs', () => {
    expect(new Set(names.map((name) => name.split('-')[0]))).toEqual(new Set(['gnutls', 'libcoap', 'openssl']))
  })

  it.each(names)('%s: our side says the same, octet by octet', (name) => {
    const recorded = read(name)
    const server = serverOf(recorded)
    expect(replay(recorded, server)).toEqual(recorded.datagrams.filter((datagram) => datagram.startsWith('down')))
    expect(server.lastOpened.suite).toBe(recorded.suite)
    expect(server.faults.get('record-forged')).toBeUndefined()
  })

  it.each(names)('%s: with one octet of the peer changed no association opens', (name) => {
    const recorded = read(name)
    const ups = recorded.datagrams.filter((datagram) => datagram.startsWith('up'))
    const finishedAt = recorded.datagrams.indexOf(ups[2]!)
    const datagrams = recorded.datagrams.slice(0, finishedAt + 1)
    const last = datagrams.at(-1)!
    datagrams[datagrams.length - 1] = last.slice(0, -1) + (last.endsWith('0') ? '1' : '0')
    const server = serverOf(recorded)
    replay({ ...recorded, datagrams }, server)
    expect(server.opens).toEqual([])
  })
})
