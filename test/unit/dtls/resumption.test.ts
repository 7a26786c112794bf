import { describe, expect, it } from 'vitest'
import { seconds, hours } from '../../../src/base/time.ts'
import { DtlsPair, identity, key, pskTerms } from '../../support/dtls-peer.ts'

function resumable(): DtlsPair {
  const pair = new DtlsPair().connect()
  pair.server.reports.length = 0
  return pair
}

describe('resumption by session id', () => {
  it('takes one flight less, keeps the identity and carries data', () => {
    const pair = resumable().connect(pskTerms(), true)
    expect(pair.server.reports).toMatchObject([{ outcome: 'completed', resumed: true }])
    expect(pair.server.lookups).toHaveLength(1)
    expect(pair.server.lastOpened.principal).toEqual({ kind: 'psk', identity })
    pair.client.sendText(pair.now, pair.client.lastOpened.id, 'again')
    expect(pair.settle().server.texts).toEqual(['again'])
  })

  it('stands for whom the credential stood for, without asking again', () => {
    const pair = new DtlsPair({ lookup: () => ({ kind: 'key', key, holder: 'urn:dev:7' }) })
    pair.connect().connect(pskTerms(), true)
    expect(pair.server.opens.map(({ holder, resumed }) => [holder, resumed])).toEqual([
      ['urn:dev:7', false],
      ['urn:dev:7', true],
    ])
    expect(pair.server.lookups).toHaveLength(1)
  })

  it('agrees on connection ids anew (RFC 9146 §3)', () => {
    const pair = resumable()
    const before = pair.server.lastOpened.ownCid
    pair.connect(pskTerms(), true)
    expect(pair.server.lastOpened.ownCid).not.toEqual(before)
  })

  it('the client repeats its last flight when the server lacks it', () => {
    const pair = resumable()
    let dropped = 0
    pair.meddle = (datagram, direction) => {
      const isLast = direction === 'up' && datagram.bytes[0] === 20
      return isLast && dropped++ === 0 ? [] : [datagram]
    }
    pair.connect(pskTerms(), true)
    expect(pair.server.reports).toEqual([])
    pair.run(seconds(5))
    expect(pair.server.reports).toMatchObject([{ outcome: 'completed', resumed: true }])
  })

  it.each([
    [
      'a session unknown here',
      (pair: DtlsPair) => pair.server.endpoint.revoke(pair.now, { kind: 'psk', identity }),
      {},
    ],
    ['a session too old', (pair: DtlsPair) => pair.run(hours(25)), {}],
    ['another server name', () => undefined, { serverName: 'other.example' }],
    ['another suite', () => undefined, { suite: 0xc0a4 }],
    ['no extended master secret', () => undefined, { extendedMasterSecret: false }],
  ] as const)('%s means a full handshake', (_what, meanwhile, terms) => {
    const pair = resumable()
    meanwhile(pair)
    pair.connect(pskTerms(terms), true)
    expect(pair.server.reports).toMatchObject([{ outcome: 'completed', resumed: false }])
    expect(pair.server.lookups).toHaveLength(2)
  })
})
