import { describe, expect, it } from 'vitest'
import { seconds, hours } from '../../../src/base/time.ts'
import { contentType } from '../../../src/dtls/wire/record.ts'
import { DtlsPair, DtlsPeer, identity, key, pskTerms } from '../../support/dtls-peer.ts'
import { RawClient } from '../../support/dtls-raw-client.ts'

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
  ] as const)('%s means a full handshake', (_what, meanwhile, terms) => {
    const pair = resumable()
    meanwhile(pair)
    pair.connect(pskTerms(terms), true)
    expect(pair.server.reports).toMatchObject([{ outcome: 'completed', resumed: false }])
    expect(pair.server.lookups).toHaveLength(2)
  })

  it('without the extended master secret it was made with means none at all (RFC 7627 §5.3)', () => {
    const pair = resumable()
    pair.connect(pskTerms({ extendedMasterSecret: false }), true)
    expect(pair.server.reports).toMatchObject([{ outcome: 'failed', reason: 'resumption-mismatch' }])
  })

  it('is over with a fatal alert in the association, or in a handshake that takes the session up (RFC 5246 §7.2.2)', () => {
    const client = new RawClient(new DtlsPeer()).complete()
    const { sessionId } = client.serverHello!
    const another = (seed: number): RawClient => new RawClient(client.server, seed, seed)
    expect(client.server.endpoint.sizes().sessions).toBe(1)
    const warned = client.protect(contentType.alert, new Uint8Array([1, 90]))
    client.send(warned)
    expect(client.server.endpoint.sizes().sessions).toBe(1)
    client.send(client.protect(contentType.alert, new Uint8Array([2, 80])))
    expect(client.server.closes).toMatchObject([{ reason: 'peer-alert' }])
    const late = another(8)
    late.begin({ sessionId })
    expect(late.serverHello!.sessionId).not.toEqual(sessionId)

    // A thief has the id and not the secret: its Finished does not open, twice
    const owner = another(9).complete()
    const thief = another(10)
    thief.begin({ sessionId: owner.serverHello!.sessionId })
    expect(thief.serverHello!.sessionId).toEqual(owner.serverHello!.sessionId)
    thief.deriveKeys()
    thief.send(thief.changeCipherSpec(), thief.protect(contentType.handshake, thief.finishedMessage()))
    thief.send(thief.protect(contentType.handshake, thief.finishedMessage()))
    expect(client.server.reports.at(-1)).toMatchObject({ outcome: 'failed', reason: 'finished-unreadable' })
    const again = another(11)
    again.begin({ sessionId: owner.serverHello!.sessionId })
    expect(again.serverHello!.sessionId).not.toEqual(owner.serverHello!.sessionId)
  })
})
