import { describe, expect, it } from 'vitest'
import { concatBytes, noBytes, type Bytes } from '../../../src/base/bytes.ts'
import { SeededRandom } from '../../../src/base/random.ts'
import { minutes, seconds, after } from '../../../src/base/time.ts'
import { profiles } from '../../../src/config/profiles.ts'
import { Reassembly } from '../../../src/dtls/reassembly.ts'
import { encodeClientKeyExchange } from '../../../src/dtls/wire/client-key-exchange.ts'
import { decodeFragmentHeader, emptyFragmentHeader } from '../../../src/dtls/wire/handshake-header.ts'
import { contentType } from '../../../src/dtls/wire/record.ts'
import { DtlsPair, DtlsPeer, identity, pskTerms } from '../../support/dtls-peer.ts'
import { fragment, plainRecord, RawClient } from '../../support/dtls-raw-client.ts'

/**
 * A client past the cookie sends its second flight in pieces:
 *
 *     ClientHello ⇄ HelloVerifyRequest, ClientHello ⇄ ServerHello … ServerHelloDone
 *     ClientKeyExchange in fragments, true and false   →
 */
function begun(options = {}): RawClient {
  const client = new RawClient(new DtlsPeer({ options }))
  client.begin()
  return client
}

const handshakeRecord = (content: Bytes): Bytes => plainRecord(contentType.handshake, content, { sequence: 50 })

function memory(client: RawClient): number {
  const { reassemblyOctets, deferredOctets } = client.server.endpoint.sizes()
  return reassemblyOctets + deferredOctets
}

/** The rest of a good handshake after ClientKeyExchange arrived somehow. */
function finish(client: RawClient): boolean {
  client.send(client.changeCipherSpec(), client.finished())
  return client.server.opens.length === 1
}

/** ClientKeyExchange as if sent, for the transcript; returns its body. */
function keyExchangeBody(client: RawClient): Bytes {
  client.keyExchange()
  return encodeClientKeyExchange({ identity, point: noBytes }, 'psk')
}

describe('hardening: fragments', () => {
  it('hardening 10: offset and length at every boundary never reach past a message or a datagram', () => {
    const edges = [0, 1, 10, 40, 8191, 8192, 2 ** 24 - 1]
    const client = begun()
    for (const total of edges) {
      for (const offset of edges) {
        for (const length of edges) {
          client.send(handshakeRecord(fragment(16, 2, new Uint8Array(20), { total, offset, length })))
        }
      }
    }
    expect(memory(client)).toBeLessThanOrEqual(8192)
    expect(client.server.opens).toEqual([])
  })

  it('hardening 11: messages that claim sixteen megabytes take no memory', () => {
    const client = begun()
    for (let i = 0; i < 10; i++) {
      client.send(handshakeRecord(fragment(16, 2 + i, new Uint8Array(100), { total: 2 ** 24 - 1, length: 100 })))
    }
    expect(memory(client)).toBe(0)
  })

  it('hardening 12: endless unique fragments stay below the cap until the handshake is given up', () => {
    const client = begun()
    const body = new Uint8Array(10)
    for (let i = 0; i < 20_000; i++) {
      const part = { total: 4000, offset: (i * 37) % 3990, length: 10 }
      client.send(handshakeRecord(fragment(11, 2 + (i % 300), body, part)))
    }
    expect(memory(client)).toBeLessThanOrEqual(8192)
    client.server.endpoint.expire(after(client.now, minutes(10)))
    for (let i = 1; i < 20; i++) client.server.endpoint.expire(after(client.now, minutes(10 + i)))
    expect(client.server.endpoint.sizes()).toMatchObject({ handshakes: 0, reassemblyOctets: 0, deadlines: 0 })
  })

  it('hardening 14: fragments of no octets end nowhere and cost nothing', () => {
    const client = begun()
    for (let offset = 0; offset <= 40; offset++) {
      client.send(handshakeRecord(fragment(16, 2, noBytes, { total: 40, offset, length: 0 })))
    }
    const many = concatBytes(...Array.from({ length: 100 }, () => fragment(16, 2, noBytes, { total: 40, length: 0 })))
    client.send(handshakeRecord(many))
    expect(memory(client)).toBeLessThanOrEqual(100)
  })

  it('hardening 15: fragments are told apart by message_seq, and one that changes type or length is dropped', () => {
    const client = begun()
    const body = keyExchangeBody(client)
    const half = { total: body.length, offset: 0, length: 10 }
    client.send(handshakeRecord(fragment(16, 2, body.subarray(0, 10), half)))
    client.send(handshakeRecord(fragment(16, 3, body.subarray(10), { ...half, offset: 10, length: body.length - 10 })))
    client.send(
      handshakeRecord(
        fragment(16, 2, body.subarray(10), { total: body.length + 1, offset: 10, length: body.length - 10 }),
      ),
    )
    client.send(handshakeRecord(fragment(11, 2, body.subarray(10), { ...half, offset: 10, length: body.length - 10 })))
    expect(client.server.lookups).toEqual([])
    client.send(handshakeRecord(fragment(16, 2, body.subarray(10), { ...half, offset: 10, length: body.length - 10 })))
    expect(client.server.lookups).toHaveLength(1)
  })

  it('hardening 16: overlapping fragments complete; octets received first stay', () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
      [1, 2, 0],
    ]) {
      const client = begun()
      const body = keyExchangeBody(client)
      const ranges = [
        [0, 14],
        [5, 20],
        [12, body.length],
      ] as const
      for (const at of order) {
        const [offset, end] = ranges[at]!
        const part = { total: body.length, offset, length: end - offset }
        client.send(handshakeRecord(fragment(16, 2, body.subarray(offset, end), part)))
        // the same range again with other octets changes nothing
        client.send(handshakeRecord(fragment(16, 2, new Uint8Array(end - offset).fill(0x58), part)))
      }
      expect(finish(client)).toBe(true)
    }
  })

  it('hardening 16: a poisoned message costs that handshake, not the next one', () => {
    const client = begun()
    client.send(handshakeRecord(fragment(16, 2, new Uint8Array(25), { total: 25 })))
    const again = new RawClient(client.server, 1, 6).complete()
    expect(again.server.opens).toHaveLength(1)
  })

  it('hardening 17: shuffled and duplicated flights give the same message, whatever the order (2 000 seeds)', () => {
    const body = new SeededRandom(3).bytes(600)
    const header = emptyFragmentHeader()
    for (let seed = 0; seed < 2000; seed++) {
      const random = new SeededRandom(seed)
      const reassembly = new Reassembly({ octets: 8192, messagesAhead: 8, pieces: 64 }, 0)
      const parts: Bytes[] = []
      for (let messageSequence = 0; messageSequence < 3; messageSequence++) {
        for (let offset = 0; offset < body.length;) {
          const length = Math.min(body.length - offset, 30 + Math.floor(random.fraction() * 150))
          const part = fragment(11, messageSequence, body.subarray(offset, offset + length), {
            total: 600,
            offset,
            length,
          })
          parts.push(part, part)
          offset += length
        }
      }
      parts.sort(() => random.fraction() - 0.5)
      const taken: number[] = []
      for (const part of parts) {
        decodeFragmentHeader(part, 0, part.length, header)
        reassembly.add(header, part)
        for (let message = reassembly.take(); message !== undefined; message = reassembly.take()) {
          taken.push(message.messageSequence)
          expect(message.body).toEqual(body)
        }
      }
      expect(taken).toEqual([0, 1, 2])
      expect(reassembly.octets).toBe(0)
    }
  })

  it('hardening 18: nothing of a handshake is kept after Finished, nor after it failed', () => {
    for (const isGood of [true, false]) {
      const client = begun()
      const early = fragment(14, 5, new Uint8Array(4), { total: 50, length: 4 })
      client.send(
        handshakeRecord(early),
        handshakeRecord(fragment(11, 4, new Uint8Array(9), { total: 300, length: 9 })),
      )
      client.send(client.keyExchange(identity, isGood ? undefined : new Uint8Array(16)))
      client.send(client.changeCipherSpec(), client.finished(), client.finished())
      expect(client.server.opens).toHaveLength(isGood ? 1 : 0)
      expect(client.server.endpoint.sizes()).toMatchObject({ handshakes: 0, reassemblyOctets: 0, deferredOctets: 0 })
    }
  })

  it('hardening 19: records of the next epoch that come early are kept up to a cap, newest first', () => {
    const client = begun()
    for (let i = 0; i < 5000; i++) {
      client.send(plainRecord(contentType.handshake, new Uint8Array(200), { epoch: 1, sequence: i }))
    }
    expect(client.server.endpoint.sizes().deferredOctets).toBeLessThanOrEqual(4096)
    client.send(client.keyExchange(), client.changeCipherSpec(), client.finished())
    expect(client.server.opens).toHaveLength(1)
    expect(client.server.endpoint.sizes()).toMatchObject({ handshakes: 0, deferredOctets: 0 })
  })

  it('a flight whose pieces overtake one another completes as if they had not', () => {
    const client = begun()
    const keyExchange = client.keyExchange()
    const changeCipherSpec = client.changeCipherSpec()
    client.send(client.finished(), changeCipherSpec, keyExchange)
    expect(client.server.opens).toHaveLength(1)
  })

  it('data that overtakes Finished is delivered after it', () => {
    const client = begun()
    const keyExchange = client.keyExchange()
    const changeCipherSpec = client.changeCipherSpec()
    const finished = client.finished()
    client.send(keyExchange, changeCipherSpec, client.text('early'))
    expect(client.server.texts).toEqual([])
    client.send(finished)
    expect(client.server.texts).toEqual(['early'])
  })

  it('a ClientHello in fragments is served once its first piece brings the right cookie', () => {
    const pair = new DtlsPair({}, { profile: { ...profiles.ip, datagramLimit: 110 } })
    pair.connect(pskTerms({ serverName: 'a-rather-long-name-for-a-server.example.org' })).run(seconds(5))
    expect(pair.server.opens).toHaveLength(1)
  })
})
