/**
 * ETSI CoAP plugtest descriptions TD_COAP_CORE, each with this endpoint as the server and, where the
 * description asks something of a client, as the client too. Charts: ▶ to the server, ◀ to the client.
 */
import { describe, expect, it } from 'vitest'
import { method, response } from '../../../src/coap/codes.ts'
import { Lockstep } from '../../support/coap-lockstep.ts'
import { PlugtestServer } from '../../support/plugtest-server.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

function server(): { peer: Lockstep; resources: PlugtestServer } {
  const resources = new PlugtestServer()
  return { peer: new Lockstep({ handler: resources.handle }), resources }
}

describe('server', () => {
  // ▶ CON GET /test
  // ◀ ACK 2.05 Content-Format payload
  it('TD_COAP_CORE_01 CON GET (RFC 7252 §5.8.1)', () => {
    const { peer } = server()
    peer.exchange('CON 1 GET [01] /test', 'ACK 1 2.05 [01] Content-Format=0 "test"')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON DELETE /test
  // ◀ ACK 2.02
  it('TD_COAP_CORE_02 CON DELETE (RFC 7252 §5.8.4)', () => {
    const { peer, resources } = server()
    peer.exchange('CON 1 DELETE [01] /test', 'ACK 1 2.02 [01]')
    expect(resources.held.has('/test')).toBe(false)
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON PUT /test payload
  // ◀ ACK 2.04
  it('TD_COAP_CORE_03 CON PUT (RFC 7252 §5.8.3)', () => {
    const { peer, resources } = server()
    peer.exchange('CON 1 PUT [01] /test Content-Format=0 "new"', 'ACK 1 2.04 [01]')
    expect(resources.held.get('/test')!.payload).toEqual(text('new'))
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON POST /test payload
  // ◀ ACK 2.01 Location-Path × 3
  it('TD_COAP_CORE_04 CON POST (RFC 7252 §5.8.2)', () => {
    const { peer } = server()
    peer.exchange(
      'CON 1 POST [01] /test Content-Format=0 "new"',
      'ACK 1 2.01 [01] Location-Path=location1 Location-Path=location2 Location-Path=location3',
    )
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ NON GET /test
  // ◀ NON 2.05 (an id of the server's own)
  it('TD_COAP_CORE_05 NON GET (RFC 7252 §5.2.3)', () => {
    const { peer } = server()
    peer.exchange('NON 1 GET [01] /test', 'NON $id 2.05 [01] Content-Format=0 "test"')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ NON DELETE /test
  // ◀ NON 2.02
  it('TD_COAP_CORE_06 NON DELETE (RFC 7252 §5.2.3)', () => {
    const { peer } = server()
    peer.exchange('NON 1 DELETE [01] /test', 'NON $id 2.02 [01]')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ NON PUT /test payload
  // ◀ NON 2.04
  it('TD_COAP_CORE_07 NON PUT (RFC 7252 §5.2.3)', () => {
    const { peer } = server()
    peer.exchange('NON 1 PUT [01] /test Content-Format=0 "new"', 'NON $id 2.04 [01]')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ NON POST /test payload
  // ◀ NON 2.01
  it('TD_COAP_CORE_08 NON POST (RFC 7252 §5.2.3)', () => {
    const { peer } = server()
    peer.send('NON 1 POST [01] /test Content-Format=0 "new"')
    peer.expect('NON $id 2.01 [01] Location-Path=location1 Location-Path=location2 Location-Path=location3')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET /separate
  // ◀ ACK (empty)            after the piggyback time
  // ◀ CON 2.05 payload       when the answer is there
  // ▶ ACK (empty)
  it('TD_COAP_CORE_09 separate response (RFC 7252 §5.2.2)', () => {
    const { peer } = server()
    peer.exchange('CON 1 GET [01] /separate')
    peer.advance(1500)
    peer.expect('ACK 1 EMPTY')
    peer.advance(5000)
    peer.respond({ code: response.content, contentFormat: 0, payload: text('late') })
    peer.expect('CON $id 2.05 [01] Content-Format=0 "late"')
    peer.exchange('ACK $id EMPTY')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET /test token of 1 to 8 octets
  // ◀ ACK 2.05 the same token
  it.each(['b1', 'b1b2', 'b1b2b3b4', 'b1b2b3b4b5b6b7b8'])('TD_COAP_CORE_10 token %s (RFC 7252 §5.3.1)', (token) => {
    const { peer } = server()
    peer.exchange(`CON 1 GET [${token}] /test`, `ACK 1 2.05 [${token}] Content-Format=0 "test"`)
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET /separate token
  // ◀ ACK (empty, no token)
  // ◀ CON 2.05 the same token
  it('TD_COAP_CORE_11 token and separate response (RFC 7252 §5.3.1)', () => {
    const { peer } = server()
    peer.exchange('CON 1 GET [b1b2b3] /separate')
    peer.advance(1500)
    peer.expect('ACK 1 EMPTY')
    peer.respond({ code: response.content, payload: text('late') })
    peer.expect('CON $id 2.05 [b1b2b3] "late"')
    peer.exchange('ACK $id EMPTY')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET /test, token of length 0
  // ◀ ACK 2.05, token of length 0
  it('TD_COAP_CORE_12 empty token (RFC 7252 §5.3.1)', () => {
    const { peer } = server()
    peer.exchange('CON 1 GET /test', 'ACK 1 2.05 Content-Format=0 "test"')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET /seg1/seg2/seg3
  // ◀ ACK 2.05
  it('TD_COAP_CORE_13 several Uri-Path options (RFC 7252 §5.10.1)', () => {
    const { peer } = server()
    peer.exchange('CON 1 GET [01] /seg1/seg2/seg3', 'ACK 1 2.05 [01] "deep"')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET /query?first=1&second=2
  // ◀ ACK 2.05
  it('TD_COAP_CORE_14 several Uri-Query options (RFC 7252 §5.10.1)', () => {
    const { peer } = server()
    peer.exchange(
      'CON 1 GET [01] /query ?first=1&second=2&third=3',
      'ACK 1 2.05 [01] Content-Format=0 "first=1+second=2+third=3"',
    )
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET /test    ✗ lost
  // ▶ CON GET /test    (repeated)
  // ◀ ACK 2.05         ✗ lost
  // ▶ CON GET /test    (repeated)
  // ◀ ACK 2.05         (the same)
  it('TD_COAP_CORE_15 piggybacked response in a lossy context (RFC 7252 §4.5)', () => {
    const { peer } = server()
    for (let i = 0; i < 3; i++) {
      peer.exchange('CON 1 GET [01] /test', 'ACK 1 2.05 [01] Content-Format=0 "test"')
      peer.advance(3000)
    }
    expect(peer.requests).toHaveLength(1)
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET /separate
  // ◀ ACK (empty)      ✗ lost
  // ▶ CON GET /separate (repeated)
  // ◀ ACK (empty)
  // ◀ CON 2.05         ✗ lost
  // ◀ CON 2.05         (repeated)
  // ▶ ACK (empty)
  it('TD_COAP_CORE_16 separate response in a lossy context (RFC 7252 §4.2)', () => {
    const { peer } = server()
    peer.exchange('CON 1 GET [01] /separate')
    peer.advance(1500)
    peer.expect('ACK 1 EMPTY')
    peer.exchange('CON 1 GET [01] /separate', 'ACK 1 EMPTY')
    peer.respond({ code: response.content, payload: text('late') })
    peer.expect('CON $id 2.05 [01] "late"')
    const waited = peer.advanceToDeadline()
    expect(waited).toBeGreaterThanOrEqual(2000)
    expect(waited).toBeLessThanOrEqual(3000)
    peer.expect('CON $id 2.05 [01] "late"')
    peer.exchange('ACK $id EMPTY')
    expect(peer.requests).toHaveLength(1)
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ NON GET /separate
  // ◀ NON 2.05          later, and never an ACK
  it('TD_COAP_CORE_17 separate response to a NON (RFC 7252 §5.2.3)', () => {
    const { peer } = server()
    peer.exchange('NON 1 GET [01] /separate')
    peer.advance(10_000)
    peer.expectSilence()
    peer.respond({ code: response.content, payload: text('late') })
    peer.expect('NON $id 2.05 [01] "late"')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON POST /test
  // ◀ ACK 2.01 Location-Path × 3
  it('TD_COAP_CORE_18 several Location-Path options (RFC 7252 §5.10.7)', () => {
    const { peer } = server()
    peer.exchange(
      'CON 1 POST [01] /test Content-Format=0 "x"',
      'ACK 1 2.01 [01] Location-Path=location1 Location-Path=location2 Location-Path=location3',
    )
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON POST /location-query
  // ◀ ACK 2.01 Location-Query × 2
  it('TD_COAP_CORE_19 several Location-Query options (RFC 7252 §5.10.7)', () => {
    const { peer } = server()
    peer.exchange(
      'CON 1 POST [01] /location-query Content-Format=0 "x"',
      'ACK 1 2.01 [01] Location-Query=first=1 Location-Query=second=2',
    )
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET /multi-format Accept=0      ◀ ACK 2.05 Content-Format=0
  // ▶ CON GET /multi-format Accept=41     ◀ ACK 2.05 Content-Format=41
  // ▶ CON GET /multi-format Accept=50     ◀ ACK 4.06
  it('TD_COAP_CORE_20 Accept (RFC 7252 §5.10.4)', () => {
    const { peer } = server()
    peer.exchange('CON 1 GET [01] /multi-format Accept=0', 'ACK 1 2.05 [01] Content-Format=0 "text"')
    peer.exchange('CON 2 GET [02] /multi-format Accept=41', 'ACK 2 2.05 [02] Content-Format=41 "<xml/>"')
    peer.exchange('CON 3 GET [03] /multi-format Accept=50', 'ACK 3 4.06 [03]')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET /validate                   ◀ ACK 2.05 ETag=1
  // ▶ CON GET /validate ETag=1            ◀ ACK 2.03 ETag=1, no payload
  // ▶ CON PUT /validate (someone else)    ◀ ACK 2.04
  // ▶ CON GET /validate ETag=1            ◀ ACK 2.05 ETag=2
  it('TD_COAP_CORE_21 ETag (RFC 7252 §5.10.6)', () => {
    const { peer } = server()
    peer.exchange('CON 1 GET [01] /validate', 'ACK 1 2.05 [01] ETag=0x01 Content-Format=0 "old"')
    peer.exchange('CON 2 GET [02] /validate ETag=0x01', 'ACK 2 2.03 [02] ETag=0x01')
    peer.exchange('CON 3 PUT [03] /validate "new"', 'ACK 3 2.04 [03]')
    peer.exchange('CON 4 GET [04] /validate ETag=0x01', 'ACK 4 2.05 [04] ETag=0x02 Content-Format=0 "new"')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON PUT /validate If-Match=1        ◀ ACK 2.04
  // ▶ CON PUT /validate If-Match=1        ◀ ACK 4.12 (the tag is 2 now)
  it('TD_COAP_CORE_22 ETag with conditional update (RFC 7252 §5.10.8.1)', () => {
    const { peer, resources } = server()
    peer.exchange('CON 1 PUT [01] /validate If-Match=0x01 "new"', 'ACK 1 2.04 [01]')
    peer.exchange('CON 2 PUT [02] /validate If-Match=0x01 "newer"', 'ACK 2 4.12 [02]')
    expect(resources.held.get('/validate')!.payload).toEqual(text('new'))
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON PUT /create1 If-None-Match      ◀ ACK 2.01
  // ▶ CON PUT /create1 If-None-Match      ◀ ACK 4.12
  it('TD_COAP_CORE_23 If-None-Match (RFC 7252 §5.10.8.2)', () => {
    const { peer } = server()
    peer.exchange('CON 1 PUT [01] /create1 If-None-Match "x"', 'ACK 1 2.01 [01]')
    peer.exchange('CON 2 PUT [02] /create1 If-None-Match "y"', 'ACK 2 4.12 [02]')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON (empty)
  // ◀ RST
  it('TD_COAP_CORE_31 CoAP ping (RFC 7252 §4.3)', () => {
    const { peer } = server()
    peer.exchange('CON 1 EMPTY', 'RST 1 EMPTY')
    expect(peer.requests).toEqual([])
    expect(peer.leftovers()).toEqual([])
  })
})

describe('client', () => {
  // ▶ CON or NON, each method
  // ◀ ACK or NON response
  it.each([
    ['01', 'GET', method.get, true],
    ['02', 'DELETE', method.delete, true],
    ['03', 'PUT', method.put, true],
    ['04', 'POST', method.post, true],
    ['05', 'GET', method.get, false],
    ['06', 'DELETE', method.delete, false],
    ['07', 'PUT', method.put, false],
    ['08', 'POST', method.post, false],
  ])('TD_COAP_CORE_%s %s, confirmable: %s %s (RFC 7252 §5.2)', (_number, name, code, confirmable) => {
    const peer = new Lockstep()
    const payload = code === method.put || code === method.post ? { payload: text('x') } : {}
    peer.request({ code, path: ['test'], confirmable, ...payload })
    const body = 'payload' in payload ? ' "x"' : ''
    peer.expect(`${confirmable ? 'CON' : 'NON'} $id ${name} [$token] /test${body}`)
    peer.exchange(confirmable ? 'ACK $id 2.04 [$token]' : 'NON 99 2.04 [$token]')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', code: response.changed })
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET /separate
  // ◀ ACK (empty)
  // ◀ CON 2.05
  // ▶ ACK (empty)
  it('TD_COAP_CORE_09, 11 separate response (RFC 7252 §5.2.2)', () => {
    const peer = new Lockstep()
    peer.request({ code: method.get, path: ['separate'] })
    peer.expect('CON $id GET [$token] /separate')
    peer.exchange('ACK $id EMPTY')
    peer.advance(60_000)
    peer.expectSilence()
    peer.exchange('CON 500 2.05 [$token] "late"', 'ACK 500 EMPTY')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', code: response.content, payload: text('late') })
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET, options as asked for
  it('TD_COAP_CORE_13, 14, 20, 21, 22, 23 options (RFC 7252 §5.10)', () => {
    const peer = new Lockstep()
    peer.request({
      code: method.put,
      path: ['seg1', 'seg2'],
      query: ['first=1', 'second=2'],
      accept: 0,
      contentFormat: 41,
      payload: text('<a/>'),
      options: [
        { number: 4, value: Uint8Array.of(7) },
        { number: 1, value: Uint8Array.of(9) },
        { number: 5, value: new Uint8Array(0) },
      ],
    })
    peer.expect(
      'CON $id PUT [$token] If-Match=0x09 ETag=0x07 If-None-Match /seg1/seg2 Content-Format=41 ?first=1&second=2 Accept=0 "<a/>"',
    )
    peer.exchange('ACK $id 2.04 [$token]')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response' })
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET          ✗ lost
  // ▶ CON GET          after ACK_TIMEOUT · [1, 1.5], then doubled
  // ◀ ACK 2.05
  it('TD_COAP_CORE_15 piggybacked response in a lossy context (RFC 7252 §4.2)', () => {
    const peer = new Lockstep()
    peer.request({ code: method.get, path: ['test'] })
    peer.expect('CON $id GET [$token] /test')
    const first = peer.advanceToDeadline()
    expect(first).toBeGreaterThanOrEqual(2000)
    expect(first).toBeLessThanOrEqual(3000)
    peer.expect('CON $id GET [$token] /test')
    expect(peer.advanceToDeadline()).toBeCloseTo(2 * first, 0)
    peer.expect('CON $id GET [$token] /test')
    peer.exchange('ACK $id 2.05 [$token]')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response' })
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET /separate
  // ◀ ACK (empty)      ✗ lost
  // ◀ CON 2.05         overtakes every repetition
  // ▶ ACK (empty)      ✗ lost
  // ◀ CON 2.05         (repeated)
  // ▶ ACK (empty)
  it('TD_COAP_CORE_16 separate response in a lossy context (RFC 7252 §5.2.2)', () => {
    const peer = new Lockstep()
    peer.request({ code: method.get, path: ['separate'] })
    peer.expect('CON $id GET [$token] /separate')
    peer.exchange('CON 500 2.05 [$token] "late"', 'ACK 500 EMPTY')
    peer.exchange('CON 500 2.05 [$token] "late"', 'ACK 500 EMPTY')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', payload: text('late') })
    expect(peer.notifications).toEqual([])
    expect(peer.leftovers()).toEqual([])
  })
})
