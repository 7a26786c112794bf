import { describe, expect, it } from 'vitest'
import { minutes } from '../../../src/base/time.ts'
import { cidKeyOf, newConnectionId } from '../../../src/dtls/connection-id.ts'
import { SeededRandom } from '../../../src/base/random.ts'
import { DtlsPair, pskTerms } from '../../support/dtls-peer.ts'
import type { ClientTerms } from '../../../src/dtls/handshake/client-offer.ts'
import type { DtlsOptions } from '../../../src/dtls/options.ts'

function moved(terms: ClientTerms = pskTerms(), client: Partial<DtlsOptions> = {}): DtlsPair {
  const pair = new DtlsPair({}, { options: client }).connect(terms)
  say(pair, 'before')
  pair.clientPath = 2
  return pair
}

function say(pair: DtlsPair, text: string): void {
  pair.client.sendText(pair.now, pair.client.lastOpened.id, text)
  pair.settle()
}

describe('connection ids', () => {
  it('are shard and random octets, and never one that is taken', () => {
    const cid = newConnectionId(new SeededRandom(1), 42, 6, () => false)!
    expect(cid).toHaveLength(6)
    expect(cid[0]).toBe(42)
    expect(newConnectionId(new SeededRandom(1), 0, 1, () => true)).toBeUndefined()
    expect(cidKeyOf(new Uint8Array([0, 1, 2]), 1, 3)).toBe(258)
    expect(cidKeyOf(new Uint8Array(8), 0, 8)).toBe('\0'.repeat(8))
  })

  it.each([1, 4, 6, 8, 16])('of %i octets lead to the association', (connectionIdLength) => {
    const pair = new DtlsPair({ options: { connectionIdLength } }).connect()
    say(pair, 'hi')
    expect(pair.server.lastOpened.ownCid).toHaveLength(connectionIdLength)
    expect(pair.server.texts).toEqual(['hi'])
  })

  it('work in both directions', () => {
    const pair = new DtlsPair({}, { options: { connectionIdLength: 4 } }).connect()
    say(pair, 'up')
    pair.server.sendText(pair.now, pair.server.lastOpened.id, 'down')
    pair.settle()
    expect(pair.server.lastOpened.peerCid).toHaveLength(4)
    expect([...pair.server.texts, ...pair.client.texts]).toEqual(['up', 'down'])
  })

  it.each([53, 254] as const)('under the old number %i work only where the listener says so', (cidDialect) => {
    const on = new DtlsPair({ options: { legacyCid: true } }, { options: { connectionIdLength: 4 } })
    on.connect(pskTerms({ cidDialect }))
    say(on, 'hi')
    on.server.sendText(on.now, on.server.lastOpened.id, 'ho')
    on.settle()
    expect([...on.server.texts, ...on.client.texts]).toEqual(['hi', 'ho'])
    expect(on.server.lastOpened).toMatchObject({ cidDialect })
    const off = new DtlsPair().connect(pskTerms({ cidDialect }))
    expect(off.server.lastOpened.ownCid).toHaveLength(0)
    say(off, 'plain')
    expect(off.server.texts).toEqual(['plain'])
  })
})

describe('a peer that moves', () => {
  it('is answered at its new path after one authenticated newest record', () => {
    const pair = moved()
    say(pair, 'after')
    expect(pair.server.moves).toMatchObject([{ from: 1, to: 2 }])
    pair.server.sendText(pair.now, pair.server.lastOpened.id, 'found you')
    pair.settle()
    expect(pair.client.texts).toEqual(['found you'])
  })

  it('gets at most three times what it sent until its next uplink', () => {
    const pair = moved()
    say(pair, 'after')
    const { id } = pair.server.lastOpened
    const uplink = pair.log.at(-1)!.bytes.length
    let sent = 0
    while (pair.server.sendText(pair.now, id, 'x'.repeat(20))) sent += pair.server.take()[0]!.bytes.length
    expect(sent).toBeLessThanOrEqual(3 * uplink)
    expect(sent).toBeGreaterThan(uplink)
    say(pair, 'I am here')
    expect(pair.server.reachables).toEqual([id])
    expect(pair.server.sendText(pair.now, id, 'x'.repeat(1000))).toBe(true)
  })

  it('is free of the limit once the driver has checked by itself', () => {
    const pair = moved()
    say(pair, 'after')
    const { id } = pair.server.lastOpened
    expect(pair.server.sendText(pair.now, id, 'x'.repeat(500))).toBe(false)
    pair.server.endpoint.reachable(pair.now, id)
    expect(pair.server.sendText(pair.now, id, 'x'.repeat(500))).toBe(true)
  })

  it('answers a return routability check where both know it (RFC 9853)', () => {
    const pair = moved(pskTerms({ returnRoutability: true }), { connectionIdLength: 4 })
    say(pair, 'after')
    expect(pair.server.lastOpened.returnRoutability).toBe(true)
    expect(pair.server.reachables).toEqual([pair.server.lastOpened.id])
  })

  it('that does not answer the check is asked again when it speaks, three times, and never by a timer', () => {
    const pair = moved(pskTerms({ returnRoutability: true }), { connectionIdLength: 4 })
    const asked = (): number => {
      const before = pair.log.length
      say(pair, 'after')
      pair.run(minutes(5))
      return pair.log.slice(before).filter(({ direction }) => direction === 'down').length
    }
    pair.meddle = (datagram, direction) => (direction === 'down' ? [] : [datagram])
    expect([asked(), asked(), asked(), asked()]).toEqual([1, 1, 1, 0])
    expect(pair.server.reachables).toEqual([])
    pair.meddle = (datagram) => [datagram]
    say(pair, 'still here')
    expect(pair.server.reachables).toEqual([pair.server.lastOpened.id])
  })

  it('whose check was lost is free of the limit once it answers the second one', () => {
    const pair = moved(pskTerms({ returnRoutability: true }), { connectionIdLength: 4 })
    pair.meddle = (datagram, direction) => (direction === 'down' ? [] : [datagram])
    say(pair, 'after')
    pair.meddle = (datagram) => [datagram]
    say(pair, 'again')
    expect(pair.server.reachables).toEqual([pair.server.lastOpened.id])
  })
})
