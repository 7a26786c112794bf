import { describe, expect, it } from 'vitest'
import { bytesOfHex, concatBytes, hexOf, noBytes, utf8, type Bytes } from '../../../src/base/bytes.ts'
import { minutes, seconds } from '../../../src/base/time.ts'
import type { DtlsOptions } from '../../../src/dtls/options.ts'
import type { CredentialAnswer } from '../../../src/dtls/sink.ts'
import { legacyCbcSuites, defaultSuites } from '../../../src/dtls/suites.ts'
import { encodeCertificateChain } from '../../../src/dtls/wire/certificate-message.ts'
import { numberOfGroup, type NamedGroup } from '../../../src/dtls/wire/extensions/supported-groups.ts'
import { handshakeType } from '../../../src/dtls/wire/handshake-header.ts'
import { contentType } from '../../../src/dtls/wire/record.ts'
import { nodeCrypto } from '../../../src/server/crypto-node.ts'
import {
  authority,
  deviceCertificate,
  serverCertificate,
  strangerCertificate,
} from '../../support/dtls-certificates.ts'
import { DtlsPair, DtlsPeer, identity, key, pskTerms, type PeerOptions } from '../../support/dtls-peer.ts'
import { fragment, messagesIn, RawClient } from '../../support/dtls-raw-client.ts'

/**
 * Who a peer says it is, and whether it proves it:
 *
 *     … ServerHelloDone
 *     [Certificate] ClientKeyExchange [CertificateVerify] CCS Finished  →
 *                                                        ←  CCS Finished, or one alert, or nothing
 */
const certified: Partial<DtlsOptions> = { certificate: serverCertificate, authorities: [authority] }

function certifiedClient(group: NamedGroup = 'secp256r1', options: Partial<DtlsOptions> = {}): RawClient {
  const client = new RawClient(new DtlsPeer({ options: { ...certified, groups: [group], ...options } }))
  client.begin({
    suiteNumbers: [0xc0ae],
    extensions: { groups: [group, 'secp256r1'], signatureAlgorithms: ['ecdsa-sha256'], extendedMasterSecret: true },
  })
  return client
}

const chainOf = (client: RawClient, chain: readonly Bytes[] = deviceCertificate.chain): Bytes =>
  client.message(handshakeType.certificate, encodeCertificateChain(chain))

const reasons = (client: RawClient): readonly unknown[] => client.server.reports.map(({ reason }) => reason)

describe('hardening: credentials', () => {
  it('hardening 27: a good certificate with a good CertificateVerify gets in', () => {
    const client = certifiedClient()
    client.send(chainOf(client), client.ecdheKeyExchange(), client.certificateVerify(deviceCertificate.key))
    client.send(client.changeCipherSpec(), client.finished())
    expect(client.server.opens).toHaveLength(1)
  })

  it('hardening 27: CertificateVerify left out, out of order or of another key never gets in', () => {
    const omitted = certifiedClient()
    omitted.send(chainOf(omitted), omitted.ecdheKeyExchange(), omitted.changeCipherSpec(), omitted.finished())
    const early = certifiedClient()
    early.send(chainOf(early), early.certificateVerify(deviceCertificate.key), early.ecdheKeyExchange())
    const foreign = certifiedClient()
    foreign.send(chainOf(foreign), foreign.ecdheKeyExchange(), foreign.certificateVerify(strangerCertificate.key))
    const certificateLeftOut = certifiedClient()
    certificateLeftOut.send(certificateLeftOut.ecdheKeyExchange())
    const empty = certifiedClient()
    empty.send(chainOf(empty, []), empty.ecdheKeyExchange(), empty.changeCipherSpec(), empty.finished())
    for (const client of [omitted, early, foreign, certificateLeftOut, empty]) expect(client.server.opens).toEqual([])
    expect(reasons(early)).toEqual(['message-unexpected'])
    expect(reasons(foreign)).toEqual(['signature-wrong'])
    expect(reasons(certificateLeftOut)).toEqual(['message-unexpected'])
    expect(reasons(empty)).toEqual(['certificate-missing'])
  })

  it('hardening 28: a signature under an algorithm nobody offered is refused, and it covers the exact transcript', () => {
    for (const algorithm of [0x0201, 0x0203, 0x0401, 0x0603, 0x0807, 0]) {
      const client = certifiedClient()
      client.send(
        chainOf(client),
        client.ecdheKeyExchange(),
        client.certificateVerify(deviceCertificate.key, algorithm),
      )
      expect(reasons(client)).toEqual(['signature-not-offered'])
    }
    const hashed = certifiedClient()
    hashed.send(chainOf(hashed), hashed.ecdheKeyExchange())
    hashed.send(hashed.certificateVerify(deviceCertificate.key, 0x0403, 'ecdsa-sha384'))
    expect(reasons(hashed)).toEqual(['signature-wrong'])
    const other = certifiedClient()
    const records = [chainOf(other), other.ecdheKeyExchange()]
    other.transcript.append(new Uint8Array(1))
    other.send(...records, other.certificateVerify(deviceCertificate.key))
    expect(reasons(other)).toEqual(['signature-wrong'])
  })

  it('hardening 28: a client refuses key exchange parameters that are not signed by the shown key', () => {
    const pair = new DtlsPair(
      { options: certified, crypto: nodeCrypto({ sign: (_scheme, data) => hexOfSignature(data) }) },
      { options: certified },
    )
    pair.connect({ suites: defaultSuites.filter(({ keyExchange }) => keyExchange === 'ecdhe-ecdsa') })
    expect(pair.client.reports).toMatchObject([{ reason: 'signature-wrong' }])
    expect(pair.client.opens).toEqual([])
  })

  it('hardening 32: an unknown identity and a wrong key are the same on the wire', () => {
    const seen: string[][] = []
    for (const [who, psk] of [
      [identity, new Uint8Array(16)],
      [utf8('urn:imei:350000000000009'), key],
    ] as const) {
      const client = new RawClient(new DtlsPeer())
      client.begin()
      const answers = [
        client.keyExchange(who, psk),
        client.changeCipherSpec(),
        client.finished(),
        client.finished(),
      ].map((record) =>
        client
          .send(record)
          .map(({ bytes }) => hexOf(bytes))
          .join(),
      )
      seen.push(answers)
      expect(reasons(client)).toEqual(['finished-unreadable'])
      expect(client.server.endpoint.sizes()).toMatchObject({ handshakes: 0, lookups: 0 })
    }
    expect(seen[0]).toEqual(seen[1])
  })

  it('hardening 32: both make the same calls to the primitives', () => {
    const work = [identity, utf8('urn:imei:350000000000009')].map((who) => {
      const calls: string[] = []
      const crypto = nodeCrypto()
      const counting = new Proxy(crypto, {
        get: (target, name: keyof typeof crypto) => {
          const call = target[name] as (...parts: readonly unknown[]) => unknown
          return (...parts: readonly unknown[]) => {
            calls.push(name)
            return call(...parts)
          }
        },
      })
      const client = new RawClient(new DtlsPeer({ crypto: counting }))
      client.begin()
      calls.length = 0
      client.send(client.keyExchange(who, new Uint8Array(16)), client.changeCipherSpec(), client.finished())
      return calls
    })
    expect(work[0]).toEqual(work[1])
    expect(work[0]!.length).toBeGreaterThan(8)
  })

  it('hardening 33: identities are octets: NUL, invalid UTF-8, none at all, 128 of them; 129 are refused', () => {
    const odd: readonly Bytes[] = [
      noBytes,
      new Uint8Array([0]),
      utf8('a\0b'),
      new Uint8Array([0xff, 0xfe, 0xc0]),
      utf8('e\u0301'),
      utf8('\u00e9'),
      new Uint8Array(128).fill(0x41),
    ]
    const known = new Set(odd.map(hexOf))
    for (const who of odd) {
      const client = new RawClient(
        new DtlsPeer({
          lookup: (query) =>
            query.kind === 'psk' && known.has(hexOf(query.identity)) ? { kind: 'key', key } : { kind: 'unknown' },
        }),
      )
      client.begin()
      client.send(client.keyExchange(who), client.changeCipherSpec(), client.finished())
      expect(client.server.lastOpened.principal).toEqual({ kind: 'psk', identity: new Uint8Array(who) })
    }
    const long = new RawClient(new DtlsPeer())
    long.begin()
    long.send(long.keyExchange(new Uint8Array(129)))
    expect(reasons(long)).toEqual(['identity-length'])
    expect(long.server.lookups).toEqual([])
  })

  it('hardening 34: credentials that come late, twice, to nobody or never leave nothing behind', () => {
    const waiting = (): RawClient => {
      const client = new RawClient(new DtlsPeer({ lookup: () => undefined }))
      client.begin()
      client.send(client.keyExchange(), client.changeCipherSpec(), client.finished())
      expect(client.server.endpoint.sizes()).toMatchObject({ lookups: 1, handshakes: 1 })
      return client
    }
    const answer: CredentialAnswer = { kind: 'key', key }
    const twice = waiting()
    const { ticket } = twice.server.lookups[0]!
    twice.server.endpoint.credentials(twice.now, ticket, answer)
    twice.server.endpoint.credentials(twice.now, ticket, { kind: 'key', key: new Uint8Array(16) })
    twice.server.endpoint.credentials(twice.now, ticket + 1000, answer)
    expect(twice.server.opens).toHaveLength(1)
    const never = waiting()
    never.now = (never.now + seconds(31)) as typeof never.now
    never.server.endpoint.expire(never.now)
    expect(reasons(never)).toEqual(['credential-unanswered'])
    never.server.endpoint.credentials(never.now, never.server.lookups[0]!.ticket, answer)
    expect(never.server.opens).toEqual([])
    for (const client of [twice, never]) {
      expect(client.server.endpoint.sizes()).toMatchObject({ lookups: 0, handshakes: 0, handshakeCids: 0 })
    }
    const replaced = waiting()
    new RawClient(replaced.server, 1, 66).begin()
    replaced.server.endpoint.credentials(replaced.now, replaced.server.lookups[0]!.ticket, answer)
    expect(replaced.server.opens).toEqual([])
  })

  it('hardening 34: a peer that says everything before its key is looked up and then no more is seen at once', () => {
    const client = new RawClient(new DtlsPeer({ lookup: () => undefined }))
    client.begin()
    client.send(client.keyExchange(), client.changeCipherSpec(), client.finished())
    const { server, now } = client
    server.endpoint.credentials(now, server.lookups[0]!.ticket, { kind: 'unknown' })
    expect([server.doubts, server.reports]).toMatchObject([[{ reason: 'finished-unreadable' }], []])
    // Anyone could have written it: it ends nothing, and does not count as the first of two.
    expect(client.send(client.finished())).toEqual([])
    expect(server.endpoint.sizes()).toMatchObject({ handshakes: 1 })
  })

  it('hardening 34: an answer that comes seconds later finishes the handshake without another flight from the peer', () => {
    const pair = new DtlsPair({ lookup: () => undefined }).connect()
    pair.run(seconds(0.5))
    pair.server.endpoint.credentials(pair.now, pair.server.lookups[0]!.ticket, { kind: 'key', key })
    pair.settle()
    expect(pair.client.opens).toHaveLength(1)
    expect(pair.client.reports).toMatchObject([{ retransmissions: 0 }])
  })

  it('hardening 36: extensions that lie about lengths or come twice are fatal, unknown ones are ignored', () => {
    const cases: readonly (readonly [string, string, string | undefined])[] = [
      ['unknown', 'abcd0003010203', undefined],
      ['grease', '0a0a0000', undefined],
      ['twice', '00170000' + '00170000', 'extension-repeated'],
      ['cut off', '001700', 'extension-malformed'],
      ['longer than the list', '00170009', 'extension-malformed'],
      ['a flag with a body', '0017000100', 'extension-malformed'],
      ['cid longer than its body', '0036000205', 'extension-malformed'],
      ['cid with more behind', '00360003010203', 'extension-malformed'],
      ['groups of an odd length', '000a0005000300170a', 'extension-malformed'],
      ['no groups', '000a00020000', 'extension-malformed'],
      ['fragment length 9', '0001000109', 'extension-illegal'],
      ['fragment length of two octets', '000100020001', 'extension-malformed'],
      ['record size 10', '001c0002000a', 'extension-illegal'],
      ['record size of one octet', '001c0001ff', 'extension-malformed'],
      ['compressed points only', '000b00020102' + '000a000400020017', 'extension-illegal'],
      ['compressed points only, where no curve is named', '000b00020102', undefined],
      ['1.3 as well, with its share of a key', '002b0003020304' + '003300020000', undefined],
      ['renegotiation of something', 'ff01000403010203', 'renegotiation-info-wrong'],
      ['a name cut off', '00000005000400000900', 'extension-malformed'],
    ]
    for (const [what, hex, reason] of cases) {
      const client = new RawClient(new DtlsPeer())
      const extensions = bytesOfHex(hex)!
      const body = (): Bytes => {
        const head = client.helloBody({ extensions: {} }).subarray(0)
        const ems = 4 + 2
        const bare = head.subarray(0, head.length - ems)
        return concatBytes(bare, new Uint8Array([extensions.length >>> 8, extensions.length & 0xff]), extensions)
      }
      const [request] = messagesIn(client.send(client.plain(contentType.handshake, fragment(1, 0, body()))))
      client.cookie = request!.body.slice(3)
      client.send(client.plain(contentType.handshake, fragment(1, 1, body())))
      expect([what, reasons(client)]).toEqual([what, reason === undefined ? [] : [reason]])
      expect([what, client.server.endpoint.sizes().handshakes]).toEqual([what, reason === undefined ? 1 : 0])
    }
  })

  it('hardening 37: points off the curve, compressed, infinite, zero or of another length are illegal', () => {
    const bad: Readonly<Record<NamedGroup, readonly string[]>> = {
      secp256r1: [
        '',
        '00',
        '04' + '00'.repeat(64),
        '04' + 'ff'.repeat(64),
        '04' + '01'.repeat(64),
        '02' + '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296',
        '04' + '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296',
        // the base point with its last bit changed
        '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f4',
      ],
      secp384r1: ['', '04' + '00'.repeat(96), '04' + '02'.repeat(96), '04' + '01'.repeat(64)],
      x25519: [
        '',
        '00'.repeat(32),
        '01' + '00'.repeat(31),
        // points of order 8 (RFC 7748 §6.1)
        'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
        '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
        '09'.repeat(31),
      ],
    }
    for (const [group, points] of Object.entries(bad) as [NamedGroup, readonly string[]][]) {
      for (const point of points) {
        const client = certifiedClient(group)
        client.send(chainOf(client), client.ecdheKeyExchange(bytesOfHex(point)))
        expect([`${group} ${point}`, reasons(client)]).toEqual([`${group} ${point}`, ['point-invalid']])
      }
    }
    expect(numberOfGroup('x25519')).toBe(29)
  })

  it('hardening 47: CBC suites are absent unless asked for, and RSA key exchange and static DH are absent anyway', () => {
    const offered = [0x00ae, 0xc037, 0x002f, 0x003c, 0xc004, 0xc025, 0x0035, 0x00b6]
    const client = new RawClient(new DtlsPeer({ options: certified }))
    const answer = client.begin({ suiteNumbers: offered })
    expect(hexOf(answer[0]!.bytes.subarray(13))).toBe('0228')
    expect(reasons(client)).toEqual(['no-common-suite'])
    const warned = new DtlsPair({ options: { suites: [...defaultSuites, ...legacyCbcSuites] } })
    warned.connect(pskTerms({ suites: [...legacyCbcSuites, ...defaultSuites.slice(0, 1)] }))
    expect(warned.server.lastOpened.suite).toBe('PSK_WITH_AES_128_CCM_8')
  })

  it('hardening 50: no session is inherited by another identity, name or suite', () => {
    const parts: PeerOptions = { options: { sessionLimit: 10 } }
    const pair = new DtlsPair(parts).connect(pskTerms({ serverName: 'a.example' }))
    for (const terms of [{ serverName: 'b.example' }, { suite: 0x00a8 }] as const) {
      pair.connect(pskTerms({ serverName: 'a.example', ...terms }), true)
      expect(pair.server.reports.at(-1)).toMatchObject({ outcome: 'completed', resumed: false })
    }
    // a stolen session id without its secret gets as far as a wrong Finished
    const sessionId = new Uint8Array(16).fill(1)
    const thief = new RawClient(pair.server, 40, 40)
    thief.begin({ sessionId })
    expect(thief.serverHello!.sessionId).not.toEqual(sessionId)
  })

  it('hardening 58: cookies, Finished and path checks are compared in constant time, whatever their length', () => {
    const crypto = nodeCrypto()
    const compared: string[] = []
    const watching = {
      ...crypto,
      equal: (a: Bytes, b: Bytes) => {
        compared.push(`${a.length}`)
        return crypto.equal(a, b)
      },
    }
    const pair = new DtlsPair({ crypto: watching }, { options: { connectionIdLength: 4 } })
    pair.connect(pskTerms({ returnRoutability: true }))
    pair.clientPath = 2
    pair.client.sendText(pair.now, pair.client.lastOpened.id, 'x')
    pair.settle()
    expect(compared).toEqual(['16', '12', '8'])
    expect(crypto.equal(new Uint8Array(3), new Uint8Array(4))).toBe(false)
  })

  it('a handshake that is never finished ends by itself', () => {
    const client = new RawClient(new DtlsPeer())
    client.begin()
    for (let i = 0; i < 20; i++) {
      client.now = (client.now + minutes(1)) as typeof client.now
      client.server.endpoint.expire(client.now)
    }
    expect(reasons(client)).toEqual(['flight-unanswered'])
    expect(client.server.take().length).toBeLessThanOrEqual(6)
  })
})

/** A signature that is one, over something else. */
function hexOfSignature(data: Bytes): Bytes {
  return nodeCrypto().sign(serverCertificate.key, 'ecdsa-sha256', concatBytes(data, new Uint8Array(1)))
}
