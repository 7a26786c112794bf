import { describe, expect, it } from 'vitest'
import { concatBytes, copyOf, noBytes, type Bytes } from '../../../src/base/bytes.ts'
import { minutes } from '../../../src/base/time.ts'
import type { DtlsOptions } from '../../../src/dtls/options.ts'
import { contentType } from '../../../src/dtls/wire/record.ts'
import { DtlsPair, DtlsPeer, storeKey } from '../../support/dtls-peer.ts'
import { plainRecord, RawClient, withCid } from '../../support/dtls-raw-client.ts'

/**
 * An association with a connection id, and what can be done with a copy or a forgery of it:
 *
 *     client ═══ association ═══ server
 *                attacker  →
 */
const openWithCid = (options: Partial<DtlsOptions> = {}): RawClient =>
  new RawClient(new DtlsPeer({ options })).complete(withCid)

/** The same record with another octet at `at`. */
function flipped(record: Bytes, at: number, by = 1): Bytes {
  const copy = copyOf(record)
  copy[at < 0 ? record.length + at : at]! ^= by
  return copy
}

function isAlive(client: RawClient): boolean {
  const before = client.server.received.length
  client.send(client.text('alive?'))
  return client.server.received.length === before + 1
}

describe('hardening: connection ids', () => {
  it('hardening 43: unknown, short and mis-sized connection ids are dropped without state', () => {
    const client = openWithCid()
    const sizes = client.server.endpoint.sizes()
    for (let length = 0; length <= 255; length++) {
      for (const epoch of [0, 1]) {
        const content = new Uint8Array(length).fill(length)
        const record = plainRecord(contentType.connectionId, content, { epoch, sequence: length })
        expect(client.send(record, record.subarray(0, 13 + (length >> 1)))).toEqual([])
      }
    }
    expect(client.server.endpoint.sizes()).toEqual(sizes)
    expect(isAlive(client)).toBe(true)
    const none = new DtlsPeer({ options: { connectionIdLength: 0 } })
    expect(new RawClient(none).send(plainRecord(contentType.connectionId, new Uint8Array(40), { epoch: 1 }))).toEqual(
      [],
    )
  })

  it('hardening 43: the store is asked for unknown connection ids only so many at a time', () => {
    const server = new DtlsPeer({ options: { storeKey, recallLimit: 100 } })
    const client = new RawClient(server)
    for (let i = 0; i < 5000; i++) {
      const content = new Uint8Array(40)
      content[0] = i >>> 8
      content[1] = i & 0xff
      client.send(plainRecord(contentType.connectionId, content, { epoch: 1 }))
    }
    expect(server.recalls).toHaveLength(100)
    server.endpoint.expire((client.now + minutes(1)) as typeof client.now)
    expect(server.endpoint.sizes()).toMatchObject({ recalls: 0, recallOctets: 0, deadlines: 0 })
  })

  it('hardening 44: an association with a connection id takes no record without it, whatever its keys', () => {
    const pair = new DtlsPair().connect()
    const client = openWithCid()
    const plain = { ...client.association!.terms, peerCid: noBytes }
    Object.assign(client.association!, { terms: plain })
    client.send(client.text('by path'))
    expect(client.server.texts).toEqual([])
    expect(pair.server.opens).toHaveLength(1)
  })

  it('hardening 45: captured records from elsewhere, replayed or reordered, move no address', () => {
    const client = openWithCid()
    const first = client.text('1')
    const second = client.text('2')
    client.send(second)
    client.server.receive(client.now, 66, first) // genuine, but not the newest
    client.server.receive(client.now, 66, second) // a replay
    client.server.receive(client.now, 66, flipped(client.text('3'), -1))
    expect(client.server.moves).toEqual([])
    expect(client.server.texts).toEqual(['2', '1'])
    const third = client.text('4')
    client.server.receive(client.now, 66, third)
    client.send(third)
    expect(client.server.moves).toMatchObject([{ from: 1, to: 66 }])
    client.send(client.text('5'))
    expect(client.server.moves).toMatchObject([{ to: 66 }, { from: 66, to: 1 }])
  })

  it('hardening 45: a forged record that wakes an association from the store moves it nowhere', () => {
    const options = { storeKey, sequenceReservation: 64 }
    const before = new RawClient(new DtlsPeer({ options })).complete(withCid)
    const sealed = before.server.endpoint.snapshot(before.server.lastOpened.id)!
    const server = new DtlsPeer({ options })
    server.receive(before.now, 66, flipped(before.text('forged'), -1))
    const id = server.endpoint.recalled(before.now, server.recalls[0]!.ticket, { sealed, path: 1 }) as number
    expect(server.endpoint.pathOf(id)).toBe(1)
    expect(server.sendText(before.now, id, 'to the device')).toBe(true)
    expect(server.take().map(({ path }) => path)).toEqual([1])
    server.receive(before.now, 66, before.text('genuine'))
    expect(server.moves).toMatchObject([{ from: 1, to: 66 }])
  })

  it('hardening 46: after a move everything counts against three times the octets received, alerts too', () => {
    const client = openWithCid()
    const uplink = client.text('x')
    client.server.receive(client.now, 66, uplink)
    client.server.take()
    const { id } = client.server.lastOpened
    for (let i = 0; i < 50; i++) client.server.sendText(client.now, id, 'notification')
    client.server.endpoint.close(client.now, id)
    const sent = client.server.take()
    expect(sent.every(({ path }) => path === 66)).toBe(true)
    expect(sent.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThanOrEqual(3 * uplink.length)
  })

  it('hardening 48: inner plaintext without a type, with a nested or unknown one, or too long is dropped', () => {
    const client = openWithCid()
    const { peerCid } = client.association!.terms
    expect(peerCid).toHaveLength(6)
    for (const type of [0, contentType.connectionId, 99]) client.send(client.protect(type, new Uint8Array(5)))
    client.send(client.protect(0, new Uint8Array(200)))
    client.send(client.protect(contentType.applicationData, new Uint8Array(16_500)))
    expect(client.server.received).toEqual([])
    expect(client.server.closes).toEqual([])
    client.send(client.protect(0, concatBytes(new TextEncoder().encode('padded'), new Uint8Array([23, 0, 0, 0]))))
    expect(client.server.texts).toEqual(['padded'])
  })
})
