/**
 * Spoofed addresses and observers that are not there: the rows of the hardening checklist about
 * amplification, Echo and Observe. Charts: ▶ to the endpoint, ◀ from it, ∅ silence.
 */
import { describe, expect, it } from 'vitest'
import { method, response } from '../../../src/coap/codes.ts'
import { isNewer } from '../../../src/coap/observe.ts'
import { milliseconds, seconds, instantOf } from '../../../src/base/time.ts'
import { Lockstep, type LockstepOptions } from '../../support/coap-lockstep.ts'
import { datagramOf, testBody } from '../../support/coap-notation.ts'

const token = Uint8Array.of(0xaa)
const large = { code: response.content, payload: testBody.slice(0, 300) }

function unverified(options: LockstepOptions = {}): Lockstep {
  return new Lockstep({ standing: 'unverified', handler: () => large, ...options })
}

/** Octets sent since the last call. */
function octetsSent(peer: Lockstep): number {
  return peer.sent.splice(0).reduce((sum, { bytes }) => sum + bytes.length, 0)
}

describe('an address nobody vouches for', () => {
  // ▶ CON GET (12 octets)              ◀ ACK 4.01 Echo (not 36 octets more)
  // ▶ CON GET Echo                     ◀ ACK 2.05, 300 octets
  // ▶ CON GET                          ◀ ACK 2.05: it stays verified
  it('hardening 1: at most three times what came in, then 4.01 with Echo (RFC 9175 §2.4)', () => {
    const peer = unverified()
    peer.exchange('CON 1 GET [01] /large', 'ACK 1 4.01 [01] Echo=$echo')
    peer.exchange('CON 2 GET [02] /large Echo=$echo', 'ACK 2 2.05 [02] {0..300}')
    peer.exchange('CON 3 GET [03] /large', 'ACK 3 2.05 [03] {0..300}')
    expect(peer.leftovers()).toEqual([])
  })

  it('hardening 1: repetitions, pings and format errors amplify nothing either (RFC 9175 §2.4)', () => {
    const peer = unverified()
    const lines = [
      'CON 1 GET [01] /large',
      'CON 1 GET [01] /large',
      'CON 2 EMPTY',
      'NON 3 GET [01] /large',
      'CON 4 GET #65=0x01',
    ]
    for (const line of lines) {
      peer.send(line)
      expect(octetsSent(peer)).toBeLessThanOrEqual(3 * datagramOf(line).length)
    }
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON POST (12 octets)      ◀ ACK 2.04 without its payload: what it did is done, and is not done again
  it('hardening 1: an unsafe request is executed once and told in short (RFC 9175 §2.4)', () => {
    const peer = unverified({ handler: () => ({ ...large, code: response.changed }) })
    peer.exchange('CON 1 POST [01] /x', 'ACK 1 2.04 [01]')
    expect(peer.requests).toHaveLength(1)
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET (slow)      ◀ ACK (empty)      ◀ CON 2.05 × as often as the credit allows, then ∅
  it('hardening 1: separate responses and their repetitions stay within the credit', () => {
    const peer = unverified({ handler: () => undefined })
    const request = 'CON 1 GET [01] /slow'
    peer.send(request)
    peer.advance(1500)
    peer.respond({ code: response.content, payload: testBody.slice(0, 10) })
    peer.advance(100_000)
    expect(octetsSent(peer)).toBeLessThanOrEqual(3 * datagramOf(request).length)
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET Observe=0      ◀ ACK 2.05      then ◀ CON, not NON; no answer: ∅ for ever
  it('hardening 2: no stream of NON to a spoofed address; CON early, and the relation ends (RFC 7641 §7)', () => {
    const peer = unverified({ handler: () => ({ code: response.content, observe: 1 }) })
    const request = 'CON 1 GET [aa] /obs Observe=0'
    peer.exchange(request, 'ACK 1 2.05 [aa] Observe=1')
    const octets = datagramOf('ACK 1 2.05 [aa] Observe=1').length
    for (let i = 2; i < 50; i++) {
      const answer = { code: response.content, observe: i, payload: testBody.slice(0, 20) }
      peer.endpoint.notify(peer.now, 1, token, answer, { confirmable: false })
      for (const { bytes } of peer.sent) expect(bytes[0]! >> 4).toBe(4)
      peer.advance(10_000)
    }
    expect(octets + octetsSent(peer)).toBeLessThanOrEqual(3 * datagramOf(request).length)
    expect(peer.notified).toEqual(['1 aa timeout'])
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ Echo: wrong, cut, of another peer, too old      ◀ 4.01 with a new one
  it('hardening 3: wrong, old and foreign Echo values are rejected (RFC 9175 §2.3)', () => {
    const peer = unverified()
    peer.exchange('CON 1 GET [01] /large', 'ACK 1 4.01 [01] Echo=$echo')
    const echo = peer.bound('$echo')
    expect(echo.length).toBeGreaterThanOrEqual(1)
    expect(echo.length).toBeLessThanOrEqual(40)
    const rejects = (value: Uint8Array, id: number, sender = 1): void => {
      peer.bind('$tried', value)
      peer.send(`CON ${id} GET [01] /large Echo=$tried`, sender)
      peer.expect(`ACK ${id} 4.01 [01] Echo=$again`, sender)
      peer.unbind('$again')
    }
    for (let bit = 0; bit < 8 * echo.length; bit += 5) {
      const flipped = echo.slice()
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      rejects(flipped, 100 + bit)
    }
    rejects(echo.slice(0, -1), 2)
    rejects(Uint8Array.of(...echo, 0), 3)
    rejects(echo, 4, 2)
    peer.advance(302_000)
    rejects(echo, 5)
    peer.sent.length = 0
    expect(peer.leftovers()).toEqual([])
  })

  // The address of a secured peer moved: until it is heard to answer, the same limit holds
  it('hardening 3: a new address of a known peer is doubted until it proves itself (RFC 9175 §2.4)', () => {
    const peer = new Lockstep({ handler: () => large })
    peer.exchange('CON 1 GET [01] /large', 'ACK 1 2.05 [01] {0..300}')
    peer.endpoint.doubtAddress(peer.now, 1)
    peer.exchange('CON 2 GET [01] /large', 'ACK 2 4.01 [01] Echo=$echo')
    peer.exchange('CON 3 GET [01] /large Echo=$echo', 'ACK 3 2.05 [01] {0..300}')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET Echo, from an address that changes before the answer is there      ◀ ACK 2.05, which nobody hears
  // ▶ the same from the new address      ◀ ACK 4.01 Echo: the old one proves nothing here, and silence would last
  it('hardening 3: an Echo proves the address it went to, not the next one (RFC 9175 §2.4)', () => {
    const peer = new Lockstep({ handler: () => large })
    peer.endpoint.doubtAddress(peer.now, 1)
    peer.exchange('CON 1 GET [01] /large', 'ACK 1 4.01 [01] Echo=$first')
    peer.exchange('CON 2 GET [01] /large Echo=$first', 'ACK 2 2.05 [01] {0..300}')
    peer.advance(20_000)
    peer.endpoint.doubtAddress(peer.now, 1)
    peer.exchange('CON 2 GET [01] /large Echo=$first', 'ACK 2 4.01 [01] Echo=$second')
    peer.exchange('CON 3 GET [01] /large Echo=$second', 'ACK 3 2.05 [01] {0..300}')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET      ◀ ACK 2.05, kept for its repetition      the address changes, ▶ the same      ◀ ACK 4.01 Echo
  // ▶ CON POST     ◀ ACK 2.04, 100 octets                   the address changes, ▶ the same      ◀ ACK 2.04 in short
  it('hardening 3: what is kept for a repetition is too much for a new address, silence too little', () => {
    const kept = testBody.slice(0, 100)
    const peer = new Lockstep({
      handler: ({ code }) => ({ code: code === method.get ? response.content : response.changed, payload: kept }),
    })
    peer.exchange('CON 1 GET [01] /kept', 'ACK 1 2.05 [01] {0..100}')
    peer.exchange('CON 2 POST [02] /x', 'ACK 2 2.04 [02] {0..100}')
    peer.endpoint.doubtAddress(peer.now, 1)
    peer.exchange('CON 1 GET [01] /kept', 'ACK 1 4.01 [01] Echo=$echo')
    peer.endpoint.doubtAddress(peer.now, 1)
    peer.exchange('CON 2 POST [02] /x', 'ACK 2 2.04 [02]')
    expect(peer.requests.map(({ code }) => code)).toEqual([method.get, method.post, method.get])
    expect(peer.leftovers()).toEqual([])
  })

  // ◀ CON GET (ours, token of eight random octets)      ▶ ACK with it: the address hears us
  it('takes an answer with a token of ours as proof of the address (RFC 9175 §2.4)', () => {
    const peer = unverified()
    peer.send('CON 1 GET [01] /large')
    peer.sent.length = 0
    peer.request({ code: method.get })
    peer.expect('CON $id GET [$token]')
    peer.send('ACK $id 2.05 [$token]')
    peer.exchange('CON 2 GET [02] /large', 'ACK 2 2.05 [02] {0..300}')
    expect(peer.leftovers()).toEqual([])
  })

  // ◀ 4.01 Echo      ▶ the request again with it
  it('echoes for a server that asks us to (RFC 9175 §2.3)', () => {
    const peer = new Lockstep()
    peer.request({ code: method.post, path: ['a'], payload: Uint8Array.of(0x78) })
    peer.expect('CON $a POST [$s] /a "x"')
    peer.send('ACK $a 4.01 [$s] Echo=0xcafe')
    peer.expect('CON $b POST [$t] /a Echo=0xcafe "x"')
    expect(peer.bound('$s')).not.toEqual(peer.bound('$t'))
    peer.send('ACK $b 4.01 [$t] Echo=0xcafe')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', code: response.unauthorized })
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON POST      ◀ ACK 4.01 Echo (the application wants freshness)
  // ▶ CON POST Echo ◀ fresh
  it('proves freshness where a resource asks for it (RFC 9175 §2.3)', () => {
    const peer: Lockstep = new Lockstep({
      handler: ({ exchange, fresh }) => {
        if (fresh) return { code: response.changed }
        peer.endpoint.challenge(peer.now, exchange)
        return undefined
      },
    })
    peer.exchange('CON 1 POST [01] /lock', 'ACK 1 4.01 [01] Echo=$echo')
    peer.exchange('CON 2 POST [02] /lock Echo=$echo', 'ACK 2 2.04 [02]')
    expect(peer.leftovers()).toEqual([])
  })
})

describe('observers', () => {
  it.each([
    [10, 11, 0, true],
    [11, 10, 0, false],
    [10, 10, 0, false],
    [2 ** 24 - 1, 0, 0, true],
    [0, 2 ** 24 - 1, 0, false],
    [0, 2 ** 23 - 1, 0, true],
    [0, 2 ** 23, 0, false],
    [2 ** 23, 0, 0, false],
    [2 ** 23 + 1, 0, 0, true],
    [11, 10, 128, false],
    [11, 10, 128.001, true],
    [11, 10, 3600, true],
    // The clock of a process never runs backwards; if it did, order would decide
    [10, 11, -3600, true],
    [11, 10, -3600, false],
  ])('hardening 26: after %i comes %i, %f s later: newer %s (RFC 7641 §3.4)', (first, second, later, newer) => {
    const at = instantOf(1_700_000_000_000)
    expect(isNewer({ sequence: first, at }, instantOf(at + seconds(later)), second)).toBe(newer)
  })

  // ▶ CON GET Observe=0 × more than may be      ◀ ACK 2.05 without Observe
  // nobody is notified, nobody answers the daily ping: gone
  it('hardening 27: limits per peer and in total, removal of the idle (RFC 7641 §4.5, §7)', () => {
    const settings = { 'coap.observers.per-peer': 3, 'coap.observers.total': 5 }
    const peer = new Lockstep({ settings, handler: () => ({ code: response.content, observe: 1 }) })
    for (let i = 1; i <= 5; i++) {
      peer.exchange(`CON ${i} GET [0${i}] /obs Observe=0`, `ACK ${i} 2.05 [0${i}]${i <= 3 ? ' Observe=1' : ''}`)
    }
    for (let sender = 2; sender <= 5; sender++) peer.send('CON 1 GET [01] /obs Observe=0', sender)
    expect(peer.endpoint.sizes()['observers']).toBe(5)
    // The same again is a renewal, not one more
    peer.send('CON 9 GET [01] /obs Observe=0')
    expect(peer.endpoint.sizes()['observers']).toBe(5)
    peer.sent.length = 0
    peer.advance(24 * 3_600_000 + 200_000)
    expect(peer.endpoint.sizes()['observers']).toBe(0)
    expect(peer.notified).toHaveLength(5)
    peer.sent.length = 0
    expect(peer.leftovers()).toEqual([])
  })

  // ◀ CON 1 (pending), the state changes to 2, 3, 4      one at a time; 4 follows, 2 and 3 never leave
  it('hardening 28: while a CON is pending the newest state waits, NSTART is kept (RFC 7641 §4.5.2)', () => {
    const peer = new Lockstep({ profile: { nstart: 1 }, handler: () => ({ code: response.content, observe: 1 }) })
    peer.exchange('CON 1 GET [aa] /obs Observe=0', 'ACK 1 2.05 [aa] Observe=1')
    peer.exchange('CON 2 GET [bb] /other Observe=0', 'ACK 2 2.05 [bb] Observe=1')
    for (let observe = 2; observe <= 4; observe++) {
      peer.endpoint.notify(peer.now, 1, token, { code: response.content, observe }, { confirmable: true })
      const other = Uint8Array.of(0xbb)
      peer.endpoint.notify(peer.now, 1, other, { code: response.content, observe }, { confirmable: true })
    }
    peer.request({ code: method.get })
    peer.expect('CON $a 2.05 [aa] Observe=2')
    peer.expectSilence()
    peer.send('ACK $a EMPTY')
    // The other relation's turn, with its newest state; then our request, then what changed meanwhile
    peer.expect('CON $b 2.05 [bb] Observe=4')
    peer.expectSilence()
    peer.send('ACK $b EMPTY')
    peer.expect('CON $c GET [$t]')
    peer.expectSilence()
    peer.send('ACK $c 2.05 [$t]')
    peer.expect('CON $d 2.05 [aa] Observe=4')
    peer.exchange('ACK $d EMPTY')
    peer.endpoint.forget(peer.now, 1)
    expect(milliseconds(peer.outcomes.length)).toBe(1)
    expect(peer.leftovers()).toEqual([])
  })
})
