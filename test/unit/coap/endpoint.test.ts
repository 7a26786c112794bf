import { describe, expect, it } from 'vitest'
import { method, response } from '../../../src/coap/codes.ts'
import { instantOf, never } from '../../../src/base/time.ts'
import { Lockstep } from '../../support/coap-lockstep.ts'
import { testBody } from '../../support/coap-notation.ts'

const changed = { code: response.changed }

describe('peers', () => {
  it('are remembered as long as something is, and no longer', () => {
    const peer = new Lockstep({ handler: () => changed })
    expect(peer.endpoint.nextDeadline()).toBe(never)
    for (let sender = 1; sender <= 100; sender++) peer.send('CON 1 GET [01]', sender)
    expect(peer.endpoint.sizes()['peers']).toBe(100)
    peer.sent.length = 0
    peer.advance(260_000)
    expect(peer.endpoint.sizes()).toMatchObject({ peers: 0, dedup: 0, answers: 0 })
    expect(peer.leftovers()).toEqual([])
  })

  it('whose lifetimes are over mean nothing any more, even before `expire` is called', () => {
    const peer = new Lockstep({ handler: () => changed })
    peer.exchange('CON 1 POST [01]', 'ACK 1 2.04 [01]')
    peer.now = instantOf(peer.now + 260_000)
    peer.exchange('CON 1 POST [01]', 'ACK 1 2.04 [01]')
    expect(peer.requests).toHaveLength(2)
    expect(peer.leftovers()).toEqual([])
  })

  it('that flood us with responses nobody asked for are bounded like the others', () => {
    const peer = new Lockstep({ settings: { 'coap.dedup.per-peer': 8 } })
    for (let id = 0; id < 100; id++) peer.send(`CON ${id} 2.05 [aa] Observe=${id}`)
    expect(peer.notifications).toHaveLength(8)
    expect(peer.endpoint.sizes()).toMatchObject({ dedup: 8, exchanges: 8 })
    for (const { exchange } of peer.notifications) peer.endpoint.dismiss(peer.now, exchange)
    peer.send('CON 200 2.05 [aa] Observe=200')
    expect(peer.notifications).toHaveLength(9)
    expect(peer.leftovers()).toEqual([])
  })

  it('beyond the limit the one heard from longest ago goes', () => {
    const peer = new Lockstep({ handler: () => changed, settings: { 'coap.peers': 100 } })
    for (let sender = 1; sender <= 100; sender++) peer.send('CON 1 GET [01]', sender)
    peer.send('CON 2 GET [01]', 1)
    peer.send('CON 1 GET [01]', 101)
    expect(peer.endpoint.sizes()['peers']).toBe(100)
    const before = peer.requests.length
    peer.send('CON 1 GET [01]', 1)
    expect(peer.requests).toHaveLength(before)
    peer.send('CON 1 GET [01]', 2)
    expect(peer.requests).toHaveLength(before + 1)
    peer.sent.length = 0
    expect(peer.leftovers()).toEqual([])
  })

  it('that could make a request run twice stay, and newcomers meet silence', () => {
    const peer = new Lockstep({ handler: () => changed, settings: { 'coap.peers': 100 } })
    for (let sender = 1; sender <= 120; sender++) peer.send('CON 1 POST [01]', sender)
    expect(peer.requests).toHaveLength(100)
    for (let sender = 1; sender <= 100; sender++) peer.send('CON 1 POST [01]', sender)
    expect(peer.requests).toHaveLength(100)
    peer.sent.length = 0
    // We may speak to whom we like
    peer.request({ code: method.get }, 500)
    expect(peer.sent).toHaveLength(1)
    peer.endpoint.forget(peer.now, 500)
    peer.sent.length = 0
    expect(peer.leftovers()).toEqual([])
  })

  it('of which bare ids are left stay too', () => {
    const settings = { 'coap.peers': 100, 'coap.dedup.per-peer': 8 }
    const peer = new Lockstep({ handler: () => changed, settings })
    // Eight safe requests after two others: of those only the ids are left
    for (let id = 0; id < 2; id++) peer.send(`CON ${id} POST [01]`)
    for (let id = 10; id < 16; id++) peer.send(`CON ${id} GET [01]`)
    for (let id = 20; id < 30; id++) peer.send(`CON ${id} POST [01]`)
    for (let id = 30; id < 40; id++) peer.send(`CON ${id} GET [01]`)
    for (let sender = 2; sender <= 140; sender++) peer.send('CON 1 GET [01]', sender)
    const before = peer.requests.length
    for (let id = 20; id < 30; id++) peer.send(`CON ${id} POST [01]`)
    expect(peer.requests).toHaveLength(before)
    peer.sent.length = 0
    expect(peer.leftovers()).toEqual([])
  })

  it('without authentication go in any case', () => {
    const peer = new Lockstep({ handler: () => changed, settings: { 'coap.peers': 100 }, standing: 'reachable' })
    for (let sender = 1; sender <= 120; sender++) peer.send('CON 1 POST [01]', sender)
    expect(peer.requests).toHaveLength(120)
    expect(peer.endpoint.sizes()['peers']).toBe(100)
    peer.sent.length = 0
    expect(peer.leftovers()).toEqual([])
  })

  it('are forgotten whole: requests cancelled, bodies, observers and answers gone', () => {
    const peer = new Lockstep({
      handler: ({ path }) =>
        path === '/slow' ? undefined : { code: response.content, observe: 1, payload: testBody.slice(0, 2000) },
    })
    peer.send('CON 1 GET [01] /obs Observe=0')
    peer.send('CON 2 GET [02] /slow')
    peer.send('CON 3 PUT [03] /body Block1=0/1/64 {0..64}')
    peer.request({ code: method.get })
    peer.endpoint.notify(peer.now, 1, Uint8Array.of(1), { code: response.content, observe: 2 }, { confirmable: true })
    peer.endpoint.forget(peer.now, 1)
    expect(Object.entries(peer.endpoint.sizes()).filter(([, size]) => size !== 0)).toEqual([])
    expect(peer.takeOutcome()).toEqual({ outcome: 'cancelled' })
    peer.sent.length = 0
    expect(peer.leftovers()).toEqual([])
  })
})

describe('answers', () => {
  it('that are always the same are made again for a repetition, and only the peer is remembered', () => {
    const peer = new Lockstep({
      handler: ({ path }) => ({ code: response.content, payload: testBody.slice(0, 8), constant: path === '/same' }),
    })
    peer.exchange('CON 1 GET [01] /same', 'ACK 1 2.05 [01] {0..8}')
    peer.exchange('CON 1 GET [01] /same', 'ACK 1 2.05 [01] {0..8}')
    expect(peer.requests).toHaveLength(2)
    expect(peer.endpoint.sizes()).toMatchObject({ peers: 1, dedup: 0, answers: 0, deadlines: 1 })
    peer.exchange('CON 2 GET [02] /kept', 'ACK 2 2.05 [02] {0..8}')
    peer.exchange('CON 2 GET [02] /kept', 'ACK 2 2.05 [02] {0..8}')
    peer.exchange('CON 3 POST [03] /same', 'ACK 3 2.05 [03] {0..8}')
    peer.exchange('CON 3 POST [03] /same', 'ACK 3 2.05 [03] {0..8}')
    expect(peer.requests).toHaveLength(4)
    expect(peer.endpoint.sizes()).toMatchObject({ peers: 1, dedup: 2, answers: 2 })
    expect(peer.leftovers()).toEqual([])
  })

  it('that their client does not want are not sent; a CON gets its ACK (RFC 7967 §2)', () => {
    const codes = [response.changed, response.notFound, response.internalServerError]
    const peer = new Lockstep({ handler: ({ query }) => ({ code: codes[Number(query[0])]! }) })
    const names = ['2.04', '4.04', '5.00']
    let id = 0
    for (const unwanted of [0, 2, 8, 16, 26]) {
      for (let i = 0; i < 3; i++) {
        const silent = (unwanted & [2, 8, 16][i]!) !== 0
        id++
        peer.exchange(
          `CON ${id} POST [01] ?${i} No-Response=${unwanted}`,
          silent ? `ACK ${id} EMPTY` : `ACK ${id} ${names[i]} [01]`,
        )
        peer.unbind('$m')
        peer.exchange(
          `NON ${id + 100} POST [01] ?${i} No-Response=${unwanted}`,
          ...(silent ? [] : [`NON $m ${names[i]} [01]`]),
        )
      }
    }
    // The ACK is what a repetition gets
    peer.exchange(`CON ${id} POST [01] ?2 No-Response=26`, `ACK ${id} EMPTY`)
    expect(peer.leftovers()).toEqual([])
  })

  it('nobody wants to hear later need no message of their own (RFC 7967 §2)', () => {
    const peer = new Lockstep()
    peer.exchange('CON 1 POST [01] No-Response=2')
    peer.advance(1500)
    peer.expect('ACK 1 EMPTY')
    peer.respond(changed)
    peer.expectSilence()
    peer.exchange('CON 1 POST [01] No-Response=2', 'ACK 1 EMPTY')
    expect(peer.leftovers()).toEqual([])
  })

  it('that fit into no datagram become 5.00', () => {
    const peer = new Lockstep({
      handler: () => ({ code: response.created, location: new Array<string>(300).fill('x'.repeat(255)) }),
    })
    peer.exchange('CON 1 POST [01]', 'ACK 1 5.00 [01]')
    expect(peer.leftovers()).toEqual([])
  })

  it('of safe methods that are long are not kept: the request runs again (RFC 7252 §4.5)', () => {
    const peer = new Lockstep({ handler: () => ({ code: response.content, payload: testBody.slice(0, 600) }) })
    for (let i = 0; i < 2; i++) peer.exchange('CON 1 GET [01]', 'ACK 1 2.05 [01] {0..600}')
    expect(peer.requests).toHaveLength(2)
    for (let i = 0; i < 2; i++) peer.exchange('CON 2 POST [01]', 'ACK 2 2.05 [01] {0..600}')
    expect(peer.requests).toHaveLength(3)
    expect(peer.leftovers()).toEqual([])
  })

  it('may come in any order, later than others, once each', () => {
    const peer = new Lockstep()
    for (let id = 1; id <= 3; id++) peer.send(`CON ${id} POST [0${id}] /${id}`)
    peer.respond(changed, 2)
    peer.expect('ACK 3 2.04 [03]')
    peer.respond(changed, 0)
    peer.expect('ACK 1 2.04 [01]')
    peer.respond(changed, 0)
    peer.expectSilence()
    peer.advance(1500)
    peer.expect('ACK 2 EMPTY')
    peer.respond(changed, 1)
    peer.expect('CON $id 2.04 [02]')
    peer.exchange('RST $id EMPTY')
    expect(peer.leftovers()).toEqual([])
  })

  it('that never come leave nothing behind', () => {
    const peer = new Lockstep()
    peer.send('CON 1 POST [01]')
    peer.send('NON 2 POST [01]')
    peer.advance(1500)
    peer.expect('ACK 1 EMPTY')
    expect(peer.endpoint.sizes()['exchanges']).toBe(2)
    expect(peer.leftovers()).toEqual([])
  })

  it('to a separate request whose client resets them end there (RFC 7252 §4.2)', () => {
    const peer = new Lockstep()
    peer.send('CON 1 GET [01]')
    peer.advance(1500)
    peer.expect('ACK 1 EMPTY')
    peer.respond(changed)
    peer.expect('CON $id 2.04 [01]')
    peer.exchange('RST $id EMPTY')
    peer.advance(100_000)
    expect(peer.leftovers()).toEqual([])
  })
})

describe('a FETCH in blocks', () => {
  it('gets its later slices with the payload or without, but not with another one (RFC 8132 §2)', () => {
    const peer = new Lockstep({
      handler: ({ payload }) => ({
        code: response.content,
        payload: testBody.slice(payload[0]! * 1024, payload[0]! * 1024 + 100),
      }),
    })
    peer.exchange('CON 1 FETCH [01] Block2=0/0/64 <01>', 'ACK 1 2.05 [01] ETag=$e Block2=0/1/64 {1024..1088}')
    peer.exchange('CON 2 FETCH [02] Block2=1/0/64', 'ACK 2 2.05 [02] ETag=$e Block2=1/0/64 {1088..1124}')
    peer.exchange('CON 3 FETCH [03] Block2=1/0/64 <01>', 'ACK 3 2.05 [03] ETag=$e Block2=1/0/64 {1088..1124}')
    expect(peer.requests).toHaveLength(1)
    peer.exchange('CON 4 FETCH [04] Block2=1/0/64 <02>', 'ACK 4 2.05 [04] ETag=$f Block2=1/0/64 {2112..2148}')
    expect(peer.requests).toHaveLength(2)
    expect(peer.leftovers()).toEqual([])
  })

  it('answered later still knows what was asked', () => {
    const peer = new Lockstep()
    peer.send('CON 1 FETCH [01] Block2=0/0/64 <01>')
    peer.respond({ code: response.content, payload: testBody.slice(0, 100) })
    peer.expect('ACK 1 2.05 [01] ETag=$e Block2=0/1/64 {0..64}')
    peer.exchange('CON 2 FETCH [02] Block2=1/0/64 <01>', 'ACK 2 2.05 [02] ETag=$e Block2=1/0/64 {64..100}')
    expect(peer.requests).toHaveLength(1)
    expect(peer.leftovers()).toEqual([])
  })
})

describe('an answer in blocks to a POST', () => {
  // The rest is asked for without payload, so by most clients without what describes one
  it('is gone on with whether or not the Content-Format of the request is repeated (RFC 7959 §3.3)', () => {
    const peer = new Lockstep({ handler: () => ({ code: response.changed, payload: testBody.slice(0, 150) }) })
    peer.exchange(
      'CON 1 POST [01] Content-Format=50 Block2=0/0/64 <7b7d>',
      'ACK 1 2.04 [01] ETag=$e Block2=0/1/64 {0..64}',
    )
    peer.exchange('CON 2 POST [02] Block2=1/0/64', 'ACK 2 2.04 [02] ETag=$e Block2=1/1/64 {64..128}')
    peer.exchange('CON 3 POST [03] Content-Format=50 Block2=2/0/64', 'ACK 3 2.04 [03] ETag=$e Block2=2/0/64 {128..150}')
    expect(peer.requests).toHaveLength(1)
    expect(peer.leftovers()).toEqual([])
  })
})

describe('what is kept for later slices', () => {
  // GET /1 (read to its end), POST /2, GET /3, then GET /4: 1 goes first, then 3; the POST stays
  it('goes first where its end was reached, then where the request may run again', () => {
    const settings = { 'coap.bodies.per-peer': 2 }
    const peer = new Lockstep({
      settings,
      handler: () => ({ code: response.content, payload: testBody.slice(0, 100) }),
    })
    peer.exchange('CON 1 GET [01] /1 Block2=0/0/64', 'ACK 1 2.05 [01] ETag=$e Block2=0/1/64 {0..64}')
    peer.exchange('CON 2 GET [01] /1 Block2=1/0/64', 'ACK 2 2.05 [01] ETag=$e Block2=1/0/64 {64..100}')
    peer.exchange('CON 3 POST [01] /2 Block2=0/0/64', 'ACK 3 2.05 [01] ETag=$e Block2=0/1/64 {0..64}')
    for (const id of [4, 5]) {
      peer.exchange(`CON ${id} GET [01] /${id} Block2=0/0/64`, `ACK ${id} 2.05 [01] ETag=$e Block2=0/1/64 {0..64}`)
      expect(peer.endpoint.sizes()['servedBodies']).toBe(2)
    }
    expect(peer.requests).toHaveLength(4)
    peer.exchange('CON 6 POST [01] /2 Block2=1/0/64', 'ACK 6 2.05 [01] ETag=$e Block2=1/0/64 {64..100}')
    expect(peer.requests).toHaveLength(4)
    expect(peer.leftovers()).toEqual([])
  })

  it('is limited per peer and in octets; without room a safe request is handled anew', () => {
    const settings = { 'coap.bodies.per-peer': 2, 'coap.bodies-total': 65_536 }
    const peer = new Lockstep({
      settings,
      handler: () => ({ code: response.content, payload: testBody.slice(0, 30_000) }),
    })
    for (let i = 1; i <= 3; i++)
      peer.exchange(`CON ${i} GET [01] /${i}`, `ACK ${i} 2.05 [01] ETag=$e Block2=0/1/1024 {0..1024}`)
    expect(peer.endpoint.sizes()).toMatchObject({ servedBodies: 2, bodyOctets: 60_000 })
    // Another peer finds no room: its next slice asks the handler again, and is right all the same
    peer.send('CON 1 GET [01] /9', 2)
    peer.sent.length = 0
    peer.send('CON 2 GET [01] /9 Block2=1/0/1024', 2)
    peer.expect('ACK 2 2.05 [01] ETag=$e Block2=1/1/1024 {1024..2048}', 2)
    expect(peer.requests).toHaveLength(5)
    peer.advance(301_000)
    expect(peer.endpoint.sizes()).toMatchObject({ servedBodies: 0, bodyOctets: 0 })
    expect(peer.leftovers()).toEqual([])
  })
})
