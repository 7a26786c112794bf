import { describe, expect, it } from 'vitest'
import { copyOf, utf8, type Bytes } from '../../../src/base/bytes.ts'
import { SeededRandom } from '../../../src/base/random.ts'
import { DtlsPair, DtlsPeer, pskTerms, storeKey } from '../../support/dtls-peer.ts'
import { plainRecord, RawClient, withCid } from '../../support/dtls-raw-client.ts'
import { contentType } from '../../../src/dtls/wire/record.ts'
import { concatBytes } from '../../../src/base/bytes.ts'

const options = { storeKey, sequenceReservation: 64 }

function sealedAndPair(): { readonly pair: DtlsPair; readonly sealed: Bytes } {
  const pair = new DtlsPair({ options }).connect()
  return { pair, sealed: pair.server.endpoint.snapshot(pair.server.lastOpened.id)! }
}

const fresh = (key = storeKey): DtlsPeer =>
  new DtlsPeer({ options: { ...options, storeKey: key }, random: new SeededRandom(4) })

describe('hardening: state at rest', () => {
  it('hardening 51: flipped, truncated, extended and foreign snapshots are refused, each of them', () => {
    const { pair, sealed } = sealedAndPair()
    const server = fresh()
    for (let at = 0; at < sealed.length; at++) {
      const flipped = copyOf(sealed)
      flipped[at]! ^= 1 << (at % 8)
      expect(typeof server.endpoint.restore(pair.now, { sealed: flipped, path: 1 })).toBe('string')
      expect(typeof server.endpoint.restore(pair.now, { sealed: sealed.subarray(0, at), path: 1 })).toBe('string')
    }
    expect(server.endpoint.restore(pair.now, { sealed: concatBytes(sealed, new Uint8Array(1)), path: 1 })).toBe(
      'snapshot-forged',
    )
    expect(fresh(new Uint8Array(32)).endpoint.restore(pair.now, { sealed, path: 1 })).toBe('snapshot-forged')
    const future = copyOf(sealed)
    future[0] = 2
    expect(server.endpoint.restore(pair.now, { sealed: future, path: 1 })).toBe('snapshot-version')
    expect(server.endpoint.sizes()).toMatchObject({ associations: 0, deadlines: 0 })
    expect(typeof server.endpoint.restore(pair.now, { sealed, path: 1 })).toBe('number')
  })

  it('hardening 51: a snapshot older than what is known of the association is refused', () => {
    const { pair, sealed } = sealedAndPair()
    const { id } = pair.server.lastOpened
    const newer = pair.server.endpoint.release(id)!
    expect(pair.server.endpoint.restore(pair.now, { sealed, path: 1 })).toBe('snapshot-rolled-back')
    expect(typeof pair.server.endpoint.restore(pair.now, { sealed: newer, path: 1 })).toBe('number')
  })

  it('hardening 51: an old snapshot beside newer progress, or the reverse, uses no number and no record twice', () => {
    const { pair, sealed } = sealedAndPair()
    const { id } = pair.server.lastOpened
    pair.client.sendText(pair.now, pair.client.lastOpened.id, 'once')
    const [datagram] = pair.client.take()
    pair.server.receive(pair.now, 1, datagram!.bytes)
    const window = pair.server.endpoint.receiveWindow(id)!
    const newer = pair.server.endpoint.snapshot(id)!
    for (const [snapshot, durable] of [
      [sealed, { reservedUpTo: 500, window }],
      [newer, { reservedUpTo: 500, window: { edge: -1n, bitmap: 0n } }],
    ] as const) {
      const server = fresh()
      const restored = server.endpoint.restore(pair.now, { sealed: snapshot, path: 1, progress: durable }) as number
      server.receive(pair.now, 1, datagram!.bytes)
      expect(server.texts).toEqual([])
      server.sendText(pair.now, restored, 'x')
      // the record number: epoch 1, then 48 bits
      expect(server.take()[0]!.bytes.subarray(3, 11)).toEqual(new Uint8Array([0, 1, 0, 0, 0, 0, 1, 0xf4]))
    }
  })

  it('hardening 51: one association’s snapshot does not answer for another one', () => {
    const first = sealedAndPair()
    const second = new DtlsPair({ options, random: new SeededRandom(123) }, { random: new SeededRandom(321) }).connect()
    const server = fresh()
    second.client.sendText(second.now, second.client.lastOpened.id, 'x')
    server.receive(second.now, 3, second.client.take()[0]!.bytes)
    expect(server.endpoint.recalled(second.now, server.recalls[0]!.ticket, { sealed: first.sealed, path: 1 })).toBe(
      'snapshot-of-another',
    )
    expect(server.texts).toEqual([])
    expect(server.endpoint.sizes()).toMatchObject({ associations: 0, recalls: 0 })
  })

  it('hardening 52: handing over freezes the sender first, and nobody restores what is alive', () => {
    const { pair } = sealedAndPair()
    const { id } = pair.server.lastOpened
    const alive = pair.server.endpoint.snapshot(id)!
    expect(pair.server.endpoint.restore(pair.now, { sealed: alive, path: 1 })).toBe('snapshot-alive')
    const handedOver = pair.server.endpoint.release(id)!
    expect(pair.server.sendText(pair.now, id, 'too late')).toBe(false)
    expect(pair.server.endpoint.release(id)).toBeUndefined()
    const heir = fresh()
    const inherited = heir.endpoint.restore(pair.now, { sealed: handedOver, path: 1 }) as number
    expect(heir.endpoint.restore(pair.now, { sealed: handedOver, path: 1 })).toBe('snapshot-alive')
    expect(heir.sendText(pair.now, inherited, 'from the heir')).toBe(true)
    pair.client.receive(pair.now, 0, heir.take()[0]!.bytes)
    expect(pair.client.texts).toEqual(['from the heir'])
  })

  it('hardening 53: nothing inside a datagram can say where it came from', () => {
    const server = new DtlsPeer()
    const client = new RawClient(server, 1).complete(withCid)
    const record = client.text('x')
    // as a cluster would forward it: a header with another address before the record
    const forwarded = concatBytes(new Uint8Array([62, 4, 0x16, 0x34, 10, 9, 9, 9]), record)
    server.receive(client.now, 1, forwarded)
    server.receive(client.now, 1, plainRecord(62, forwarded))
    server.receive(client.now, 1, plainRecord(contentType.connectionId, forwarded, { epoch: 1 }))
    expect(server.moves).toEqual([])
    expect(server.texts).toEqual([])
    client.send(record)
    expect(server.texts).toEqual(['x'])
    expect(server.endpoint.pathOf(server.lastOpened.id)).toBe(1)
  })

  it('principals of every kind come back as they were', () => {
    const pair = new DtlsPair({ options }).connect(pskTerms())
    const sealed = pair.server.endpoint.snapshot(pair.server.lastOpened.id)!
    const server = fresh()
    const id = server.endpoint.restore(pair.now, { sealed, path: 1 }) as number
    server.endpoint.revoke(pair.now, { kind: 'psk', identity: utf8('someone else') })
    expect(server.closes).toEqual([])
    server.endpoint.revoke(pair.now, pair.server.lastOpened.principal)
    expect(server.closes).toEqual([{ id, reason: 'revoked' }])
  })
})
