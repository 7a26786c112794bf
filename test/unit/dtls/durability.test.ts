import { describe, expect, it } from 'vitest'
import { days, seconds } from '../../../src/base/time.ts'
import { DtlsPair, DtlsPeer, identity, pskTerms, storeKey } from '../../support/dtls-peer.ts'
import { SeededRandom } from '../../../src/base/random.ts'
import type { Bytes } from '../../../src/base/bytes.ts'
import type { DurableProgress } from '../../../src/dtls/associations.ts'
import { decodeRecordHeader, emptyRecordHeader } from '../../../src/dtls/wire/record.ts'

const stored = { options: { storeKey, sequenceReservation: 64 } }

interface Restarted {
  readonly pair: DtlsPair
  readonly server: DtlsPeer
  readonly sealed: Bytes
}

/** A pair that has spoken, its server's snapshot, and another server that knows nothing yet. */
function restarted(terms = pskTerms()): Restarted {
  const pair = new DtlsPair(stored).connect(terms)
  const sealed = pair.server.endpoint.snapshot(pair.server.lastOpened.id)!
  say(pair, 'one')
  return { pair, server: new DtlsPeer({ ...stored, random: new SeededRandom(99) }), sealed }
}

function say(pair: DtlsPair, text: string): void {
  pair.client.sendText(pair.now, pair.client.lastOpened.id, text)
  pair.settle()
}

function uplink(pair: DtlsPair, text: string): Bytes {
  pair.client.sendText(pair.now, pair.client.lastOpened.id, text)
  return pair.client.take()[0]!.bytes
}

function sequenceOf(record: Bytes): number {
  const header = emptyRecordHeader()
  decodeRecordHeader(record, 0, record.length, 0, header)
  return header.sequence
}

describe('an association at rest', () => {
  it('takes at most 300 octets sealed, with the widest suite and a long identity', () => {
    const { sealed } = restarted()
    expect(sealed.length).toBeLessThanOrEqual(200)
    const wide = new DtlsPair({ ...stored, lookup: () => ({ kind: 'key', key: storeKey }) }).connect({
      ...pskTerms({ suite: 0x00a9 }),
      preSharedKey: { identity: new Uint8Array(64).fill(65), key: storeKey },
    })
    expect(wide.server.endpoint.snapshot(wide.server.lastOpened.id)!.length).toBeLessThanOrEqual(300)
  })

  it('goes on after a restart by CID, with no handshake, from a new address', () => {
    const { pair, server, sealed } = restarted()
    server.receive(pair.now, 5, uplink(pair, 'two'))
    expect(server.recalls).toMatchObject([{ query: { kind: 'cid', cid: pair.server.lastOpened.ownCid } }])
    const id = server.endpoint.recalled(pair.now, server.recalls[0]!.ticket, { sealed, path: 1 }) as number
    expect(server.texts).toEqual(['two'])
    expect(server.endpoint.pathOf(id)).toBe(5)
    server.sendText(pair.now, id, 'answer')
    pair.client.receive(pair.now, 0, server.take()[0]!.bytes)
    expect(pair.client.texts).toEqual(['answer'])
    expect(server.reports).toEqual([])
  })

  it('goes on by path where the device has no CID', () => {
    const { cidDialect: _none, ...terms } = pskTerms()
    const { pair, server, sealed } = restarted(terms)
    server.receive(pair.now, 1, uplink(pair, 'two'))
    expect(server.recalls).toMatchObject([{ query: { kind: 'path', path: 1 } }])
    server.endpoint.recalled(pair.now, server.recalls[0]!.ticket, { sealed, path: 1 })
    expect(server.texts).toEqual(['two'])
  })

  it('never writes a number twice: the writer resumes at the reserved bound', () => {
    const { pair, server, sealed } = restarted()
    const used = new Set<number>()
    const note = (bytes: Bytes): void => {
      expect(used.has(sequenceOf(bytes))).toBe(false)
      used.add(sequenceOf(bytes))
    }
    const first = pair.server.lastOpened.id
    for (let i = 0; i < 50; i++) pair.server.sendText(pair.now, first, 'x')
    for (const { bytes } of pair.server.take()) note(bytes)
    const reservedUpTo = Math.max(64, ...pair.server.reservations.map(({ upTo }) => upTo))
    const durable: DurableProgress = { reservedUpTo, window: { edge: 1n, bitmap: 1n } }
    const id = server.endpoint.restore(pair.now, { sealed, path: 1, progress: durable }) as number
    for (let i = 0; i < 50; i++) server.sendText(pair.now, id, 'x')
    const after = server.take()
    expect(after).toHaveLength(50)
    for (const { bytes } of after) note(bytes)
    expect(Math.min(...after.map(({ bytes }) => sequenceOf(bytes)))).toBeGreaterThanOrEqual(reservedUpTo)
  })

  it('sends nothing at a number that is not reserved yet', () => {
    const pair = new DtlsPair(stored).connect()
    pair.server.confirmsReservations = false
    const { id } = pair.server.lastOpened
    let sent = 0
    while (pair.server.sendText(pair.now, id, 'x')) sent++
    expect(sent).toBe(63) // Finished took the first of 64
    const upTo = pair.server.reservations.at(-1)!.upTo
    pair.server.endpoint.reserved(pair.now, id, upTo)
    expect(pair.server.sendText(pair.now, id, 'x')).toBe(true)
  })

  it('does not execute a message again whose window was committed', () => {
    const { pair, server, sealed } = restarted()
    const twice = uplink(pair, 'twice')
    pair.server.receive(pair.now, 1, twice)
    const window = pair.server.endpoint.receiveWindow(pair.server.lastOpened.id)!
    server.receive(pair.now, 1, twice)
    server.endpoint.recalled(pair.now, server.recalls[0]!.ticket, {
      sealed,
      path: 1,
      progress: { reservedUpTo: 64, window },
    })
    expect(server.texts).toEqual([])
    server.receive(pair.now, 1, uplink(pair, 'new'))
    expect(server.texts).toEqual(['new'])
  })

  it('waits for the store with a few records, and forgets them in time', () => {
    const { pair, server, sealed } = restarted()
    for (let i = 0; i < 10; i++) server.receive(pair.now, 1, uplink(pair, `m${i}`))
    expect(server.recalls).toHaveLength(1)
    expect(server.endpoint.sizes()).toMatchObject({ recalls: 1 })
    server.endpoint.recalled(pair.now, server.recalls[0]!.ticket, { sealed, path: 1 })
    expect(server.texts).toEqual(['m0', 'm1', 'm2', 'm3'])
    expect(server.endpoint.recalled(pair.now, server.recalls[0]!.ticket, { sealed, path: 1 })).toBeUndefined()
    const other = new DtlsPeer(stored)
    other.receive(pair.now, 1, uplink(pair, 'late'))
    pair.tick(31_000)
    other.endpoint.expire(pair.now)
    expect(other.endpoint.sizes()).toMatchObject({ recalls: 0, recallOctets: 0, deadlines: 0 })
    expect(other.endpoint.recalled(pair.now, other.recalls[0]!.ticket, { sealed, path: 1 })).toBeUndefined()
  })

  it('is let go when memory is short, and comes back as if nothing had been', () => {
    const server = new DtlsPeer({ options: { ...stored.options, associationLimit: 1 }, random: new SeededRandom(5) })
    const first = new DtlsPair(stored)
    const second = new DtlsPair(stored, { random: new SeededRandom(77) })
    for (const [pair, path] of [
      [first, 1],
      [second, 2],
    ] as const) {
      pair.client.endpoint.connect(pair.now, 0, pskTerms())
      for (let i = 0; i < 4; i++) {
        for (const { bytes } of pair.client.take()) server.receive(pair.now, path, bytes)
        for (const { bytes } of server.take()) pair.client.receive(pair.now, 0, bytes)
      }
    }
    expect(server.evictions).toMatchObject([{ path: 1 }])
    server.receive(first.now, 1, uplink(first, 'back'))
    server.endpoint.recalled(first.now, server.recalls[0]!.ticket, { sealed: server.evictions[0]!.sealed, path: 1 })
    expect(server.texts).toEqual(['back'])
    expect(server.evictions).toHaveLength(2)
    expect(server.endpoint.sizes().associations).toBe(1)
  })

  it('is given up after its lifetime of silence', () => {
    const pair = new DtlsPair(stored).connect()
    const sealed = pair.server.endpoint.snapshot(pair.server.lastOpened.id)!
    pair.run(days(89))
    say(pair, 'still here')
    pair.run(days(89))
    expect(pair.server.closes).toEqual([])
    pair.run(days(2))
    expect(pair.server.closes).toMatchObject([{ reason: 'expired' }])
    expect(new DtlsPeer(stored).endpoint.restore(pair.now, { sealed, path: 1 })).toBe('snapshot-expired')
  })

  it('without a store key nothing is sealed and nothing asked of the store', () => {
    const pair = new DtlsPair().connect()
    expect(pair.server.endpoint.snapshot(pair.server.lastOpened.id)).toBeUndefined()
    const other = new DtlsPeer()
    other.receive(pair.now, 1, uplink(pair, 'lost'))
    expect(other.recalls).toEqual([])
    expect(other.endpoint.restore(pair.now, { sealed: new Uint8Array(100), path: 1 })).toBe('snapshot-without-key')
  })
})

describe('policy', () => {
  it('a revoked identity is closed now, told so, and loses its sessions and handshakes', () => {
    const pair = new DtlsPair(stored).connect()
    pair.server.endpoint.revoke(pair.now, { kind: 'psk', identity })
    pair.settle()
    expect(pair.server.closes).toMatchObject([{ reason: 'revoked' }])
    expect(pair.client.closes).toMatchObject([{ reason: 'peer-alert' }])
    expect(pair.server.endpoint.sizes()).toMatchObject({ associations: 0, sessions: 0, deadlines: 0 })
    const waiting = new DtlsPair({ lookup: () => undefined }).connect()
    waiting.server.endpoint.revoke(waiting.now, { kind: 'psk', identity })
    expect(waiting.server.reports).toMatchObject([{ reason: 'credential-revoked' }])
  })

  it('one identity has no more associations than it may: its oldest ends', () => {
    const pair = new DtlsPair({ options: { associationsPerIdentity: 2 } })
    for (let i = 0; i < 4; i++) {
      pair.clientPath = 10 + i
      pair.connect()
    }
    const [first, second] = pair.server.opens
    expect(pair.server.closes).toEqual([
      { id: first!.id, reason: 'identity-limit' },
      { id: second!.id, reason: 'identity-limit' },
    ])
    expect(pair.server.endpoint.sizes()).toMatchObject({ associations: 2, identities: 1, cids: 2 })
  })

  it('close says goodbye, and the other side says it back', () => {
    const pair = new DtlsPair().connect()
    pair.client.endpoint.close(pair.now, pair.client.lastOpened.id)
    pair.settle()
    expect(pair.client.closes).toMatchObject([{ reason: 'closed-locally' }])
    expect(pair.server.closes).toMatchObject([{ reason: 'peer-closed' }])
    expect(pair.server.sendText(pair.now, pair.server.lastOpened.id, 'x')).toBe(false)
  })

  it('an address that begins too many handshakes is answered by silence until time has passed', () => {
    const pair = new DtlsPair({ options: { handshakeRatePerPrefix: 1, associationsPerIdentity: 100 } })
    for (let i = 0; i < 5; i++) pair.connect()
    expect(pair.server.opens).toHaveLength(2)
    expect(pair.server.faults.get('hello-refused-by-load')).toBeGreaterThan(0)
    pair.run(seconds(60))
    expect(pair.server.opens.length).toBeGreaterThan(2)
  })
})
