/**
 * Block-wise transfer under attack and under change: the rows of the hardening checklist about bodies,
 * discovery output, negotiation of formats and datagram size. Charts: ▶ to the endpoint, ◀ from it.
 */
import { describe, expect, it } from 'vitest'
import { method, response } from '../../../src/coap/codes.ts'
import { contentFormat } from '../../../src/coap/content-formats.ts'
import type { OutboundResponse } from '../../../src/coap/types.ts'
import { answerWellKnownCore } from '../../../src/coap/well-known.ts'
import { profiles } from '../../../src/config/profiles.ts'
import { bodySource } from '../../support/body-source.ts'
import { Lockstep, type LockstepOptions } from '../../support/coap-lockstep.ts'
import { testBody } from '../../support/coap-notation.ts'
import { PlugtestServer } from '../../support/plugtest-server.ts'

const changed: OutboundResponse = { code: response.changed }
const server = (options: LockstepOptions = {}): Lockstep => new Lockstep({ handler: () => changed, ...options })

const image = bodySource(testBody.subarray(0, 1000), Uint8Array.of(0xee))

describe('bodies that come in blocks', () => {
  // ▶ block 0 of ever more bodies      the oldest makes room; too large ◀ 4.13 Size1
  it('hardening 10: limits per peer, in total and in time (RFC 7959 §2.9.3)', () => {
    const settings = { 'coap.bodies.per-peer': 2, 'coap.bodies-total': 65_536, 'coap.body-limit': 32_768 }
    const peer = server({ settings })
    for (let i = 0; i < 4; i++) {
      peer.exchange(`CON ${i} POST [01] /b${i} Block1=0/1/1024 {0..1024}`, `ACK ${i} 2.31 [01] Block1=0/1/1024`)
    }
    expect(peer.endpoint.sizes()).toMatchObject({ incomingBodies: 2, bodyOctets: 2048 })
    peer.exchange('CON 10 POST [01] /b0 Block1=1/0/1024 {0..9}', 'ACK 10 4.08 [01] "block-unknown-body"')
    peer.send('CON 11 POST [01] /b3 Block1=1/1/1024 Size1=40000 {1024..2048}')
    peer.expect('ACK 11 4.13 [01] Block1=1/0/1024 Size1=32768 "body-over-limit"')
    expect(peer.endpoint.sizes()['incomingBodies']).toBe(1)
    for (let sender = 2; sender < 100; sender++) peer.send('CON 1 POST [01] /b Block1=0/1/1024 {0..1024}', sender)
    expect(peer.endpoint.sizes()).toMatchObject({ bodyOctets: 65_536 })
    expect(peer.sent.filter(({ bytes }) => bytes[1] === response.requestEntityTooLarge)).toHaveLength(98 - 63)
    peer.sent.length = 0
    peer.advance(300_000)
    expect(peer.endpoint.sizes()).toMatchObject({ incomingBodies: 0, bodyOctets: 0 })
    expect(peer.requests).toEqual([])
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ blocks until the limit is passed without Size1      ◀ 4.13 Size1, and the memory is free
  it('hardening 10: a body that does not say its size ends at the limit (RFC 7959 §2.9.3)', () => {
    const peer = server({ settings: { 'coap.body-limit': 2048 } })
    peer.exchange('CON 1 PUT [01] Block1=0/1/1024 {0..1024}', 'ACK 1 2.31 [01] Block1=0/1/1024')
    peer.exchange('CON 2 PUT [01] Block1=1/1/1024 {1024..2048}', 'ACK 2 2.31 [01] Block1=1/1/1024')
    peer.send('CON 3 PUT [01] Block1=2/0/1024 {2048..2049}')
    peer.expect('ACK 3 4.13 [01] Block1=2/0/1024 Size1=2048 "body-over-limit"')
    expect(peer.endpoint.sizes()).toMatchObject({ incomingBodies: 0, bodyOctets: 0 })
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON POST 1:1048575/0/1024 first      ◀ 4.08, nothing allocated
  it('hardening 11: the block number is never a size to allocate (RFC 7959 §2.9.2)', () => {
    const peer = server()
    for (const [id, more] of [
      [1, 0],
      [2, 1],
    ]) {
      peer.send(`CON ${id} POST [01] Block1=1048575/${more}/1024 {0..1024}`)
      peer.expect(`ACK ${id} 4.08 [01] "block-unknown-body"`)
    }
    expect(peer.endpoint.sizes()).toMatchObject({ incomingBodies: 0, bodyOctets: 0 })
    expect(peer.requests).toEqual([])
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ two bodies to one path, block by block in turn, told apart by Request-Tag
  it('hardening 12: interleaved bodies of one peer never mix (RFC 9175 §3.3)', () => {
    const peer = server()
    peer.exchange('CON 1 PUT [01] /x Block1=0/1/64 Request-Tag=0x01 {0..64}', 'ACK 1 2.31 [01] Block1=0/1/64')
    peer.exchange('CON 2 PUT [02] /x Block1=0/1/64 Request-Tag=0x02 {1024..1088}', 'ACK 2 2.31 [02] Block1=0/1/64')
    peer.exchange('CON 3 PUT [03] /x Block1=1/0/64 Request-Tag=0x01 {64..100}', 'ACK 3 2.04 [03] Block1=1/0/64')
    peer.exchange('CON 4 PUT [04] /x Block1=1/0/64 Request-Tag=0x02 {1088..1100}', 'ACK 4 2.04 [04] Block1=1/0/64')
    expect(peer.requests.map(({ payload }) => payload)).toEqual([testBody.slice(0, 100), testBody.slice(1024, 1100)])
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ 1:0/1 of body A, 1:0/1 of body B, no tags      B counts
  it('hardening 12: without a tag the newest begins anew (RFC 7959 §2.5)', () => {
    const peer = server()
    peer.exchange('CON 1 PUT [01] /x Block1=0/1/64 {0..64}', 'ACK 1 2.31 [01] Block1=0/1/64')
    peer.exchange('CON 2 PUT [02] /x Block1=0/1/64 {1024..1088}', 'ACK 2 2.31 [02] Block1=0/1/64')
    peer.exchange('CON 3 PUT [03] /x Block1=1/0/64 {1088..1100}', 'ACK 3 2.04 [03] Block1=1/0/64')
    expect(peer.requests.map(({ payload }) => payload)).toEqual([testBody.slice(1024, 1100)])
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ 1:0/1 1:2/1       ◀ 4.08      a block that was held back cannot slip in
  // ▶ 1:0/1 again, 1:1  ◀ 2.31      what is there already is told again
  it('hardening 13: gaps are 4.08, repeated blocks change nothing (RFC 7959 §2.9.2)', () => {
    const peer = server()
    peer.exchange('CON 1 PUT [01] /x Block1=0/1/64 {0..64}', 'ACK 1 2.31 [01] Block1=0/1/64')
    peer.exchange('CON 2 PUT [02] /x Block1=2/1/64 {128..192}', 'ACK 2 4.08 [02] "block-gap"')
    peer.exchange('CON 3 PUT [03] /x Block1=1/1/64 {64..128}', 'ACK 3 2.31 [03] Block1=1/1/64')
    peer.exchange('CON 4 PUT [04] /x Block1=0/1/64 {0..64}', 'ACK 4 2.31 [04] Block1=0/1/64')
    peer.exchange('CON 5 PUT [05] /x Block1=1/1/64 {320..384}', 'ACK 5 4.08 [05] "block-gap"')
    peer.exchange('CON 6 PUT [06] /x Block1=4/0/32 {128..150}', 'ACK 6 2.04 [06] Block1=4/0/32')
    expect(peer.requests.map(({ payload }) => payload)).toEqual([testBody.slice(0, 150)])
    expect(peer.leftovers()).toEqual([])
  })

  // ◀ the blocks of one body share its token; with several requests at a time each body has a Request-Tag too
  it('hardening 13: an answer to one block of ours is none to another, nor to another body (RFC 9175 §3.3, §4)', () => {
    const peer = new Lockstep({ profile: { firstBlockSize: 64, nstart: 4 } })
    peer.request({ code: method.put, payload: testBody.slice(0, 128) })
    peer.request({ code: method.put, payload: testBody.slice(0, 128) })
    peer.expect('CON $a PUT [$s] Block1=0/1/64 Size1=128 Request-Tag=$x {0..64}')
    peer.expect('CON $b PUT [$t] Block1=0/1/64 Size1=128 Request-Tag=$y {0..64}')
    peer.send('ACK $a 2.31 [$s] Block1=0/1/64')
    peer.expect('CON $c PUT [$s] Block1=1/0/64 Request-Tag=$x {64..128}')
    // Delayed answers to block 0, on an ACK and as a message of its own, and one with the token of the other body
    peer.send('ACK $a 2.04 [$s] Block1=0/1/64')
    peer.send('NON 900 2.04 [$s] Block1=0/1/64')
    peer.send('ACK $c 2.04 [$t] Block1=1/0/64')
    expect(peer.outcomes).toEqual([])
    expect(new Set(['$s', '$t', '$x', '$y'].map((name) => peer.bound(name).join())).size).toBe(4)
    peer.endpoint.forget(peer.now, 1)
    expect(peer.outcomes.map(({ outcome }) => outcome.outcome)).toEqual(['cancelled', 'cancelled'])
    expect(peer.leftovers()).toEqual([])
  })

  // ◀ after 4.08 the body begins anew, under another token
  it('hardening 13: a body that begins anew has a token of its own (RFC 7959 §2.9.2, RFC 9175 §4)', () => {
    const peer = new Lockstep({ profile: { firstBlockSize: 64 } })
    peer.request({ code: method.put, payload: testBody.slice(0, 192) })
    peer.expect('CON $a PUT [$s] Block1=0/1/64 Size1=192 Request-Tag=$x {0..64}')
    peer.send('ACK $a 2.31 [$s] Block1=0/1/64')
    peer.expect('CON $b PUT [$s] Block1=1/1/64 Request-Tag=$x {64..128}')
    peer.send('ACK $b 4.08 [$s]')
    peer.expect('CON $c PUT [$t] Block1=0/1/64 Size1=192 Request-Tag=$y {0..64}')
    expect(peer.bound('$t')).not.toEqual(peer.bound('$s'))
    peer.endpoint.forget(peer.now, 1)
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ more blocks than exchanges are remembered      ◀ 2.31 each: running a block again does no harm
  it('takes bodies of more blocks than it remembers exchanges (RFC 7959 §2.5)', () => {
    const peer = server({ settings: { 'coap.dedup.per-peer': 8, 'coap.dedup.spent-per-peer': 0 } })
    for (let number = 0; number < 40; number++) {
      const range = `${16 * number}..${16 * number + 16}`
      peer.exchange(
        `CON ${number} PUT [01] Block1=${number}/1/16 {${range}}`,
        `ACK ${number} 2.31 [01] Block1=${number}/1/16`,
      )
    }
    peer.exchange('CON 50 PUT [01] Block1=40/0/16 {640..650}', 'ACK 50 2.04 [01] Block1=40/0/16')
    expect(peer.requests.map(({ payload }) => payload)).toEqual([testBody.slice(0, 650)])
    expect(peer.leftovers()).toEqual([])
  })

  it.each([
    ['SZX 7', 'Block1=0x0f', '4.00', 'block-size-reserved'],
    ['a middle block that is not full', 'Block1=0/1/64 {0..63}', '4.00', 'block-length'],
    ['a block longer than its size', 'Block1=0/0/64 {0..65}', '4.00', 'block-length'],
  ])('refuses %s (RFC 7959 §2.2)', (_title, rest, code, reason) => {
    const peer = server()
    peer.send(`CON 1 POST [01] ${rest}`)
    peer.expect(`ACK 1 ${code} [01] ${reason === 'block-length' ? `Block1=${rest.slice(7, 9)}0/64 ` : ''}"${reason}"`)
    expect(peer.leftovers()).toEqual([])
  })
})

describe('bodies that are asked for in blocks', () => {
  // ◀ ACK 2.05 ETag=1 2:0/1      ◀ ACK 2.05 ETag=2 2:1/0      ▶ again from block 0
  it('hardening 14: a body that changes on the way is fetched anew, then given up (RFC 7959 §2.4)', () => {
    const peer = new Lockstep()
    peer.request({ code: method.get })
    for (let round = 0; round < 3; round++) {
      peer.unbind('$a', '$s', '$b', '$t')
      peer.expect('CON $a GET [$s]')
      peer.send(`ACK $a 2.05 [$s] ETag=0x0${round} Block2=0/1/64 {0..64}`)
      peer.expect('CON $b GET [$t] Block2=1/0/64')
      peer.send(`ACK $b 2.05 [$t] ETag=0x0${round + 1} Block2=1/0/64 {64..100}`)
    }
    expect(peer.takeOutcome()).toEqual({
      outcome: 'unusable',
      reason: 'the representation changes while it is fetched',
    })
    expect(peer.leftovers()).toEqual([])
  })

  it('hardening 14: a peer gets all blocks from the representation it began with (RFC 7959 §2.4)', () => {
    const resources = new PlugtestServer()
    const peer = new Lockstep({ handler: resources.handle })
    peer.exchange(
      'CON 1 GET [01] /obs-large Block2=0/0/64',
      'ACK 1 2.05 [01] ETag=$e Content-Format=42 Block2=0/1/64 {0..64}',
    )
    peer.exchange('CON 2 PUT [02] /obs-large "other"', 'ACK 2 2.04 [02]')
    peer.exchange(
      'CON 3 GET [03] /obs-large Block2=1/0/64',
      'ACK 3 2.05 [03] ETag=$e Content-Format=42 Block2=1/1/64 {64..128}',
    )
    peer.send('CON 4 GET [04] /obs-large Block2=0/0/64')
    peer.expect('ACK 4 2.05 [04] ETag=0x01 Block2=0/0/64 Content-Format=0 "other"')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET 2:n/0/s, any n, any s, from any peer      ◀ that block; beyond the end 4.02; SZX 7 4.00
  it('hardening 15: random access, many readers at once, ends and sizes (RFC 7959 §2.4)', () => {
    const peer = new Lockstep({ handler: () => ({ code: response.content, body: image }) })
    peer.exchange('CON 1 GET [01] Block2=3/0/256', 'ACK 1 2.05 [01] ETag=0xee Block2=3/0/256 {768..1000}')
    peer.exchange('CON 2 GET [01] Block2=10/0/16', 'ACK 2 2.05 [01] ETag=0xee Block2=10/1/16 {160..176}')
    peer.exchange('CON 3 GET [01] Block2=4/0/256', 'ACK 3 4.02 [01]')
    peer.exchange('CON 8 GET [01] Block2=125/0/16', 'ACK 8 4.02 [01]')
    peer.exchange('CON 4 GET [01] Block2=1048575/0/1024', 'ACK 4 4.02 [01]')
    peer.exchange('CON 5 GET [01] Block2=0x0f', 'ACK 5 4.00 [01] "block-size-reserved"')
    peer.exchange('CON 6 GET [01] Block2=0/0/64 Size2=0', 'ACK 6 2.05 [01] ETag=0xee Block2=0/1/64 Size2=1000 {0..64}')
    peer.exchange('CON 7 GET [01] ETag=0xee Block2=0/0/64', 'ACK 7 2.03 [01] ETag=0xee')
    // Who names the tag of what it is fetching does not have it yet
    peer.exchange('CON 8 GET [02] ETag=0xee Block2=1/0/64', 'ACK 8 2.05 [02] ETag=0xee Block2=1/1/64 {64..128}')
    for (let sender = 1; sender <= 50; sender++) peer.send(`CON 9 GET [01] Block2=${sender % 15}/0/64`, sender)
    expect(peer.sent).toHaveLength(50)
    expect(peer.endpoint.sizes()).toMatchObject({ servedBodies: 0, bodyOctets: 0 })
    peer.sent.length = 0
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON POST 2:1/0/64 out of nowhere      ◀ 4.08: nothing runs again for a slice
  it('runs no unsafe request for the sake of a later block (RFC 7959 §2.4)', () => {
    const peer = server()
    peer.exchange('CON 1 POST [01] /x Block2=1/0/64', 'ACK 1 4.08 [01] "block-unknown-body"')
    expect(peer.requests).toEqual([])
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET /.well-known/core?x=…(255)      ◀ 2.05, empty, nothing of it reflected
  // ▶ CON GET /.well-known/core               ◀ 2.05 in blocks
  it('hardening 31: giant filters and giant output of discovery (RFC 6690 §4)', () => {
    const links = Array.from({ length: 3000 }, (_, i) => ({
      target: `/resource/${i}`,
      attributes: [{ name: 'rt', value: `type-${i % 7}` }],
    }))
    const peer = new Lockstep({ handler: (_request, inbound) => answerWellKnownCore(links, inbound) })
    const filter = 'rt='.padEnd(255, 'x')
    peer.exchange(`CON 1 GET [01] /.well-known/core ?${filter}`, 'ACK 1 2.05 [01] Content-Format=40')
    const many = Array.from({ length: 200 }, (_, i) => `rt=t${i}*`).join('&')
    peer.exchange(`CON 2 GET [01] /.well-known/core ?${many}`, 'ACK 2 2.05 [01] Content-Format=40')
    peer.send('CON 3 GET [01] /.well-known/core')
    expect(peer.sent[0]!.bytes.length).toBeLessThan(1100)
    peer.expect('ACK 3 2.05 [01] ETag=$e Content-Format=40 Block2=0/1/1024 *')
    peer.exchange('CON 4 GET [01] /.well-known/core Accept=60', 'ACK 4 4.06 [01]')
    expect(peer.leftovers()).toEqual([])
  })
})

describe('formats and conditions', () => {
  it.each([
    ['CON 1 POST [01] /test Content-Format=60 "x"', '4.15'],
    ['CON 1 PUT [01] /test Content-Format=65535 "x"', '4.15'],
    ['CON 1 GET [01] /multi-format Accept=60', '4.06'],
    ['CON 1 GET [01] /multi-format Accept=65535', '4.06'],
    ['CON 1 PUT [01] /validate If-Match=0x09 "x"', '4.12'],
    ['CON 1 PUT [01] /nothing If-Match "x"', '4.12'],
    ['CON 1 PUT [01] /validate If-None-Match "x"', '4.12'],
    ['CON 1 PUT [01] /validate If-Match "x"', '2.04'],
    ['CON 1 PUT [01] /validate If-Match=0x09 If-Match=0x01 "x"', '2.04'],
    ['CON 1 PUT [01] /nothing If-None-Match "x"', '2.01'],
  ])('hardening 35: %s gets %s (RFC 7252 §5.10.3, §5.10.4, §5.10.8)', (request, code) => {
    const peer = new Lockstep({ handler: new PlugtestServer().handle })
    peer.exchange(request, `ACK 1 ${code} [01]`)
    expect(peer.leftovers()).toEqual([])
  })
})

describe('datagram size', () => {
  // ▶ CON GET      ◀ ACK 2.05 2:0/1/s, never more octets than the link bears
  it.each(Object.values(profiles).map((profile) => [profile.name, profile] as const))(
    'hardening 37: a large response to %s comes in blocks its link bears (RFC 7252 §4.6)',
    (_name, profile) => {
      const peer = new Lockstep({
        profile,
        handler: () => ({ code: response.content, contentFormat: contentFormat.octetStream, payload: testBody }),
      })
      peer.send('CON 1 GET [0102030405060708] /some/path')
      expect(peer.sent[0]!.bytes.length).toBeLessThanOrEqual(profile.datagramLimit)
      expect(peer.sent[0]!.bytes.length).toBeGreaterThan(Math.min(profile.blockSize, profile.datagramLimit) / 2)
      // Asked for 1024, it gets what the link bears
      peer.send('CON 2 GET [0102030405060708] /some/path Block2=0/0/1024')
      expect(peer.sent[1]!.bytes.length).toBeLessThanOrEqual(profile.datagramLimit)
      // An error's text is cut, not sliced
      peer.sent.length = 0
      expect(peer.leftovers()).toEqual([])
    },
  )
})
