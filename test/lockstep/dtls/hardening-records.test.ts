import { describe, expect, it } from 'vitest'
import { concatBytes, copyOf, hexOf, noBytes, type Bytes } from '../../../src/base/bytes.ts'
import { SeededRandom } from '../../../src/base/random.ts'
import { minutes, seconds } from '../../../src/base/time.ts'
import type { DtlsOptions } from '../../../src/dtls/options.ts'
import { nodeCrypto } from '../../../src/server/crypto-node.ts'
import { contentType } from '../../../src/dtls/wire/record.ts'
import { DtlsPair, DtlsPeer, identity, key, storeKey } from '../../support/dtls-peer.ts'
import { plainRecord, RawClient, withCid } from '../../support/dtls-raw-client.ts'

/**
 * An open association, and what an attacker beside the path can throw at it:
 *
 *     client ═══ association ═══ server
 *                attacker  →
 */
const open = (options: Partial<DtlsOptions> = {}): RawClient => new RawClient(new DtlsPeer({ options })).complete()
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

describe('hardening: records', () => {
  it('hardening 13: the same record twice in one datagram is delivered once', () => {
    const client = open()
    const record = client.text('once')
    client.send(concatBytes(record, record))
    expect(client.server.texts).toEqual(['once'])
  })

  it('hardening 20: a forged record with a huge number moves no window', () => {
    const client = open()
    const forged = copyOf(client.text('x'))
    forged.fill(0xff, 5, 11)
    client.send(forged, flipped(client.text('y'), 8))
    expect(isAlive(client)).toBe(true)
  })

  it('hardening 21: epochs beyond 1 are dropped, and no message of the wrong epoch completes a handshake', () => {
    const client = new RawClient(new DtlsPeer())
    client.begin()
    const keyExchange = client.keyExchange()
    for (const epoch of [1, 2, 3, 255, 256, 65_535]) {
      const moved = copyOf(keyExchange)
      moved[3] = epoch >>> 8
      moved[4] = epoch & 0xff
      client.send(moved)
    }
    expect(client.server.lookups).toEqual([])
    const finishedInEpochZero = client.plain(contentType.handshake, client.finishedMessage())
    client.messageSequence--
    client.send(keyExchange, client.changeCipherSpec(), finishedInEpochZero)
    expect(client.server.opens).toEqual([])
    const ccs = client.changeCipherSpec()
    ccs[4] = 1
    client.send(ccs)
    client.send(client.finished())
    expect(client.server.opens).toHaveLength(1)
  })

  it('hardening 22: records of the association before a new handshake are rejected after it', () => {
    const client = open()
    const old = client.text('old')
    const successor = new RawClient(client.server, 1, 9).complete()
    expect(client.server.closes).toMatchObject([{ reason: 'superseded' }])
    client.send(old)
    expect(client.server.texts).toEqual([])
    expect(isAlive(successor)).toBe(true)
  })

  it('hardening 23: ChangeCipherSpec before its time, twice or malformed switches nothing and crashes nothing', () => {
    const server = new DtlsPeer()
    const client = new RawClient(server)
    client.send(client.changeCipherSpec(), plainRecord(contentType.changeCipherSpec, noBytes))
    client.begin()
    for (const body of [
      noBytes,
      new Uint8Array([0]),
      new Uint8Array([2]),
      new Uint8Array([1, 1]),
      new Uint8Array(100),
    ]) {
      client.send(client.changeCipherSpec(body))
    }
    client.send(client.changeCipherSpec(), client.changeCipherSpec())
    client.send(plainRecord(contentType.handshake, new Uint8Array(60), { epoch: 1 }))
    expect(server.opens).toEqual([])
    client.send(client.keyExchange(), client.changeCipherSpec(), client.finished())
    expect(server.opens).toHaveLength(1)
    expect(isAlive(client)).toBe(true)
  })

  it('hardening 25: application data without protection is never delivered', () => {
    const client = new RawClient(new DtlsPeer())
    const data = plainRecord(contentType.applicationData, new TextEncoder().encode('plain'))
    client.send(data)
    client.begin()
    client.send(data, client.keyExchange(), data, client.changeCipherSpec(), data, client.finished(), data)
    expect(client.server.texts).toEqual([])
    expect(client.server.faults.get('record-malformed')).toBe(5)
  })

  it('hardening 26: protected data counts only once Finished is verified', () => {
    const client = new RawClient(new DtlsPeer())
    client.begin()
    client.send(client.keyExchange(), client.changeCipherSpec())
    for (let i = 0; i < 100; i++) client.send(client.text(`m${i}`))
    expect(client.server.texts).toEqual([])
    expect(client.server.endpoint.sizes().deferredOctets).toBeLessThanOrEqual(4096)
    client.send(client.finished())
    expect(client.server.texts.length).toBeGreaterThan(0)
    const cut = new RawClient(new DtlsPeer())
    cut.begin()
    cut.send(cut.keyExchange(), cut.changeCipherSpec(), cut.text('never'))
    cut.server.endpoint.expire((cut.now + minutes(30)) as typeof cut.now)
    expect(cut.server.texts).toEqual([])
  })

  it('hardening 29: alerts anyone could write end neither a handshake nor an association', () => {
    const client = new RawClient(new DtlsPeer())
    client.begin()
    const alerts = [
      [2, 40],
      [1, 0],
      [2, 80],
      [2, 0],
    ].map((alert) => plainRecord(contentType.alert, new Uint8Array(alert), { sequence: 9 }))
    client.send(...alerts, client.keyExchange(), ...alerts, client.changeCipherSpec(), client.finished(), ...alerts)
    expect(client.server.closes).toEqual([])
    expect(isAlive(client)).toBe(true)
  })

  it('a warning stops nothing: the flight is repeated, which it is not after a fatal alert or a goodbye (RFC 5246 §7.2)', () => {
    const repeats = (alert: readonly [number, number]): number => {
      const client = new RawClient(new DtlsPeer())
      client.begin()
      client.send(plainRecord(contentType.alert, new Uint8Array(alert), { sequence: 9 }))
      client.now = client.server.endpoint.nextDeadline()
      client.server.endpoint.expire(client.now)
      return client.server.take().length
    }
    expect(repeats([1, 90])).toBe(1)
    expect(repeats([1, 41])).toBe(1)
    expect(repeats([2, 40])).toBe(0)
    expect(repeats([1, 0])).toBe(0)
  })

  it('hardening 30: a hello over a live association, with or without a cookie, leaves it until a new Finished', () => {
    const client = open()
    const forger = new RawClient(client.server, 1, 31)
    forger.hello()
    expect(isAlive(client)).toBe(true)
    forger.begin()
    expect(isAlive(client)).toBe(true)
    forger.send(forger.keyExchange(identity, new Uint8Array(16)), forger.changeCipherSpec())
    expect(isAlive(client)).toBe(true)
    forger.send(forger.finished(), forger.finished())
    expect(client.server.closes).toEqual([])
    expect(isAlive(client)).toBe(true)
  })

  it('hardening 31: invalid records are answered by nothing at all', () => {
    const client = openWithCid()
    const record = client.text('x')
    const outputs = [
      client.send(flipped(record, -1)),
      client.send(flipped(record, 0)),
      client.send(record.subarray(0, 20)),
      client.send(concatBytes(record.subarray(0, 5), new Uint8Array(400))),
      client.send(plainRecord(contentType.applicationData, new Uint8Array(40), { epoch: 1 })),
      client.send(plainRecord(contentType.handshake, new Uint8Array(40))),
      new RawClient(client.server, 99).send(plainRecord(contentType.alert, new Uint8Array([2, 10]))),
      new RawClient(client.server, 98).send(new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n')),
    ]
    expect(outputs.flat()).toEqual([])
  })

  it('hardening 39: no two records of an association share a number, through repetitions and restarts', () => {
    const used = new Set<string>()
    const crypto = nodeCrypto()
    const recording = {
      ...crypto,
      seal: (...call: Parameters<typeof crypto.seal>) => {
        const [sealKey, nonce] = call
        const name = `${keyNumber(sealKey)} ${hexOf(nonce)}`
        expect(used.has(name)).toBe(false)
        used.add(name)
        return crypto.seal(...call)
      },
    }
    const numbers = new Map<object, number>()
    const material = new Map<string, number>()
    const keyNumber = (handle: object): number => numbers.get(handle)!
    const named = {
      ...recording,
      // the same octets are the same key, whoever holds it
      aeadKey: (...call: Parameters<typeof crypto.aeadKey>) => {
        const handle = crypto.aeadKey(...call)
        const octets = hexOf(call[1])
        if (!material.has(octets)) material.set(octets, material.size)
        numbers.set(handle, material.get(octets)!)
        return handle
      },
    }
    const options = { storeKey, sequenceReservation: 32 }
    const pair = new DtlsPair({ options, crypto: named }, { crypto: named })
    let lost = 0
    pair.meddle = (datagram, direction) => (direction === 'down' && lost++ % 2 === 1 ? [] : [datagram])
    pair.connect().run(seconds(60))
    const { id } = pair.server.lastOpened
    const sealed = pair.server.endpoint.snapshot(id)!
    for (let i = 0; i < 25; i++) pair.server.sendText(pair.now, id, 'x')
    let after = new DtlsPeer({ options, crypto: named, random: new SeededRandom(8) })
    for (let restarts = 0; restarts < 5; restarts++) {
      const reservedUpTo = Math.max(32, ...pair.server.reservations.map(({ upTo }) => upTo))
      const last = after.reservations.at(-1)?.upTo ?? reservedUpTo
      const durable = { reservedUpTo: last, window: { edge: 5n, bitmap: 1n } }
      after = new DtlsPeer({ options, crypto: named, random: new SeededRandom(9 + restarts) })
      const restored = after.endpoint.restore(pair.now, { sealed, path: 1, progress: durable })
      expect(typeof restored).toBe('number')
      for (let i = 0; i < 20; i++) expect(after.sendText(pair.now, restored as number, 'y')).toBe(true)
    }
    expect(used.size).toBeGreaterThan(120)
  })

  it('hardening 40: numbers near 2^48 are handled without 32-bit arithmetic and never wrap', () => {
    const client = open()
    for (const sequence of [2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 40 + 5, 2 ** 48 - 2]) {
      client.association!.writeSequence = sequence
      client.send(client.text(`${sequence}`))
    }
    expect(client.server.texts).toHaveLength(5)
    const pair = new DtlsPair({ options: { storeKey } }).connect()
    const sealed = pair.server.endpoint.snapshot(pair.server.lastOpened.id)!
    const edge = { reservedUpTo: 2 ** 48 - 2, window: { edge: 0n, bitmap: 1n } }
    const worn = new DtlsPeer({ options: { storeKey } })
    const id = worn.endpoint.restore(pair.now, { sealed, path: 1, progress: edge }) as number
    expect(worn.sendText(pair.now, id, 'last')).toBe(true)
    expect(worn.sendText(pair.now, id, 'beyond')).toBe(false)
    expect(worn.closes).toMatchObject([{ reason: 'sequence-exhausted' }])
  })

  it('hardening 41: wrong MACs are counted per association and end it at the limit', () => {
    const client = open({ forgeryLimit: 150, forgeryRate: 100 })
    const other = new RawClient(client.server, 2, 22).complete()
    const forge = (count: number): void => {
      for (let i = 0; i < count; i++) client.send(flipped(client.text('x'), -1))
    }
    forge(500)
    expect(client.server.closes).toEqual([]) // the rate limit holds the rest off
    client.now = (client.now + seconds(2)) as typeof client.now
    forge(500)
    expect(client.server.closes).toMatchObject([{ reason: 'forgeries' }])
    expect(isAlive(other)).toBe(true)
  })

  it('hardening 42: a flood of wrong MACs costs a bounded number of openings, and mutes the peer for no longer than it lasts', () => {
    const crypto = nodeCrypto()
    let opened = 0
    const counting = {
      ...crypto,
      open: (...call: Parameters<typeof crypto.open>) => {
        opened++
        return crypto.open(...call)
      },
    }
    const client = new RawClient(new DtlsPeer({ crypto: counting, options: { forgeryRate: 200 } })).complete()
    const good = new RawClient(client.server, 2, 22).complete()
    const forged = flipped(client.text('x'), -1)
    opened = 0
    for (let i = 0; i < 20_000; i++) client.send(forged)
    expect(opened).toBeLessThanOrEqual(200)
    expect(isAlive(good)).toBe(true)
    client.now = (client.now + 100) as typeof client.now
    expect(isAlive(client)).toBe(true)
  })

  it('hardening 42: a flood of wrong MACs from elsewhere does not mute the peer where it is', () => {
    const client = open({ forgeryRate: 100 })
    const forged = flipped(client.text('x'), -1)
    for (let i = 0; i < 5000; i++) client.server.receive(client.now, 99, forged)
    expect(isAlive(client)).toBe(true)
  })

  it('hardening 49: renegotiation is refused by one warning a minute and changes nothing', () => {
    const client = open()
    const attempts = (): readonly string[] => {
      const answers: string[] = []
      for (let i = 0; i < 20; i++) {
        for (const { bytes } of client.send(
          client.protect(contentType.handshake, new Uint8Array([1, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0])),
        )) {
          answers.push(hexOf(client.open(bytes)!.content))
        }
      }
      return answers
    }
    expect(attempts()).toEqual(['0164'])
    client.now = (client.now + minutes(2)) as typeof client.now
    expect(attempts()).toEqual(['0164'])
    client.send(client.protect(contentType.handshake, new Uint8Array(12))) // HelloRequest
    expect(isAlive(client)).toBe(true)
  })

  it('hardening 54: good records around a bad one are processed', () => {
    const client = openWithCid()
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((text) => client.text(text)) as [Bytes, Bytes, Bytes, Bytes]
    client.send(concatBytes(a, flipped(b, -1), c, plainRecord(99, new Uint8Array(3)), d))
    expect(client.server.texts).toEqual(['a', 'c', 'd'])
  })

  it('hardening 59: a datagram may be scribbled over once it was handed in', () => {
    // every test here hands datagrams in memory that is overwritten after the call; this one looks closely
    const server = new DtlsPeer({ lookup: () => undefined })
    const client = new RawClient(server)
    client.begin(withCid)
    client.send(client.keyExchange())
    const { query, ticket } = server.lookups[0]!
    expect(query).toMatchObject({ kind: 'psk', identity })
    client.send(client.changeCipherSpec(), client.finished())
    server.endpoint.credentials(client.now, ticket, { kind: 'key', key })
    server.take()
    client.send(client.text('intact'))
    expect(server.texts).toEqual(['intact'])
    expect(server.lastOpened.principal).toEqual({ kind: 'psk', identity })
  })

  it('hardening 60: one datagram full of records costs a bounded share of a turn', () => {
    const client = open()
    const records = Array.from({ length: 60 }, () => client.text('x'))
    client.send(concatBytes(...records))
    expect(client.server.received).toHaveLength(16)
  })
})
