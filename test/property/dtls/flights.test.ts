/**
 * Handshakes over a network of ill will (hardening 55): each datagram lost n times, everything duplicated,
 * reordered or delayed, at any datagram size. Whatever happens, both ends agree and nothing is left over.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../../src/base/random.ts'
import { minutes } from '../../../src/base/time.ts'
import { profiles } from '../../../src/config/profiles.ts'
import type { ClientTerms } from '../../../src/dtls/handshake/client-offer.ts'
import { defaultSuites } from '../../../src/dtls/suites.ts'
import { authority, deviceCertificate, serverCertificate } from '../../support/dtls-certificates.ts'
import { DtlsPair, pskTerms } from '../../support/dtls-peer.ts'

const certified = { certificate: serverCertificate, authorities: [authority] }
const ecdsa: ClientTerms = {
  suites: defaultSuites.filter(({ keyExchange }) => keyExchange === 'ecdhe-ecdsa'),
  certificate: deviceCertificate,
  cidDialect: 54,
}
const kinds = [
  ['PSK', pskTerms()],
  ['ECDHE_PSK', pskTerms({ suite: 0xd001 })],
  ['X.509', ecdsa],
  ['raw public key', { ...ecdsa, certificateTypes: ['raw-public-key'] }],
] as const satisfies readonly (readonly [string, ClientTerms])[]

function pairOf(datagramLimit: number): DtlsPair {
  const profile = { ...profiles.ip, datagramLimit }
  return new DtlsPair({ options: certified, profile }, { options: certified, profile })
}

function expectDone(pair: DtlsPair): void {
  expect(pair.client.opens.length).toBe(1)
  expect(pair.server.opens.length).toBe(1)
  pair.meddle = (datagram) => [datagram]
  pair.client.sendText(pair.now, pair.client.lastOpened.id, 'made it')
  pair.settle()
  expect(pair.server.texts).toEqual(['made it'])
  for (const peer of [pair.client, pair.server]) {
    expect(peer.endpoint.sizes()).toMatchObject({ handshakes: 0, lookups: 0, reassemblyOctets: 0, deferredOctets: 0 })
  }
}

describe('flights', () => {
  it.each(kinds)('hardening 55: %s: each datagram of the first try lost once, twice, three times', (_kind, terms) => {
    const clean = pairOf(600).connect(terms)
    for (let lostAt = 0; lostAt < clean.log.length; lostAt++) {
      for (const times of [1, 2, 3]) {
        const pair = pairOf(600)
        let index = 0
        pair.meddle = (datagram) => {
          const at = index++
          return at >= lostAt && at < lostAt + times ? [] : [datagram]
        }
        pair.connect(terms).run(minutes(3))
        expectDone(pair)
        expect(pair.log.length).toBeLessThanOrEqual(6 * clean.log.length)
      }
    }
  })

  it.each([256, 400, 576, 1000, 1500])('at datagrams of %i octets no kind of handshake sends a longer one', (limit) => {
    for (const [, terms] of kinds) {
      const pair = pairOf(limit).connect(terms)
      expectDone(pair)
      expect(Math.max(...pair.log.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(limit)
    }
  })

  it.each([256, 320, 512, 1280])(
    'at datagrams of %i octets none is cut that fits one: TinyDTLS joins nothing',
    (limit) => {
      for (const [, terms] of kinds) {
        const pair = pairOf(limit).connect(terms)
        const cut = pair.log.flatMap(({ bytes }) => plainFragments(bytes)).filter(({ total, length }) => length < total)
        expect(cut.filter(({ total }) => total + 25 <= limit)).toEqual([])
      }
    },
  )

  it('hardening 17: lost, duplicated and reordered at random (300 seeds)', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(256, 600, 1280), fc.nat(kinds.length - 1), (seed, limit, kind) => {
        const random = new SeededRandom(seed)
        const pair = pairOf(limit)
        const held: { datagram: Parameters<DtlsPair['meddle']>[0]; direction: 'up' | 'down' }[] = []
        pair.meddle = (datagram, direction) => {
          const fate = random.fraction()
          if (fate < 0.1) return []
          if (fate < 0.2) return [datagram, datagram]
          if (fate < 0.35) {
            held.push({ datagram, direction })
            return []
          }
          // one that was held back overtakes nothing of its own direction twice
          const late = held.findIndex((entry) => entry.direction === direction)
          return late < 0 ? [datagram] : [datagram, held.splice(late, 1)[0]!.datagram]
        }
        pair.connect(kinds[kind]![1]).run(minutes(5))
        // the seventh repetition may be lost too; then both must have given up
        if (pair.server.opens.length === 1 && pair.client.opens.length === 1) expectDone(pair)
        else expect(pair.client.endpoint.sizes().handshakes).toBe(0)
      }),
      { numRuns: 300 },
    )
  })

  it('a slow radio is not repeated to before its own flight timer', () => {
    const pair = new DtlsPair({ profile: profiles.nbiot }, { profile: profiles.nbiot })
    pair.meddle = (datagram, direction) => (direction === 'up' ? [datagram] : [])
    pair.connect()
    const before = pair.log.length
    pair.run(8_900 as Parameters<DtlsPair['run']>[0])
    expect(pair.log).toHaveLength(before)
    pair.run(200 as Parameters<DtlsPair['run']>[0])
    expect(pair.log.length).toBeGreaterThan(before)
  })
})

/** Handshake fragments of epoch 0 in a datagram: octets of the message, and of the fragment. */
function plainFragments(datagram: Uint8Array): { total: number; length: number }[] {
  const fragments: { total: number; length: number }[] = []
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length)
  for (let at = 0; at + 13 <= datagram.length && view.getUint16(at + 3) === 0; at += 13 + view.getUint16(at + 11)) {
    if (datagram[at] !== 22) continue
    fragments.push({ total: view.getUint16(at + 15), length: view.getUint16(at + 23) })
  }
  return fragments
}
