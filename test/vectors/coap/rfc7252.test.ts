/**
 * RFC 7252 Appendix A, octet by octet as its figures give them, and §3.1's option arithmetic: decoded,
 * encoded, and played against the endpoint in both roles.
 */
import { describe, expect, it } from 'vitest'
import { bytesOfHex, hexOf } from '../../../src/base/bytes.ts'
import { method, response } from '../../../src/coap/codes.ts'
import { MessageView } from '../../../src/coap/message.ts'
import { MessageWriter } from '../../../src/coap/message-writer.ts'
import { option } from '../../../src/coap/options.ts'
import { Lockstep } from '../../support/coap-lockstep.ts'
import { lineOf } from '../../support/coap-notation.ts'

const hex = (text: string): Uint8Array => bytesOfHex(text.replaceAll(' ', ''))!
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

const temperature = 'bb 74656d7065726174757265'
const reading = 'ff 32322e332043'

describe('messages of the figures', () => {
  it.each([
    ['16 request', `40 01 7d34 ${temperature}`, 'CON 32052 GET /temperature'],
    ['16 response', `60 45 7d34 ${reading}`, 'ACK 32052 2.05 "22.3 C"'],
    ['17 request', `41 01 7d35 20 ${temperature}`, 'CON 32053 GET [20] /temperature'],
    ['17 response', `61 45 7d35 20 ${reading}`, 'ACK 32053 2.05 [20] "22.3 C"'],
    ['20 request', `41 01 7d38 53 ${temperature}`, 'CON 32056 GET [53] /temperature'],
    ['20 acknowledgement', '60 00 7d38', 'ACK 32056 EMPTY'],
    ['20 response', `41 45 ad7b 53 ${reading}`, 'CON 44411 2.05 [53] "22.3 C"'],
    ['20 acknowledgement of the response', '60 00 ad7b', 'ACK 44411 EMPTY'],
    ['22 request', `51 01 7d40 75 ${temperature}`, 'NON 32064 GET [75] /temperature'],
    ['22 response', `51 45 ad7c 75 ${reading}`, 'NON 44412 2.05 [75] "22.3 C"'],
    ['23 reset', '70 00 7d40', 'RST 32064 EMPTY'],
  ])('figure %s (RFC 7252 Appendix A)', (_figure, octets, line) => {
    const bytes = hex(octets)
    const view = new MessageView()
    expect(view.decode(bytes, 0, bytes.length)).toBeUndefined()
    const writer = new MessageWriter(new Uint8Array(100))
    writer.begin(view.type, view.code, view.messageId, view.token)
    for (const segment of view.texts(option.uriPath)) writer.add(option.uriPath, segment)
    expect(hexOf(writer.slab.subarray(0, writer.finish(view.payload)))).toBe(hexOf(bytes))
    expect(lineOf(bytes)).toBe(line)
  })
})

describe('exchanges of the figures', () => {
  it('figure 16 and 17: piggybacked response, without and with a token (RFC 7252 Appendix A)', () => {
    const peer = new Lockstep({ handler: () => ({ code: response.content, payload: text('22.3 C') }) })
    peer.sendBytes(hex(`40 01 7d34 ${temperature}`))
    expect(hexOf(peer.sent.shift()!.bytes)).toBe(hexOf(hex(`60 45 7d34 ${reading}`)))
    peer.sendBytes(hex(`41 01 7d35 20 ${temperature}`))
    expect(hexOf(peer.sent.shift()!.bytes)).toBe(hexOf(hex(`61 45 7d35 20 ${reading}`)))
    expect(peer.requests.map(({ path }) => path)).toEqual(['/temperature', '/temperature'])
    expect(peer.leftovers()).toEqual([])
  })

  it('figure 18 and 19: request or response lost, request repeated (RFC 7252 Appendix A)', () => {
    const peer = new Lockstep({ handler: () => ({ code: response.content, payload: text('22.3 C') }) })
    for (let i = 0; i < 2; i++) {
      peer.sendBytes(hex(`41 01 7d37 42 ${temperature}`))
      expect(hexOf(peer.sent.shift()!.bytes)).toBe(hexOf(hex(`61 45 7d37 42 ${reading}`)))
    }
    expect(peer.requests).toHaveLength(1)
    expect(peer.leftovers()).toEqual([])
  })

  it('figure 20: separate response, seen from the client (RFC 7252 Appendix A)', () => {
    const peer = new Lockstep()
    const repeats = { messageId: 0x7d38, token: Uint8Array.of(0x53) }
    peer.request({ code: method.get, path: ['temperature'], repeats })
    expect(hexOf(peer.sent.shift()!.bytes)).toBe(hexOf(hex(`41 01 7d38 53 ${temperature}`)))
    peer.sendBytes(hex('60 00 7d38'))
    peer.sendBytes(hex(`41 45 ad7b 53 ${reading}`))
    expect(hexOf(peer.sent.shift()!.bytes)).toBe('6000ad7b')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', payload: text('22.3 C') })
    expect(peer.leftovers()).toEqual([])
  })

  it('figure 21: the response overtakes the acknowledgement that was lost (RFC 7252 Appendix A)', () => {
    const peer = new Lockstep()
    const repeats = { messageId: 0x7d39, token: Uint8Array.of(0x73) }
    peer.request({ code: method.get, path: ['temperature'], repeats })
    peer.sent.length = 0
    peer.sendBytes(hex(`41 45 ad7c 73 ${reading}`))
    expect(hexOf(peer.sent.shift()!.bytes)).toBe('6000ad7c')
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response' })
    expect(peer.leftovers()).toEqual([])
  })

  it('figure 22 and 23: NON both ways, and a reset for what nobody asked (RFC 7252 Appendix A)', () => {
    const peer = new Lockstep()
    const repeats = { messageId: 0x7d40, token: Uint8Array.of(0x75) }
    peer.request({ code: method.get, path: ['temperature'], confirmable: false, repeats })
    expect(hexOf(peer.sent.shift()!.bytes)).toBe(hexOf(hex(`51 01 7d40 75 ${temperature}`)))
    peer.sendBytes(hex(`51 45 ad7c 75 ${reading}`))
    expect(peer.takeOutcome()).toMatchObject({ outcome: 'response', payload: text('22.3 C') })
    // Sent once more under another id, it belongs to nothing: whoever owns observations rejects it
    peer.sendBytes(hex(`51 45 ad7d 75 ${reading}`))
    peer.endpoint.reject(peer.now, peer.notifications[0]!.exchange)
    expect(hexOf(peer.sent.shift()!.bytes)).toBe('7000ad7d')
    expect(peer.leftovers()).toEqual([])
  })
})

describe('option delta and length (RFC 7252 §3.1)', () => {
  it.each([
    [1, 0, '10'],
    [12, 12, 'cc'],
    [13, 0, 'd000'],
    [14, 13, 'dd0100'],
    [268, 268, 'ddffff'],
    [269, 269, 'ee00000000'],
    [270, 300, 'ee0001001f'],
    [65_535, 1, 'e1fef2'],
  ])('option %i of %i octets begins with %s', (number, length, head) => {
    const writer = new MessageWriter(new Uint8Array(1000))
    writer.begin(0, 1, 0)
    writer.add(number, new Uint8Array(length).fill(0x61))
    const end = writer.finish()
    expect(hexOf(writer.slab.subarray(4, 4 + head.length / 2))).toBe(head)
    expect(end).toBe(4 + head.length / 2 + length)
  })

  it.each([
    [0, ''],
    [1, '01'],
    [255, 'ff'],
    [256, '0100'],
    [65_535, 'ffff'],
    [65_536, '010000'],
    [16_777_216, '01000000'],
    [4_294_967_295, 'ffffffff'],
  ])('uint %i is written %s (RFC 7252 §3.2)', (value, octets) => {
    const writer = new MessageWriter(new Uint8Array(100))
    writer.begin(0, 1, 0)
    writer.add(option.size1, value)
    const end = writer.finish()
    expect(hexOf(writer.slab.subarray(6, end))).toBe(octets)
    const view = new MessageView()
    view.decode(writer.slab, 0, end)
    expect(view.uint(option.size1)).toBe(value)
  })
})
