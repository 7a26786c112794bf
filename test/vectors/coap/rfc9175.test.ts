/**
 * The flows of RFC 9175: Echo for freshness (§2.3, figures 2 and 3) and Request-Tag against mixed bodies
 * (§3), and SipHash-2-4 against the vectors of its authors, on which our Echo values rest.
 */
import { describe, expect, it } from 'vitest'
import { hexOf } from '../../../src/base/bytes.ts'
import { method, response } from '../../../src/coap/codes.ts'
import { sipHash } from '../../../src/base/sip-hash.ts'
import { Lockstep } from '../../support/coap-lockstep.ts'
import { testBody } from '../../support/coap-notation.ts'

describe('SipHash-2-4', () => {
  const key = Uint8Array.from({ length: 16 }, (_, i) => i)
  it.each([
    [0, '310e0edd47db6f72'],
    [1, 'fd67dc93c539f874'],
    [7, '37d1018bf50002ab'],
    [8, '6224939a79f5f593'],
    [15, 'e545be4961ca29a1'],
  ])('of octets 00 to %i (exclusive)', (length, hash) => {
    expect(
      hexOf(
        sipHash(
          key,
          Uint8Array.from({ length }, (_, i) => i),
        ),
      ),
    ).toBe(hash)
  })
})

describe('Echo', () => {
  it('figure 2: a PUT is asked to prove its freshness, and does (RFC 9175 §2.3)', () => {
    const peer: Lockstep = new Lockstep({
      handler: ({ exchange, fresh }) => {
        if (fresh) return { code: response.changed }
        peer.endpoint.challenge(peer.now, exchange)
        return undefined
      },
    })
    peer.exchange('CON 1 PUT [41] /lock "0"', 'ACK 1 4.01 [41] Echo=$echo')
    peer.exchange('CON 2 PUT [42] /lock Echo=$echo "0"', 'ACK 2 2.04 [42]')
    // Later than it is worth, it is asked again
    peer.advance(301_000)
    peer.exchange('CON 3 PUT [43] /lock Echo=$echo "1"', 'ACK 3 4.01 [43] Echo=$other')
    expect(peer.leftovers()).toEqual([])
  })

  it('figure 3: a large response to an address that has proved nothing (RFC 9175 §2.4)', () => {
    const peer = new Lockstep({
      standing: 'unverified',
      handler: () => ({ code: response.content, payload: testBody.slice(0, 256) }),
    })
    peer.exchange('CON 1 GET [77] /large', 'ACK 1 4.01 [77] Echo=$echo')
    peer.exchange('CON 2 GET [78] /large Echo=$echo', 'ACK 2 2.05 [78] {0..256}')
    expect(peer.leftovers()).toEqual([])
  })
})

describe('Request-Tag', () => {
  it('a body is never put together from two operations (RFC 9175 §3.5.1)', () => {
    const peer = new Lockstep({ handler: () => ({ code: response.changed }) })
    peer.exchange(
      'CON 1 POST [01] /x Block1=0/1/16 Request-Tag=0x01 "incarcerate (all"',
      'ACK 1 2.31 [01] Block1=0/1/16',
    )
    // The attacker holds back the rest; the client gives up and begins another operation
    peer.exchange(
      'CON 2 POST [02] /x Block1=0/1/16 Request-Tag=0x02 "promote (every b"',
      'ACK 2 2.31 [02] Block1=0/1/16',
    )
    peer.exchange('CON 3 POST [03] /x Block1=1/0/16 Request-Tag=0x01 " criminals)"', 'ACK 3 2.04 [03] Block1=1/0/16')
    peer.exchange('CON 4 POST [04] /x Block1=1/0/16 Request-Tag=0x02 "ody)"', 'ACK 4 2.04 [04] Block1=1/0/16')
    expect(peer.requests.map(({ payload }) => new TextDecoder().decode(payload))).toEqual([
      'incarcerate (all criminals)',
      'promote (every body)',
    ])
    expect(peer.leftovers()).toEqual([])
  })

  it('a client that begins a body anew marks it as another one (RFC 9175 §3.5.1)', () => {
    const peer = new Lockstep({ profile: { firstBlockSize: 16, nstart: 1 } })
    peer.request({ code: method.put, payload: testBody.slice(0, 40) })
    peer.expect('CON $a PUT [$s] Block1=0/1/16 Size1=40 {0..16}')
    peer.send('ACK $a 2.31 [$s] Block1=0/1/16')
    peer.expect('CON $b PUT [$t] Block1=1/1/16 {16..32}')
    peer.send('ACK $b 4.08 [$t]')
    peer.expect('CON $c PUT [$u] Block1=0/1/16 Size1=40 Request-Tag=$tag {0..16}')
    peer.endpoint.forget(peer.now, 1)
    expect(peer.outcomes).toHaveLength(1)
    expect(peer.leftovers()).toEqual([])
  })
})
