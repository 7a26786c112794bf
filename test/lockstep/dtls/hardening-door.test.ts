import { describe, expect, it } from 'vitest'
import { concatBytes, copyOf, hexOf, noBytes, type Bytes } from '../../../src/base/bytes.ts'
import { seconds } from '../../../src/base/time.ts'
import { cookieLength } from '../../../src/dtls/cookie.ts'
import { handshakeType } from '../../../src/dtls/wire/handshake-header.ts'
import { contentType } from '../../../src/dtls/wire/record.ts'
import { DtlsPair, DtlsPeer, identity, pskTerms } from '../../support/dtls-peer.ts'
import { fragment, messagesIn, plainRecord, RawClient, withCid } from '../../support/dtls-raw-client.ts'

/**
 * What a stranger can do before it has proved its address:
 *
 *     stranger                              server
 *     ClientHello (whatever)         →
 *                                    ←      HelloVerifyRequest, or nothing
 */

const nothing = {
  handshakes: 0,
  handshakeCids: 0,
  lookups: 0,
  prefixes: 0,
  reassemblyOctets: 0,
  deferredOctets: 0,
  associations: 0,
  cids: 0,
  paths: 0,
  identities: 0,
  recalls: 0,
  recallOctets: 0,
  deadlines: 0,
}

function isHelloVerifyRequestOnly(client: RawClient, record: Bytes): boolean {
  const answers = messagesIn(client.send(record))
  return answers.length === 1 && answers[0]!.type === handshakeType.helloVerifyRequest
}

describe('hardening: the door', () => {
  it('hardening 1: every shape of hello without the right cookie gets a HelloVerifyRequest and no state', () => {
    const server = new DtlsPeer()
    const client = new RawClient(server)
    const shapes = {
      plain: {},
      'with an unknown session': { sessionId: new Uint8Array(32).fill(1) },
      'with a connection id': withCid,
      'with a cookie of nobody': { cookie: new Uint8Array(cookieLength).fill(9) },
      'with a cookie of another length': { cookie: new Uint8Array(32) },
    }
    for (const [shape, hello] of Object.entries(shapes)) {
      const record = client.plain(contentType.handshake, fragment(1, 0, client.helloBody(hello)))
      expect([shape, isHelloVerifyRequestOnly(client, record)]).toEqual([shape, true])
      expect(server.endpoint.sizes()).toMatchObject(nothing)
    }
  })

  it('hardening 1: a known session and a live association are no exemption', () => {
    const pair = new DtlsPair().connect()
    const sizes = pair.server.endpoint.sizes()
    expect(sizes).toMatchObject({ sessions: 1, associations: 1 })
    const client = new RawClient(pair.server, pair.clientPath)
    const resuming = client.helloBody({ sessionId: new Uint8Array(16) })
    expect(isHelloVerifyRequestOnly(client, client.plain(contentType.handshake, fragment(1, 0, resuming)))).toBe(true)
    expect(pair.server.endpoint.sizes()).toEqual(sizes)
  })

  it('hardening 2: nothing goes out that is longer than what came in, and no certificate', () => {
    const server = new DtlsPeer()
    const client = new RawClient(server)
    // the shortest hello there can be: one suite, no extensions
    const body = concatBytes(
      new Uint8Array([0xfe, 0xfd]),
      client.random,
      new Uint8Array([0, 0, 0, 2, 0xc0, 0xa8, 1, 0]),
    )
    const record = client.plain(contentType.handshake, fragment(1, 0, body))
    const [answer, ...more] = client.send(record)
    expect(answer!.bytes.length).toBeLessThanOrEqual(record.length)
    expect(more).toEqual([])
  })

  it('hardening 3: a cookie is bound to address, random, session and suites', () => {
    const server = new DtlsPeer()
    const client = new RawClient(server)
    client.begin()
    const good = client.helloBody()
    const variants: readonly (readonly [string, number, Bytes])[] = [
      ['another path', 2, good],
      ['another random', 1, client.helloBody({ random: new Uint8Array(32).fill(3) })],
      ['another session', 1, client.helloBody({ sessionId: new Uint8Array(8) })],
      ['other suites', 1, client.helloBody({ suiteNumbers: [0xc0a8, 0xc0a4] })],
      ['another version', 1, client.helloBody({ version: 0xfefc })],
    ]
    for (const [what, path, body] of variants) {
      const before = server.endpoint.sizes()
      server.receive(client.now, path, plainRecord(contentType.handshake, fragment(1, 1, body)))
      expect([what, ...messagesIn(server.take()).map(({ type }) => type)]).toEqual([
        what,
        handshakeType.helloVerifyRequest,
      ])
      expect([what, server.endpoint.sizes()]).toEqual([what, before])
    }
  })

  it('hardening 3: a cookie outlives one rotation of the key, not two', () => {
    for (const [waited, isGood] of [
      [0, true],
      [119, true],
      [125, true],
      [245, false],
      [3600, false],
    ] as const) {
      const server = new DtlsPeer()
      const client = new RawClient(server)
      client.hello()
      const [first] = messagesIn(client.hello())
      client.cookie = first!.body.slice(3)
      client.now = (client.now + seconds(waited)) as typeof client.now
      const answer = messagesIn(client.hello()).map(({ type }) => type)
      expect([`${waited} s`, answer.includes(handshakeType.serverHello)]).toEqual([`${waited} s`, isGood])
    }
  })

  it('hardening 4: every length in a hello that lies is refused without an answer or honest', () => {
    const server = new DtlsPeer()
    const client = new RawClient(server)
    const body = client.helloBody({ sessionId: new Uint8Array(4), cookie: new Uint8Array(cookieLength) })
    // version 2, random 32, then session id, cookie, suites (2), compression, extensions (2)
    for (const at of [34, 39, 39 + 17, 39 + 18, 39 + 21, 39 + 23, 39 + 24]) {
      for (let value = 0; value < 256; value++) {
        const lying = copyOf(body)
        lying[at] = value
        for (const cut of [body.length, at + 1]) {
          const answer = client.send(client.plain(contentType.handshake, fragment(1, 0, lying.subarray(0, cut))))
          expect(answer.length).toBeLessThanOrEqual(1)
        }
      }
    }
    expect(server.endpoint.sizes()).toMatchObject(nothing)
  })

  it('hardening 6: stalled handshakes are capped, in all and per prefix, and a good peer still gets in', () => {
    const options = { handshakeLimit: 50, handshakesPerPrefix: 10 }
    // path 1..255 share 10.0.0.0/24
    const server = new DtlsPeer({ options })
    for (let i = 0; i < 20; i++) new RawClient(server, 1 + i, i).hello()
    for (let i = 0; i < 20; i++) stall(server, 1 + i, i)
    expect(server.endpoint.sizes().handshakes).toBe(10)
    for (let i = 0; i < 100; i++) stall(server, (i + 1) * 256, 100 + i)
    expect(server.endpoint.sizes().handshakes).toBe(50)
    new RawClient(server, 0x10_0001, 999).complete()
    expect(server.opens).toHaveLength(1)
    let now = new RawClient(server).now
    for (let i = 0; i < 20; i++) {
      now = (now + seconds(60)) as typeof now
      server.endpoint.expire(now)
    }
    expect(server.endpoint.sizes()).toMatchObject({ handshakes: 0, prefixes: 0, handshakeCids: 0 })
  })

  it('hardening 9: a burst of hellos on one path harms neither it nor anyone else', () => {
    const server = new DtlsPeer()
    const other = new RawClient(server, 7, 70).complete(withCid)
    const half = new RawClient(server, 8, 80)
    half.begin()
    for (let i = 0; i < 500; i++) new RawClient(server, 9, i).hello()
    other.send(other.text('alive'))
    half.send(half.keyExchange(), half.changeCipherSpec(), half.finished())
    new RawClient(server, 9, 1).complete()
    expect(server.texts).toEqual(['alive'])
    expect(server.opens).toHaveLength(3)
  })

  it('hardening 35: suite lists that are odd, empty, cut off or endless get no answer', () => {
    const server = new DtlsPeer()
    const client = new RawClient(server)
    const head = concatBytes(new Uint8Array([0xfe, 0xfd]), client.random, new Uint8Array([0, 0]))
    for (const suites of [
      [0, 0],
      [0, 1, 0xc0],
      [0, 3, 0xc0, 0xa8, 0],
      [0xff, 0xff, 0xc0, 0xa8],
      [0, 4, 0xc0, 0xa8],
    ]) {
      const body = concatBytes(head, new Uint8Array(suites), suites.length === 4 ? noBytes : new Uint8Array([1, 0]))
      expect(client.send(client.plain(contentType.handshake, fragment(1, 0, body)))).toEqual([])
    }
    const many = Array.from({ length: 3000 }, (_, i) => i)
    const answer = client.hello({ suiteNumbers: many })
    expect(answer).toHaveLength(1)
    expect(server.endpoint.sizes()).toMatchObject(nothing)
  })

  it.each([0xfeff, 0xfefe, 0xfefd, 0xfefc, 0xffff, 0x0303, 0x0000])(
    'hardening 38: a hello of version %i gets a cookie first, then a handshake or protocol_version',
    (version) => {
      const server = new DtlsPeer()
      const client = new RawClient(server)
      const answer = client.begin({ version })
      const isServed = version === 0xfefd || version === 0xfefc
      expect(answer[0]!.bytes[0]).toBe(isServed ? contentType.handshake : contentType.alert)
      if (!isServed) expect(hexOf(answer[0]!.bytes.subarray(13))).toBe('0246')
      expect(server.endpoint.sizes().handshakes).toBe(isServed ? 1 : 0)
    },
  )

  it('hardening 55: a server whose every first answer is lost is asked again and ends in a handshake', () => {
    for (const lost of [0, 1, 2, 3]) {
      const pair = new DtlsPair()
      let dropped = 0
      pair.meddle = (datagram, direction) => (direction === 'down' && dropped++ < lost ? [] : [datagram])
      pair.connect().run(seconds(60))
      expect(pair.server.opens).toHaveLength(1)
      expect(pair.client.opens).toHaveLength(1)
    }
  })

  it('hardening 55: a wrong key ends after one repetition and few datagrams', () => {
    const pair = new DtlsPair()
    const wrong = { identity, key: new Uint8Array(16) }
    pair.connect(pskTerms({ preSharedKey: wrong }))
    // An operator sees it before anything is over.
    expect([pair.server.doubts, pair.server.reports]).toMatchObject([[{ reason: 'finished-unreadable' }], []])
    pair.run(seconds(300))
    expect(pair.server.reports).toMatchObject([{ reason: 'finished-unreadable' }])
    expect(pair.log.length).toBeLessThanOrEqual(10)
    expect(pair.server.endpoint.sizes()).toMatchObject(nothing)
    expect(pair.client.endpoint.sizes()).toMatchObject({ handshakes: 0, deadlines: 0 })
  })

  it('hardening 56: message_seq of the second hello is 1 or, after further cookies, more; our own go on from it', () => {
    for (const [messageSequence, isServed] of [
      [0, false],
      [1, true],
      [3, true],
      [16, false],
      [65_535, false],
    ] as const) {
      const client = new RawClient(new DtlsPeer())
      client.begin()
      const fresh = new RawClient(client.server, 1, 77)
      const first = messagesIn(fresh.hello())
      fresh.cookie = first[0]!.body.slice(3)
      const record = fresh.plain(contentType.handshake, fragment(1, messageSequence, fresh.helloBody()))
      const answers = messagesIn(fresh.send(record))
      expect(
        answers.some(({ type }) => type === handshakeType.serverHello),
        `${messageSequence}`,
      ).toBe(isServed)
      if (isServed) expect(answers[0]!.messageSequence).toBe(messageSequence)
    }
  })

  it('hardening 57: randoms, session ids and connection ids never repeat', () => {
    const pair = new DtlsPair({ options: { associationsPerIdentity: 1000 } })
    const seen = new Set<string>()
    for (let i = 0; i < 200; i++) {
      const from = pair.log.length
      pair.connect()
      const serverHello = messagesIn(pair.log.slice(from).map(({ bytes }) => ({ path: 0, bytes }))).find(
        ({ type }) => type === handshakeType.serverHello,
      )!
      for (const part of [
        serverHello.body.subarray(2, 34),
        serverHello.body.subarray(35, 51),
        pair.server.lastOpened.ownCid,
      ]) {
        expect(seen.has(hexOf(part))).toBe(false)
        seen.add(hexOf(part))
      }
    }
    expect(seen.size).toBe(600)
  })
})

/** A handshake with the right cookie that then says nothing. */
function stall(server: DtlsPeer, path: number, seed: number): void {
  const client = new RawClient(server, path, seed)
  const [request] = messagesIn(client.hello())
  if (request === undefined) return
  client.cookie = request.body.slice(3)
  client.hello()
}
