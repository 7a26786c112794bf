/**
 * A million mutated records and handshake messages (hardening 60, 36): no exception, no output longer than
 * its input where nobody is known, no state that outlives its handshake, a flat heap. FUZZ_RECORDS=10000000
 * for the long run; a failure prints its seed.
 */
import { describe, expect, it } from 'vitest'
import { copyOf, hexOf, type Bytes } from '../../../src/base/bytes.ts'
import { SeededRandom } from '../../../src/base/random.ts'
import { minutes, type Instant } from '../../../src/base/time.ts'
import { authority, deviceCertificate, serverCertificate } from '../../support/dtls-certificates.ts'
import { DtlsPair, DtlsPeer, pskTerms, storeKey } from '../../support/dtls-peer.ts'
import { RawClient, withCid } from '../../support/dtls-raw-client.ts'
import { decodeClientHello } from '../../../src/dtls/wire/client-hello.ts'
import { decodeServerHello } from '../../../src/dtls/wire/server-hello.ts'
import { decodeServerKeyExchange } from '../../../src/dtls/wire/server-key-exchange.ts'
import { decodeClientKeyExchange } from '../../../src/dtls/wire/client-key-exchange.ts'
import { decodeCertificateChain, decodeRawPublicKey } from '../../../src/dtls/wire/certificate-message.ts'
import { decodeCertificateRequest } from '../../../src/dtls/wire/certificate-request.ts'
import { decodeHelloVerifyRequest } from '../../../src/dtls/wire/hello-verify-request.ts'
import { decodeSigned } from '../../../src/dtls/wire/signed.ts'
import { Reader } from '../../../src/dtls/wire/reader.ts'
import { defaultSuites } from '../../../src/dtls/suites.ts'

const records = Number(process.env['FUZZ_RECORDS'] ?? 1_000_000)
const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_121)
const certified = { certificate: serverCertificate, authorities: [authority] }

/** Datagrams of real handshakes of every kind, both directions. */
function corpus(): readonly Bytes[] {
  const psk = new DtlsPair({}, { options: { connectionIdLength: 4 } }).connect(
    pskTerms({ serverName: 'a.example', recordSizeLimit: 1000, returnRoutability: true }),
  )
  psk.client.sendText(psk.now, psk.client.lastOpened.id, 'hello')
  psk.settle()
  const ecdsa = new DtlsPair({ options: certified }, { options: certified })
  const suites = defaultSuites.filter(({ keyExchange }) => keyExchange === 'ecdhe-ecdsa')
  ecdsa.connect({ suites, certificate: deviceCertificate })
  ecdsa.connect({ suites, certificate: deviceCertificate, certificateTypes: ['raw-public-key'] })
  return [...psk.log, ...ecdsa.log].map(({ bytes }) => bytes)
}

function mutated(random: SeededRandom, seedRecord: Bytes, other: Bytes): Bytes {
  const kind = random.uint32() % 6
  if (kind === 0) return seedRecord.slice(0, random.uint32() % (seedRecord.length + 1))
  if (kind === 1) return new Uint8Array([...seedRecord.subarray(0, random.uint32() % seedRecord.length), ...other])
  const copy = copyOf(seedRecord)
  for (let times = 1 + (random.uint32() % 3); times > 0; times--) {
    // the first 60 octets hold most lengths
    const reach = random.uint32() % 2 === 0 ? Math.min(60, copy.length) : copy.length
    const at = random.uint32() % reach
    if (kind === 2) copy[at] = random.uint32() & 0xff
    else if (kind === 3) copy[at]! ^= 1 << (random.uint32() % 8)
    else if (kind === 4) copy[at] = [0, 1, 0x7f, 0x80, 0xff][random.uint32() % 5]!
    else copy.copyWithin(at, random.uint32() % copy.length)
  }
  return copy
}

describe('mutated records', () => {
  it(`hardening 60: ${records} of them are survived`, { timeout: 600_000 }, () => {
    const random = new SeededRandom(seed)
    const seeds = corpus()
    let now: Instant = new RawClient(new DtlsPeer()).now
    const server = new DtlsPeer({ options: { ...certified, storeKey, recallLimit: 50 }, random: new SeededRandom(1) })
    const good = new RawClient(server, 1, 1).complete(withCid)
    let heap = 0
    for (let i = 0; i < records; i++) {
      const input = mutated(random, seeds[random.uint32() % seeds.length]!, seeds[random.uint32() % seeds.length]!)
      const path = random.uint32() % 64
      try {
        server.endpoint.receive(now, path, input, 0, input.length)
      } catch (error) {
        throw new Error(`seed ${seed}, record ${i}: ${hexOf(input)}`, { cause: error })
      }
      if ((i & 0x3ff) === 0) {
        now = (now + 500) as Instant
        server.endpoint.expire(now)
        good.now = now
        server.received.length = 0
        good.send(good.text('still here'))
        expect(server.texts).toEqual(['still here'])
      }
      server.sent.length = 0
      if (i === records >> 1) heap = process.memoryUsage().heapUsed
      for (const list of [server.reports, server.recalls, server.lookups]) list.length = 0
    }
    for (let i = 1; i < 15; i++) server.endpoint.expire((now + minutes(i)) as Instant)
    const sizes = server.endpoint.sizes()
    expect(sizes).toMatchObject({ handshakes: 0, lookups: 0, reassemblyOctets: 0, deferredOctets: 0, recalls: 0 })
    expect(process.memoryUsage().heapUsed - heap).toBeLessThan(100e6)
  })

  it('hardening 36: decoders are total on any octets', () => {
    const random = new SeededRandom(seed + 1)
    const seeds = corpus().map((bytes) => bytes.subarray(25))
    const decoders: readonly ((body: Bytes) => unknown)[] = [
      decodeClientHello,
      decodeServerHello,
      (body) => decodeServerKeyExchange(body, 'ecdhe-ecdsa'),
      (body) => decodeServerKeyExchange(body, 'ecdhe-psk'),
      (body) => decodeClientKeyExchange(body, 'ecdhe-psk'),
      (body) => decodeCertificateChain(body, 4),
      decodeRawPublicKey,
      decodeCertificateRequest,
      decodeHelloVerifyRequest,
      (body) => decodeSigned(new Reader(body)),
    ]
    const rounds = Math.min(records / 10, 1_000_000)
    let decoded = 0
    for (let i = 0; i < rounds; i++) {
      const base = seeds[random.uint32() % seeds.length]!
      const body = base.length === 0 ? random.bytes(8) : mutated(random, base, base)
      for (const decode of decoders) decode(body)
      decoded++
    }
    expect(decoded).toBe(rounds)
  })

  it('a client survives a server gone mad', () => {
    const random = new SeededRandom(seed + 2)
    for (let i = 0; i < 300; i++) {
      const pair = new DtlsPair({ options: certified }, { options: certified })
      pair.meddle = (datagram, direction) =>
        direction === 'down' && random.fraction() < 0.5
          ? [{ ...datagram, bytes: mutated(random, datagram.bytes, datagram.bytes) }]
          : [datagram]
      const suites =
        i % 10 === 0 ? defaultSuites.filter(({ keyExchange }) => keyExchange === 'ecdhe-ecdsa') : pskTerms().suites
      pair.connect(pskTerms({ suites, certificate: deviceCertificate })).run(minutes(12))
      expect(pair.client.endpoint.sizes()).toMatchObject({ handshakes: 0, reassemblyOctets: 0, deferredOctets: 0 })
    }
  })
})
