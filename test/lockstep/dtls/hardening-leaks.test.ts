import { describe, expect, it } from 'vitest'
import { copyOf } from '../../../src/base/bytes.ts'
import { minutes } from '../../../src/base/time.ts'
import type { DtlsOptions } from '../../../src/dtls/options.ts'
import { encodeCertificateChain } from '../../../src/dtls/wire/certificate-message.ts'
import { handshakeType } from '../../../src/dtls/wire/handshake-header.ts'
import { contentType } from '../../../src/dtls/wire/record.ts'
import {
  authority,
  deviceCertificate,
  serverCertificate,
  strangerCertificate,
} from '../../support/dtls-certificates.ts'
import { DtlsPeer, identity, knownAnswer, type PeerOptions } from '../../support/dtls-peer.ts'
import { fragment, RawClient } from '../../support/dtls-raw-client.ts'

/** What is left of thousands of handshakes that failed: nothing, in any table, on the heap, or for the next peer. */

const unlimited: Partial<DtlsOptions> = {
  handshakeRate: 1_000_000,
  handshakeRatePerPrefix: 1_000_000,
  handshakesPerPrefix: 1_000_000,
  handshakeLimit: 1_000_000,
  associationsPerIdentity: 1000,
}
const certified: Partial<DtlsOptions> = { certificate: serverCertificate, authorities: [authority] }
const ecdsa = {
  suiteNumbers: [0xc0ae],
  extensions: { groups: ['secp256r1'], signatureAlgorithms: ['ecdsa-sha256'], extendedMasterSecret: true },
} as const

interface Failure {
  readonly what: string
  readonly reason: string
  readonly server?: PeerOptions
  readonly attempt: (client: RawClient) => void
}

const count = 5000

const failures: readonly Failure[] = [
  {
    what: 'a wrong key',
    reason: 'finished-unreadable',
    attempt: (client) => {
      client.begin()
      client.send(client.keyExchange(identity, new Uint8Array(16)), client.changeCipherSpec())
      client.send(client.finished(), client.finished())
    },
  },
  {
    what: 'an unknown identity',
    reason: 'finished-unreadable',
    attempt: (client) => {
      client.begin()
      client.send(
        client.keyExchange(new Uint8Array(3)),
        client.changeCipherSpec(),
        client.finished(),
        client.finished(),
      )
    },
  },
  {
    what: 'no suite in common',
    reason: 'no-common-suite',
    attempt: (client) => void client.begin({ suiteNumbers: [0x002f] }),
  },
  {
    what: 'a malformed key exchange',
    reason: 'message-malformed',
    attempt: (client) => {
      client.begin()
      client.send(client.message(handshakeType.clientKeyExchange, new Uint8Array([0, 9, 1])))
    },
  },
  {
    what: 'a message out of order',
    reason: 'message-unexpected',
    attempt: (client) => {
      client.begin()
      client.send(client.message(handshakeType.certificateVerify, new Uint8Array(8)))
    },
  },
  {
    what: 'silence after the first flight',
    reason: 'flight-unanswered',
    attempt: (client) => void client.begin(),
  },
  {
    what: 'half a message and silence',
    reason: 'flight-unanswered',
    attempt: (client) => {
      client.begin()
      client.send(client.plain(contentType.handshake, fragment(16, 2, new Uint8Array(9), { total: 500, length: 9 })))
    },
  },
  {
    what: 'credentials that never come',
    reason: 'credential-unanswered',
    server: { lookup: () => undefined },
    attempt: (client) => {
      client.begin()
      client.send(client.keyExchange(), client.changeCipherSpec(), client.finished())
    },
  },
  {
    what: 'a certificate of nobody',
    reason: 'certificate-untrusted',
    server: { options: certified },
    attempt: (client) => {
      client.begin(ecdsa)
      const certificate = client.message(handshakeType.certificate, encodeCertificateChain(strangerCertificate.chain))
      client.send(certificate, client.ecdheKeyExchange(), client.certificateVerify(strangerCertificate.key))
    },
  },
  {
    what: 'a certificate without its key',
    reason: 'signature-wrong',
    server: { options: certified },
    attempt: (client) => {
      client.begin(ecdsa)
      const certificate = client.message(handshakeType.certificate, encodeCertificateChain(deviceCertificate.chain))
      client.send(certificate, client.ecdheKeyExchange(), client.certificateVerify(strangerCertificate.key))
    },
  },
]

describe('hardening: leaks', () => {
  it.each(failures)(
    'hardening 7: 5 000 handshakes that end in $what leave every gauge at zero',
    { timeout: 120_000 },
    (failure) => {
      const { server: parts, attempt, reason } = failure
      const server = new DtlsPeer({ ...parts, options: { ...unlimited, ...parts?.options } })
      for (let i = 0; i < count; i++) attempt(new RawClient(server, i, i))
      const { now } = new RawClient(server)
      for (let i = 1; i < 15; i++) server.endpoint.expire((now + minutes(i)) as typeof now)
      expect(server.reports.filter((report) => report.reason === reason)).toHaveLength(count)
      const { sessions: _kept, ...sizes } = server.endpoint.sizes()
      expect(Object.entries(sizes).filter(([, size]) => size !== 0)).toEqual([])
    },
  )

  it.each(failures)('hardening 8: after $what the same peer and another one get in', ({ server: parts, attempt }) => {
    let asked = 0
    const server: DtlsPeer = new DtlsPeer({
      options: { ...unlimited, ...parts?.options },
      lookup: (query) => (asked++ === 0 && parts?.lookup !== undefined ? parts.lookup(query) : knownAnswer(query)),
    })
    attempt(new RawClient(server, 1, 1))
    new RawClient(server, 1, 2).complete()
    new RawClient(server, 2, 3).complete()
    expect(server.opens).toHaveLength(2)
  })

  it('hardening 5: 200 000 spoofed hellos leave no state and a flat heap', { timeout: 60_000 }, () => {
    const hellos = Number(process.env['SPOOFED_HELLOS'] ?? 200_000)
    const server = new DtlsPeer()
    const client = new RawClient(server)
    const hello = copyOf(client.plain(contentType.handshake, fragment(1, 0, client.helloBody())))
    const flood = (count: number): void => {
      for (let i = 0; i < count; i++) {
        // another random and another address each time
        hello[30] = i & 0xff
        hello[31] = (i >>> 8) & 0xff
        hello[32] = (i >>> 16) & 0xff
        server.endpoint.receive(client.now, i, hello, 0, hello.length)
        server.sent.length = 0
      }
    }
    flood(20_000)
    const collect = globalThis.gc
    collect?.()
    const before = process.memoryUsage().heapUsed
    flood(hellos)
    collect?.()
    const grown = process.memoryUsage().heapUsed - before
    expect(grown).toBeLessThan(collect === undefined ? 64e6 : 4e6)
    const sizes = Object.values(server.endpoint.sizes())
    expect(sizes.every((size) => size === 0)).toBe(true)
  })
})
