import { describe, expect, it } from 'vitest'
import { instantOf, milliseconds, never, seconds } from '../../../src/base/time.ts'
import { SeededRandom } from '../../../src/base/random.ts'
import { AnswerStore } from '../../../src/coap/answer-store.ts'
import { contentFormat, mediaTypeOf, modernContentFormat } from '../../../src/coap/content-formats.ts'
import { DedupTable, type DedupOwner } from '../../../src/coap/dedup.ts'
import { Echo } from '../../../src/coap/echo.ts'
import { MessageIds } from '../../../src/coap/message-ids.ts'
import { backoffFactor, RtoEstimator } from '../../../src/coap/rto.ts'
import { tokenKey, Tokens } from '../../../src/coap/token.ts'

const now = instantOf(1_700_000_000_000)

describe('kept answers', () => {
  it('come back as they were, whatever their length, and leave nothing', () => {
    const store = new AnswerStore()
    const lengths = [1, 15, 16, 17, 32, 64, 65, 128, 256, 511, 512, 513, 1200]
    const kept = lengths.map((length) => {
      const bytes = new Uint8Array(length + 4).fill(length & 0xff)
      return { length, handle: store.put(bytes, 2, 2 + length) }
    })
    for (const { length, handle } of kept) {
      const start = store.offsetOf(handle)
      expect(store.pageOf(handle).subarray(start, start + length)).toEqual(new Uint8Array(length).fill(length & 0xff))
    }
    expect(store.size).toBe(lengths.length)
    for (const { handle } of kept) store.free(handle)
    store.free(0)
    expect(store.size).toBe(0)
  })

  it('never share a cell, over many pages', () => {
    const store = new AnswerStore()
    const handles = new Set(Array.from({ length: 5000 }, () => store.put(new Uint8Array(20), 0, 20)))
    expect(handles.size).toBe(5000)
    for (const handle of handles) store.free(handle)
    const again = Array.from({ length: 5000 }, () => store.put(new Uint8Array(20), 0, 20))
    expect(again.every((handle) => handles.has(handle))).toBe(true)
  })

  it('of more than 512 octets are limited in number', () => {
    const store = new AnswerStore()
    const long = new Uint8Array(600)
    for (let i = 0; i < 8192; i++) expect(store.put(long, 0, 600)).toBeLessThan(0)
    expect(store.put(long, 0, 600)).toBe(0)
    expect(store.put(long, 0, 16)).toBeGreaterThan(0)
  })
})

describe('the dedup table', () => {
  const owner = (seed: number): DedupOwner => ({
    dedupSeed: seed,
    liveHead: 0,
    liveTail: 0,
    liveCount: 0,
    spentHead: 0,
    spentCount: 0,
  })
  const table = (told: { abandoned?: number[]; emptied?: DedupOwner[] } = {}): DedupTable =>
    new DedupTable({
      perPeer: 64,
      spentPerPeer: 64,
      total: 100_000,
      abandoned: (exchange) => void told.abandoned?.push(exchange),
      emptied: (of) => void told.emptied?.push(of),
    })

  it('grows through many doublings and finds every entry (RFC 7252 §4.5)', () => {
    const dedup = table()
    const owners = Array.from({ length: 1000 }, (_, i) => owner(Math.imul(i, 0x9e3779b9)))
    for (const of of owners) for (let id = 0; id < 20; id++) dedup.begin(now, of, id * 3000, id, seconds(247), true)
    expect(dedup.size).toBe(20_000)
    for (const of of owners) for (let id = 0; id < 20; id++) expect(dedup.find(now, of, id * 3000)).toBeGreaterThan(0)
    expect(dedup.find(now, owners[0]!, 1)).toBe(0)
    dedup.expire(never)
    expect(dedup.size).toBe(0)
  })

  it('tells who waits that its exchange is gone, and whose last entry went', () => {
    const told = { abandoned: [] as number[], emptied: [] as DedupOwner[] }
    const dedup = table(told)
    const of = owner(1)
    const entry = dedup.begin(now, of, 7, 0, seconds(10), false)
    dedup.await(entry, 42)
    dedup.expire(instantOf(now + 20_000))
    expect(told).toEqual({ abandoned: [42], emptied: [of] })
  })

  it('does not let go of what is in progress or may run twice', () => {
    const dedup = table()
    const of = owner(1)
    const unsafe = dedup.begin(now, of, 1, 0, seconds(10), false)
    expect(dedup.mayForgetAll(of)).toBe(false)
    dedup.finish(unsafe, Uint8Array.of(1), 0, 1)
    expect(dedup.mayForgetAll(of)).toBe(false)
    dedup.relax(unsafe)
    expect(dedup.mayForgetAll(of)).toBe(true)
    const safe = dedup.begin(now, of, 2, 0, seconds(10), true)
    expect(dedup.mayForgetAll(of)).toBe(false)
    dedup.finish(safe, Uint8Array.of(1), 0, 0)
    expect(dedup.mayForgetAll(of)).toBe(true)
    dedup.forgetAll(of)
    expect([dedup.size, dedup.answers]).toEqual([0, 0])
  })
})

describe('message ids (RFC 7252 §4.4)', () => {
  it('begin at random and count up through zero', () => {
    const ids = new MessageIds(65_534 / 65_536)
    expect([1, 2, 3, 4].map(() => ids.take(now, 1000))).toEqual([65_534, 65_535, 0, 1])
    expect(ids.readyAt).toBe(now)
  })

  it('are lent ahead of time when all are taken, with the moment from which they may be used', () => {
    const ids = new MessageIds(0)
    for (let i = 0; i < 65_536; i++) ids.take(now, 247_000)
    expect(ids.readyAt).toBe(now)
    expect(ids.take(now, 247_000)).toBe(0)
    expect(ids.readyAt).toBe(now + 247_000)
    expect(ids.heldUntil).toBe(now + 2 * 247_000)
  })
})

describe('learned timeouts (CoCoA)', () => {
  it('follow strong samples faster than weak ones, and none from the third repetition', () => {
    const strong = new RtoEstimator(now, seconds(2))
    const weak = new RtoEstimator(now, seconds(2))
    const deaf = new RtoEstimator(now, seconds(2))
    for (let i = 0; i < 5; i++) {
      strong.measured(now, milliseconds(4000), 0)
      weak.measured(now, milliseconds(4000), 2)
      deaf.measured(now, milliseconds(4000), 3)
    }
    expect(strong.timeout(now, seconds(2))).toBeGreaterThan(weak.timeout(now, seconds(2)))
    expect(weak.timeout(now, seconds(2))).toBeGreaterThan(3000)
    expect(deaf.timeout(now, seconds(2))).toBe(2000)
  })

  it('stay within 0.5 s and 60 s, and age towards the profile', () => {
    const quick = new RtoEstimator(now, seconds(2))
    const slow = new RtoEstimator(now, seconds(2))
    for (let i = 0; i < 50; i++) {
      quick.measured(now, milliseconds(1), 0)
      slow.measured(now, seconds(300), 0)
    }
    expect(quick.timeout(now, seconds(2))).toBe(500)
    expect(slow.timeout(now, seconds(2))).toBe(60_000)
    const later = instantOf(now + 400_000)
    expect(quick.timeout(later, seconds(2))).toBe(1000)
    expect(slow.timeout(later, seconds(2))).toBe(31_000)
  })

  it('back off faster when short, slower when long', () => {
    expect([500, 2000, 5000].map(backoffFactor)).toEqual([3, 2, 1.5])
  })
})

describe('tokens (RFC 7252 §5.3.1, RFC 9175 §4)', () => {
  it('are eight octets, memory of their own, none like another', () => {
    const tokens = new Tokens(new SeededRandom(1))
    const fresh = Array.from({ length: 1000 }, () => tokens.fresh())
    expect(fresh.every(({ length, buffer }) => length === 8 && buffer.byteLength === 8)).toBe(true)
    expect(new Set(fresh.map((token) => tokenKey(token))).size).toBe(1000)
  })

  it('have keys that tell lengths and octets apart', () => {
    const keys = [[], [0], [0, 0], [1], [0, 1], [1, 0], [255], [195, 191]].map((octets) =>
      tokenKey(Uint8Array.from(octets)),
    )
    expect(new Set(keys).size).toBe(keys.length)
  })
})

describe('Echo values (RFC 9175 §2.2)', () => {
  it('are good for one peer and one lifetime, and for no other endpoint', () => {
    const echo = new Echo(new SeededRandom(1), seconds(300))
    const value = echo.valueFor(now, 7)
    expect(echo.isFresh(now, 7, value)).toBe(true)
    expect(echo.isFresh(instantOf(now + 299_000), 7, value)).toBe(true)
    expect(echo.isFresh(instantOf(now + 302_000), 7, value)).toBe(false)
    expect(echo.isFresh(instantOf(now - 2000), 7, value)).toBe(false)
    expect(echo.isFresh(now, 8, value)).toBe(false)
    expect(echo.isFresh(now, 7, new Uint8Array(0))).toBe(false)
    expect(new Echo(new SeededRandom(2), seconds(300)).isFresh(now, 7, value)).toBe(false)
  })
})

describe('content formats (RFC 7252 §12.3)', () => {
  it('have media types, and draft-time numbers a modern one', () => {
    for (const format of Object.values(contentFormat)) expect(mediaTypeOf(format)).toMatch(/^[a-z]+\//)
    expect(mediaTypeOf(65_000)).toBeUndefined()
    expect([1541, 1542, 1543, 1544, 112].map(modernContentFormat)).toEqual([0, 11_542, 11_543, 42, 112])
  })
})
