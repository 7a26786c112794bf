/**
 * When a request of ours goes out, again, or never: NSTART, the awake window, PROBING_RATE, repeated ids
 * after a restart, and how each ends. Charts: ▶ from us, ◀ from the peer.
 */
import { describe, expect, it } from 'vitest'
import { method, response } from '../../../src/coap/codes.ts'
import { instantOf } from '../../../src/base/time.ts'
import { profiles } from '../../../src/config/profiles.ts'
import { Lockstep } from '../../support/coap-lockstep.ts'
import { testBody } from '../../support/coap-notation.ts'

const get = { code: method.get, path: [] }

describe('retransmission', () => {
  // ▶ CON at 0, T, 3T, 7T, 15T; given up at 31T, T within ACK_TIMEOUT · [1, 1.5]
  it('follows the profile and gives up after MAX_TRANSMIT_WAIT (RFC 7252 §4.2, §4.8.2)', () => {
    const peer = new Lockstep()
    const start = peer.now
    peer.request(get)
    peer.expect('CON $a GET [$s]')
    const waits = Array.from({ length: 5 }, () => {
      const wait = peer.advanceToDeadline()
      peer.sent.length = 0
      return wait
    })
    expect(waits[0]).toBeGreaterThanOrEqual(2000)
    expect(waits[0]).toBeLessThanOrEqual(3000)
    for (let i = 1; i < 5; i++) expect(waits[i]).toBeCloseTo(waits[0]! * 2 ** i, 0)
    expect(peer.now - start).toBeLessThanOrEqual(93_000)
    expect(peer.takeOutcome()).toEqual({ outcome: 'timeout', acknowledged: false })
    expect(peer.leftovers()).toEqual([])
  })

  it('uses the whole random factor, from seed to seed (RFC 7252 §4.2)', () => {
    const firsts = Array.from({ length: 200 }, (_, seed) => {
      const peer = new Lockstep({ seed: seed + 1 })
      peer.request(get)
      return peer.advanceToDeadline()
    })
    expect(Math.min(...firsts)).toBeLessThan(2050)
    expect(Math.max(...firsts)).toBeGreaterThan(2950)
  })

  it('stops at an empty ACK; the answer has its own deadline (RFC 7252 §5.2.2)', () => {
    const peer = new Lockstep({ settings: { 'coap.response-deadline': 60_000 } })
    peer.request(get)
    peer.expect('CON $a GET [$s]')
    peer.exchange('ACK $a EMPTY')
    expect(peer.advanceToDeadline()).toBe(60_000)
    peer.expectSilence()
    expect(peer.takeOutcome()).toEqual({ outcome: 'timeout', acknowledged: true })
    expect(peer.leftovers()).toEqual([])
  })

  it('ends at a RST (RFC 7252 §4.2)', () => {
    const peer = new Lockstep()
    peer.request(get)
    peer.expect('CON $a GET [$s]')
    peer.exchange('RST $a EMPTY')
    expect(peer.takeOutcome()).toEqual({ outcome: 'reset' })
    peer.request({ ...get, confirmable: false })
    peer.expect('NON $b GET [$t]')
    peer.exchange('RST $b EMPTY')
    expect(peer.takeOutcome()).toEqual({ outcome: 'reset' })
    expect(peer.leftovers()).toEqual([])
  })

  it('learns from round trips where it is told to (CoCoA), and not otherwise', () => {
    for (const [estimator, quick] of [
      ['cocoa', true],
      ['off', false],
    ] as const) {
      const peer = new Lockstep({ settings: { 'coap.rto-estimator': estimator }, seed: 3 })
      for (let i = 0; i < 10; i++) {
        peer.request(get)
        peer.expect('CON $a GET [$s]')
        peer.advance(100)
        peer.send('ACK $a 2.05 [$s]')
        peer.unbind('$a', '$s')
      }
      peer.request(get)
      peer.sent.length = 0
      expect(peer.advanceToDeadline() < 1500).toBe(quick)
      peer.endpoint.forget(peer.now, 1)
      peer.sent.length = 0
      expect(peer.leftovers()).toEqual([])
    }
  })
})

describe('the awake window', () => {
  // ▶ CON at 0, T, 3T; the radio goes off at 10 s      ◀ nothing: asleep, not failed
  it('ends repetition, and the outcome is asleep (RFC 7252 §4.2)', () => {
    const peer = new Lockstep()
    peer.request({ ...get, notAfter: instantOf(peer.now + 10_000) })
    peer.advance(9999)
    const before = peer.sent.length
    expect(before).toBeGreaterThanOrEqual(2)
    expect(peer.outcomes).toEqual([])
    peer.advance(100_000)
    expect(peer.sent).toHaveLength(before)
    expect(peer.takeOutcome()).toEqual({ outcome: 'asleep' })
    peer.sent.length = 0
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON at 9.9 s; ◀ ACK at 11 s, one ACK_TIMEOUT after the end at most
  it('still takes an answer that was under way when it ended', () => {
    const peer = new Lockstep()
    peer.request({ ...get, notAfter: instantOf(peer.now + 100) })
    peer.expect('CON $a GET [$s]')
    peer.advance(2000)
    peer.exchange('ACK $a 2.05 [$s]')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response' })
    peer.request({ ...get, notAfter: instantOf(peer.now + 100) })
    peer.expect('CON $b GET [$t]')
    expect(peer.advanceToDeadline()).toBeLessThanOrEqual(2100)
    expect(peer.takeOutcome()).toEqual({ outcome: 'asleep' })
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON at 0, and between ACK_TIMEOUT and the end of the window, of which only half the span of RFC 7252 §4.2 is left
  it.each(['thread-sleepy', 'nbiot-deep', 'nbiot', 'lte-m', 'ntn'] as const)(
    'of %s has room for a repetition, whatever is drawn (RFC 7252 §4.2)',
    (name) => {
      const { ackTimeout, awakeWindow } = profiles[name]
      for (let seed = 1; seed <= 50; seed++) {
        const peer = new Lockstep({ profile: profiles[name], seed })
        const start = peer.now
        peer.request({ ...get, notAfter: instantOf(start + Number(awakeWindow)) })
        peer.sent.length = 0
        peer.advance(ackTimeout - 1)
        expect(peer.sent).toHaveLength(0)
        peer.advance(Number(awakeWindow) - ackTimeout + 1)
        expect(peer.sent.length).toBeGreaterThanOrEqual(1)
      }
    },
  )

  it('that is too short for a repetition lets none go before its time (RFC 7252 §4.2)', () => {
    const peer = new Lockstep({ profile: profiles['thread-sleepy'] })
    peer.request({ ...get, notAfter: instantOf(peer.now + 3900) })
    peer.expect('CON $a GET [$s]')
    peer.advance(60_000)
    peer.expectSilence()
    expect(peer.takeOutcome()).toEqual({ outcome: 'asleep' })
  })

  it('that is over already lets nothing go', () => {
    const peer = new Lockstep()
    peer.request({ ...get, notAfter: peer.now })
    peer.expectSilence()
    expect(peer.takeOutcome()).toEqual({ outcome: 'asleep' })
    expect(peer.leftovers()).toEqual([])
  })

  it('ends for requests that wait for their turn too', () => {
    const peer = new Lockstep({ profile: { nstart: 1 } })
    peer.request(get)
    peer.request({ ...get, notAfter: instantOf(peer.now + 5000) })
    expect(peer.endpoint.sizes()['waiting']).toBe(1)
    peer.advance(5000)
    expect(peer.takeOutcome()).toEqual({ outcome: 'asleep' })
    peer.endpoint.cancel(peer.now, 1)
    expect(peer.takeOutcome()).toEqual({ outcome: 'cancelled' })
    peer.sent.length = 0
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ 1:0/1 ◀ 2.31 … each 4 s later, the window was 10 s: an answer opens it anew
  it('opens anew with each block that is answered (RFC 7959 §2.3)', () => {
    const peer = new Lockstep({ profile: { firstBlockSize: 64, nstart: 1, awakeWindow: 10_000 as never } })
    const payload = testBody.slice(0, 320)
    peer.request({ code: method.put, path: [], payload, notAfter: instantOf(peer.now + 10_000) })
    for (let number = 0; number < 4; number++) {
      peer.advance(4000)
      peer.sent.splice(0, peer.sent.length - 1)
      const range = `${64 * number}..${64 * number + 64}`
      peer.expect(`CON $id PUT [$token] Block1=${number}/1/64${number === 0 ? ' Size1=320' : ''} {${range}}`)
      peer.send(`ACK $id 2.31 [$token] Block1=${number}/1/64`)
      peer.unbind('$id', '$token')
    }
    peer.expect('CON $id PUT [$token] Block1=4/0/64 {256..320}')
    peer.advance(100_000)
    expect(peer.takeOutcome()).toEqual({ outcome: 'asleep' })
    peer.sent.length = 0
    expect(peer.leftovers()).toEqual([])
  })

  // the device is heard again at 9 s: repetition goes on until 60 s
  it('may be extended while requests are under way', () => {
    const peer = new Lockstep({ profile: { nstart: 1 } })
    const notAfter = instantOf(peer.now + 10_000)
    const first = peer.request({ ...get, notAfter })
    const second = peer.request({ ...get, notAfter })
    peer.advance(9000)
    const later = instantOf(peer.now + 50_000)
    peer.endpoint.extend(peer.now, first.id, later)
    peer.endpoint.extend(peer.now, second.id, later)
    const before = peer.sent.length
    peer.advance(20_000)
    expect(peer.outcomes).toEqual([])
    expect(peer.sent.length).toBeGreaterThan(before)
    peer.advance(100_000)
    expect(peer.outcomes.map(({ outcome }) => outcome.outcome)).toEqual(['asleep', 'asleep'])
    peer.sent.length = 0
    expect(peer.leftovers()).toEqual([])
  })
})

describe('NSTART', () => {
  // ▶ first      ◀ ACK 2.05      ▶ second      …one at a time, in order
  it('lets requests go one after the other (RFC 7252 §4.7)', () => {
    const peer = new Lockstep({ profile: { nstart: 1 } })
    for (const path of ['a', 'b', 'c']) peer.request({ code: method.get, path: [path] })
    for (const path of ['a', 'b', 'c']) {
      peer.expect(`CON $id GET [$token] /${path}`)
      peer.expectSilence()
      peer.send('ACK $id 2.05 [$token]')
      peer.unbind('$id', '$token')
    }
    expect(peer.outcomes).toHaveLength(3)
    expect(peer.leftovers()).toEqual([])
  })

  it('frees the place of a request that is cancelled while it waits', () => {
    const peer = new Lockstep({ profile: { nstart: 1 } })
    peer.request(get)
    const second = peer.request({ code: method.get, path: ['b'] })
    peer.request({ code: method.get, path: ['c'] })
    peer.expect('CON $a GET [$s]')
    peer.endpoint.cancel(peer.now, second.id)
    peer.send('ACK $a 2.05 [$s]')
    peer.expect('CON $c GET [$t] /c')
    peer.exchange('ACK $c 2.05 [$t]')
    expect(peer.outcomes.map(({ outcome }) => outcome.outcome)).toEqual(['cancelled', 'response', 'response'])
    expect(peer.leftovers()).toEqual([])
  })

  // a separate response of ours frees the peer to go on, so it waits for nobody
  it('holds back no separate response (RFC 7252 §5.2.2)', () => {
    const peer = new Lockstep({ profile: { nstart: 1 } })
    peer.request(get)
    peer.expect('CON $a GET [$s]')
    peer.send('CON 7 GET [07]')
    peer.advance(1500)
    peer.expect('ACK 7 EMPTY')
    peer.respond({ code: response.content })
    peer.expect('CON $r 2.05 [07]')
    peer.send('ACK $r EMPTY')
    peer.exchange('ACK $a 2.05 [$s]')
    expect(peer.outcomes).toHaveLength(1)
    expect(peer.leftovers()).toEqual([])
  })
})

describe('PROBING_RATE', () => {
  // ▶ NON (12 octets at 1 octet/s)      ▶ NON 12 s later; heard of meanwhile: at once
  it('spaces NON requests to a silent peer, and no longer once it is heard (RFC 7252 §4.7)', () => {
    const peer = new Lockstep({ profile: { probingRate: 1 } })
    peer.request({ ...get, confirmable: false })
    peer.expect('NON $a GET [$s]')
    peer.request({ code: method.get, path: ['b'], confirmable: false })
    peer.request({ code: method.get, path: ['c'], confirmable: false })
    peer.expectSilence()
    peer.advance(11_999)
    peer.expectSilence()
    peer.advance(2)
    peer.expect('NON $b GET [$t] /b')
    peer.expectSilence()
    peer.send('NON 9 2.05 [$t]')
    peer.expect('NON $c GET [$u] /c')
    peer.send('NON 10 2.05 [$s]')
    peer.exchange('NON 11 2.05 [$u]')
    expect(peer.outcomes).toHaveLength(3)
    expect(peer.leftovers()).toEqual([])
  })

  it('gives a NON without answer up after NON_LIFETIME (RFC 7252 §4.8.2)', () => {
    const peer = new Lockstep()
    peer.request({ ...get, confirmable: false })
    peer.expect('NON $a GET [$s]')
    peer.advance(150_000)
    expect(peer.takeOutcome()).toEqual({ outcome: 'timeout', acknowledged: false })
    expect(peer.leftovers()).toEqual([])
  })
})

describe('prepare and transmit', () => {
  it('takes id and token at once and sends nothing before it is told to', () => {
    const peer = new Lockstep()
    const ticket = peer.endpoint.prepare(peer.now, 1, get)
    peer.advance(1000)
    peer.expectSilence()
    peer.bind('$t', ticket.token)
    peer.bind('$id', Uint8Array.of(ticket.messageId >> 8, ticket.messageId & 255))
    // An answer to what was never sent is not one
    peer.send('ACK $id 2.05 [$t]')
    expect(peer.outcomes).toEqual([])
    peer.endpoint.transmit(peer.now, ticket.id)
    peer.endpoint.transmit(peer.now, ticket.id)
    peer.expect('CON $id GET [$t]')
    peer.exchange('ACK $id 2.05 [$t]')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response' })
    peer.endpoint.transmit(peer.now, ticket.id)
    peer.endpoint.cancel(peer.now, ticket.id)
    expect(peer.outcomes).toEqual([])
    expect(peer.leftovers()).toEqual([])
  })

  it('cancels what was prepared', () => {
    const peer = new Lockstep()
    const ticket = peer.endpoint.prepare(peer.now, 1, get)
    peer.endpoint.cancel(peer.now, ticket.id)
    expect(peer.takeOutcome()).toEqual({ outcome: 'cancelled' })
    expect(peer.leftovers()).toEqual([])
  })

  // We restarted: the very message goes again, so that the device's own deduplication applies
  it('repeats an earlier transmission under its id and token (RFC 7252 §4.5)', () => {
    const peer = new Lockstep()
    const repeats = { messageId: 0x1234, token: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }
    const ticket = peer.request({ code: method.post, path: ['x'], repeats })
    expect(ticket).toMatchObject(repeats)
    peer.expect('CON 4660 POST [0102030405060708] /x')
    peer.exchange('ACK 4660 2.04 [0102030405060708]')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response' })
    expect(peer.leftovers()).toEqual([])
  })

  it('lets a second request under the same token end the first', () => {
    const peer = new Lockstep()
    const token = Uint8Array.of(1)
    peer.request({ ...get, observe: 0, token })
    peer.expect('CON $a GET [01] Observe=0')
    peer.request({ ...get, observe: 0, token })
    expect(peer.takeOutcome()).toEqual({ outcome: 'cancelled' })
    peer.expect('CON $b GET [01] Observe=0')
    peer.exchange('ACK $b 2.05 [01] Observe=1')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', observe: 1 })
    expect(peer.leftovers()).toEqual([])
  })

  it('says so where a request does not fit into a datagram', () => {
    const peer = new Lockstep()
    peer.request({ code: method.get, path: new Array<string>(300).fill('x'.repeat(255)) })
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'unusable' })
    expect(peer.leftovers()).toEqual([])
  })

  it('ignores what is over or was never there', () => {
    const peer = new Lockstep()
    peer.endpoint.respond(peer.now, 99, { code: response.content })
    peer.endpoint.dismiss(peer.now, 99)
    peer.endpoint.challenge(peer.now, 99)
    peer.endpoint.acknowledge(peer.now, 99)
    peer.endpoint.reject(peer.now, 99)
    peer.endpoint.extend(peer.now, 99, peer.now)
    peer.endpoint.forget(peer.now, 99)
    peer.endpoint.dropObserver(peer.now, 99, Uint8Array.of(1))
    peer.endpoint.notify(peer.now, 99, Uint8Array.of(1), { code: response.content }, { confirmable: true })
    expect(peer.endpoint.fetchRest(peer.now, 99, get).id).toBe(0)
    expect(peer.endpoint.isObserver(99, Uint8Array.of(1))).toBe(false)
    expect(peer.leftovers()).toEqual([])
  })
})

describe('a profile that changes', () => {
  it('holds from the next message on (RFC 7252 §4.8)', () => {
    const peer = new Lockstep({ profile: { ackRandomFactor: 1 } })
    peer.request(get)
    peer.sent.length = 0
    expect(peer.advanceToDeadline()).toBeCloseTo(2000, 3)
    peer.profile = { ...peer.profile, ackTimeout: 10_000 as never }
    peer.request({ code: method.get, path: ['b'] })
    peer.endpoint.cancel(peer.now, 1)
    peer.sent.length = 0
    expect(peer.advanceToDeadline()).toBeCloseTo(10_000, 3)
    peer.endpoint.forget(peer.now, 1)
    peer.sent.length = 0
    expect(peer.leftovers()).toEqual([])
  })
})
