/**
 * Bodies of ours block by block (RFC 7959 §3.2) and bodies fetched (§3.1), with peers that want less,
 * forget, refuse, or answer nonsense. Charts: ▶ from us, ◀ from the peer.
 */
import { describe, expect, it } from 'vitest'
import { method, response } from '../../../src/coap/codes.ts'
import type { BodySource } from '../../../src/coap/types.ts'
import { bodySource } from '../../support/body-source.ts'
import { Lockstep } from '../../support/coap-lockstep.ts'
import { testBody } from '../../support/coap-notation.ts'

const slow = { firstBlockSize: 256, blockSize: 512, nstart: 1, datagramLimit: 1024 } as const

/** A PUT of so many octets has begun; its first message is still to be expected. */
function upload(octets: number): Lockstep {
  const peer = new Lockstep({ profile: slow })
  peer.request({ code: method.put, payload: testBody.slice(0, octets) })
  return peer
}

describe('a body of ours', () => {
  it('goes in one message when it fits the first block (RFC 7959 §2.3)', () => {
    const peer = upload(256)
    peer.expect('CON $a PUT [$s] {0..256}')
    peer.exchange('ACK $a 2.04 [$s]')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response' })
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ 1:0/1/256  ◀ 2.31 1:0/1/64      ▶ 1:4/1/64 …
  it('continues in the smaller blocks the peer asks for (RFC 7959 §2.3)', () => {
    const peer = upload(400)
    peer.expect('CON $a PUT [$s] Block1=0/1/256 Size1=400 {0..256}')
    peer.send('ACK $a 2.31 [$s] Block1=0/1/64')
    peer.expect('CON $b PUT [$t] Block1=4/1/64 {256..320}')
    peer.send('ACK $b 2.31 [$t] Block1=4/1/64')
    peer.expect('CON $c PUT [$u] Block1=5/1/64 {320..384}')
    peer.send('ACK $c 2.31 [$u] Block1=5/1/64')
    peer.expect('CON $d PUT [$v] Block1=6/0/64 {384..400}')
    peer.exchange('ACK $d 2.04 [$v] Block1=6/0/64')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', code: response.changed })
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ 1:0/1/256  ◀ 4.13 1:0/1/64      ▶ 1:0/1/64 …
  it('begins anew in smaller blocks on 4.13 with a smaller size (RFC 7959 §2.9.3)', () => {
    const peer = upload(300)
    peer.expect('CON $a PUT [$s] Block1=0/1/256 Size1=300 {0..256}')
    peer.send('ACK $a 4.13 [$s] Block1=0/1/128')
    peer.expect('CON $b PUT [$t] Block1=0/1/128 Size1=300 {0..128}')
    peer.endpoint.cancel(peer.now, 1)
    expect(peer.takeOutcome()).toEqual({ outcome: 'cancelled' })
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ PUT, 200 octets  ◀ 4.13         ▶ 1:0/1/128   ◀ 4.13 1:0/0/32   ▶ 1:0/1/32
  it('turns to blocks on 4.13 to a whole body (RFC 7959 §2.9.3)', () => {
    const peer = upload(200)
    peer.expect('CON $a PUT [$s] {0..200}')
    peer.send('ACK $a 4.13 [$s]')
    peer.expect('CON $b PUT [$t] Block1=0/1/128 Size1=200 {0..128}')
    peer.send('ACK $b 4.13 [$t] Block1=0/0/32')
    peer.expect('CON $c PUT [$u] Block1=0/1/32 Size1=200 {0..32}')
    peer.exchange('ACK $c 4.13 [$u] Block1=0/0/32')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', code: response.requestEntityTooLarge })
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ 1:0/1/256  ◀ 4.13 Size1=100     never: that is the answer
  it('takes 4.13 with a Size1 below its own size as final (RFC 7959 §2.9.3)', () => {
    const peer = upload(300)
    peer.expect('CON $a PUT [$s] Block1=0/1/256 Size1=300 {0..256}')
    peer.exchange('ACK $a 4.13 [$s] Block1=0/1/64 Size1=100')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', code: response.requestEntityTooLarge })
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ 1:0/1  ▶ 1:1/1  ◀ 4.08          ▶ 1:0/1 with a Request-Tag: the peer had lost the beginning
  it('begins anew on 4.08, twice at most (RFC 7959 §2.9.2, RFC 9175 §3.3)', () => {
    const peer = upload(700)
    for (let round = 0; round < 3; round++) {
      const tag = round === 0 ? '' : ' Request-Tag=$tag'
      peer.unbind('$a', '$s', '$b', '$t', '$tag')
      peer.expect(`CON $a PUT [$s] Block1=0/1/256 Size1=700${tag} {0..256}`)
      peer.send('ACK $a 2.31 [$s] Block1=0/1/256')
      peer.expect(`CON $b PUT [$t] Block1=1/1/256${tag} {256..512}`)
      peer.send('ACK $b 4.08 [$t]')
    }
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', code: response.requestEntityIncomplete })
    expect(peer.leftovers()).toEqual([])
  })

  describe('that is read as it leaves', () => {
    const read: [number, number][] = []
    const whole = bodySource(testBody.subarray(0, 600))
    const body: BodySource = {
      ...whole,
      copy: (offset, length, into, at) => {
        read.push([offset, length])
        return whole.copy(offset, length, into, at)
      },
    }

    function begin(resumeAt?: number): Lockstep {
      read.length = 0
      const peer = new Lockstep({ profile: slow })
      peer.request({ code: method.put, body, ...(resumeAt === undefined ? {} : { resumeAt }) })
      return peer
    }

    it('is read a block at a time, and what the peer has taken is told', () => {
      const peer = begin()
      peer.expect('CON $a PUT [$s] Block1=0/1/256 Size1=600 {0..256}')
      peer.send('ACK $a 2.31 [$s] Block1=0/1/256')
      peer.expect('CON $b PUT [$t] Block1=1/1/256 {256..512}')
      peer.send('ACK $b 2.31 [$t] Block1=1/1/256')
      peer.expect('CON $c PUT [$u] Block1=2/0/256 {512..600}')
      peer.exchange('ACK $c 2.04 [$u] Block1=2/0/256')
      expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', code: response.changed })
      expect(read).toEqual([
        [0, 256],
        [256, 256],
        [512, 88],
      ])
      expect(peer.uploaded).toEqual([256, 512])
      expect(peer.leftovers()).toEqual([])
    })

    // the peer holds 384 octets of an earlier request: ▶ 1:3/1/128
    it('goes on where an earlier request broke off, in blocks that fit there', () => {
      const peer = begin(384)
      peer.expect('CON $a PUT [$s] Block1=3/1/128 {384..512}')
      peer.send('ACK $a 2.31 [$s] Block1=3/1/128')
      peer.expect('CON $b PUT [$t] Block1=4/0/128 {512..600}')
      peer.exchange('ACK $b 2.04 [$t] Block1=4/0/128')
      expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', code: response.changed })
      expect(peer.leftovers()).toEqual([])
    })

    // ▶ 1:1/1/256  ◀ 4.08               ▶ 1:0/1/256: it knows of nothing
    it('begins anew where the peer has forgotten the earlier request (RFC 7959 §2.9.2)', () => {
      const peer = begin(256)
      peer.expect('CON $a PUT [$s] Block1=1/1/256 {256..512}')
      peer.send('ACK $a 4.08 [$s]')
      peer.expect('CON $b PUT [$t] Block1=0/1/256 Size1=600 Request-Tag=$tag {0..256}')
      peer.endpoint.cancel(peer.now, 1)
      expect(peer.takeOutcome()).toEqual({ outcome: 'cancelled' })
      expect(peer.leftovers()).toEqual([])
    })
  })

  it.each([
    ['a success before the last block without Block1', 'ACK $a 2.04 [$s]', 'answer 256 octets into a body of 700'],
    ['an answer to another block', 'ACK $a 2.31 [$s] Block1=1/1/256', 'Block1 of the answer is not the one sent'],
  ])('is unusable after %s (RFC 7959 §2.3)', (_title, answer, reason) => {
    const peer = upload(700)
    peer.expect('CON $a PUT [$s] Block1=0/1/256 Size1=700 {0..256}')
    peer.exchange(answer)
    expect(peer.takeOutcome()).toEqual({ outcome: 'unusable', reason })
    expect(peer.leftovers()).toEqual([])
  })

  it('is unusable where the last block is answered by 2.31 (RFC 7959 §2.9.1)', () => {
    const peer = upload(300)
    peer.expect('CON $a PUT [$s] Block1=0/1/256 Size1=300 {0..256}')
    peer.send('ACK $a 2.31 [$s]')
    peer.expect('CON $b PUT [$t] Block1=1/0/256 {256..300}')
    peer.exchange('ACK $b 2.31 [$t] Block1=1/0/256')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'unusable' })
    expect(peer.leftovers()).toEqual([])
  })

  it('ends with an error of the peer at whichever block it comes', () => {
    const peer = upload(700)
    peer.expect('CON $a PUT [$s] Block1=0/1/256 Size1=700 {0..256}')
    peer.exchange('ACK $a 4.05 [$s]')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', code: response.methodNotAllowed })
    expect(peer.leftovers()).toEqual([])
  })

  // after success one size more, up to the profile's; after silence one less
  it('begins with what the peer bore last time', () => {
    const peer = upload(300)
    peer.expect('CON $a PUT [$s] Block1=0/1/256 Size1=300 {0..256}')
    peer.send('ACK $a 2.31 [$s] Block1=0/1/256')
    peer.expect('CON $b PUT [$t] Block1=1/0/256 {256..300}')
    peer.send('ACK $b 2.04 [$t] Block1=1/0/256')
    peer.request({ code: method.put, payload: testBody.slice(0, 600) })
    peer.expect('CON $c PUT [$u] Block1=0/1/512 Size1=600 {0..512}')
    peer.advance(200_000)
    peer.sent.length = 0
    peer.request({ code: method.put, payload: testBody.slice(0, 600) })
    peer.expect('CON $d PUT [$v] Block1=0/1/256 Size1=600 {0..256}')
    peer.endpoint.forget(peer.now, 1)
    expect(peer.outcomes.map(({ outcome }) => outcome.outcome)).toEqual(['response', 'timeout', 'cancelled'])
    expect(peer.leftovers()).toEqual([])
  })

  it('repeats a lost block and nothing else (RFC 7252 §4.2)', () => {
    const peer = upload(300)
    peer.expect('CON $a PUT [$s] Block1=0/1/256 Size1=300 {0..256}')
    peer.send('ACK $a 2.31 [$s] Block1=0/1/256')
    peer.expect('CON $b PUT [$t] Block1=1/0/256 {256..300}')
    peer.advanceToDeadline()
    peer.expect('CON $b PUT [$t] Block1=1/0/256 {256..300}')
    peer.exchange('ACK $b 2.04 [$t] Block1=1/0/256')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response' })
    expect(peer.leftovers()).toEqual([])
  })
})

/** A GET was sent and answered by a first block of 64. */
function download(first = 'ACK $a 2.05 [$s] ETag=0x01 Block2=0/1/64 {0..64}', settings = {}): Lockstep {
  const peer = new Lockstep({ profile: slow, settings })
  peer.request({ code: method.get, path: ['x'], accept: 42 })
  peer.expect('CON $a GET [$s] /x Accept=42')
  peer.send(first)
  return peer
}

describe('a body of a peer', () => {
  it('is asked for on with everything the request had but Observe and payload (RFC 7959 §2.4)', () => {
    const peer = download()
    peer.expect('CON $b GET [$t] /x Accept=42 Block2=1/0/64')
    // The peer may go down in size on the way
    peer.send('ACK $b 2.05 [$t] ETag=0x01 Block2=2/1/32 {64..96}')
    peer.expect('CON $c GET [$u] /x Accept=42 Block2=3/0/32')
    peer.exchange('ACK $c 2.05 [$u] ETag=0x01 Block2=3/0/32 {96..100}')
    expect(peer.takeOutcome()).toMatchObject({ payload: testBody.slice(0, 100), etag: Uint8Array.of(1) })
    expect(peer.leftovers()).toEqual([])
  })

  it.each([
    ['not the block asked for', 'ACK $b 2.05 [$t] ETag=0x01 Block2=2/1/64 {128..192}', 'not the block asked for'],
    ['no Block2', 'ACK $b 2.05 [$t] ETag=0x01 {64..128}', 'an answer without Block2 to a request for a block'],
    ['the reserved size', 'ACK $b 2.05 [$t] ETag=0x01 Block2=0x1f {64..128}', 'Block2 with the reserved size'],
    ['a block that is not full', 'ACK $b 2.05 [$t] ETag=0x01 Block2=1/1/64 {64..100}', 'a block of the wrong length'],
    ['a block that is too long', 'ACK $b 2.05 [$t] ETag=0x01 Block2=1/0/64 {64..130}', 'a block of the wrong length'],
  ])('is unusable after %s (RFC 7959 §2.4)', (_title, answer, reason) => {
    const peer = download()
    peer.expect('CON $b GET [$t] /x Accept=42 Block2=1/0/64')
    peer.exchange(answer)
    expect(peer.takeOutcome()).toEqual({ outcome: 'unusable', reason })
    expect(peer.leftovers()).toEqual([])
  })

  it.each([
    ['a later block first', 'ACK $a 2.05 [$s] Block2=1/1/64 {64..128}', 'a later block in answer to the first request'],
    ['the reserved size first', 'ACK $a 2.05 [$s] Block2=0x0f {0..64}', 'Block2 with the reserved size'],
    [
      'a Size2 over the limit',
      'ACK $a 2.05 [$s] Block2=0/1/64 Size2=2000 {0..64}',
      'response of more than 1024 octets',
    ],
  ])('is unusable after %s (RFC 7959 §2.4, §4)', (_title, answer, reason) => {
    const peer = download(answer, { 'coap.body-limit': 1024 })
    expect(peer.takeOutcome()).toEqual({ outcome: 'unusable', reason })
    expect(peer.leftovers()).toEqual([])
  })

  it('is given up at the limit of a body, and of all bodies', () => {
    for (const [settings, reason] of [
      [{ 'coap.body-limit': 1024 }, 'response body over the limit'],
      [{ 'coap.bodies-total': 1024 }, 'no memory left for bodies'],
    ] as const) {
      const peer = download('ACK $a 2.05 [$s] Block2=0/1/512 {0..512}', settings)
      peer.expect('CON $b GET [$t] /x Accept=42 Block2=1/0/512')
      peer.send('ACK $b 2.05 [$t] Block2=1/1/512 {512..1024}')
      peer.expect('CON $c GET [$u] /x Accept=42 Block2=2/0/512')
      peer.exchange('ACK $c 2.05 [$u] Block2=2/1/512 {1024..1536}')
      expect(peer.takeOutcome()).toEqual({ outcome: 'unusable', reason })
      expect(peer.leftovers()).toEqual([])
    }
  })

  it('ends with an error of the peer at whichever block it comes', () => {
    const peer = download()
    peer.expect('CON $b GET [$t] /x Accept=42 Block2=1/0/64')
    peer.exchange('ACK $b 4.04 [$t]')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', code: response.notFound })
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ GET 2:5/0/64 as asked for by the caller      ◀ that block, alone
  it('is left to the caller where it asks for one block itself (RFC 7959 §2.4)', () => {
    const peer = new Lockstep({ profile: slow })
    peer.request({ code: method.get, path: ['x'], options: [{ number: 23, value: 5 * 16 + 2 }] })
    peer.expect('CON $a GET [$s] /x Block2=5/0/64')
    peer.exchange('ACK $a 2.05 [$s] ETag=0x01 Block2=5/1/64 {320..384}')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', payload: testBody.slice(320, 384) })
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ FETCH payload  ◀ 2.05 2:0/1     ▶ FETCH payload 2:1: without it the question would be lost
  it('of a FETCH is asked for with the payload (RFC 8132 §2)', () => {
    const peer = new Lockstep({ profile: slow })
    peer.request({ code: method.fetch, contentFormat: 60, payload: Uint8Array.of(0x81, 1) })
    peer.expect('CON $a FETCH [$s] Content-Format=60 <8101>')
    peer.send('ACK $a 2.05 [$s] Block2=0/1/64 {0..64}')
    peer.expect('CON $b FETCH [$t] Content-Format=60 Block2=1/0/64 <8101>')
    peer.exchange('ACK $b 2.05 [$t] Block2=1/0/64 {64..70}')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', payload: testBody.slice(0, 70) })
    expect(peer.leftovers()).toEqual([])
  })

  // ◀ ACK (empty), ◀ CON 2.05 2:0/1 separately      ▶ ACK, ▶ GET 2:1
  it('may begin in a separate response (RFC 7252 §5.2.2)', () => {
    const peer = download('ACK $a EMPTY')
    peer.send('CON 9 2.05 [$s] Block2=0/1/64 {0..64}')
    peer.expect('ACK 9 EMPTY')
    peer.expect('CON $b GET [$t] /x Accept=42 Block2=1/0/64')
    peer.exchange('ACK $b 2.05 [$t] Block2=1/0/64 {64..70}')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', payload: testBody.slice(0, 70) })
    expect(peer.leftovers()).toEqual([])
  })
})
