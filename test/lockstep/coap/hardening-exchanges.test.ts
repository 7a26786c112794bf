/**
 * What goes wrong between messages: the rows of the hardening checklist about tokens, deduplication,
 * identity, message ids, groups and slow handlers. Charts: ▶ to the endpoint, ◀ from it, ∅ silence.
 */
import { describe, expect, it } from 'vitest'
import { method, response } from '../../../src/coap/codes.ts'
import type { OutboundResponse } from '../../../src/coap/types.ts'
import { Lockstep, type LockstepOptions } from '../../support/coap-lockstep.ts'
import { datagramOf } from '../../support/coap-notation.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const changed: OutboundResponse = { code: response.changed }
const server = (options: LockstepOptions = {}): Lockstep => new Lockstep({ handler: () => changed, ...options })

describe('responses of others', () => {
  // ▶ response to a token used before      never taken for the answer to a new request
  it('hardening 4: tokens of eight random octets, none used twice (RFC 9175 §4, RFC 7252 §5.3.1)', () => {
    const peer = new Lockstep()
    const tokens = new Set<string>()
    for (let i = 0; i < 500; i++) {
      const { token } = peer.request({ code: method.get })
      expect(token).toHaveLength(8)
      tokens.add(token.join())
      peer.expect('CON $id GET [$token]')
      peer.send('ACK $id 2.05 [$token]')
      peer.outcomes.length = 0
      if (i === 0) {
        peer.bind('$stale', token)
        peer.bind('$staleId', peer.bound('$id'))
      }
      peer.unbind('$id', '$token')
    }
    expect(tokens.size).toBe(500)
    // A delayed answer to the first request while another is open
    peer.request({ code: method.get })
    peer.expect('CON $id GET [$token]')
    peer.send('ACK $staleId 2.05 [$stale] "delayed"')
    peer.send('ACK $id 2.05 [$stale] "delayed"')
    expect(peer.outcomes).toEqual([])
    peer.send('ACK $id 2.05 [$token] "right"')
    expect(peer.takeOutcome()).toMatchObject({ payload: text('right') })
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ the right token and id from another peer      ∅
  it('hardening 5: a response from another address matches nothing (RFC 7252 §5.3.2)', () => {
    const peer = new Lockstep()
    peer.request({ code: method.get }, 1)
    peer.expect('CON $id GET [$token]')
    peer.send('ACK $id 2.05 [$token] "forged"', 2)
    peer.send('RST $id EMPTY', 2)
    peer.send('ACK $id EMPTY', 2)
    peer.send('NON 9 2.05 [$token] "forged"', 2)
    expect(peer.outcomes).toEqual([])
    // What came with that token is a stray of peer 2, to be decided by whoever owns observations
    expect(peer.notifications).toHaveLength(1)
    // On an ACK the id must match too
    peer.send('ACK 1 2.05 [$token] "other id"')
    expect(peer.outcomes).toEqual([])
    peer.send('ACK $id 2.05 [$token] "right"')
    expect(peer.takeOutcome()).toMatchObject({ payload: text('right') })
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ RST with another id, from another peer, or for an exchange that is over      ∅
  it('hardening 25: a forged RST cancels neither a CON nor an observation (RFC 7252 §4.2)', () => {
    const peer = new Lockstep({ handler: () => ({ code: response.content, observe: 1 }) })
    peer.exchange('CON 1 GET [aa] Observe=0', 'ACK 1 2.05 [aa] Observe=1')
    const { messageId } = peer.request({ code: method.get })
    peer.expect('CON $id GET [$token]')
    for (let id = 0; id < 65_536; id += 97) {
      if (id !== messageId) peer.send(`RST ${id} EMPTY`)
      peer.send(`RST ${messageId} EMPTY`, 2)
    }
    expect(peer.outcomes).toEqual([])
    expect(peer.endpoint.isObserver(1, Uint8Array.of(0xaa))).toBe(true)
    peer.send('RST $id EMPTY')
    expect(peer.takeOutcome()).toEqual({ outcome: 'reset' })
    peer.endpoint.forget(peer.now, 1)
    expect(peer.leftovers()).toEqual([])
  })
})

describe('deduplication', () => {
  // ▶ CON POST from p peers × m ids × t tokens      each combination of peer and id executed once
  it('hardening 6: no two of many peers, ids and tokens share a dedup key (RFC 7252 §4.5)', () => {
    const peer = server()
    const peers = [1, 11, 111, 1111, 2 ** 31, 2 ** 32 + 1, 2 ** 40]
    const ids = [1, 11, 111, 256, 0x0101, 0xffff, 0]
    for (const sender of peers) for (const id of ids) peer.send(`CON ${id} POST [${'01'.repeat(id & 7)}]`, sender)
    expect(peer.requests).toHaveLength(peers.length * ids.length)
    for (const sender of peers) for (const id of ids) peer.send(`CON ${id} POST [${'01'.repeat(id & 7)}]`, sender)
    expect(peer.requests).toHaveLength(peers.length * ids.length)
    expect(peer.sent).toHaveLength(2 * peers.length * ids.length)
    peer.sent.length = 0
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON POST × 3      ∅ (the handler is at work)
  // ◀ ACK 2.04
  // ▶ CON POST × 2      ◀ the same ACK × 2
  it('hardening 7: copies of a CON POST while its handler is pending: one call, one answer (RFC 7252 §4.5)', () => {
    const peer = new Lockstep()
    for (let i = 0; i < 3; i++) peer.exchange('CON 1 POST [01] /a "x"')
    expect(peer.requests).toHaveLength(1)
    peer.respond({ code: response.changed, payload: text('once') })
    peer.expect('ACK 1 2.04 [01] "once"')
    for (let i = 0; i < 2; i++) peer.exchange('CON 1 POST [01] /a "x"', 'ACK 1 2.04 [01] "once"')
    peer.respond({ code: response.created })
    expect(peer.requests).toHaveLength(1)
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON POST, nobody could commit it      ∅
  // ▶ CON POST (repeated)                   a request like the first
  it('takes the repetition of a dismissed request as new (RFC 7252 §4.2)', () => {
    const peer = new Lockstep()
    peer.exchange('CON 1 POST [01] "x"')
    peer.endpoint.dismiss(peer.now, peer.requests[0]!.exchange)
    peer.exchange('CON 1 POST [01] "x"')
    expect(peer.requests).toHaveLength(2)
    peer.respond(changed)
    peer.expect('ACK 1 2.04 [01]')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ more CON POST than are remembered      the oldest become bare ids: ∅ for their repetitions
  // ▶ still more                             ∅ for what is new: nothing is executed twice
  it('hardening 8: a flood evicts no non-idempotent request of a secured peer (RFC 7252 §4.5)', () => {
    const settings = { 'coap.dedup.per-peer': 8, 'coap.dedup.spent-per-peer': 16 }
    const peer = server({ settings })
    for (let id = 0; id < 100; id++) peer.send(`CON ${id} POST [01]`)
    expect(peer.requests).toHaveLength(24)
    expect(peer.sent).toHaveLength(24)
    for (let id = 0; id < 24; id++) peer.send(`CON ${id} POST [01]`)
    expect(peer.requests).toHaveLength(24)
    // The newest eight still have their answers
    expect(peer.sent).toHaveLength(24 + 8)
    peer.advance(300_000)
    peer.send('CON 200 POST [01]')
    expect(peer.requests).toHaveLength(25)
    peer.sent.length = 0
    expect(peer.leftovers()).toEqual([])
  })

  it('hardening 8: safe requests make room for each other, per peer and in total (RFC 7252 §4.5)', () => {
    const peer = server({ settings: { 'coap.dedup.per-peer': 8, 'coap.dedup.total': 1000 } })
    for (let id = 0; id < 100; id++) peer.send(`CON ${id} GET [01]`)
    expect(peer.requests).toHaveLength(100)
    expect(peer.endpoint.sizes()['dedup']).toBe(8)
    for (let sender = 2; sender < 2002; sender++) peer.send('CON 1 GET [01]', sender)
    expect(peer.requests).toHaveLength(2100)
    expect(peer.endpoint.sizes()['dedup']).toBe(1000)
    peer.sent.length = 0
    expect(peer.leftovers()).toEqual([])
  })

  it('hardening 8: with every place taken by non-idempotent requests new ones meet silence', () => {
    const peer = server({ settings: { 'coap.dedup.total': 1000 } })
    for (let sender = 1; sender <= 1200; sender++) peer.send('CON 1 POST [01]', sender)
    expect(peer.requests).toHaveLength(1000)
    for (let sender = 1; sender <= 1000; sender++) peer.send('CON 1 POST [01]', sender)
    expect(peer.requests).toHaveLength(1000)
    peer.sent.length = 0
    expect(peer.leftovers()).toEqual([])
  })

  it('hardening 8: an unsecured peer only harms itself: its newest requests are served (RFC 7252 §4.5)', () => {
    const peer = server({ settings: { 'coap.dedup.per-peer': 8 }, standing: 'reachable' })
    for (let id = 0; id < 100; id++) peer.send(`CON ${id} POST [01]`)
    expect(peer.requests).toHaveLength(100)
    peer.sent.length = 0
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON POST from an identity, its address changes, ▶ the same again      ◀ the same ACK
  it('hardening 9: the key is the identity, so a move of address repeats nothing (RFC 7252 §4.5)', () => {
    // Addresses never reach the endpoint: whoever maps them gives one association one number
    const peer = server()
    peer.exchange('CON 1 POST [01]', 'ACK 1 2.04 [01]')
    peer.endpoint.doubtAddress(peer.now, 1)
    peer.exchange('CON 1 POST [01]', 'ACK 1 2.04 [01]')
    expect(peer.requests).toHaveLength(1)
    peer.send('CON 1 POST [01]', 2)
    peer.expect('ACK 1 2.04 [01]', 2)
    expect(peer.requests).toHaveLength(2)
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON POST id 1, the device restarts, ▶ CON POST id 1, another token      executed: it is another message
  it('takes an id used again for another message as new once the first is over (RFC 7252 §4.4)', () => {
    const peer = server()
    peer.exchange('CON 1 POST [01] /a', 'ACK 1 2.04 [01]')
    peer.exchange('CON 1 POST [02] /a', 'ACK 1 2.04 [02]')
    expect(peer.requests).toHaveLength(2)
    expect(peer.leftovers()).toEqual([])
  })

  // nRF Connect on NB-IoT repeats for 337 s: the profile's lifetime decides, not 247 s
  it('remembers as long as the device may repeat itself (RFC 7252 §4.8.2)', () => {
    const peer = server({ profile: { deviceExchangeLifetime: 552_000 as never } })
    peer.exchange('CON 1 POST [01]', 'ACK 1 2.04 [01]')
    peer.advance(550_000)
    peer.exchange('CON 1 POST [01]', 'ACK 1 2.04 [01]')
    expect(peer.requests).toHaveLength(1)
    expect(peer.leftovers()).toEqual([])
  })
})

describe('our own message ids', () => {
  // ▶ ◀ 65 536 exchanges within one lifetime; the next waits until an id is free
  it('hardening 33: more than 65 536 CON in a lifetime wait, no id comes twice (RFC 7252 §4.4)', () => {
    const peer = new Lockstep()
    const lastUse = new Map<number, number>()
    const ack = Uint8Array.of(0x60, 69, 0, 0, ...new Uint8Array(8))
    ack[0] = 0x68
    const answerAll = (): void => {
      for (const { bytes, at } of peer.sent.splice(0)) {
        const id = bytes[2]! * 256 + bytes[3]!
        const before = lastUse.get(id)
        if (before !== undefined) expect(at - before).toBeGreaterThanOrEqual(247_000)
        lastUse.set(id, at)
        ack.set(bytes.subarray(2, 4), 2)
        ack.set(bytes.subarray(4, 12), 4)
        peer.endpoint.receive(peer.now, 1, ack, 0, ack.length)
      }
    }
    for (let i = 0; i < 66_000; i++) {
      peer.request({ code: method.get })
      answerAll()
    }
    const served = peer.outcomes.length
    expect(served).toBeGreaterThan(61_000)
    expect(served).toBeLessThanOrEqual(65_536)
    peer.outcomes.length = 0
    for (let i = 0; i < 300 && served + peer.outcomes.length < 66_000; i++) {
      // Less than ACK_TIMEOUT, so that nothing is repeated
      peer.advance(1000)
      while (peer.sent.length > 0) answerAll()
    }
    expect(served + peer.outcomes.length).toBe(66_000)
    expect(peer.leftovers()).toEqual([])
  })
})

describe('groups', () => {
  // ▶ NON GET to a group        ◀ NON 2.05 after a random moment
  // ▶ CON, ping, garbage, errors to a group      ∅
  it('hardening 34: no ACK, RST or error to a group, answers spread over the leisure (RFC 7252 §8)', () => {
    const answers: OutboundResponse[] = [{ code: response.content, payload: text('here') }]
    const peer = new Lockstep({ handler: () => answers[0] })
    const multicast = (line: string): void => peer.sendBytes(datagramOf(line), 1, true)
    multicast('NON 1 GET [01] /a')
    multicast('NON 1 GET [01] /a')
    expect(peer.requests).toHaveLength(1)
    peer.expectSilence()
    expect(peer.advanceToDeadline()).toBeLessThan(5000)
    peer.expect('NON $id 2.05 [01] "here"')
    for (const line of ['CON 2 GET [01]', 'CON 3 EMPTY', 'NON 4 GET #65=0x01', 'NON 5 GET Proxy-Uri=x', 'ACK 6 2.05']) {
      multicast(line)
    }
    peer.sendBytes(Uint8Array.of(0x40, 1, 0, 7, 0xff), 1, true)
    answers[0] = { code: response.notFound }
    multicast('NON 8 GET [01] /none')
    answers[0] = { code: response.content }
    multicast('NON 9 GET [01] /.well-known/core ?rt=none')
    expect(peer.leftovers()).toEqual([])
  })

  it('hardening 34: a hundred answers to a group are spread over the leisure', () => {
    const moments: number[] = []
    for (let seed = 1; seed <= 100; seed++) {
      const peer = new Lockstep({ seed, handler: () => ({ code: response.content, payload: text('x') }) })
      peer.sendBytes(datagramOf('NON 1 GET [01] /a'), 1, true)
      moments.push(peer.advanceToDeadline())
    }
    expect(Math.min(...moments)).toBeLessThan(500)
    expect(Math.max(...moments)).toBeGreaterThan(4500)
  })
})

describe('slow handlers', () => {
  // ▶ CON GET           ◀ ACK (empty) before the peer repeats itself
  // ▶ CON GET (others)  served meanwhile
  // ◀ CON 5.03 Max-Age  ▶ ACK
  it('hardening 36: an empty ACK by timer, other requests served, 5.03 with Max-Age (RFC 7252 §5.2.2, §5.9.3.4)', () => {
    const peer = new Lockstep({ handler: ({ path }) => (path === '/fast' ? changed : undefined) })
    peer.exchange('CON 1 GET [01] /slow')
    peer.exchange('CON 2 GET [02] /fast', 'ACK 2 2.04 [02]')
    peer.advance(1499)
    peer.expectSilence()
    peer.advance(1)
    peer.expect('ACK 1 EMPTY')
    peer.respond({ code: response.serviceUnavailable, maxAge: 30 }, 0)
    peer.expect('CON $id 5.03 [01] Max-Age=30')
    peer.exchange('ACK $id EMPTY')
    expect(peer.leftovers()).toEqual([])
  })

  it.each([
    ['a patient peer: the setting', 20_000, 1500],
    ['an impatient peer: three quarters of its ACK_TIMEOUT', 1000, 750],
  ])('hardening 36: the empty ACK goes in time for %s', (_title, ackTimeout, after) => {
    const peer = new Lockstep({ profile: { ackTimeout: ackTimeout as never } })
    peer.exchange('CON 1 GET [01] /slow')
    expect(peer.advanceToDeadline()).toBe(after)
    peer.expect('ACK 1 EMPTY')
    expect(peer.leftovers()).toEqual([])
  })
})
