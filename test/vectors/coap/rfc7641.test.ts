/**
 * The examples of RFC 7641 Appendix A: clients and servers whose notifications get lost, whose state
 * changes on the way, and who cancel.
 */
import { describe, expect, it } from 'vitest'
import { method, response } from '../../../src/coap/codes.ts'
import { isNewer } from '../../../src/coap/observe.ts'
import { Lockstep } from '../../support/coap-lockstep.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

describe('Appendix A.1: client and server', () => {
  it('figure 3: register, two notifications (RFC 7641 Appendix A.1)', () => {
    const peer = new Lockstep({
      handler: () => ({ code: response.content, observe: 9, maxAge: 15, payload: text('18.5 Cel') }),
    })
    peer.exchange('CON 1 GET [4a] /temperature Observe=0', 'ACK 1 2.05 [4a] Observe=9 Max-Age=15 "18.5 Cel"')
    for (const [observe, value, type] of [
      [16, '19.2 Cel', 'NON'],
      [44, '19.7 Cel', 'NON'],
    ] as const) {
      const answer = { code: response.content, observe, maxAge: 15, payload: text(value) }
      peer.advance(10_000)
      peer.endpoint.notify(peer.now, 1, Uint8Array.of(0x4a), answer, { confirmable: false })
      peer.unbind('$id')
      peer.expect(`${type} $id 2.05 [4a] Observe=${observe} Max-Age=15 "${value}"`)
    }
    peer.exchange('RST $id EMPTY')
    expect(peer.leftovers()).toEqual([])
  })

  it('figure 4: a notification is lost, Max-Age passes, the next one comes (RFC 7641 Appendix A.1)', () => {
    const peer = new Lockstep()
    const token = Uint8Array.of(0xb2)
    peer.request({ code: method.get, path: ['temperature'], observe: 0, token })
    peer.expect('CON $a GET [b2] Observe=0 /temperature')
    peer.exchange('ACK $a 2.05 [b2] Observe=72 Max-Age=15 "18.5 Cel"')
    expect(peer.takeOutcome()).toMatchObject({ observe: 72 })
    const last = { sequence: 72, at: peer.now }
    // The one with 82 is lost; 93 is newer all the same
    peer.advance(30_000)
    peer.exchange('NON 77 2.05 [b2] Observe=93 Max-Age=15 "19.7 Cel"')
    expect(isNewer(last, peer.now, peer.notifications[0]!.sequence!)).toBe(true)
    expect(peer.leftovers()).toEqual([])
  })

  it('figure 5: the client registers again to get the newest state (RFC 7641 Appendix A.1)', () => {
    const peer = new Lockstep()
    const token = Uint8Array.of(0xb2)
    for (const [observe, value] of [
      [60, '18.5 Cel'],
      [80, '19.7 Cel'],
    ]) {
      peer.request({ code: method.get, path: ['temperature'], observe: 0, token })
      peer.expect('CON $a GET [b2] Observe=0 /temperature')
      peer.exchange(`ACK $a 2.05 [b2] Observe=${observe} Max-Age=15 "${value}"`)
      expect(peer.takeOutcome()).toMatchObject({ observe })
      peer.unbind('$a')
    }
    expect(peer.leftovers()).toEqual([])
  })

  it('figure 6: the client rejects a notification and is observed no more (RFC 7641 Appendix A.1)', () => {
    const peer = new Lockstep({ handler: () => ({ code: response.content, observe: 23, payload: text('22.2') }) })
    peer.exchange('CON 1 GET [61] /t Observe=0', 'ACK 1 2.05 [61] Observe=23 "22.2"')
    const answer = { code: response.content, observe: 60_000, payload: text('22.3') }
    peer.endpoint.notify(peer.now, 1, Uint8Array.of(0x61), answer, { confirmable: true })
    peer.expect('CON $id 2.05 [61] Observe=60000 "22.3"')
    peer.exchange('RST $id EMPTY')
    expect(peer.endpoint.isObserver(1, Uint8Array.of(0x61))).toBe(false)
    expect(peer.leftovers()).toEqual([])
  })
})
