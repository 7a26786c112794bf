import { describe, expect, it } from 'vitest'
import { MessageView } from '../../../src/coap/message.ts'
import { MessageWriter, uintLength } from '../../../src/coap/message-writer.ts'
import { option } from '../../../src/coap/options.ts'
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

describe('paths', () => {
  it.each(['/', '/rd', `/${'a'.repeat(45)}`, `/${'a'.repeat(46)}`, '/rd/ü', '/温度', `/x/${'x'.repeat(200)}`])(
    '%s is the same however often it comes by',
    (path) => {
      for (let i = 0; i < 3; i++) expect(decoded(`CON 1 GET ${path}`).path).toEqual(path.slice(1).split('/'))
    },
  )

  it('are looked at again where they are doubtful', () => {
    for (let i = 0; i < 2; i++) {
      expect(decoded('CON 1 GET /a/..').hasDotSegment).toBe(true)
      const view = decoded('CON 1 GET #11=0x61 #11=0xc328')
      expect([view.notText, view.path]).toEqual([option.uriPath, ['a', '\ufffd(']])
    }
  })

  it('with a segment that is too long are none to be kept', () => {
    expect(decoded('CON 1 GET /a').path).toEqual(['a'])
    for (let i = 0; i < 2; i++) expect(decoded(`CON 1 GET /a/${'x'.repeat(256)}`).notUnderstood).toBe(option.uriPath)
  })

  it('are the same after other options as before', () => {
    for (let i = 0; i < 2; i++) {
      expect(decoded('CON 1 GET /a/b').path).toEqual(['a', 'b'])
      expect(decoded('CON 1 GET Observe=0 /a/b ?q').path).toEqual(['a', 'b'])
    }
  })

  it('are never mixed up, however many come by', () => {
    const writer = new MessageWriter(new Uint8Array(200))
    const view = new MessageView()
    for (let i = 0; i < 20_000; i++) {
      writer.begin(0, 1, 7)
      writer.add(option.uriPath, 'rd')
      writer.add(option.uriPath, `${i}`)
      view.decode(writer.slab, 0, writer.finish())
      if (view.path[1] !== `${i}`) throw new RangeError(`/rd/${i}`)
    }
    expect(decoded('CON 1 GET /rd/1').path).toEqual(['rd', '1'])
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
