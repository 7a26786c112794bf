import { describe, expect, it } from 'vitest'
import { noBytes } from '../../../src/base/bytes.ts'
import type { DtlsOptions, OwnCertificate } from '../../../src/dtls/options.ts'
import { defaultSuites, type CipherSuite } from '../../../src/dtls/suites.ts'
import {
  authority,
  behindCertificate,
  brokenChainCertificate,
  deviceCertificate,
  expiredCertificate,
  issuedCertificate,
  serverCertificate,
  strangerCertificate,
  wideCertificate,
} from '../../support/dtls-certificates.ts'
import {
  agreementOnlyCertificate,
  leafOfBelowCertificate,
  leafOfLimitedCertificate,
  leafOfNamedCertificate,
  leafOfRsaCertificate,
  oddNameCertificate,
  rsaAuthority,
  serverOnlyCertificate,
  strangeCertificate,
  strictCertificate,
} from '../../support/dtls-constrained-certificates.ts'
import { decodeCertificateRequest } from '../../../src/dtls/wire/certificate-request.ts'
import { handshakeType } from '../../../src/dtls/wire/handshake-header.ts'
import { DtlsPair, DtlsPeer, pskTerms, type PeerOptions } from '../../support/dtls-peer.ts'
import { RawClient } from '../../support/dtls-raw-client.ts'
import type { OfferedExtensions } from '../../../src/dtls/wire/hello-extensions.ts'
import type { ClientTerms } from '../../../src/dtls/handshake/client-offer.ts'

const ecdsaSuites: readonly CipherSuite[] = defaultSuites.filter(({ keyExchange }) => keyExchange === 'ecdhe-ecdsa')
const certified: Partial<DtlsOptions> = { certificate: serverCertificate, authorities: [authority] }

function terms(certificate: OwnCertificate | undefined, extra: Partial<ClientTerms> = {}): ClientTerms {
  return { suites: ecdsaSuites, cidDialect: 54, ...(certificate === undefined ? {} : { certificate }), ...extra }
}

function pairOf(server: PeerOptions = {}, client: Partial<DtlsOptions> = {}): DtlsPair {
  return new DtlsPair(
    { ...server, options: { ...certified, ...server.options } },
    { options: { ...certified, ...client } },
  )
}

const raw = { certificateTypes: ['raw-public-key'] } as const

describe('a handshake with certificates', () => {
  it.each(ecdsaSuites.map((suite) => [suite.name, suite] as const))('%s with X.509 on both sides', (name, suite) => {
    const pair = pairOf().connect(terms(deviceCertificate, { suites: [suite] }))
    expect(pair.server.lastOpened).toMatchObject({
      suite: name,
      principal: { kind: 'certificate', names: ['urn:imei:350000000000002', 'meter-2.example'] },
    })
    expect(pair.client.lastOpened).toMatchObject({ principal: { kind: 'certificate', names: ['localhost'] } })
    pair.client.sendText(pair.now, pair.client.lastOpened.id, 'hello')
    expect(pair.settle().server.texts).toEqual(['hello'])
  })

  it.each(['secp256r1', 'x25519', 'secp384r1'] as const)('over %s', (group) => {
    const pair = pairOf({ options: { groups: [group] } }).connect(terms(deviceCertificate))
    expect(pair.server.opens).toHaveLength(1)
  })

  it('with raw public keys on both sides the key itself is who the peer is', () => {
    const pair = pairOf({ options: { authorities: [] } }).connect(terms(deviceCertificate, raw))
    expect(pair.server.lastOpened.principal).toEqual({
      kind: 'raw-public-key',
      publicKey: new Uint8Array(deviceCertificate.publicKey),
    })
    expect(pair.server.lookups).toMatchObject([{ query: { kind: 'raw-public-key' } }])
    expect(pair.client.lookups).toMatchObject([{ query: { kind: 'raw-public-key' } }])
  })

  it('a chain over an intermediate authority is followed', () => {
    const pair = pairOf().connect(terms(behindCertificate))
    expect(pair.server.lastOpened.certificate?.commonName).toBe('urn:imei:350000000000004')
  })

  it.each([
    ['turned round', [2, 1]],
    ['with others that nobody needs, one of them expired and one broken', ['stranger', 'expired', 1, 'junk']],
  ] as const)('a chain %s is followed all the same', (_what, rest) => {
    const spare = {
      stranger: strangerCertificate.chain[0]!,
      expired: expiredCertificate.chain[0]!,
      junk: new Uint8Array(20),
    }
    const [own, intermediate] = behindCertificate.chain
    const above = [own!, intermediate!, authority.der]
    const chain = [own!, ...rest.map((one) => (typeof one === 'number' ? above[one]! : spare[one]))]
    const pair = pairOf({ options: { certificateChainLimit: 6 } }).connect(terms({ ...behindCertificate, chain }))
    expect(pair.server.lastOpened.certificate?.commonName).toBe('urn:imei:350000000000004')
  })

  it('an authority below which there may be none vouches for devices, and for no other authority (RFC 5280 §4.2.1.9)', () => {
    expect(pairOf().connect(terms(leafOfLimitedCertificate)).server.opens).toHaveLength(1)
    const pair = pairOf().connect(terms(leafOfBelowCertificate))
    expect(pair.server.reports).toMatchObject([{ outcome: 'failed', reason: 'certificate-untrusted' }])
  })

  it('a device below an authority with an RSA key is asked in words that let it show its certificate (RFC 5246 §7.4.4)', () => {
    const schemes = (options: Partial<DtlsOptions>): readonly number[] => {
      const client = new RawClient(new DtlsPeer({ options: { ...certified, ...options } }))
      client.begin({ suiteNumbers: [0xc0ae], extensions: { groups: ['secp256r1'] } })
      const request = client.flight.find(({ type }) => type === handshakeType.certificateRequest)
      return decodeCertificateRequest(request!.body)!.signatureAlgorithms
    }
    expect(schemes({})).toEqual([0x0403, 0x0503])
    const authorities = [authority, rsaAuthority]
    expect(schemes({ authorities })).toEqual([0x0403, 0x0503, 0x0401, 0x0501])
    expect(pairOf({ options: { authorities } }).connect(terms(leafOfRsaCertificate)).server.opens).toHaveLength(1)
  })

  it('what is critical and known is as good as any', () => {
    expect(pairOf().connect(terms(strictCertificate)).server.opens).toHaveLength(1)
  })

  it('a name that X.500 writes with escapes is taken as it is', () => {
    const pair = pairOf().connect(terms(oddNameCertificate))
    expect(pair.server.lastOpened.principal).toMatchObject({ names: ['meter, no. "2"'] })
  })

  it('keys on P-384 sign and are verified', () => {
    const pair = pairOf({ options: { certificate: wideCertificate } }).connect(terms(wideCertificate))
    expect(pair.server.opens).toHaveLength(1)
  })

  it.each([
    ['from another authority', strangerCertificate, 'certificate-untrusted'],
    ['from someone who is no authority', issuedCertificate, 'certificate-untrusted'],
    ['with a link missing', brokenChainCertificate, 'certificate-untrusted'],
    ['for servers only (RFC 5280 §4.2.1.12)', serverOnlyCertificate, 'certificate-unsupported'],
    ['that says something critical nobody knows (RFC 5280 §4.2)', strangeCertificate, 'certificate-unsupported'],
    ['under an authority for some names only', leafOfNamedCertificate, 'certificate-unsupported'],
    ['that may not sign (RFC 8422 §5.8)', agreementOnlyCertificate, 'certificate-unsupported'],
    ['out of date', expiredCertificate, 'certificate-expired'],
    ['of octets that are none', { ...deviceCertificate, chain: [new Uint8Array(20)] }, 'certificate-malformed'],
    [
      'with a chain too long',
      { ...deviceCertificate, chain: Array(6).fill(deviceCertificate.chain[0]) },
      'certificate-malformed',
    ],
  ] as const)('a certificate %s is refused', (_what, certificate, reason) => {
    const pair = pairOf().connect(terms(certificate))
    expect(pair.server.reports).toMatchObject([{ outcome: 'failed', reason }])
    expect(pair.server.opens).toEqual([])
  })

  it('a holder nobody knows is refused although its certificate is valid', () => {
    const pair = pairOf({ lookup: () => ({ kind: 'unknown' }) }).connect(terms(deviceCertificate))
    expect(pair.server.reports).toMatchObject([{ outcome: 'failed', reason: 'certificate-untrusted' }])
  })

  it('a client does not trust a server it was told not to', () => {
    const pair = new DtlsPair(
      { options: certified },
      { options: certified, lookup: () => ({ kind: 'unknown' }) },
    ).connect(terms(deviceCertificate))
    expect(pair.client.reports).toMatchObject([{ outcome: 'failed', reason: 'certificate-untrusted' }])
  })

  it.each([
    ['needed', false],
    ['wanted', true],
    ['none', true],
  ] as const)(
    'client authentication %s: a client without a certificate gets in: %s',
    (clientAuthentication, getsIn) => {
      const pair = pairOf({ options: { clientAuthentication } }).connect(terms(undefined))
      expect(pair.server.opens.map(({ principal }) => principal.kind)).toEqual(getsIn ? ['anonymous'] : [])
      if (!getsIn) expect(pair.server.reports).toMatchObject([{ reason: 'certificate-missing' }])
    },
  )

  it('a certificate type neither has in common is its own failure', () => {
    const pair = pairOf({ options: { rawPublicKeys: false } }).connect(terms(deviceCertificate, raw))
    expect(pair.server.reports).toMatchObject([{ reason: 'no-common-certificate-type' }])
  })

  it('certificate types are told wherever the client named any, each side for itself (RFC 7250 §4.2)', () => {
    const both = ['raw-public-key', 'x509'] as const
    const told = (options: Partial<DtlsOptions>, types: Partial<OfferedExtensions>) => {
      const client = new RawClient(new DtlsPeer({ options: { ...certified, ...options } }))
      client.begin({ suiteNumbers: [0xc0ae], extensions: { ...types, groups: ['secp256r1'] } })
      const { serverCertificateType, clientCertificateType } = client.serverHello!.extensions
      return [serverCertificateType, clientCertificateType]
    }
    const typesOfBoth = { serverCertificateTypes: both, clientCertificateTypes: both }
    expect(told({}, {})).toEqual([undefined, undefined])
    expect(told({}, typesOfBoth)).toEqual(['raw-public-key', 'raw-public-key'])
    expect(told({ rawPublicKeys: false }, typesOfBoth)).toEqual(['x509', 'x509'])
    expect(told({}, { serverCertificateTypes: ['x509'], clientCertificateTypes: both })).toEqual([
      'x509',
      'raw-public-key',
    ])
    expect(told({ clientAuthentication: 'none' }, typesOfBoth)).toEqual(['raw-public-key', undefined])
  })

  it('without a certificate of its own a server falls back to what it can serve', () => {
    const offer = { ...pskTerms(), suites: defaultSuites }
    const pair = new DtlsPair().connect(offer)
    expect(pair.server.lastOpened.suite).toBe('PSK_WITH_AES_128_CCM_8')
  })

  it('a client that does not list the curve of our certificate is not shown it', () => {
    const pair = pairOf({}, { groups: ['x25519'] }).connect(terms(deviceCertificate))
    expect(pair.server.reports).toMatchObject([{ reason: 'no-common-suite' }])
  })

  it('a name that is an address is ignored, another one is passed on', () => {
    for (const [given, seen] of [
      ['192.0.2.1', undefined],
      ['lwm2m.example.org', 'lwm2m.example.org'],
    ] as const) {
      const pair = new DtlsPair().connect(pskTerms({ serverName: given }))
      expect(pair.server.lookups[0]?.query.serverName).toBe(seen)
      expect(pair.server.opens).toHaveLength(1)
    }
  })

  it('record size limits of both kinds are kept by our records', () => {
    for (const limit of [{ maxFragmentLength: 512 }, { recordSizeLimit: 200 }] as const) {
      const pair = pairOf().connect(terms(deviceCertificate, limit))
      const wanted = 'maxFragmentLength' in limit ? 512 : 200
      expect(pair.server.endpoint.dataLimit(pair.server.lastOpened.id)).toBe(wanted)
      expect(pair.server.sendText(pair.now, pair.server.lastOpened.id, 'x'.repeat(wanted))).toBe(true)
      expect(pair.server.sendText(pair.now, pair.server.lastOpened.id, 'x'.repeat(wanted + 1))).toBe(false)
      const plain = pair.log.filter(({ direction, bytes }) => direction === 'down' && bytes[0] === 22)
      for (const { bytes } of plain) expect(recordLengths(bytes).every((length) => length <= wanted)).toBe(true)
    }
  })

  it('an empty key from the store is no key', () => {
    const pair = new DtlsPair({ lookup: () => ({ kind: 'key', key: noBytes }) }).connect()
    expect(pair.server.opens).toEqual([])
  })
})

function recordLengths(datagram: Uint8Array): readonly number[] {
  const lengths: number[] = []
  for (let at = 0; at < datagram.length; at += 13 + lengths.at(-1)!) {
    lengths.push(datagram[at + 11]! * 256 + datagram[at + 12]!)
  }
  return lengths
}
