/**
 * What an attacker or a broken stack may put into one datagram: the rows of the hardening checklist that
 * concern the message itself. Charts: ▶ to the endpoint, ◀ from it, ∅ silence.
 */
import { describe, expect, it } from 'vitest'
import { method, response } from '../../../src/coap/codes.ts'
import { Lockstep } from '../../support/coap-lockstep.ts'
import { datagramOf } from '../../support/coap-notation.ts'

const content = { code: response.content }
const server = (): Lockstep => new Lockstep({ handler: () => content })

/** Sends all four types with these octets after the message id: the CON gets a RST, the others nothing. */
function isRejected(tokenLength: number, code: number, rest: readonly number[]): boolean {
  const peer = server()
  for (const type of [0x40, 0x50, 0x60, 0x70]) {
    peer.sendBytes(Uint8Array.of(type | tokenLength, code, 0, 7, ...rest))
    if (type === 0x40) peer.expect('RST 7 EMPTY')
    peer.expectSilence()
  }
  return peer.requests.length === 0 && peer.leftovers().length === 0
}

describe('options', () => {
  // ▶ CON, deltas that add up to more than 65535      ◀ RST
  it('hardening 16: option delta overflow past 65535 (RFC 7252 §3.1)', () => {
    expect(isRejected(0, method.get, [0xe0, 0xff, 0xff, 0xe0, 0xff, 0xff])).toBe(true)
    expect(isRejected(0, method.get, [0xe0, 0xfe, 0xf2, 0x10])).toBe(true)
    // The largest number there is: unknown and critical, so understood as a message
    const peer = server()
    peer.sendBytes(Uint8Array.of(0x40, 1, 0, 7, 0xe0, 0xfe, 0xf2))
    peer.expect('ACK 7 4.02 "65535"')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON, an option that ends after the message does      ◀ RST
  it.each([
    ['delta 15', [0xf0]],
    ['length 15', [0x0f]],
    ['both 15 but no marker', [0xf1, 0xff]],
    ['delta 13 without its octet', [0xd0]],
    ['delta 14 without its octets', [0xe0]],
    ['delta 14 with one of two octets', [0xe0, 0x00]],
    ['length 13 without its octet', [0xbd]],
    ['length 14 with one of two octets', [0xbe, 0x00]],
    ['delta and length 13 with one octet', [0xdd, 0x00]],
    ['value one octet short', [0xb2, 0x61]],
    ['length 14 of 65804 octets', [0xbe, 0xff, 0xff, 0x61]],
  ])('hardening 17: %s (RFC 7252 §3.1)', (_title, octets) => {
    expect(isRejected(0, method.get, octets)).toBe(true)
  })

  // ▶ CON, critical unknown       ◀ ACK 4.02
  // ▶ NON, critical unknown       ∅
  // ▶ CON, elective unknown       ◀ ACK 2.05
  // ▶ response with critical unknown to our request: CON ◀ RST, NON and ACK ∅
  it('hardening 20: unknown critical option (RFC 7252 §5.4.1)', () => {
    const peer = server()
    peer.exchange('CON 1 GET [01] #65=0xcafe', 'ACK 1 4.02 [01] "65"')
    peer.exchange('CON 2 GET [01] #9=0x00', 'ACK 2 4.02 [01] "OSCORE"')
    peer.exchange('NON 3 GET [01] #65=0xcafe')
    expect(peer.requests).toEqual([])
    peer.exchange('CON 4 GET [01] #66=0xcafe', 'ACK 4 2.05 [01]')
    for (const type of ['CON', 'NON', 'ACK']) {
      peer.request({ code: method.get })
      peer.expect('CON $id GET [$token]')
      peer.send(`${type} ${type === 'ACK' ? '$id' : type === 'CON' ? 70 : 71} 2.05 [$token] #65=0x01`)
      if (type !== 'ACK') peer.expect(type === 'CON' ? 'RST 70 EMPTY' : 'RST 71 EMPTY')
      expect(peer.takeOutcome()).toMatchObject({ outcome: 'unusable' })
      peer.unbind('$id', '$token')
    }
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON, option twice or too long: critical ◀ 4.02, elective ignored
  it.each([
    ['Uri-Host twice', 'Uri-Host=a Uri-Host=b', false],
    ['Accept twice', 'Accept=0 Accept=0', false],
    ['If-None-Match twice', 'If-None-Match If-None-Match', false],
    ['Content-Format twice', 'Content-Format=0 Content-Format=0', true],
    ['Observe of four octets', 'Observe=0x00000001', true],
    ['Max-Age twice', 'Max-Age=1 Max-Age=2', true],
    ['ETag of nine octets', 'ETag=0x010203040506070809', true],
    ['ETag of none', 'ETag', true],
    ['Accept of three octets', 'Accept=0x000001', false],
    ['If-None-Match with a value', 'If-None-Match=0x01', false],
    ['Uri-Port of three octets', 'Uri-Port=0x000001', false],
    ['Block2 of four octets', 'Block2=0x00000001', false],
    ['Echo of 41 octets', `Echo=0x${'00'.repeat(41)}`, true],
    ['Uri-Path several times', '/a/b', true],
    ['Uri-Query of 256 octets', `Uri-Query=${'q'.repeat(256)}`, false],
  ])('hardening 21: %s (RFC 7252 §5.4.3, §5.4.5)', (_title, options, served) => {
    const peer = server()
    peer.send(`CON 1 GET [01] ${options}`)
    peer.expect(served ? 'ACK 1 2.05 [01]' : 'ACK 1 4.02 [01] *')
    expect(peer.leftovers()).toEqual([])
  })

  it('hardening 21: of a repeated elective option the first counts, and a bad one is not there', () => {
    const seen: unknown[] = []
    const peer = new Lockstep({
      handler: (_request, { options }) => {
        seen.push(options.uint(12), options.has(14), options.has(4))
        return content
      },
    })
    peer.exchange('CON 1 GET [01] Content-Format=40 Content-Format=0 Max-Age=0x0102030405 ETag', 'ACK 1 2.05 [01]')
    expect(seen).toEqual([40, false, false])
    expect(peer.leftovers()).toEqual([])
  })
})

describe('header and token', () => {
  // ▶ CON, TKL n, fewer than n octets      ◀ RST
  it('hardening 18: token length 0 to 15, whole and cut short (RFC 7252 §3, RFC 8974 §2.1)', () => {
    for (let length = 0; length <= 8; length++) {
      const peer = server()
      const token = new Uint8Array(length).fill(0xab)
      peer.sendBytes(Uint8Array.of(0x40 | length, 1, 0, 7, ...token))
      peer.expect(`ACK 7 2.05 [${'ab'.repeat(length)}]`)
      expect(peer.leftovers()).toEqual([])
      for (let had = 0; had < length; had++)
        expect(isRejected(length, method.get, new Array<number>(had).fill(0xab))).toBe(true)
    }
    for (let length = 9; length <= 15; length++)
      expect(isRejected(length, method.get, new Array<number>(20).fill(0xab))).toBe(true)
  })

  // ▶ CON, TKL 9 to 14, extended tokens on      ◀ ACK 2.05 with the same
  it('hardening 18: extended tokens where they are enabled, TKL 15 never (RFC 8974 §2.1)', () => {
    const peer = new Lockstep({ handler: () => content, settings: { 'coap.extended-tokens': 'on' } })
    for (const length of [9, 12]) {
      const token = new Array<number>(length).fill(0xab)
      peer.sendBytes(Uint8Array.of(0x40 | length, 1, 0, length, ...token))
      expect(peer.sent.shift()!.bytes).toEqual(Uint8Array.of(0x60 | length, 69, 0, length, ...token))
    }
    for (const length of [13, 20, 268, 269, 300]) {
      const extended = length < 269 ? [length - 13] : [(length - 269) >> 8, (length - 269) & 0xff]
      const token = new Array<number>(length).fill(0xab)
      const head = (type: number): number => type | (length < 269 ? 13 : 14)
      peer.sendBytes(Uint8Array.of(head(0x40), 1, 0, length & 0xff, ...extended, ...token))
      expect(peer.sent.shift()!.bytes).toEqual(Uint8Array.of(head(0x60), 69, 0, length & 0xff, ...extended, ...token))
    }
    for (const [first, rest] of [
      [0x4f, []],
      [0x49, new Array<number>(8).fill(0)],
      [0x4d, []],
      [0x4d, [5, 0]],
      [0x4e, [0]],
      [0x4e, [0, 0, 1]],
    ] as const) {
      peer.sendBytes(Uint8Array.of(first, 1, 0, 9, ...rest))
      peer.expect('RST 9 EMPTY')
    }
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ version 0, 2, 3, or fewer than four octets      ∅
  it('hardening 19: other versions are silently ignored (RFC 7252 §3)', () => {
    const peer = server()
    for (const version of [0x00, 0x80, 0xc0]) peer.sendBytes(Uint8Array.of(version, 1, 0, 7))
    for (let length = 0; length < 4; length++) peer.sendBytes(new Uint8Array(length).fill(0x40))
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON 0.00 with more than a header      ◀ RST
  // ▶ NON 0.00                              ∅
  it('hardening 22: empty message with token or payload (RFC 7252 §4.1)', () => {
    expect(isRejected(1, 0, [0xaa])).toBe(true)
    expect(isRejected(0, 0, [0xff, 0x41])).toBe(true)
    expect(isRejected(0, 0, [0x40, 0x00, 0x00])).toBe(true)
    const peer = server()
    peer.exchange('NON 7 EMPTY')
    peer.exchange('ACK 7 EMPTY')
    peer.exchange('RST 7 EMPTY')
    peer.exchange('CON 7 EMPTY', 'RST 7 EMPTY')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON … 0xFF and nothing after      ◀ RST
  it('hardening 23: payload marker with no payload (RFC 7252 §3)', () => {
    expect(isRejected(0, method.get, [0xff])).toBe(true)
    expect(isRejected(1, method.post, [0xaa, 0xb1, 0x61, 0xff])).toBe(true)
  })

  // ▶ ACK or RST with a request, RST with anything, classes 1, 6, 7      ∅, but CON ◀ RST
  it('hardening 24: request in ACK or RST, response in the wrong type, reserved classes (RFC 7252 §4.2)', () => {
    const peer = server()
    for (let code = 1; code < 256; code++) {
      peer.sendBytes(Uint8Array.of(0x70, code, 0, 7))
      if (code < 32) peer.sendBytes(Uint8Array.of(0x60, code, 0, 7))
    }
    for (const codeClass of [1, 6, 7]) {
      for (const type of [0x40, 0x50, 0x60]) {
        peer.sendBytes(Uint8Array.of(type, (codeClass << 5) | 1, 0, 7))
        if (type === 0x40) peer.expect('RST 7 EMPTY')
      }
    }
    expect(peer.requests).toEqual([])
    expect(peer.notifications).toEqual([])
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON 0.08 to 0.31      ◀ ACK 4.05
  it('answers methods that do not exist with 4.05 (RFC 7252 §5.8)', () => {
    const peer = server()
    for (let code = 8; code < 32; code++) {
      peer.sendBytes(Uint8Array.of(0x41, code, 0, code, 0xaa))
      peer.expect(`ACK ${code} 4.05 [aa] *`)
    }
    expect(peer.requests).toEqual([])
    expect(peer.leftovers()).toEqual([])
  })
})

describe('what a request points at', () => {
  // ▶ CON GET /.. or /.      ◀ ACK 4.00
  // ▶ CON GET with '/', '%2e' or nothing in a segment: the segment is what it is
  it('hardening 29: traversal, slashes, empty segments, percent text (RFC 7252 §5.10.1, §6.5)', () => {
    const paths: string[][] = []
    const peer = new Lockstep({
      handler: (_request, { path }) => {
        paths.push([...path])
        return { code: response.notFound }
      },
    })
    peer.exchange('CON 1 GET [01] /../etc', 'ACK 1 4.00 [01] "path-segment-dots"')
    peer.exchange('CON 2 GET [01] /a/.', 'ACK 2 4.00 [01] "path-segment-dots"')
    expect(paths).toEqual([])
    const raw = (segment: string): string =>
      Array.from(segment, (c) => c.charCodeAt(0).toString(16).padStart(2, '0')).join('')
    for (const [i, segment] of ['a/../b', '%2e%2e', '...', '\0', 'a\\b'].entries()) {
      peer.exchange(`CON ${10 + i} GET [01] #11=0x${raw(segment)}`, `ACK ${10 + i} 4.04 [01]`)
    }
    peer.exchange('CON 20 GET [01] #11 #11', 'ACK 20 4.04 [01]')
    expect(paths).toEqual([['a/../b'], ['%2e%2e'], ['...'], ['\0'], ['a\\b'], ['', '']])
    peer.exchange('CON 21 GET [01] #11=0xc328', 'ACK 21 4.00 [01] "option-not-text"')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ CON GET Proxy-Uri or Proxy-Scheme      ◀ ACK 5.05
  // ▶ CON GET Uri-Host, Uri-Port, Hop-Limit  ◀ ACK 2.05
  it('hardening 30: no open relay; host, port and Hop-Limit change nothing (RFC 7252 §5.7.2, RFC 8768 §3)', () => {
    const peer = server()
    peer.exchange('CON 1 GET [01] Proxy-Uri=coap://victim/', 'ACK 1 5.05 [01] "proxying"')
    peer.exchange('CON 2 GET [01] Proxy-Scheme=http /a', 'ACK 2 5.05 [01] "proxying"')
    peer.exchange('NON 3 GET [01] Proxy-Scheme=http /a', 'NON $id 5.05 [01] "proxying"')
    expect(peer.requests).toEqual([])
    peer.exchange('CON 4 GET [01] Uri-Host=other.example Uri-Port=1 Hop-Limit=1 /a', 'ACK 4 2.05 [01]')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ Hop-Limit 0 or more than 255       ◀ 4.00
  it('refuses a Hop-Limit that is none (RFC 8768 §3)', () => {
    const peer = server()
    for (const value of ['0x', '0x00', '0x0100', '0xffffffff']) {
      peer.exchange(`CON 5 GET [01] Hop-Limit=${value} /a`, 'ACK 5 4.00 [01] "hop-limit-range"')
    }
    peer.exchange('CON 6 GET [01] Hop-Limit=255 /a', 'ACK 6 2.05 [01]')
    peer.exchange('CON 7 GET [01] Hop-Limit=0x0000000001 /a', 'ACK 7 2.05 [01]')
    expect(peer.leftovers()).toEqual([])
  })

  // ▶ 20 000 malformed and refused datagrams      nothing is remembered of any
  it('hardening 32: nothing is kept of malformed packets', () => {
    const peer = server()
    const seeds = ['CON 1 GET [01] #65=0x01', 'CON 1 EMPTY', 'ACK 1 2.05 [01]', 'CON 2 GET [01] Proxy-Uri=a']
    for (let i = 0; i < 20_000; i++) {
      const bytes = datagramOf(seeds[i % seeds.length]!)
      peer.sendBytes(i % 3 === 0 ? bytes.slice(0, i % bytes.length) : bytes, 1 + (i % 50))
      peer.sent.length = 0
    }
    const { dedup, exchanges, peers, deadlines } = peer.endpoint.sizes()
    expect({ dedup, exchanges, peers, deadlines }).toEqual({ dedup: 0, exchanges: 0, peers: 0, deadlines: 0 })
    expect(peer.leftovers()).toEqual([])
  })
})
