/**
 * The message flows of RFC 7959 §3, figure by figure, with the block numbers, sizes and ids given there.
 */
import { describe, expect, it } from 'vitest'
import { method, response } from '../../../src/coap/codes.ts'
import { Lockstep } from '../../support/coap-lockstep.ts'
import { testBody } from '../../support/coap-notation.ts'

describe('Block2 (RFC 7959 §3.1)', () => {
  const status = (size: number): Lockstep =>
    new Lockstep({
      profile: { blockSize: 128 },
      handler: () => ({ code: response.content, payload: testBody.slice(0, size) }),
    })

  it('figure 2: simple block-wise GET, 128-octet blocks', () => {
    const peer = status(300)
    peer.exchange('CON 1234 GET [01] /status', 'ACK 1234 2.05 [01] ETag=$e Block2=0/1/128 {0..128}')
    peer.exchange('CON 1235 GET [02] /status Block2=1/0/128', 'ACK 1235 2.05 [02] ETag=$e Block2=1/1/128 {128..256}')
    peer.exchange('CON 1236 GET [03] /status Block2=2/0/128', 'ACK 1236 2.05 [03] ETag=$e Block2=2/0/128 {256..300}')
    expect(peer.leftovers()).toEqual([])
  })

  it('figure 3: early negotiation of 64 octets', () => {
    const peer = status(150)
    for (const [number, more, range] of [
      [0, 1, '0..64'],
      [1, 1, '64..128'],
      [2, 0, '128..150'],
    ]) {
      peer.exchange(
        `CON 123${number} GET [01] /status Block2=${number}/0/64`,
        `ACK 123${number} 2.05 [01] ETag=$e Block2=${number}/${more}/64 {${range}}`,
      )
    }
    expect(peer.leftovers()).toEqual([])
  })

  it('figure 4: late negotiation, the client goes down to 64 octets after the first 128', () => {
    const peer = status(200)
    peer.exchange('CON 1234 GET [01] /status', 'ACK 1234 2.05 [01] ETag=$e Block2=0/1/128 {0..128}')
    peer.exchange('CON 1235 GET [02] /status Block2=2/0/64', 'ACK 1235 2.05 [02] ETag=$e Block2=2/1/64 {128..192}')
    peer.exchange('CON 1236 GET [03] /status Block2=3/0/64', 'ACK 1236 2.05 [03] ETag=$e Block2=3/0/64 {192..200}')
    expect(peer.leftovers()).toEqual([])
  })

  it('figure 5 and 6: the same with a lost request and a lost answer', () => {
    const peer = status(200)
    peer.exchange('CON 1234 GET [01] /status', 'ACK 1234 2.05 [01] ETag=$e Block2=0/1/128 {0..128}')
    for (let i = 0; i < 2; i++) {
      peer.exchange('CON 1235 GET [02] /status Block2=2/0/64', 'ACK 1235 2.05 [02] ETag=$e Block2=2/1/64 {128..192}')
      peer.advance(2500)
    }
    peer.exchange('CON 1236 GET [03] /status Block2=3/0/64', 'ACK 1236 2.05 [03] ETag=$e Block2=3/0/64 {192..200}')
    expect(peer.leftovers()).toEqual([])
  })
})

describe('Block1 (RFC 7959 §3.2)', () => {
  it('figure 7: simple atomic block-wise PUT', () => {
    const peer = new Lockstep({ handler: () => ({ code: response.changed }) })
    peer.exchange('CON 1234 PUT [01] /options Block1=0/1/128 {0..128}', 'ACK 1234 2.31 [01] Block1=0/1/128')
    peer.exchange('CON 1235 PUT [02] /options Block1=1/1/128 {128..256}', 'ACK 1235 2.31 [02] Block1=1/1/128')
    peer.exchange('CON 1236 PUT [03] /options Block1=2/0/128 {256..300}', 'ACK 1236 2.04 [03] Block1=2/0/128')
    expect(peer.requests).toMatchObject([{ code: method.put, path: '/options', payload: testBody.slice(0, 300) }])
    expect(peer.leftovers()).toEqual([])
  })

  it('figure 8: simple stateless block-wise PUT, each block answered by 2.04 with M = 0', () => {
    const peer = new Lockstep({ profile: { firstBlockSize: 128, nstart: 1 } })
    peer.request({ code: method.put, path: ['options'], payload: testBody.slice(0, 300) })
    peer.expect('CON $a PUT [$s] /options Block1=0/1/128 Size1=300 {0..128}')
    peer.send('ACK $a 2.04 [$s] Block1=0/0/128')
    peer.expect('CON $b PUT [$t] /options Block1=1/1/128 {128..256}')
    peer.send('ACK $b 2.04 [$t] Block1=1/0/128')
    peer.expect('CON $c PUT [$u] /options Block1=2/0/128 {256..300}')
    peer.exchange('ACK $c 2.04 [$u] Block1=2/0/128')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', code: response.changed })
    expect(peer.leftovers()).toEqual([])
  })

  it('figure 9: atomic block-wise PUT, the server asks for 32 octets after the first 128', () => {
    const peer = new Lockstep({ profile: { firstBlockSize: 128, nstart: 1 } })
    peer.request({ code: method.put, path: ['options'], payload: testBody.slice(0, 200) })
    peer.expect('CON $a PUT [$s] /options Block1=0/1/128 Size1=200 {0..128}')
    peer.send('ACK $a 2.31 [$s] Block1=0/1/32')
    for (const [number, more, range] of [
      [4, 1, '128..160'],
      [5, 1, '160..192'],
      [6, 0, '192..200'],
    ]) {
      peer.unbind('$b', '$t')
      peer.expect(`CON $b PUT [$t] /options Block1=${number}/${more}/32 {${range}}`)
      peer.send(`ACK $b ${more === 1 ? '2.31' : '2.04'} [$t] Block1=${number}/${more}/32`)
    }
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', code: response.changed })
    expect(peer.leftovers()).toEqual([])
  })
})

describe('Block1 and Block2 together (RFC 7959 §3.3)', () => {
  it('figure 10: atomic block-wise POST with block-wise response', () => {
    const peer = new Lockstep({
      profile: { blockSize: 128 },
      handler: () => ({ code: response.changed, payload: testBody.slice(4096, 4096 + 400) }),
    })
    peer.exchange('CON 1234 POST [01] /soap Block1=0/1/128 {0..128}', 'ACK 1234 2.31 [01] Block1=0/1/128')
    peer.exchange('CON 1235 POST [02] /soap Block1=1/1/128 {128..256}', 'ACK 1235 2.31 [02] Block1=1/1/128')
    peer.exchange(
      'CON 1236 POST [03] /soap Block1=2/0/128 {256..300}',
      'ACK 1236 2.04 [03] ETag=$e Block2=0/1/128 Block1=2/0/128 {4096..4224}',
    )
    for (const [number, more, range] of [
      [1, 1, '4224..4352'],
      [2, 1, '4352..4480'],
      [3, 0, '4480..4496'],
    ]) {
      peer.exchange(
        `CON 124${number} POST [0${number}] /soap Block2=${number}/0/128`,
        `ACK 124${number} 2.04 [0${number}] ETag=$e Block2=${number}/${more}/128 {${range}}`,
      )
    }
    expect(peer.requests).toHaveLength(1)
    expect(peer.leftovers()).toEqual([])
  })

  it('figure 11: the same, the client negotiates 64 octets with its last block', () => {
    const peer = new Lockstep({ handler: () => ({ code: response.changed, payload: testBody.slice(4096, 4196) }) })
    peer.exchange('CON 1234 POST [01] /soap Block1=0/1/128 {0..128}', 'ACK 1234 2.31 [01] Block1=0/1/128')
    peer.exchange(
      'CON 1235 POST [02] /soap Block1=1/0/128 Block2=0/0/64 {128..200}',
      'ACK 1235 2.04 [02] ETag=$e Block2=0/1/64 Block1=1/0/128 {4096..4160}',
    )
    peer.exchange('CON 1236 POST [03] /soap Block2=1/0/64', 'ACK 1236 2.04 [03] ETag=$e Block2=1/0/64 {4160..4196}')
    expect(peer.leftovers()).toEqual([])
  })
})

describe('Observe and Block2 together (RFC 7959 §3.4)', () => {
  it('figure 12: a notification comes in two blocks, the second fetched under a token of its own', () => {
    const peer = new Lockstep()
    const token = Uint8Array.of(0xfb)
    peer.request({ code: method.get, path: ['status'], observe: 0, token })
    peer.expect('CON $a GET [fb] Observe=0 /status')
    peer.send('ACK $a 2.05 [fb] Observe=62350 ETag=0x6f00f38e Block2=0/1/128 {0..128}')
    peer.expect('CON $b GET [$t] /status Block2=1/0/128')
    peer.send('ACK $b 2.05 [$t] ETag=0x6f00f38e Block2=1/0/128 {128..200}')
    expect(peer.takeOutcome()).toMatchObject({ payload: testBody.slice(0, 200), observe: 62_350 })
    peer.send('CON 39000 2.05 [fb] Observe=62354 ETag=0x6f00f392 Block2=0/1/128 {1024..1152}')
    const [notification] = peer.notifications
    peer.endpoint.fetchRest(peer.now, notification!.exchange, { code: method.get, path: ['status'] })
    peer.expect('ACK 39000 EMPTY')
    peer.expect('CON $c GET [$u] /status Block2=1/0/128')
    peer.exchange('ACK $c 2.05 [$u] ETag=0x6f00f392 Block2=1/0/128 {1152..1200}')
    expect(peer.takeOutcome()).toMatchObject({ payload: testBody.slice(1024, 1200) })
    expect(peer.leftovers()).toEqual([])
  })
})
