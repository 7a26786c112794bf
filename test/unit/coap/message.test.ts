import { describe, expect, it } from 'vitest'
import { MessageView } from '../../../src/coap/message.ts'
import { MessageWriter, uintLength } from '../../../src/coap/message-writer.ts'
import { option } from '../../../src/coap/options.ts'
import { textAt } from '../../../src/coap/segment-cache.ts'
import { datagramOf } from '../../support/coap-notation.ts'

function decoded(line: string): MessageView {
  const view = new MessageView()
  const bytes = datagramOf(line)
  expect(view.decode(bytes, 0, bytes.length)).toBeUndefined()
  return view
}

describe('a decoded message', () => {
  it('gives options by number: first as bytes, uint or text, all as texts (RFC 7252 §3.2)', () => {
    const view = decoded('CON 1 POST [01] /a/b ?x=1&y Content-Format=11542 ETag=0x0102 "body"')
    expect(view.texts(option.uriPath)).toEqual(['a', 'b'])
    expect(view.texts(option.uriQuery)).toEqual(['x=1', 'y'])
    expect(view.text(option.uriPath)).toBe('a')
    expect(view.uint(option.contentFormat)).toBe(11_542)
    expect(view.bytes(option.etag)).toEqual(Uint8Array.of(1, 2))
    expect(new TextDecoder().decode(view.payload)).toBe('body')
    expect(view.payloadLength).toBe(4)
  })

  it('has nothing for an option that is not there', () => {
    const view = decoded('CON 1 GET Echo=0x01')
    for (const number of [option.uriPath, option.size1, option.noResponse, 65_535]) {
      expect(view.has(number)).toBe(false)
      expect(view.bytes(number)).toBeUndefined()
      expect(view.uint(number)).toBeUndefined()
      expect(view.text(number)).toBeUndefined()
      expect(view.texts(number)).toEqual([])
      expect(view.includes(number, Uint8Array.of(1))).toBe(false)
    }
    expect(view.has(option.echo)).toBe(true)
  })

  it('forgets everything of the message before', () => {
    const view = decoded('CON 1 GET [01] /.. #65=0x01 #15=0xff Observe=0 "payload"')
    expect([view.notUnderstood, view.notText, view.hasDotSegment]).toEqual([65, 15, true])
    const next = datagramOf('NON 2 EMPTY')
    view.decode(next, 0, next.length)
    expect([view.notUnderstood, view.notText, view.hasDotSegment]).toEqual([0, 0, false])
    expect([view.count, view.payloadLength, view.token.length, view.has(option.observe)]).toEqual([0, 0, 0, false])
  })

  it('takes as many options as a datagram holds', () => {
    const view = decoded(`CON 1 GET ${'/a'.repeat(1000)}`)
    expect(view.texts(option.uriPath)).toHaveLength(1000)
  })

  it('reads a uint with zeros in front, and one of no octets (RFC 7252 §3.2)', () => {
    expect(decoded('CON 1 GET Accept=0x0028').uint(option.accept)).toBe(40)
    expect(decoded('CON 1 GET Accept').uint(option.accept)).toBe(0)
    expect(decoded('CON 1 GET Size1=0xffffffff').uint(option.size1)).toBe(4_294_967_295)
  })
})

describe('texts read from a slab', () => {
  it.each(['', 'rd', 'a'.repeat(32), 'a'.repeat(33), 'ü', '温度', 'x'.repeat(300)])('%j', (text) => {
    const bytes = new TextEncoder().encode(`..${text}..`)
    for (let i = 0; i < 2; i++) expect(textAt(bytes, 2, bytes.length - 2)).toBe(text)
  })

  it('are total on octets that are no UTF-8', () => {
    expect(textAt(Uint8Array.of(0xc3, 0x28), 0, 2)).toBe('\ufffd(')
  })

  it('are never mixed up, however many come by', () => {
    for (let i = 0; i < 20_000; i++) {
      const bytes = new TextEncoder().encode(`segment-${i}`)
      if (textAt(bytes, 0, bytes.length) !== `segment-${i}`) throw new RangeError(`segment-${i}`)
    }
    expect(textAt(new TextEncoder().encode('segment-1'), 0, 9)).toBe('segment-1')
  })
})

describe('the writer', () => {
  it('puts options in order and keeps the order of equal ones (RFC 7252 §3.1)', () => {
    const writer = new MessageWriter(new Uint8Array(200))
    writer.begin(0, 1, 7, Uint8Array.of(1))
    writer.add(option.uriQuery, 'q')
    writer.add(option.uriPath, 'first')
    writer.add(option.observe, 0)
    writer.add(option.uriPath, 'zweite-ü')
    const view = new MessageView()
    expect(view.decode(writer.slab, 0, writer.finish())).toBeUndefined()
    expect(view.texts(option.uriPath)).toEqual(['first', 'zweite-ü'])
    expect(view.uint(option.observe)).toBe(0)
  })

  it('begins anew after a message that did not fit', () => {
    const writer = new MessageWriter(new Uint8Array(20))
    writer.begin(0, 1, 7)
    writer.add(option.uriPath, 'x'.repeat(30))
    expect(writer.finish()).toBe(-1)
    writer.begin(0, 1, 7)
    expect(writer.finish(new Uint8Array(15))).toBe(20)
    writer.begin(0, 1, 7)
    expect(writer.finish(new Uint8Array(16))).toBe(-1)
  })

  it.each([
    [0, 0],
    [1, 1],
    [255, 1],
    [256, 2],
    [65_536, 3],
    [16_777_216, 4],
  ])('a uint of %i takes %i octets', (value, length) => {
    expect(uintLength(value)).toBe(length)
  })
})
