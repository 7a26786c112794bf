/**
 * ETSI CoAP plugtest descriptions TD_COAP_OBS with this endpoint as the server of observed resources, and
 * what a client's endpoint does with the notifications. Charts: ▶ to the server, ◀ to the client.
 */
import { describe, expect, it } from 'vitest'
import { method, response } from '../../../src/coap/codes.ts'
import { Lockstep } from '../../support/coap-lockstep.ts'
import { testBody } from '../../support/coap-notation.ts'
import { PlugtestServer } from '../../support/plugtest-server.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const token = Uint8Array.of(0xaa)

/** A client observes /obs under token aa. */
function observed(path = '/obs'): { peer: Lockstep; resources: PlugtestServer } {
  const resources = new PlugtestServer()
  const peer = new Lockstep({ handler: resources.handle })
  peer.exchange(`CON 1 GET [aa] ${path} Observe=0`, 'ACK 1 2.05 [aa] Observe=10 Content-Format=0 "0"')
  return { peer, resources }
}

function changed(peer: Lockstep, observe: number, value: string, confirmable: boolean, contentFormat = 0): void {
  const answer = { code: response.content, observe, contentFormat, payload: text(value) }
  peer.endpoint.notify(peer.now, 1, token, answer, { confirmable })
}

describe('server', () => {
  // ▶ CON GET Observe=0    ◀ ACK 2.05 Observe
  // ◀ CON 2.05 Observe     ▶ ACK          …
  it('TD_COAP_OBS_01 CON notifications (RFC 7641 §4.2)', () => {
    const { peer } = observed()
    changed(peer, 11, '1', true)
    peer.expect('CON $a 2.05 [aa] Observe=11 Content-Format=0 "1"')
    peer.exchange('ACK $a EMPTY')
    changed(peer, 12, '2', true)
    peer.expect('CON $b 2.05 [aa] Observe=12 Content-Format=0 "2"')
    peer.exchange('ACK $b EMPTY')
    expect(peer.notified).toEqual(['1 aa acknowledged', '1 aa acknowledged'])
    peer.exchange('CON 2 GET [aa] /obs Observe=1', 'ACK 2 2.05 [aa] Content-Format=0 "0"')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET Observe=0    ◀ ACK 2.05 Observe
  // ◀ NON 2.05 Observe     ◀ NON 2.05 Observe, not sooner than 3 s after
  it('TD_COAP_OBS_02 NON notifications (RFC 7641 §4.2, §4.5.1)', () => {
    const { peer } = observed()
    changed(peer, 11, '1', false)
    peer.expect('NON $a 2.05 [aa] Observe=11 Content-Format=0 "1"')
    changed(peer, 12, '2', false)
    changed(peer, 13, '3', false)
    peer.expectSilence()
    expect(peer.advanceToDeadline()).toBe(3000)
    peer.expect('NON $b 2.05 [aa] Observe=13 Content-Format=0 "3"')
    peer.exchange('RST $b EMPTY')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET Observe=0    ◀ ACK 2.05 Observe Max-Age
  // (silence past Max-Age) ▶ CON GET Observe=0, same token: the relation is replaced, not doubled
  it('TD_COAP_OBS_04 Max-Age passes, the client registers again (RFC 7641 §3.3.1)', () => {
    const { peer, resources } = observed()
    peer.advance(60_000)
    resources.sequence = 20
    peer.exchange('CON 2 GET [aa] /obs Observe=0', 'ACK 2 2.05 [aa] Observe=20 Content-Format=0 "0"')
    expect(peer.endpoint.sizes()['observers']).toBe(1)
    peer.exchange('CON 3 GET [aa] /obs Observe=1', 'ACK 3 2.05 [aa] Content-Format=0 "0"')
    expect(peer.leftovers()).toEqual([])
  })

  // ◀ CON 2.05 Observe     × 5, nobody answers: the relation ends
  it('TD_COAP_OBS_05 client off (RFC 7641 §4.5)', () => {
    const { peer } = observed()
    changed(peer, 11, '1', true)
    for (let i = 0; i < 5; i++) {
      peer.expect('CON $a 2.05 [aa] Observe=11 Content-Format=0 "1"')
      peer.advanceToDeadline()
    }
    expect(peer.notified).toEqual(['1 aa timeout'])
    expect(peer.endpoint.isObserver(1, token)).toBe(false)
    changed(peer, 12, '2', true)
    peer.expectSilence()
    expect(peer.leftovers()).toEqual([])
  })

  // ◀ CON or NON 2.05 Observe     ▶ RST: the relation ends
  it.each([true, false])('TD_COAP_OBS_06 RST, confirmable %s (RFC 7641 §3.6)', (confirmable) => {
    const { peer } = observed()
    changed(peer, 11, '1', confirmable)
    peer.expect(`${confirmable ? 'CON' : 'NON'} $a 2.05 [aa] Observe=11 Content-Format=0 "1"`)
    peer.exchange('RST $a EMPTY')
    expect(peer.notified).toEqual(['1 aa reset'])
    changed(peer, 12, '2', confirmable)
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON DELETE /obs      ◀ ACK 2.02
  // ◀ CON 4.04             ▶ ACK: nobody observes any more
  it('TD_COAP_OBS_07 DELETE cleans the list (RFC 7641 §4.2)', () => {
    const { peer } = observed()
    peer.exchange('CON 2 DELETE [02] /obs', 'ACK 2 2.02 [02]')
    peer.endpoint.notify(peer.now, 1, token, { code: response.notFound }, { confirmable: true })
    peer.expect('CON $a 4.04 [aa]')
    peer.exchange('ACK $a EMPTY')
    expect(peer.endpoint.isObserver(1, token)).toBe(false)
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ PUT in another Content-Format      ◀ CON 5.00 ends the relation
  it('TD_COAP_OBS_08 the Content-Format changes (RFC 7641 §4.2)', () => {
    const { peer } = observed()
    peer.endpoint.notify(peer.now, 1, token, { code: response.internalServerError }, { confirmable: true })
    peer.expect('CON $a 5.00 [aa]')
    peer.exchange('ACK $a EMPTY')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON PUT /obs (the observer itself)     ◀ ACK 2.04
  // ◀ CON 2.05 Observe                       ▶ ACK
  it('TD_COAP_OBS_09 update of the resource (RFC 7641 §4.2)', () => {
    const { peer, resources } = observed()
    peer.exchange('CON 2 PUT [02] /obs "9"', 'ACK 2 2.04 [02]')
    changed(peer, 11, new TextDecoder().decode(resources.held.get('/obs')!.payload), true)
    peer.expect('CON $a 2.05 [aa] Observe=11 Content-Format=0 "9"')
    peer.exchange('RST $a EMPTY')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET /obs without Observe, another token     ◀ ACK 2.05
  // ◀ CON 2.05 Observe: the relation stands
  it('TD_COAP_OBS_10 a plain GET keeps the relation (RFC 7641 §3.1)', () => {
    const { peer } = observed()
    peer.exchange('CON 2 GET [bb] /obs', 'ACK 2 2.05 [bb] Content-Format=0 "0"')
    changed(peer, 11, '1', true)
    peer.expect('CON $a 2.05 [aa] Observe=11 Content-Format=0 "1"')
    peer.exchange('RST $a EMPTY')
    expect(peer.leftovers()).toEqual([])
  })

  // ◀ CON 2.05 Observe=11  ✗ lost, the state changes meanwhile
  // ◀ CON 2.05 Observe=12  with a new id, in place of the repetition
  it('TD_COAP_OBS_11 lossy context (RFC 7641 §4.5.2)', () => {
    const { peer } = observed()
    changed(peer, 11, '1', true)
    peer.expect('CON $a 2.05 [aa] Observe=11 Content-Format=0 "1"')
    changed(peer, 12, '2', true)
    peer.expectSilence()
    peer.advanceToDeadline()
    peer.expect('CON $b 2.05 [aa] Observe=12 Content-Format=0 "2"')
    expect(peer.bound('$b')).not.toEqual(peer.bound('$a'))
    peer.exchange('ACK $b EMPTY')
    expect(peer.notified).toEqual(['1 aa acknowledged'])
    peer.exchange('CON 3 GET [aa] /obs Observe=1', 'ACK 3 2.05 [aa] Content-Format=0 "0"')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET Observe=1, same token     ◀ ACK 2.05 without Observe, and nothing more
  it('TD_COAP_OBS_12 GET with Observe=1 cancels (RFC 7641 §3.6)', () => {
    const { peer } = observed()
    peer.exchange('CON 2 GET [aa] /obs Observe=1', 'ACK 2 2.05 [aa] Content-Format=0 "0"')
    changed(peer, 11, '1', true)
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET Observe=0 2:0/0/64         ◀ ACK 2.05 Observe 2:0/1/64
  // ▶ CON GET 2:1/0/64                   ◀ ACK 2.05 2:1/1/64   (another token, no Observe)  …
  // ◀ CON 2.05 Observe 2:0/1/64          ▶ ACK, ▶ CON GET 2:1/0/64 …
  it.each([
    ['13 large', 200],
    ['14 variable large', 100],
  ])('TD_COAP_OBS_%s with Block2 (RFC 7959 §2.6)', (_title, size) => {
    const resources = new PlugtestServer()
    const peer = new Lockstep({ handler: resources.handle })
    peer.exchange(
      'CON 1 GET [aa] /obs-large Observe=0 Block2=0/0/64',
      'ACK 1 2.05 [aa] ETag=$e Observe=10 Content-Format=42 Block2=0/1/64 {0..64}',
    )
    peer.exchange(
      'CON 2 GET [b1] /obs-large Block2=1/0/64',
      'ACK 2 2.05 [b1] ETag=$e Content-Format=42 Block2=1/1/64 {64..128}',
    )
    const payload = testBody.slice(1024, 1024 + size)
    const answer = { code: response.content, observe: 11, contentFormat: 42, payload }
    peer.endpoint.notify(peer.now, 1, token, answer, { confirmable: true })
    peer.expect('CON $a 2.05 [aa] ETag=$f Observe=11 Content-Format=42 Block2=0/1/64 {1024..1088}')
    peer.send('ACK $a EMPTY')
    for (let from = 64, number = 1; from < size; from += 64, number++) {
      const to = Math.min(from + 64, size)
      peer.exchange(
        `CON ${9 + number} GET [c${number}] /obs-large Block2=${number}/0/64`,
        `ACK ${9 + number} 2.05 [c${number}] ETag=$f Content-Format=42 Block2=${number}/${to < size ? 1 : 0}/64 {${1024 + from}..${1024 + to}}`,
      )
    }
    expect(peer.bound('$e')).not.toEqual(peer.bound('$f'))
    peer.exchange(
      'CON 90 GET [aa] /obs-large Observe=1 Block2=0/0/16',
      'ACK 90 2.05 [aa] ETag=$e Content-Format=42 Block2=0/1/16 {0..16}',
    )
    expect(peer.leftovers()).toEqual([])
  })

  // ◀ CON (empty) after a day without a sign     ▶ RST: still there
  // ◀ CON (empty) a day later                    nobody: the relation ends
  it('proves interest once a day (RFC 7641 §4.5)', () => {
    const { peer } = observed()
    peer.advance(24 * 3_600_000 - 1)
    peer.expectSilence()
    peer.advance(1)
    peer.expect('CON $a EMPTY')
    peer.exchange('RST $a EMPTY')
    expect(peer.endpoint.isObserver(1, token)).toBe(true)
    peer.advance(24 * 3_600_000 + 100_000)
    peer.expect('CON $b EMPTY')
    peer.sent.length = 0
    expect(peer.notified).toEqual(['1 aa timeout'])
    expect(peer.leftovers()).toEqual([])
  })

  // ◀ NON just before the day is over      ◀ CON 3 s later, though NON was asked for
  it('makes the notification that comes after 24 h confirmable (RFC 7641 §4.5)', () => {
    const { peer } = observed()
    peer.advance(24 * 3_600_000 - 1000)
    changed(peer, 11, '1', false)
    peer.expect('NON $a 2.05 [aa] Observe=11 Content-Format=0 "1"')
    changed(peer, 12, '2', false)
    peer.advance(3000)
    peer.expect('CON $b 2.05 [aa] Observe=12 Content-Format=0 "2"')
    peer.exchange('RST $b EMPTY')
    expect(peer.leftovers()).toEqual([])
  })

  // ◀ NON, NON, …          after 24 h ◀ CON instead, though NON was asked for
  it('makes a notification confirmable at least every 24 h (RFC 7641 §4.5)', () => {
    const { peer } = observed()
    peer.advance(23 * 3_600_000)
    changed(peer, 11, '1', false)
    peer.expect('NON $a 2.05 [aa] Observe=11 Content-Format=0 "1"')
    peer.advance(3_600_000 - 1)
    changed(peer, 12, '2', false)
    peer.expect('NON $b 2.05 [aa] Observe=12 Content-Format=0 "2"')
    peer.advance(2)
    peer.expect('CON $p EMPTY')
    peer.exchange('RST $p EMPTY')
    peer.exchange('CON 2 GET [aa] /obs Observe=1', 'ACK 2 2.05 [aa] Content-Format=0 "0"')
    expect(peer.leftovers()).toEqual([])
  })
})

describe('client', () => {
  // ▶ CON GET Observe=0    ◀ ACK 2.05 Observe
  // ◀ CON 2.05 Observe     ▶ ACK once its effect is durable; a repetition meanwhile meets silence
  it('TD_COAP_OBS_01, 11 CON notifications (RFC 7641 §3.2)', () => {
    const peer = new Lockstep()
    peer.request({ code: method.get, path: ['obs'], observe: 0, token })
    peer.expect('CON $a GET [aa] Observe=0 /obs')
    peer.exchange('ACK $a 2.05 [aa] Observe=10 "0"')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', observe: 10 })
    peer.exchange('CON 70 2.05 [aa] Observe=11 "1"')
    peer.exchange('CON 70 2.05 [aa] Observe=11 "1"')
    expect(peer.notifications).toMatchObject([{ sequence: 11, payload: text('1'), more: false }])
    peer.endpoint.acknowledge(peer.now, peer.notifications[0]!.exchange)
    peer.expect('ACK 70 EMPTY')
    peer.exchange('CON 70 2.05 [aa] Observe=11 "1"', 'ACK 70 EMPTY')
    expect(peer.notifications).toHaveLength(1)
    expect(peer.leftovers()).toEqual([])
  })

  // ◀ NON 2.05 Observe     (nothing goes back)
  it('TD_COAP_OBS_02 NON notifications (RFC 7641 §3.2)', () => {
    const peer = new Lockstep()
    peer.exchange('NON 70 2.05 [aa] Observe=11 "1"')
    peer.endpoint.acknowledge(peer.now, peer.notifications[0]!.exchange)
    peer.exchange('NON 70 2.05 [aa] Observe=11 "1"')
    expect(peer.notifications).toHaveLength(1)
    expect(peer.leftovers()).toEqual([])
  })

  // ◀ CON 2.05 Observe     ▶ RST, and again for a repetition
  it.each(['CON', 'NON'])('TD_COAP_OBS_06 RST for an observation nobody has, %s (RFC 7641 §3.6)', (type) => {
    const peer = new Lockstep()
    peer.exchange(`${type} 70 2.05 [aa] Observe=11 "1"`)
    peer.endpoint.reject(peer.now, peer.notifications[0]!.exchange)
    peer.expect('RST 70 EMPTY')
    peer.exchange(`${type} 70 2.05 [aa] Observe=11 "1"`, ...(type === 'CON' ? ['RST 70 EMPTY'] : []))
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET Observe=1, same token
  it('TD_COAP_OBS_12 cancels by GET with Observe=1 (RFC 7641 §3.6)', () => {
    const peer = new Lockstep()
    peer.request({ code: method.get, path: ['obs'], observe: 1, token })
    peer.expect('CON $a GET [aa] Observe=1 /obs')
    peer.exchange('ACK $a 2.05 [aa] "0"')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', observe: undefined })
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET Observe=1, same token
  // ◀ CON 2.05 Observe     a notification that crossed it     ▶ ACK once its effect is durable
  // ◀ ACK 2.05
  it('a notification that crosses the cancellation is one, and no answer to it (RFC 7641 §3.6)', () => {
    const peer = new Lockstep()
    peer.request({ code: method.get, path: ['obs'], observe: 1, token })
    peer.expect('CON $a GET [aa] Observe=1 /obs')
    peer.exchange('CON 70 2.05 [aa] Observe=11 "1"')
    expect(peer.notifications).toMatchObject([{ sequence: 11, payload: text('1') }])
    peer.endpoint.acknowledge(peer.now, peer.notifications[0]!.exchange)
    peer.expect('ACK 70 EMPTY')
    peer.exchange('ACK $a 2.05 [aa] "0"')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', observe: undefined })
    expect(peer.leftovers()).toEqual([])
  })

  // ◀ CON 2.05 Observe 2:0/1/64     ▶ ACK
  // ▶ CON GET 2:1/0/64              ◀ ACK 2.05 2:1/1/64    (a token of its own, no Observe)
  // ▶ CON GET 2:2/0/64              ◀ ACK 2.05 2:2/0/64
  it.each([true, false])('TD_COAP_OBS_13 fetches the rest, within the call: %s (RFC 7959 §2.6)', (within) => {
    const request = { code: method.get, path: ['obs-large'] }
    const peer: Lockstep = new Lockstep({
      onNotification: ({ exchange }) => within && peer.endpoint.fetchRest(peer.now, exchange, request),
    })
    peer.send('CON 70 2.05 [aa] ETag=0x01 Observe=11 Content-Format=42 Block2=0/1/64 {0..64}')
    if (!within) peer.endpoint.fetchRest(peer.now, peer.notifications[0]!.exchange, request)
    expect(peer.notifications).toMatchObject([{ more: true }])
    peer.expect('ACK 70 EMPTY')
    peer.expect('CON $a GET [$s] /obs-large Block2=1/0/64')
    peer.send('ACK $a 2.05 [$s] ETag=0x01 Block2=1/1/64 {64..128}')
    peer.expect('CON $b GET [$t] /obs-large Block2=2/0/64')
    peer.exchange('ACK $b 2.05 [$t] ETag=0x01 Block2=2/0/64 {128..150}')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', payload: testBody.slice(0, 150), observe: 11 })
    expect(peer.leftovers()).toEqual([])
  })
})
